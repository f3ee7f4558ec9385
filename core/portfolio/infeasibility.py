"""Saying no: whether lineups and portfolios exist at all, which rules conflict, how many would do.

What is in conflict is named as the smallest set of rules that no answer obeys together, as far as
lifting rules and asking again shows it in a second or so. Whether a portfolio exists is asked of
the linear relaxation over all legal lineups (:mod:`core.portfolio.feasibility`): where it has no
solution, that is a proof.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.errors import Infeasible
from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.choosing import choose
from core.portfolio.conflict import smallest_conflict
from core.portfolio.feasibility import Proof, choose_exactly, could_hold, relax
from core.portfolio.limits import Exposure, PortfolioLimits
from core.portfolio.sequence import in_sequence
from core.wording import many

# So few legal lineups are put into the integer program whole: its verdict is a proof then.
FEW_LEGAL = 1_500
FEW_NODES = 5_000
NODES = 50
_NAMED = 12
# multiples of these modulo a prime are as good as random orders
_ORDER = 10_007
_STEPS = tuple(range(1_009, 9_000, 499))
_EACH = 60
# Sets of rules to ask about for a smaller conflict: counts are compared at once, lineups looked for
# in a hundredth of a second, a program over lineups solved in a tenth.
_COUNTS_ASKED, _LEGAL_ASKED, _PROGRAMS_ASKED = 300, 100, 12


@dataclass(frozen=True, slots=True)
class _Asked:
    rules: LineupRules
    limits: PortfolioLimits


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule of a request, by its name there, and how the request is without it."""

    name: str
    lift: Callable[[_Asked], _Asked]
    priced: Callable[[Proof], bool] = lambda _: True


def require_legal(rules: LineupRules, names: Sequence[str] | None = None) -> None:
    """Refuse rules under which no lineup is legal.

    Parameters
    ----------
    rules
        What each lineup obeys.
    names
        The drivers' names, for messages; numbers by default.

    Raises
    ------
    Infeasible
        Naming the smallest set of rules in conflict.
    """
    if not _reaches(rules, 1):
        raise _no_lineup(rules, names or [str(i) for i in range(len(rules.salaries_usd))])


def require_possible(rules: LineupRules, limits: PortfolioLimits) -> None:
    """Refuse limits under which, certainly, no portfolio exists.

    A portfolio that fractions of lineups could fill is let through, and looked for.

    Raises
    ------
    Infeasible
        Naming the smallest set of rules in conflict, and the largest number of lineups possible.
    """
    if not _possible(_Asked(rules, limits)):
        raise no_portfolio(rules, limits)


def no_portfolio(
    rules: LineupRules, limits: PortfolioLimits, columns: Lineups | None = None
) -> Infeasible:
    """Give the reason why a portfolio that was looked for, or ruled out, is not to be had.

    Parameters
    ----------
    rules, limits
        What was asked for.
    columns
        Lineups to begin with, u8 ``[C, R]``: they save time.
    """
    asked = _Asked(rules, limits)
    wanted, names = limits.n_lineups, [driver.name for driver in limits.drivers]
    some = _some_legal(rules, max(wanted, FEW_LEGAL + 1))
    legal = len(some)
    if legal == 0:
        return _no_lineup(rules, names)
    if legal < wanted:
        conflict, left = _conflict(asked, _lineup_rules(asked), _enough_legal, _LEGAL_ASKED)
        few = len(_some_legal(left.rules, wanted))
        why = f"only {few} different lineups are legal under {_listed(conflict)}"
    else:
        conflict = _conflict_of_limits(asked)
        why = f"no {wanted} legal lineups hold {_listed(conflict)} together"
    if not conflict:
        # in conflict together, but which of them is open
        conflict = tuple(rule.name for rule in _portfolio_rules(limits))
        why = f"none were found that hold {_listed(conflict)} together"
    if columns is None or legal <= FEW_LEGAL:
        columns = some if legal <= FEW_LEGAL else some[:wanted]
    largest, sure = _largest(rules, limits, columns, legal)
    room = f"there is room for {largest or 'none'}"
    if not sure:
        were = "was" if largest == 1 else "were"
        room = f"{largest or 'none'} {were} found, and no proof excludes more"
    were = "was" if wanted == 1 else "were"
    return Infeasible(
        f"{many(wanted, 'lineup')} {were} asked for, and {why}; {room}.",
        limits=("n_lineups", *conflict),
        largest=largest,
    )


