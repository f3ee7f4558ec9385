"""A portfolio chosen one lineup after another, each the best that the limits still allow.

Every lineup may value drivers differently, which is what randomised projections need. Exposure
limits count over the whole portfolio: a lineup may hold no driver or team that has reached its
maximum, and must hold enough of the drivers that are still below their minimum. This looks only
one lineup ahead, so the choice can end too early. The last lineups are then dropped, and as many
as the portfolio lacks are chosen together.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.choosing import choose
from core.portfolio.column_generation import best_together
from core.portfolio.feasibility import FEW_LEGAL, choose_exactly, relax
from core.portfolio.infeasibility import FEW_NODES, NODES, no_portfolio
from core.portfolio.limits import Exposure, PortfolioLimits
from core.portfolio.sequence import (
    Lineup,
    Values,
    counts_of,
    in_sequence,
    leaving_room,
    walk_to_next,
)

NextLineup = Callable[[LineupRules, Values], Lineup | None]

_POOL = 2_000
_START = 300
# Value taken off a driver who has reached his maximum exposure, as a multiple of the median
# driver's value: several strengths are tried.
_MILD = (0.05, 0.1, 0.2)
_STRONG = (0.1, 0.5, 2.0)


def choose_one_by_one(
    values: Callable[[int], Values] | Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    next_lineup: NextLineup = walk_to_next,
) -> Lineups:
    """Exactly ``limits.n_lineups`` lineups, each the best that those before it leave room for.

    Where no lineup can follow, the last 1, 2, 4 .. lineups are dropped until the portfolio can be
    completed. The lineups that complete it are chosen together, by the mean of their values.

    Parameters
    ----------
    values
        What each driver adds to lineup i, in any whole unit: i64 ``[D]`` of each i, or all of them,
        i64 ``[n, D]``.
    rules
        Rules that every lineup obeys.
    limits
        Limits on the portfolio.
    next_lineup
        Called with narrower rules and values; returns the best lineup, drivers in slate order, or
        ``None`` where no lineup is legal.

    Returns
    -------
    u8 ``[n, R]`` in the order of choice.

    Raises
    ------
    Infeasible
        No such portfolio was found.
    """
    drawn = np.stack([values(i) for i in range(limits.n_lineups)]) if callable(values) else values
    chosen: list[Lineup] = []
    while len(chosen) < limits.n_lineups:
        narrower = leaving_room(rules, limits, chosen)
        lineup = None if narrower is None else next_lineup(narrower, drawn[len(chosen)])
        if lineup is None:
            return _completed(drawn, rules, limits, chosen)
        chosen.append(lineup)
    return np.stack(chosen)


def choose_sparing(values: Values, rules: LineupRules, limits: PortfolioLimits) -> Lineups:
    """Exactly ``limits.n_lineups`` lineups chosen one by one, all by the same values.

    If every lineup takes the best drivers left, the last lineups have to do without them. So the
    choice is repeated with drivers who lose value the nearer they come to their maximum exposure,
    at several strengths, and the portfolio with the largest sum of ``values`` is returned. Where
    lineups need differ in no more than two drivers,
    :func:`core.portfolio.best_together` finds a better one.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to every lineup, in any whole unit.
    rules, limits
        As :func:`choose_one_by_one` takes them.

    Returns
    -------
    u8 ``[n, R]`` in the order of choice.

    Raises
    ------
    Infeasible
        No such portfolio was found.
    """
    first = choose_one_by_one(np.tile(values, (limits.n_lineups, 1)), rules, limits)
    return max(first, *_spread_out(values, rules, limits, _MILD)[0], key=_sum_of(values))


def _sum_of(values: Values) -> Callable[[Lineups], int]:
    return lambda lineups: int(values[lineups].sum())


def _completed(
    drawn: Values, rules: LineupRules, limits: PortfolioLimits, chosen: Sequence[Lineup]
) -> Lineups:
    """Portfolio that keeps as many of the chosen lineups, from the first, as can be completed."""
    if _could_exist(drawn, rules, limits):
        for kept in _fewer_and_fewer(len(chosen)):
            rest = _beside(chosen[:kept], drawn[kept:], rules, limits)
            if rest is not None:
                return np.concatenate([*(lineup[None, :] for lineup in chosen[:kept]), rest])
    raise no_portfolio(rules, limits)


def _fewer_and_fewer(count: int) -> Iterator[int]:
    """Numbers ``count`` - 1, ``count`` - 2, ``count`` - 4 and so on, and last 0."""
    back = 1
    while back < count:
        yield count - back
        back *= 2
    yield 0


def _could_exist(drawn: Values, rules: LineupRules, limits: PortfolioLimits) -> bool:
    """Whether a portfolio may exist: False only where it is proven that none does."""
    start = best_by_value(_mean(drawn), rules, max(_START, limits.n_lineups)).lineups
    return len(start) >= limits.n_lineups and relax(rules, limits, start).proof is None


def _mean(drawn: Values) -> Values:
    return np.asarray(np.rint(drawn.mean(axis=0)), dtype=np.int64)


def _beside(
    fixed: Sequence[Lineup], drawn: Values, rules: LineupRules, limits: PortfolioLimits
) -> Lineups | None:
    """Lineups that complete the fixed ones, one for each row of ``drawn`` ``[n, D]``.

    ``None`` where none were found.
    """
    left = len(drawn)
    counts, team_counts = counts_of(limits, fixed)
    missing = np.maximum(limits.fewest - counts, 0)
    room, team_room = limits.most - counts, limits.team_most - team_counts
    narrower = leaving_room(rules, limits, fixed)
    if narrower is None or (missing > np.minimum(room, left)).any():
        return None

    def rest_of(limit: Exposure, least: float, most: float) -> Exposure:
        least, most = least / left, min(most, left) / left
        return Exposure(limit.name, limit.members, least, most, explicit=True)

    rest = PortfolioLimits(
        n_lineups=left,
        drivers=tuple(map(rest_of, limits.drivers, missing.tolist(), room.tolist())),
        teams=tuple(map(rest_of, limits.teams, [0] * len(limits.teams), team_room.tolist())),
        min_unique=limits.min_unique,
    )
    return choose_together(_mean(drawn), narrower, rest)


def choose_together(values: Values, rules: LineupRules, limits: PortfolioLimits) -> Lineups | None:
    """A portfolio with a large sum of ``values``, or ``None`` if none was found.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to every lineup, in any whole unit.
    rules, limits
        Rules of each lineup and limits on the portfolio. Unlike
        :func:`core.portfolio.best_together`, this takes a ``min_unique`` above 2.

    Returns
    -------
    u8 ``[n, R]``. Where few lineups are legal, the search runs over all of them.
    """
    if limits.min_unique <= 2:
        together = best_together(values, rules, limits)
        if together is not None and together.complete:
            return together.lineups
    pool = best_by_value(values, rules, _POOL).lineups
    if len(pool) < limits.n_lineups:
        return None
    few = len(pool) <= FEW_LEGAL
    if not few:
        relaxation = relax(rules, limits, pool[:_START])
        if relaxation.proof is not None:
            return None
        whole, broken = _spread_out(values, rules, limits, _STRONG)
        if whole:
            return max(whole, key=_sum_of(values))
        pool = np.unique(np.concatenate([pool, relaxation.columns, *broken]), axis=0)
    worth = values[pool].sum(axis=1).astype(np.float64)
    first = choose(pool, worth, limits, 0.0).picked
    if len(first) == limits.n_lineups:
        return pool[first]
    picked, _ = choose_exactly(pool, worth, limits, FEW_NODES if few else NODES)
    return None if picked is None else pool[picked]


def _spread_out(
    values: Values, rules: LineupRules, limits: PortfolioLimits, forces: Sequence[float]
) -> tuple[list[Lineups], list[Lineups]]:
    """Portfolios of :func:`in_sequence` at each of the forces: the complete, then the others."""
    spread = [in_sequence(values, rules, limits, force) for force in forces]
    whole = [lineups for lineups in spread if len(lineups) == limits.n_lineups]
    return whole, [lineups for lineups in spread if len(lineups) < limits.n_lineups]
