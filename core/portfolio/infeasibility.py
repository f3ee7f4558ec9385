"""Why there is no lineup or no portfolio: the rules in conflict, and how many lineups are possible.

The rules in conflict are the smallest set that no portfolio obeys together, as far as a second or
so of lifting rules and trying again shows it. Whether a portfolio exists is decided by the linear
relaxation over all legal lineups (:mod:`core.portfolio.feasibility`): if that has no solution,
there is no portfolio.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.errors import BrokenRule, Infeasible
from core.lineups.board import Lineups
from core.lineups.legality import Budget, Group, LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.choosing import choose
from core.portfolio.conflict import smallest_conflict
from core.portfolio.feasibility import (
    FEW_LEGAL,
    Proof,
    choose_exactly,
    could_hold,
    relax,
    sets_of_one,
)
from core.portfolio.limits import Exposure, PortfolioLimits
from core.portfolio.repair import repaired
from core.portfolio.sequence import in_sequence
from core.wording import many

FEW_NODES = 5_000
NODES = 50
# multiples of each step modulo this prime order the drivers as well as random numbers would
_ORDER = 10_007
_STEPS = tuple(range(1_009, 9_000, 499))
_EACH = 60
# lineups looked at for each number of lineups that is tried: a fifth of a second
_FEW_LOOKS = 20_000_000
# Integer programs are asked to prove one number of lineups after another impossible: as many as
# take some seconds, by the meetings of lineups in sets of drivers that only one may hold.
_MEETINGS_OF_PROOFS = 20_000
# Sets of rules to try for a smaller conflict. Comparing counts takes no time, a search for lineups
# a hundredth of a second, a program over lineups a tenth.
_COUNTS_TRIED, _LEGAL_TRIED, _PROGRAMS_TRIED = 300, 100, 12


@dataclass(frozen=True, slots=True)
class _Request:
    """The rules of every lineup and the limits on the portfolio."""

    rules: LineupRules
    limits: PortfolioLimits


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule of a request.

    Parameters
    ----------
    rule
        The rule as an error names it.
    lift
        Turns a request into one without the rule.
    priced
        Whether the rule has a price in a proof. A rule without one is not in the conflict proven.
    """

    rule: BrokenRule
    lift: Callable[[_Request], _Request]
    priced: Callable[[Proof], bool] = lambda _: True


def require_legal(rules: LineupRules, names: Sequence[str] | None = None) -> None:
    """Raise an error if no lineup is legal under the rules.

    Parameters
    ----------
    rules
        Rules of every lineup.
    names
        The drivers' names, for the error; their indices by default.

    Raises
    ------
    Infeasible
        No lineup is legal. The error names the smallest set of rules in conflict.
    """
    if not _reaches(rules, 1):
        raise _no_lineup(rules, names or [str(i) for i in range(len(rules.salaries_usd))])


def require_possible(rules: LineupRules, limits: PortfolioLimits) -> None:
    """Raise an error if it is proven that no portfolio exists under the limits.

    Limits that only fractions of lineups can keep pass this test; the search for a portfolio
    decides about them.

    Raises
    ------
    Infeasible
        No portfolio exists. The error names the smallest set of rules in conflict, and the largest
        number of lineups possible.
    """
    if not _possible(_Request(rules, limits)):
        raise no_portfolio(rules, limits)


