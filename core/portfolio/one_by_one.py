"""Lineups one after the other, each the best that those before it leave room for.

Every lineup has values of its own, so this is the way to a portfolio from randomised projections.
Exposures are counted over the final portfolio: a lineup may take no driver or team that is used up,
and has to take enough of the drivers that are still missing. That looks one lineup ahead and no
further, so it can come to an end too early; the last lineups are then taken back, and as many are
chosen together.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.choosing import choose
from core.portfolio.column_generation import best_together
from core.portfolio.feasibility import choose_exactly, relax
from core.portfolio.infeasibility import FEW_LEGAL, FEW_NODES, NODES, no_portfolio
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
# in drivers of middling value: what having used up a limit takes off a driver
_MILD = (0.05, 0.1, 0.2)
_STRONG = (0.1, 0.5, 2.0)


def choose_one_by_one(
    values: Callable[[int], Values] | Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    next_lineup: NextLineup = walk_to_next,
) -> Lineups:
    """Give exactly ``limits.n_lineups`` lineups, each the best that those before it leave room for.

    Where no lineup can follow, the last 1, 2, 4 .. are taken back until the rest can be had, which
    is then chosen together by the mean of its values.

    Parameters
    ----------
    values
        What each driver adds to lineup i, in any whole unit: i64 ``[D]`` of each i, or all of them,
        i64 ``[n, D]``.
    rules
        What every lineup holds to.
    limits
        What the portfolio holds to.
    next_lineup
        Gives the best lineup under narrower rules, drivers in slate order, or ``None`` where none
        is legal.

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
    """Give ``limits.n_lineups`` lineups one by one that all see the same values.

    The best first leave the last without the best drivers, so drivers are also spared: they lose
    value the more of their limit is used up, at several strengths, and the portfolio of the largest
    sum of ``values`` is given. For up to two drivers in which lineups differ,
    :func:`core.lineups.best_together` gives a better one.

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
    """Keep as many of the chosen lineups as others complete, and complete them."""
    if _could_exist(drawn, rules, limits):
        for kept in _ever_fewer(len(chosen)):
            rest = _beside(chosen[:kept], drawn[kept:], rules, limits)
            if rest is not None:
                return np.concatenate([*(lineup[None, :] for lineup in chosen[:kept]), rest])
    raise no_portfolio(rules, limits)


def _ever_fewer(count: int) -> Iterator[int]:
    """Give ``count`` less 1, 2, 4 and so on, down to 0."""
    back = 1
    while back < count:
        yield count - back
        back *= 2
    yield 0


def _could_exist(drawn: Values, rules: LineupRules, limits: PortfolioLimits) -> bool:
    """Say whether it is worth taking lineups back: not where a portfolio is proven impossible."""
    start = best_by_value(_mean(drawn), rules, max(_START, limits.n_lineups)).lineups
    return len(start) >= limits.n_lineups and relax(rules, limits, start).proof is None


def _mean(drawn: Values) -> Values:
    return np.asarray(np.rint(drawn.mean(axis=0)), dtype=np.int64)


def _beside(
    fixed: Sequence[Lineup], drawn: Values, rules: LineupRules, limits: PortfolioLimits
) -> Lineups | None:
    """Give as many lineups as there are ``drawn`` values ``[n, D]``, to stand beside the fixed."""
    left = len(drawn)
    counts, team_counts = counts_of(limits, fixed)
    missing = np.maximum(limits.fewest - counts, 0)
    room, team_room = limits.most - counts, limits.team_most - team_counts
    narrower = leaving_room(rules, limits, fixed)
    if narrower is None or (missing > np.minimum(room, left)).any():
        return None

    def rest_of(limit: Exposure, least: int, most: int) -> Exposure:
        return Exposure(limit.name, limit.members, least / left, min(most, left) / left, asked=True)

    rest = PortfolioLimits(
        n_lineups=left,
        drivers=tuple(map(rest_of, limits.drivers, missing.tolist(), room.tolist())),
        teams=tuple(map(rest_of, limits.teams, [0] * len(limits.teams), team_room.tolist())),
        min_unique=limits.min_unique,
    )
    return choose_together(_mean(drawn), narrower, rest)


def choose_together(values: Values, rules: LineupRules, limits: PortfolioLimits) -> Lineups | None:
    """Give a portfolio of a large sum of ``values``, or ``None`` if none was found.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to every lineup, in any whole unit.
    rules, limits
        What each lineup and the portfolio hold to; lineups may differ in more drivers than
        :func:`core.lineups.best_together` takes.

    Returns
    -------
    u8 ``[n, R]``. Where few lineups are legal every portfolio of them is looked for.
    """
    if limits.min_unique <= 2:
        found = best_together(values, rules, limits)
        if found is not None and found.complete:
            return found.lineups
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
    """Give the whole portfolios that sparing drivers comes to, and those that end too early."""
    spread = [in_sequence(values, rules, limits, force) for force in forces]
    whole = [lineups for lineups in spread if len(lineups) == limits.n_lineups]
    return whole, [lineups for lineups in spread if len(lineups) < limits.n_lineups]
