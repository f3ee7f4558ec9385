"""The portfolio: exactly ``n_lineups`` lineups that keep every limit, or the reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.lineups import Group, LineupRules, Lineups, WalkResult, best_by_value, count_legal
from core.portfolio.choosing import Choice, Indices, choose, improve, pair_cost
from core.portfolio.column_generation import Together, best_searched_together, best_together
from core.portfolio.feasibility import FEW_LEGAL, choose_exactly, relax
from core.portfolio.infeasibility import FEW_NODES, NODES, no_portfolio
from core.portfolio.limits import PortfolioLimits

Search = Callable[[LineupRules], WalkResult]
PricedSearch = Callable[[LineupRules, npt.NDArray[np.float64], int, float], WalkResult]
Value = Callable[[Lineups], npt.NDArray[np.float64]]
Scores = npt.NDArray[np.float64]

# A search by the pool's own objective may take seconds. A quick one, by the sum of what each driver
# is worth, takes a tenth of a second.
_SEARCHES = 3
_QUICK_SEARCHES = 60
_QUICK_LINEUPS = 200
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
        f64 ``[n]``: the objective of each lineup, in the unit of the pool's scores.
    pool_size
        Number of lineups that the portfolio was chosen from.
    worth, bound
        Where all lineups were chosen at once: the mean score less what similarity costs, and an
        upper bound of that number for any portfolio under the limits. ``None`` elsewhere.
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
    correlation_weight: float = 0.0,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups.

    Lineups come from ``pool`` first. Where some drivers reach their maximum before the portfolio is
    full, the pool grows: ``search`` adds the best lineups without those drivers, and after a few
    times a quicker search does, which sums what each driver is worth on average. Where the pool
    still holds no portfolio, an integer program decides, over lineups found by the limits' prices.

    Parameters
    ----------
    pool
        The best lineups under ``rules``, from any objective.
    rules
        Rules of every lineup.
    limits
        Limits on the portfolio.
    search
        Called with narrower rules; returns the best lineups under them, by the pool's objective.
    value
        The pool's objective of any lineups, f64 ``[K]``.
    correlation_weight
        0..1, see :func:`core.portfolio.choosing.choose`.

    Raises
    ------
    Infeasible
        No such portfolio. The error names the rules in conflict and the largest number of lineups
        possible.
    """
    lineups, scores = pool.lineups, pool.scores
    if len(lineups) == 0:
        raise no_portfolio(rules, limits)
    quick = _quick_search(rules, lineups[int(np.argmax(scores))], value)
    for turn in range(_SEARCHES + _QUICK_SEARCHES):
        choice = choose(lineups, scores, limits, correlation_weight)
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
        picked = improve(lineups, scores, limits, correlation_weight, picked)
    order = picked[np.lexsort((*lineups[picked].T[::-1], -scores[picked]))]
    return Portfolio(lineups[order], scores[order], len(lineups))