def _no_lineup(rules: LineupRules, names: Sequence[str]) -> Infeasible:
    anyone = tuple(Exposure(name, (i,), 0.0, 1.0, asked=True) for i, name in enumerate(names))
    asked = _Asked(rules, PortfolioLimits(1, anyone))
    conflict, _ = _conflict(asked, _lineup_rules(asked), _enough_legal, _LEGAL_ASKED)
    hint = _nearest(rules, conflict)
    return Infeasible(f"No lineup obeys {_listed(conflict)}{hint}.", limits=conflict, largest=0)


def _nearest(rules: LineupRules, conflict: Sequence[str]) -> str:
    """Say how far the salaries are from the bound that is in conflict, where that is known."""
    salaries = np.array(rules.salaries_usd, dtype=np.int64)
    for name, freed, sign, which in (
        ("salary_cap", replace(rules, salary_cap_usd=_no_cap(rules)), -1, "cheapest"),
        ("min_salary", replace(rules, min_salary_usd=0), 1, "dearest"),
    ):
        found = best_by_value(sign * salaries, freed, 1)
        if name in conflict and len(found.scores):
            return f"; without {name} the {which} lineup costs {abs(int(found.scores[0]))} USD"
    return ""


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        shown.append(f"{len(names) - _NAMED} more")
    return " and ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _conflict_of_limits(asked: _Asked) -> tuple[str, ...]:
    """Name rules in conflict where lineups enough are legal; empty where that shows none.

    That is so where only whole lineups conflict and fractions of them would do.
    """
    rules = [*_lineup_rules(asked), *_portfolio_rules(asked.limits)]
    if not _counts_fit(asked):
        # counts alone conflict: to ask about those takes no time
        return _conflict(asked, rules, _counts_fit, _COUNTS_ASKED)[0]
    columns = _some_legal(asked.rules, asked.limits.n_lineups)
    proof = relax(asked.rules, asked.limits, columns).proof
    if proof is None:
        return ()
    # what carries no price in the proof takes no part in it
    kept = [*_lineup_rules(asked), *(r for r in _portfolio_rules(asked.limits) if r.priced(proof))]
    bare = asked
    for rule in rules:
        if rule.name not in {each.name for each in kept}:
            bare = rule.lift(bare)
    return _conflict(bare, kept, partial(_fractions_fit, proof, asked.rules), _PROGRAMS_ASKED)[0]


def _conflict(
    asked: _Asked, rules: Sequence[_Rule], possible: Callable[[_Asked], bool], most_asked: int
) -> tuple[tuple[str, ...], _Asked]:
    """Name a smallest set of ``rules`` in conflict, and give what is asked with those alone."""

    def with_only(kept: frozenset[int]) -> _Asked:
        left = asked
        for number, rule in enumerate(rules):
            if number not in kept:
                left = rule.lift(left)
        return left

    conflict = smallest_conflict(len(rules), lambda kept: possible(with_only(kept)), most_asked)
    return tuple(rules[number].name for number in conflict), with_only(frozenset(conflict))


def _reaches(rules: LineupRules, count: int) -> bool:
    """Say whether at least ``count`` lineups are legal."""
    return len(_some_legal(rules, count)) == count


def _some_legal(rules: LineupRules, count: int) -> Lineups:
    # any values do: lineups found let their values cut the rest
    return best_by_value(np.array(rules.salaries_usd, dtype=np.int64), rules, count).lineups


def _all_sorts(rules: LineupRules) -> Lineups:
    """Give lineups of all sorts: the best by several orders of the drivers, always the same."""
    drivers = np.arange(len(rules.salaries_usd), dtype=np.int64)
    sorts = [drivers * step % _ORDER for step in _STEPS]
    return np.concatenate([best_by_value(sort, rules, _EACH).lineups for sort in sorts])


