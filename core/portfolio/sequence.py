"""The next lineup of a portfolio: the rules that the lineups before it leave for it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.lineups.legality import Group, LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.limits import PortfolioLimits

Values = npt.NDArray[np.int64]
Lineup = npt.NDArray[np.uint8]


def walk_to_next(rules: LineupRules, values: Values) -> Lineup | None:
    """The best legal lineup by the walk, drivers in slate order; ``None`` if none is legal."""
    best = best_by_value(values, rules, 1).lineups
    return best[0] if len(best) else None


def counts_of(limits: PortfolioLimits, chosen: Sequence[Lineup]) -> tuple[Values, Values]:
    """Number of the lineups that hold each driver ``[D]`` and each limited team ``[T]``."""
    drivers = np.zeros(len(limits.drivers), dtype=np.int64)
    teams = np.zeros(len(limits.teams), dtype=np.int64)
    for lineup in chosen:
        drivers[lineup] += 1
        picked = set(lineup.tolist())
        for number, team in enumerate(limits.teams):
            teams[number] += not picked.isdisjoint(team.members)
    return drivers, teams


def leaving_room(
    rules: LineupRules, limits: PortfolioLimits, chosen: Sequence[Lineup]
) -> LineupRules | None:
    """Rules for the lineup that follows those chosen.

    ``None`` if the lineups still to come are too few to bring every driver to his minimum.
    """
    left, roster = limits.n_lineups - len(chosen), rules.roster_size
    counts, team_counts = counts_of(limits, chosen)
    full = counts >= limits.most
    for team, used_up in zip(limits.teams, team_counts >= limits.team_most, strict=True):
        full[list(team.members)] |= used_up
    missing = np.maximum(limits.fewest - counts, 0)
    # what the lineups after the next one cannot supply, each of them a roster of missing drivers
    needed = int(missing.sum()) - roster * (left - 1)
    if needed > roster:
        return None
    groups = [*rules.groups, *_apart(rules, limits, chosen)]
    for team, room in zip(limits.teams, (limits.team_most - team_counts).tolist(), strict=True):
        # a member whose minimum takes all lineups that the team has left must be in each of those
        groups += [
            Group("max_team_exposure", (member,), 1, 1, when=team.members)
            for member in team.members
            if 0 < room <= missing[member]
        ]
    if needed > 0:
        members = tuple(np.flatnonzero(missing).tolist())
        groups.append(Group("min_driver_exposure", members, needed, roster))
    return replace(
        rules,
        locks=tuple(sorted({*rules.locks, *np.flatnonzero(missing >= left).tolist()})),
        excludes=tuple(sorted({*rules.excludes, *np.flatnonzero(full).tolist()})),
        groups=tuple(groups),
    )


def _apart(rules: LineupRules, limits: PortfolioLimits, chosen: Sequence[Lineup]) -> list[Group]:
    most = rules.roster_size - limits.min_unique
    return [Group("min_unique", tuple(lineup.tolist()), 0, most) for lineup in chosen]


def in_sequence(
    values: Values, rules: LineupRules, limits: PortfolioLimits, force: float
) -> Lineups:
    """Up to ``limits.n_lineups`` lineups, one by one, that spare the drivers used often.

    A driver is worth less the nearer he comes to his maximum exposure, and more the more lineups
    he lacks to his minimum. So drivers remain for the last lineups that the first would otherwise
    have used up.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to every lineup, in any whole unit.
    rules, limits
        Rules of every lineup and limits on the portfolio.
    force
        Value taken off a driver who has reached his maximum, as a multiple of the median driver's
        value; 0 = nothing.

    Returns
    -------
    u8 ``[k, R]`` in the order of choice. k is below ``limits.n_lineups`` where no lineup can follow
    the last.
    """
    strength = force * max(float(np.median(np.abs(values))), 1.0)
    chosen: list[Lineup] = []
    while len(chosen) < limits.n_lineups:
        narrower = leaving_room(rules, limits, chosen)
        counts, _ = counts_of(limits, chosen)
        missing = np.maximum(limits.fewest - counts, 0) / (limits.n_lineups - len(chosen))
        leaning = strength * (missing - counts / np.maximum(limits.most, 1))
        lineup = None
        if narrower is not None:
            lineup = walk_to_next(narrower, values + np.rint(leaning).astype(np.int64))
        if lineup is None:
            break
        chosen.append(lineup)
    return np.array(chosen, dtype=np.uint8).reshape(-1, rules.roster_size)