def no_portfolio(
    rules: LineupRules, limits: PortfolioLimits, columns: Lineups | None = None
) -> Infeasible:
    """The error that says why there is no portfolio under these rules and limits.

    Parameters
    ----------
    rules, limits
        Rules of every lineup and limits on the portfolio, known to leave none.
    columns
        Lineups to begin with, u8 ``[C, R]``: they save time.
    """
    request = _Request(rules, limits)
    wanted, names = limits.n_lineups, [driver.name for driver in limits.drivers]
    some = _some_legal(rules, max(wanted, FEW_LEGAL + 1))
    legal = len(some)
    if legal == 0:
        return _no_lineup(rules, names)
    if legal < wanted:
        conflict, left = _conflict(request, _lineup_rules(request), _enough_legal, _LEGAL_TRIED)
        few = len(_some_legal(left.rules, wanted))
        why = f"only {few} different lineups are legal under these rules"
    else:
        conflict = _conflict_of_limits(request)
        why = f"no {wanted} legal lineups keep these limits together"
    if not conflict:
        # it is not known which of the limits are in conflict, so all are named
        conflict = tuple(each.rule for each in _portfolio_rules(limits))
        why = "none are found that keep these limits together"
    if columns is None or legal <= FEW_LEGAL:
        columns = some if legal <= FEW_LEGAL else some[:wanted]
    largest, proven = _largest(rules, limits, columns, legal)
    room = f"there is room for {largest or 'none'}"
    if not proven:
        room = f"the largest portfolio found has {largest or 'none'}, and no proof excludes more"
    are = "is" if wanted == 1 else "are"
    return Infeasible(
        f"{many(wanted, 'lineup')} {are} requested, and {why}; {room}.",
        rules=(BrokenRule("n_lineups", limit=wanted), *conflict),
        largest=largest,
    )


def _no_lineup(rules: LineupRules, names: Sequence[str]) -> Infeasible:
    anyone = tuple(Exposure(name, (i,), 0.0, 1.0, explicit=True) for i, name in enumerate(names))
    request = _Request(rules, PortfolioLimits(1, anyone))
    conflict, _ = _conflict(request, _lineup_rules(request), _enough_legal, _LEGAL_TRIED)
    hint = _nearest(rules, {rule.key for rule in conflict})
    return Infeasible(f"No lineup obeys every rule{hint}.", rules=conflict, largest=0)


def _nearest(rules: LineupRules, keys: set[str]) -> str:
    """The cheapest or dearest lineup's cost, where the salary cap or minimum is in conflict."""
    salaries = np.array(rules.salaries_usd, dtype=np.int64)
    for key, called, freed, sign, which in (
        ("salary_cap_usd", "cap", replace(rules, salary_cap_usd=_no_cap(rules)), -1, "cheapest"),
        ("min_salary_usd", "minimum", replace(rules, min_salary_usd=0), 1, "dearest"),
    ):
        best = best_by_value(sign * salaries, freed, 1)
        if key in keys and len(best.scores):
            cost = abs(int(best.scores[0]))
            return f"; without the salary {called} the {which} lineup costs {cost} USD"
    return ""


def _conflict_of_limits(request: _Request) -> tuple[BrokenRule, ...]:
    """The rules in conflict where there are enough legal lineups.

    It is empty where fractions of lineups keep the limits and only whole lineups do not.
    """
    rules = [*_lineup_rules(request), *_portfolio_rules(request.limits)]
    if not _counts_fit(request):
        # the counts alone are in conflict, and trying those takes no time
        return _conflict(request, rules, _counts_fit, _COUNTS_TRIED)[0]
    columns = _some_legal(request.rules, request.limits.n_lineups)
    proof = relax(request.rules, request.limits, columns).proof
    if proof is None:
        return ()
    bare, kept = request, []
    for rule in rules:
        if rule.priced(proof):
            kept.append(rule)
        else:
            bare = rule.lift(bare)
    return _conflict(bare, kept, partial(_fractions_fit, proof, request.rules), _PROGRAMS_TRIED)[0]


def _conflict(
    request: _Request,
    rules: Sequence[_Rule],
    possible: Callable[[_Request], bool],
    most_tried: int,
) -> tuple[tuple[BrokenRule, ...], _Request]:
    """A smallest set of ``rules`` in conflict, and the request with only those rules."""

    def with_only(kept: frozenset[int]) -> _Request:
        left = request
        for number, rule in enumerate(rules):
            if number not in kept:
                left = rule.lift(left)
        return left

    conflict = smallest_conflict(len(rules), lambda kept: possible(with_only(kept)), most_tried)
    return tuple(rules[number].rule for number in conflict), with_only(frozenset(conflict))


def _reaches(rules: LineupRules, count: int) -> bool:
    """Whether at least ``count`` lineups are legal."""
    return len(_some_legal(rules, count)) == count