def _enough_legal(asked: _Asked) -> bool:
    """Say whether so many lineups are legal."""
    return _reaches(asked.rules, asked.limits.n_lineups)


def _counts_fit(asked: _Asked) -> bool:
    """Say whether the limits leave room by their counts."""
    return could_hold(asked.rules, asked.limits)


def _fractions_fit(proof: Proof, rules: LineupRules, asked: _Asked) -> bool:
    """Say whether fractions of lineups make up a portfolio, given why those of ``rules`` do not."""
    if not _counts_fit(asked) or (asked.rules == rules and proof.excludes(rules, asked.limits)):
        return False
    columns = _some_legal(asked.rules, asked.limits.n_lineups)
    if len(columns) < asked.limits.n_lineups:
        return False
    return relax(asked.rules, asked.limits, columns).proof is None


def _possible(asked: _Asked) -> bool:
    """Say whether lineups, or fractions of lineups, make up a portfolio under these rules."""
    columns = _some_legal(asked.rules, asked.limits.n_lineups)
    return (
        len(columns) == asked.limits.n_lineups
        and _counts_fit(asked)
        and relax(asked.rules, asked.limits, columns).proof is None
    )


def _lineup_rules(asked: _Asked) -> list[_Rule]:
    """Give every rule on lineups that a request could be without."""
    rules, names = asked.rules, [driver.name for driver in asked.limits.drivers]
    given: list[_Rule] = []
    if rules.salary_cap_usd < _dearest(rules):
        given.append(_Rule("salary_cap", _without_cap))
    if rules.min_salary_usd > 0:
        given.append(_Rule("min_salary", _without_floor))
    called = [*(group.name for group in rules.groups), *(budget.name for budget in rules.budgets)]
    return [
        *given,
        *(
            _Rule(f"locks of {names[i]}", partial(_without_lock, i))
            for i in sorted(set(rules.locks))
        ),
        *(
            _Rule(f"excludes of {names[i]}", partial(_without_exclude, i))
            for i in sorted(set(rules.excludes))
        ),
        *(_Rule(name, partial(_without_named, name)) for name in called),
    ]


def _dearest(rules: LineupRules) -> int:
    return sum(sorted(rules.salaries_usd)[-rules.roster_size :])


def _no_cap(rules: LineupRules) -> int:
    return max(_dearest(rules), rules.min_salary_usd)


def _without_cap(asked: _Asked) -> _Asked:
    return replace(asked, rules=replace(asked.rules, salary_cap_usd=_no_cap(asked.rules)))


def _without_floor(asked: _Asked) -> _Asked:
    return replace(asked, rules=replace(asked.rules, min_salary_usd=0))


def _without_lock(driver: int, asked: _Asked) -> _Asked:
    locks = tuple(i for i in asked.rules.locks if i != driver)
    return replace(asked, rules=replace(asked.rules, locks=locks))


def _without_exclude(driver: int, asked: _Asked) -> _Asked:
    excludes = tuple(i for i in asked.rules.excludes if i != driver)
    return replace(asked, rules=replace(asked.rules, excludes=excludes))


def _without_named(name: str, asked: _Asked) -> _Asked:
    groups = tuple(group for group in asked.rules.groups if group.name != name)
    budgets = tuple(budget for budget in asked.rules.budgets if budget.name != name)
    return replace(asked, rules=replace(asked.rules, groups=groups, budgets=budgets))


def _portfolio_rules(limits: PortfolioLimits) -> list[_Rule]:
    """Give every limit on portfolios that a request could be without: one for all is one."""
    n, drivers = limits.n_lineups, len(limits.drivers)
    lifts: dict[str, Callable[[_Asked], _Asked]] = {}
    places: dict[str, list[int]] = {}

    def limited(name: str, own: str | None, lift: Callable[..., _Asked], place: int) -> None:
        called = _called(name, own)
        lifts[called] = partial(lift, own)
        places.setdefault(called, []).append(place)

    for place, driver in enumerate(limits.drivers):
        if driver.most_of(n) < n:
            own = driver.name if driver.own_most else None
            limited("max_driver_exposure", own, _without_most, place)
        if driver.fewest_of(n) > 0:
            own = driver.name if driver.own_least else None
            limited("min_driver_exposure", own, _without_least, place)
    for place, team in enumerate(limits.teams):
        if team.most_of(n) < n:
            own = team.name if team.own_most else None
            limited("max_team_exposure", own, _without_team_most, drivers + place)
    given = [
        _Rule(name, lift, partial(_has_price, name, places[name])) for name, lift in lifts.items()
    ]
    if limits.min_unique > 1:
        given.append(_Rule("min_unique", _without_min_unique))
    return given


