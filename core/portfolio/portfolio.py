"""The portfolio: exactly as many lineups as asked for under every limit, or the reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.lineups import Group, LineupRules, Lineups, WalkResult, best_by_value, count_legal
from core.portfolio.choosing import Choice, Indices, choose, improve, pair_cost
from core.portfolio.column_generation import Together, best_searched_together, best_together
from core.portfolio.feasibility import choose_exactly, relax
from core.portfolio.infeasibility import FEW_LEGAL, FEW_NODES, NODES, no_portfolio
from core.portfolio.limits import PortfolioLimits

Search = Callable[[LineupRules], WalkResult]
PricedSearch = Callable[[LineupRules, npt.NDArray[np.float64], int, float], WalkResult]
Value = Callable[[Lineups], npt.NDArray[np.float64]]
Scores = npt.NDArray[np.float64]

# A search of the pool's own objective may take seconds, one by drivers' worth a tenth of one.
_SEARCHES = 3
_QUICK_SEARCHES = 60
_QUICK_FOUND = 200
_ADDITIVE_POOL = 1_000
_WORTH_UNIT = 1_000_000
_COLUMNS = 2_000


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Lineups chosen together, best score first.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, all different.
    scores
        f64 ``[n]``: what each was chosen for, in the unit of the pool's scores.
    pool_size
        Lineups the choice was made from.
    worth, bound
        Where all lineups were chosen at once: the mean score less what similarity costs, and what
        no portfolio under the limits exceeds. ``None`` elsewhere.
    """

    lineups: Lineups
    scores: npt.NDArray[np.float64]
    pool_size: int
    worth: float | None = None
    bound: float | None = None