def _some_legal(rules: LineupRules, count: int) -> Lineups:
    # any values would do; varied ones let the walk cut branches by the lineups it already has
    return best_by_value(np.array(rules.salaries_usd, dtype=np.int64), rules, count).lineups


def _all_sorts(rules: LineupRules) -> Lineups:
    """Varied lineups: the best by each of several fixed orders of the drivers."""
    drivers = np.arange(len(rules.salaries_usd), dtype=np.int64)
    sorts = [drivers * step % _ORDER for step in _STEPS]
    return np.concatenate([best_by_value(sort, rules, _EACH).lineups for sort in sorts])


def _enough_legal(request: _Request) -> bool:
    """Whether at least ``n_lineups`` lineups are legal."""
    return _reaches(request.rules, request.limits.n_lineups)


def _counts_fit(request: _Request) -> bool:
    """Whether the limits' counts alone allow a portfolio."""
    return could_hold(request.rules, request.limits)


def _fractions_fit(proof: Proof, rules: LineupRules, request: _Request) -> bool:
    """Whether fractions of lineups make up a portfolio; ``proof`` says why none do under ``rules``.

    The proof settles most requests without a program.
    """
    if not _counts_fit(request) or (
        request.rules == rules and proof.excludes(rules, request.limits)
    ):
        return False
    columns = _some_legal(request.rules, request.limits.n_lineups)
    if len(columns) < request.limits.n_lineups:
        return False
    return relax(request.rules, request.limits, columns).proof is None


def _possible(request: _Request) -> bool:
    """Whether lineups, or fractions of lineups, make up a portfolio under these rules."""
    columns = _some_legal(request.rules, request.limits.n_lineups)
    return (
        len(columns) == request.limits.n_lineups
        and _counts_fit(request)
        and relax(request.rules, request.limits, columns).proof is None
    )


def _lineup_rules(request: _Request) -> list[_Rule]:
    """Every rule on lineups that can be lifted from a request."""
    rules, names = request.rules, [driver.name for driver in request.limits.drivers]
    salaries: list[_Rule] = []
    if rules.salary_cap_usd < _dearest(rules):
        cap = BrokenRule("salary_cap_usd", limit=rules.salary_cap_usd)
        salaries.append(_Rule(cap, _without_cap))
    if rules.min_salary_usd > 0:
        floor = BrokenRule("min_salary_usd", limit=rules.min_salary_usd)
        salaries.append(_Rule(floor, _without_floor))
    named = dict.fromkeys(
        [*map(_rule_of, rules.groups), *(BrokenRule(budget.name) for budget in rules.budgets)]
    )
    return [
        *salaries,
        *(
            _Rule(BrokenRule("locks", names[i]), partial(_without_lock, i))
            for i in sorted(set(rules.locks))
        ),
        *(
            _Rule(BrokenRule("excludes", names[i]), partial(_without_exclude, i))
            for i in sorted(set(rules.excludes))
        ),
        *(_Rule(rule, partial(_without_named, rule)) for rule in named),
    ]


def _rule_of(named: Group | Budget) -> BrokenRule:
    """A group or budget as an error names it: by its own name and subject."""
    return BrokenRule(named.name, named.subject if isinstance(named, Group) else None)


def _dearest(rules: LineupRules) -> int:
    return sum(sorted(rules.salaries_usd)[-rules.roster_size :])


def _no_cap(rules: LineupRules) -> int:
    return max(_dearest(rules), rules.min_salary_usd)


def _without_cap(request: _Request) -> _Request:
    return replace(request, rules=replace(request.rules, salary_cap_usd=_no_cap(request.rules)))


def _without_floor(request: _Request) -> _Request:
    return replace(request, rules=replace(request.rules, min_salary_usd=0))


def _without_lock(driver: int, request: _Request) -> _Request:
    locks = tuple(i for i in request.rules.locks if i != driver)
    return replace(request, rules=replace(request.rules, locks=locks))


def _without_exclude(driver: int, request: _Request) -> _Request:
    excludes = tuple(i for i in request.rules.excludes if i != driver)
    return replace(request, rules=replace(request.rules, excludes=excludes))