def generate_additive_portfolio(
    values: npt.NDArray[np.int64],
    unit: int,
    rules: LineupRules,
    limits: PortfolioLimits,
    correlation_weight: float = 0.0,
    best_score: float | None = None,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups that score the sum of their drivers.

    The choice is one program over all legal lineups (:func:`core.portfolio.best_together`). Where
    any two lineups must differ in three drivers or more, or the program finds no portfolio, the
    portfolio is chosen from a pool of the best lineups instead.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to a lineup; ``unit`` of it are one point.
    unit
        What one point is in ``values``.
    rules, limits, correlation_weight
        As for :func:`generate_portfolio`.
    best_score
        The score, in points, of which ``correlation_weight`` is a share; the best lineup's by
        default. Pass the same score when portfolios under different ownership penalties are
        compared: sharing drivers then costs the same in all of them, so a higher penalty can only
        lower the quantity it is charged on.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`.
    """
    together = None
    if limits.min_unique <= 2:
        best = best_by_value(values, rules, 1).scores
        if best_score is not None:
            best = np.array([best_score * unit])
        cost = pair_cost(best, limits, correlation_weight) / rules.roster_size if len(best) else 0.0
        together = best_together(values, rules, limits, cost)
        if together is not None and together.complete:
            return _of_together(together, limits, unit)

    def search(narrower: LineupRules) -> WalkResult:
        best = best_by_value(values, narrower, max(_ADDITIVE_POOL, 20 * limits.n_lineups))
        return replace(best, scores=best.scores / unit)

    def value(lineups: Lineups) -> Scores:
        return np.asarray(values[lineups].sum(axis=1) / unit)

    portfolio = generate_portfolio(search(rules), rules, limits, search, value, correlation_weight)
    return portfolio if together is None else _bounded(portfolio, together, limits, unit, cost)


def _of_together(together: Together, limits: PortfolioLimits, unit: int = 1) -> Portfolio:
    per_lineup = limits.n_lineups * unit
    return Portfolio(
        together.lineups,
        together.values / unit,
        together.columns,
        together.worth / per_lineup,
        together.bound / per_lineup,
    )


def _bounded(
    portfolio: Portfolio, together: Together, limits: PortfolioLimits, unit: int, cost: float
) -> Portfolio:
    """The portfolio with its worth, and with the bound of a program that found no portfolio."""
    counts = np.bincount(portfolio.lineups.ravel(), minlength=len(limits.drivers))
    shared = float((counts * (counts - 1) / 2).sum())
    per_lineup = limits.n_lineups * unit
    worth = float(portfolio.scores.mean()) - cost * shared / per_lineup
    return replace(portfolio, worth=worth, bound=max(together.bound / per_lineup, worth))


def generate_searched_portfolio(
    pool: WalkResult,
    rules: LineupRules,
    limits: PortfolioLimits,
    search: PricedSearch,
    value: Value,
    least: float,
    correlation_weight: float = 0.0,
) -> Portfolio:
    """Choose exactly ``limits.n_lineups`` different lineups by a search that takes drivers' prices.

    The choice is one program over all legal lineups, and the search finds those that the pool lacks
    (:func:`core.portfolio.best_searched_together`). Where any two lineups must differ in three
    drivers or more, or the program finds no portfolio, the portfolio is chosen from the pool
    instead.

    Parameters
    ----------
    pool, rules, limits, value, correlation_weight
        As for :func:`generate_portfolio`.
    search
        Called with ``(rules, prices f64 [D], k, above)``; returns the k legal lineups with the
        largest score less their drivers' prices. It may leave out lineups for which that is no
        more than ``above``.
    least
        Lower bound of every legal lineup's score.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`.
    """
    free = np.zeros(len(rules.salaries_usd))
    together, cost = None, 0.0
    if limits.min_unique <= 2 and len(pool.lineups):
        cost = pair_cost(pool.scores, limits, correlation_weight) / rules.roster_size
        together = best_searched_together(
            lambda prices, k, above: search(rules, prices, k, above),
            value,
            pool.lineups,
            limits,
            cost,
            least,
        )
        if together is not None and together.complete:
            return _of_together(together, limits)
    portfolio = generate_portfolio(
        pool,
        rules,
        limits,
        lambda narrower: search(narrower, free, len(pool.lineups), -np.inf),
        value,
        correlation_weight,
    )
    return portfolio if together is None else _bounded(portfolio, together, limits, 1, cost)


def _joined(lineups: Lineups, more: Lineups) -> Lineups:
    """``lineups``, then those of ``more`` that are not among them, in their order."""
    known = {lineup.tobytes() for lineup in lineups}
    new = [row for row in more if row.tobytes() not in known]
    return np.concatenate([lineups, np.stack(new)]) if new else lineups


def _narrowed(
    rules: LineupRules, limits: PortfolioLimits, picked: Lineups, choice: Choice
) -> LineupRules | None:
    """Rules for a lineup that could join those picked, or ``None`` if none can."""
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
    """A quick search: by the sum of what drivers are worth as substitutes in the best lineup.

    That worth is a least-squares fit to the value of ``best`` with one driver exchanged, made at
    the first search.
    """
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
        return best_by_value(worth[0], narrower, _QUICK_LINEUPS)

    return quick


def _decide(
    rules: LineupRules,
    limits: PortfolioLimits,
    lineups: Lineups,
    scores: Scores,
    value: Value,
    picked: Indices,
) -> tuple[Lineups, Scores, Indices]:
    """Choose a portfolio by integer program: lineups, their scores and the indices chosen.

    Raises
    ------
    Infeasible
        There is no portfolio, or none was found.
    """
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
    index_of = {lineup.tobytes(): index for index, lineup in enumerate(pooled)}
    indices = np.array([index_of[lineup.tobytes()] for lineup in columns], dtype=np.intp)
    nodes = FEW_NODES if legal <= FEW_LEGAL else NODES
    chosen, _ = choose_exactly(columns, scores[indices], limits, nodes)
    if chosen is None:
        raise no_portfolio(rules, limits, columns)
    return pooled, scores, indices[chosen]


def _every_legal(rules: LineupRules, legal: int) -> Lineups:
    nothing = np.zeros(len(rules.salaries_usd), dtype=np.int64)
    return best_by_value(nothing, rules, max(legal, 1)).lineups