def generate_portfolio(
    pool: WalkResult,
    rules: LineupRules,
    limits: PortfolioLimits,
    search: Search,
    value: Value,
    diversity_weight: float = 0.0,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups.

    Lineups come from ``pool`` first. Where the limits use up some drivers before the portfolio is
    full, ``search`` is asked for the best lineups without them, then a quicker search by what each
    driver is worth on average, so the pool grows until it holds what the limits need; where that
    fails, an integer program over lineups priced by the limits decides.

    Parameters
    ----------
    pool
        The best lineups under ``rules``, from any objective.
    rules
        What is legal.
    limits
        What the portfolio holds to.
    search
        Gives the best lineups under narrower rules, by the pool's objective.
    value
        Gives the pool's objective of any lineups.
    diversity_weight
        0..1, see :func:`core.portfolio.choosing.choose`.

    Raises
    ------
    Infeasible
        No such portfolio: the limits in conflict and the largest number of lineups possible.
    """
    lineups, scores = pool.lineups, pool.scores
    if len(lineups) == 0:
        raise no_portfolio(rules, limits)
    quick = _quick_search(rules, lineups[int(np.argmax(scores))], value)
    for turn in range(_SEARCHES + _QUICK_SEARCHES):
        choice = choose(lineups, scores, limits, diversity_weight)
        if len(choice.picked) == limits.n_lineups:
            break
        if turn == 0 and relax(rules, limits, lineups).proof is not None:
            # no search will help
            raise no_portfolio(rules, limits)
        narrower = _narrowed(rules, limits, lineups[choice.picked], choice)
        if narrower is None:
            break
        more = search(narrower) if turn < _SEARCHES else quick(narrower)
        grown = _joined(lineups, more.lineups)
        if len(grown) == len(lineups):
            break
        scores = np.concatenate([scores, value(grown[len(lineups) :])])
        lineups = grown
    picked = choice.picked
    if len(picked) < limits.n_lineups:
        lineups, scores, picked = _decide(rules, limits, lineups, scores, value, picked)
        picked = improve(lineups, scores, limits, diversity_weight, picked)
    order = picked[np.lexsort((*lineups[picked].T[::-1], -scores[picked]))]
    return Portfolio(lineups[order], scores[order], len(lineups))


def generate_additive_portfolio(
    values: npt.NDArray[np.int64],
    unit: int,
    rules: LineupRules,
    limits: PortfolioLimits,
    diversity_weight: float = 0.0,
    best_score: float | None = None,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups worth the sum of their drivers.

    The choice is one program over all legal lineups (:func:`core.lineups.best_together`). Where
    any two lineups must differ in three drivers or more, or the program finds none, the best of a
    pool are chosen instead.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to a lineup, ``unit`` to a point.
    unit
        Values to a point.
    rules, limits, diversity_weight
        As :func:`generate_portfolio` takes them.
    best_score
        The score, in points, of which ``diversity_weight`` is a share; the best lineup's by
        default. With the same one, portfolios for different penalties are worth the same but for
        those, so what a higher penalty is on can only fall.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`.
    """
    found = None
    if limits.min_unique <= 2:
        best = best_by_value(values, rules, 1).scores
        if best_score is not None:
            best = np.array([best_score * unit])
        cost = pair_cost(best, limits, diversity_weight) / rules.roster_size if len(best) else 0.0
        found = best_together(values, rules, limits, cost)
        if found is not None and found.complete:
            return _of_together(found, limits, unit)

    def search(narrower: LineupRules) -> WalkResult:
        found = best_by_value(values, narrower, max(_ADDITIVE_POOL, 20 * limits.n_lineups))
        return replace(found, scores=found.scores / unit)

    def value(lineups: Lineups) -> Scores:
        return np.asarray(values[lineups].sum(axis=1) / unit)

    portfolio = generate_portfolio(search(rules), rules, limits, search, value, diversity_weight)
    return portfolio if found is None else _bounded(portfolio, found, limits, unit, cost)


def _of_together(found: Together, limits: PortfolioLimits, unit: int = 1) -> Portfolio:
    per_lineup = limits.n_lineups * unit
    return Portfolio(
        found.lineups,
        found.values / unit,
        found.columns,
        found.worth / per_lineup,
        found.bound / per_lineup,
    )


def _bounded(
    portfolio: Portfolio, found: Together, limits: PortfolioLimits, unit: int, cost: float
) -> Portfolio:
    """Add the bound that was found without a portfolio, and what this one is worth beside it."""
    counts = np.bincount(portfolio.lineups.ravel(), minlength=len(limits.drivers))
    shared = float((counts * (counts - 1) / 2).sum())
    per_lineup = limits.n_lineups * unit
    worth = float(portfolio.scores.mean()) - cost * shared / per_lineup
    return replace(portfolio, worth=worth, bound=max(found.bound / per_lineup, worth))


def generate_searched_portfolio(
    pool: WalkResult,
    rules: LineupRules,
    limits: PortfolioLimits,
    search: PricedSearch,
    value: Value,
    least: float,
    diversity_weight: float = 0.0,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups by a score that knows prices.

    The choice is one program over all legal lineups, the search finding those that the pool lacks
    (:func:`core.lineups.best_searched_together`). Where any two lineups must differ in three
    drivers or more, or the program finds none, the best of the pool are chosen instead.

    Parameters
    ----------
    pool, rules, limits, value, diversity_weight
        As :func:`generate_portfolio` takes them.
    search
        ``(rules, prices f64 [D], k, above)`` to the k best lineups under the rules, their drivers'
        prices taken off the score; what scores no more than ``above`` may be left out.
    least
        A score that no legal lineup is below.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`.
    """
    free = np.zeros(len(rules.salaries_usd))
    found, cost = None, 0.0
    if limits.min_unique <= 2 and len(pool.lineups):
        cost = pair_cost(pool.scores, limits, diversity_weight) / rules.roster_size
        found = best_searched_together(
            lambda prices, k, above: search(rules, prices, k, above),
            value,
            pool.lineups,
            limits,
            cost,
            least,
        )
        if found is not None and found.complete:
            return _of_together(found, limits)
    portfolio = generate_portfolio(
        pool,
        rules,
        limits,
        lambda narrower: search(narrower, free, len(pool.lineups), -np.inf),
        value,
        diversity_weight,
    )
    return portfolio if found is None else _bounded(portfolio, found, limits, 1, cost)


def _joined(lineups: Lineups, more: Lineups) -> Lineups:
    """Give ``lineups`` and after them what is new in ``more``, in its order."""
    known = {lineup.tobytes() for lineup in lineups}
    new = [row for row in more if row.tobytes() not in known]
    return np.concatenate([lineups, np.stack(new)]) if new else lineups


def _narrowed(
    rules: LineupRules, limits: PortfolioLimits, picked: Lineups, choice: Choice
) -> LineupRules | None:
    """Give the rules of a lineup that could join those picked, or ``None`` if none can."""
    locks = tuple(sorted({*rules.locks, *choice.needed}))
    excludes = tuple(sorted({*rules.excludes, *choice.blocked}))
    if set(locks) & set(excludes) or len(locks) > rules.roster_size:
        return None
    # lineups differ in one driver anyway
    apart = [
        Group("min_unique", tuple(map(int, lineup)), 0, rules.roster_size - limits.min_unique)
        for lineup in picked
        if limits.min_unique > 1
    ]
    narrower = replace(rules, locks=locks, excludes=excludes, groups=(*rules.groups, *apart))
    return narrower if len(narrower.eligible) >= rules.roster_size else None


def _quick_search(rules: LineupRules, best: npt.NDArray[np.uint8], value: Value) -> Search:
    """Give a search by the sum of what each driver is worth in place of one of ``best``'s."""
    roster = rules.roster_size
    others = np.setdiff1d(np.array(rules.eligible, dtype=np.uint8), best)
    worth: list[npt.NDArray[np.int64]] = []

    def fitted() -> npt.NDArray[np.int64]:
        swapped = np.tile(best, (len(others) * roster, 1))
        swapped[np.arange(len(swapped)), np.tile(np.arange(roster), len(others))] = np.repeat(
            others, roster
        )
        swapped = np.sort(np.concatenate([best[None, :], swapped]), axis=1)
        holds = np.zeros((len(swapped), len(rules.salaries_usd)))
        holds[np.arange(len(swapped))[:, None], swapped] = 1.0
        points = np.asarray(np.linalg.lstsq(holds, value(swapped))[0], dtype=np.float64)
        scale = max(float(np.abs(points).max()), 1e-12)
        return np.asarray(np.rint(points / scale * _WORTH_UNIT), dtype=np.int64)

    def quick(narrower: LineupRules) -> WalkResult:
        if not worth:
            worth.append(fitted())
        return best_by_value(worth[0], narrower, _QUICK_FOUND)

    return quick


def _decide(
    rules: LineupRules,
    limits: PortfolioLimits,
    lineups: Lineups,
    scores: Scores,
    value: Value,
    picked: Indices,
) -> tuple[Lineups, Scores, Indices]:
    """Find a portfolio by integer program, or raise why there is none."""
    legal = count_legal(rules)
    if legal < limits.n_lineups:
        raise no_portfolio(rules, limits)
    if legal <= FEW_LEGAL:
        columns = _every_legal(rules, legal)
    else:
        relaxation = relax(rules, limits, lineups[picked])
        if relaxation.proof is not None:
            raise no_portfolio(rules, limits, relaxation.columns)
        order = np.argsort(-scores, kind="stable")
        columns = _joined(relaxation.columns, lineups[order[:_COLUMNS]])
    pooled = _joined(lineups, columns)
    scores = np.concatenate([scores, value(pooled[len(lineups) :])])
    place = {lineup.tobytes(): at for at, lineup in enumerate(pooled)}
    where = np.array([place[lineup.tobytes()] for lineup in columns], dtype=np.intp)
    nodes = FEW_NODES if legal <= FEW_LEGAL else NODES
    chosen, _ = choose_exactly(columns, scores[where], limits, nodes)
    if chosen is None:
        raise no_portfolio(rules, limits, columns)
    return pooled, scores, where[chosen]


def _every_legal(rules: LineupRules, legal: int) -> Lineups:
    nothing = np.zeros(len(rules.salaries_usd), dtype=np.int64)
    return best_by_value(nothing, rules, max(legal, 1)).lineups