def _without_named(rule: BrokenRule, request: _Request) -> _Request:
    groups = tuple(group for group in request.rules.groups if _rule_of(group) != rule)
    budgets = tuple(budget for budget in request.rules.budgets if _rule_of(budget) != rule)
    return replace(request, rules=replace(request.rules, groups=groups, budgets=budgets))


def _portfolio_rules(limits: PortfolioLimits) -> list[_Rule]:
    """Every limit on the portfolio that can be lifted; a limit for all drivers counts as one."""
    n, drivers = limits.n_lineups, len(limits.drivers)
    limited: dict[tuple[str, str | None], list[int]] = {}

    def limit(key: str, own: str | None, index: int) -> None:
        limited.setdefault((key, own), []).append(index)

    for index, driver in enumerate(limits.drivers):
        if driver.most_of(n) < n:
            limit("max_driver_exposure", driver.name if driver.own_most else None, index)
        if driver.fewest_of(n) > 0:
            limit("min_driver_exposure", driver.name if driver.own_least else None, index)
    for index, team in enumerate(limits.teams):
        if team.most_of(n) < n:
            limit("max_team_exposure", team.name if team.own_most else None, drivers + index)
    rules = [_exposure_rule(limits, key, own, indices) for (key, own), indices in limited.items()]
    if limits.min_unique > 1:
        apart = BrokenRule("min_unique", limit=limits.min_unique)
        rules.append(_Rule(apart, _without_min_unique))
    return rules


def _exposure_rule(
    limits: PortfolioLimits, key: str, own: str | None, indices: Sequence[int]
) -> _Rule:
    """The rule for an exposure limit of these drivers and teams, by index of ``[D + T]``.

    ``own`` is the name of the driver or team that has the limit alone, ``None`` for a limit on all.
    """
    exposures = [(*limits.drivers, *limits.teams)[index] for index in indices]
    if key == "min_driver_exposure":
        least = max(exposure.least for exposure in exposures)
        lift, priced = partial(_without_least, own), partial(_shortage_priced, indices)
        return _Rule(BrokenRule(key, own, least), lift, priced)
    most = min(exposure.most for exposure in exposures)
    without = _without_most if key == "max_driver_exposure" else _without_team_most
    lift, priced = partial(without, own), partial(_excess_priced, indices)
    return _Rule(BrokenRule(key, own, most), lift, priced)


def _excess_priced(indices: Sequence[int], proof: Proof) -> bool:
    return bool((proof.over[list(indices)] > 0.0).any())


def _shortage_priced(indices: Sequence[int], proof: Proof) -> bool:
    return bool((proof.under[list(indices)] > 0.0).any())


def _unbounded(exposures: tuple[Exposure, ...], own: str | None) -> tuple[Exposure, ...]:
    return tuple(
        replace(exposure, most=1.0, explicit=True)
        if (exposure.name if exposure.own_most else None) == own
        else exposure
        for exposure in exposures
    )


def _without_most(own: str | None, request: _Request) -> _Request:
    drivers = _unbounded(request.limits.drivers, own)
    return replace(request, limits=replace(request.limits, drivers=drivers))


def _without_least(own: str | None, request: _Request) -> _Request:
    drivers = tuple(
        replace(driver, least=0.0) if (driver.name if driver.own_least else None) == own else driver
        for driver in request.limits.drivers
    )
    return replace(request, limits=replace(request.limits, drivers=drivers))


def _without_team_most(own: str | None, request: _Request) -> _Request:
    teams = _unbounded(request.limits.teams, own)
    return replace(request, limits=replace(request.limits, teams=teams))


def _without_min_unique(request: _Request) -> _Request:
    return replace(request, limits=replace(request.limits, min_unique=1))