def _has_price(name: str, places: Sequence[int], proof: Proof) -> bool:
    prices = proof.under if name.startswith("min_") else proof.over
    return bool((prices[list(places)] > 0.0).any())


def _called(name: str, own: str | None) -> str:
    return name if own is None else f"{name} of {own}"


def _unbounded(exposures: tuple[Exposure, ...], own: str | None) -> tuple[Exposure, ...]:
    return tuple(
        replace(exposure, most=1.0, asked=True)
        if (exposure.name if exposure.own_most else None) == own
        else exposure
        for exposure in exposures
    )


def _without_most(own: str | None, asked: _Asked) -> _Asked:
    drivers = _unbounded(asked.limits.drivers, own)
    return replace(asked, limits=replace(asked.limits, drivers=drivers))


def _without_least(own: str | None, asked: _Asked) -> _Asked:
    drivers = tuple(
        replace(driver, least=0.0) if (driver.name if driver.own_least else None) == own else driver
        for driver in asked.limits.drivers
    )
    return replace(asked, limits=replace(asked.limits, drivers=drivers))


def _without_team_most(own: str | None, asked: _Asked) -> _Asked:
    teams = _unbounded(asked.limits.teams, own)
    return replace(asked, limits=replace(asked.limits, teams=teams))


def _without_min_unique(asked: _Asked) -> _Asked:
    return replace(asked, limits=replace(asked.limits, min_unique=1))


def _largest(
    rules: LineupRules, limits: PortfolioLimits, columns: Lineups, legal: int
) -> tuple[int, bool]:
    """Give the largest number of lineups below the one asked for, and whether it is proven.

    One proof excludes most numbers at once; a program is solved only for what is left. Of many
    legal lineups no program holds all, so what it does not find may still be there: below the first
    such number the largest that can be found is looked for.
    """
    proofs: list[Proof] = []
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
            if chosen is not None or not decided:
                return (fewer if chosen is not None else 0), chosen is not None
            continue
        wide = np.unique(np.concatenate([columns, _all_sorts(rules)]), axis=0)
        if choose_exactly(wide, np.ones(len(wide)), smaller, NODES)[0] is not None:
            return fewer, True
        return _found_together(rules, limits, wide, fewer), False
    return 0, True


def _go_together(pool: Lineups, limits: PortfolioLimits) -> bool:
    """Say whether the first of a pool that go together are enough, or the most different."""
    alike = np.ones(len(pool))
    return any(
        len(choose(pool, alike, limits, weight, exchange=False).picked) == limits.n_lineups
        for weight in (0.0, 1.0)
    )


def _found_together(rules: LineupRules, limits: PortfolioLimits, pool: Lineups, below: int) -> int:
    """Give a large number of lineups, below this one, that were found to go together."""
    salaries = np.array(rules.salaries_usd, dtype=np.int64)

    def found(count: int) -> bool:
        smaller = limits.resized(count)
        return _go_together(pool, smaller) or (
            len(in_sequence(-salaries, rules, smaller, 1.0)) == count
        )

    # shares of some numbers are whole counts and of others not, so not all have room
    counts = [n for n in range(1, below) if could_hold(rules, limits.resized(n))]
    low, high = -1, len(counts)
    # where one after the other ends is often where it can
    longest = len(in_sequence(-salaries, rules, limits.resized(below), 1.0))
    at = bisect_right(counts, longest) - 1
    while high - low > 1:
        if not low < at < high:
            at = (low + high) // 2
        if found(counts[at]):
            low = at
        else:
            high = at
        at = -1
    return counts[low] if low >= 0 else 0