def _largest(
    rules: LineupRules, limits: PortfolioLimits, columns: Lineups, legal: int
) -> tuple[int, bool]:
    """The largest possible number of lineups below the one requested, and whether it is proven.

    One proof excludes most numbers at once; a program is solved only for those left. Where many
    lineups are legal, no program holds them all, so a portfolio that it does not find may still
    exist. Below the first such number, the largest portfolio that can be found is returned, and not
    proven the largest.
    """
    if legal <= FEW_LEGAL and _apart_alone(limits):
        return _largest_apart(rules, limits, columns)
    proofs: list[Proof] = []
    most_tried = max(4, _MEETINGS_OF_PROOFS // max(sets_of_one(columns, limits.min_unique).nnz, 1))
    tried = 0
    for fewer in range(min(limits.n_lineups - 1, legal), 0, -1):
        smaller = limits.resized(fewer)
        if not could_hold(rules, smaller) or any(
            known.excludes(rules, smaller) for known in proofs
        ):
            continue
        relaxation = relax(rules, smaller, columns)
        columns = relaxation.columns
        if relaxation.proof is not None:
            proofs.append(relaxation.proof)
            continue
        if _go_together(columns, smaller):
            return fewer, True
        if legal <= FEW_LEGAL:
            chosen, decided = choose_exactly(columns, np.ones(legal), smaller, FEW_NODES)
            if chosen is not None:
                return fewer, True
            tried += 1
            if decided and tried < most_tried:
                continue
            return _longest_found(rules, limits, columns, fewer), False
        wide = np.unique(np.concatenate([columns, _all_sorts(rules)]), axis=0)
        if choose_exactly(wide, np.ones(len(wide)), smaller, NODES)[0] is not None:
            return fewer, True
        return _longest_found(rules, limits, wide, fewer), False
    return 0, True


def _apart_alone(limits: PortfolioLimits) -> bool:
    """Whether ``min_unique`` alone limits the portfolio: fewer of its lineups keep it too."""
    n = limits.n_lineups
    held = bool((limits.most < n).any() or (limits.team_most < n).any())
    return not held and not limits.fewest.any() and limits.min_unique > 1


def _largest_apart(
    rules: LineupRules, limits: PortfolioLimits, columns: Lineups
) -> tuple[int, bool]:
    """As :func:`_largest`, where only ``min_unique`` limits and ``columns`` are all legal lineups.

    Impossible is then every number above the first that is.
    """
    found = _longest_found(rules, limits, columns, limits.n_lineups)
    while found + 1 < limits.n_lineups:
        following = limits.resized(found + 1)
        chosen, decided = choose_exactly(columns, np.ones(len(columns)), following, FEW_NODES)
        if chosen is None:
            return found, decided
        found += 1
    return found, True


def _go_together(pool: Lineups, limits: PortfolioLimits) -> bool:
    """Whether a quick choice from the pool, of the first or the least alike, is complete."""
    alike = np.ones(len(pool))
    return any(
        len(choose(pool, alike, limits, weight, exchange=False).picked) == limits.n_lineups
        for weight in (0.0, 1.0)
    )


def _longest_found(rules: LineupRules, limits: PortfolioLimits, pool: Lineups, below: int) -> int:
    """The largest number of lineups under ``below`` for which quick searches find a portfolio."""
    salaries = np.array(rules.salaries_usd, dtype=np.int64)
    alike = np.ones(len(pool))

    def go_together(count: int) -> bool:
        smaller = limits.resized(count)
        return _go_together(pool, smaller) or (
            len(in_sequence(-salaries, rules, smaller, 1.0)) == count
            or repaired(pool, alike, smaller, _FEW_LOOKS) is not None
        )

    # an exposure is a whole count of some numbers of lineups and not of others, so some numbers
    # are impossible between possible ones
    counts = [n for n in range(1, below) if could_hold(rules, limits.resized(n))]
    low, high = -1, len(counts)
    # the number at which a choice one by one ends is often the answer, so it is tried first
    longest = len(in_sequence(-salaries, rules, limits.resized(below), 1.0))
    middle = bisect_right(counts, longest) - 1
    while high - low > 1:
        if not low < middle < high:
            middle = (low + high) // 2
        if go_together(counts[middle]):
            low = middle
        else:
            high = middle
        middle = -1
    return counts[low] if low >= 0 else 0
