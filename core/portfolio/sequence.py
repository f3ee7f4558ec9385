"""The next lineup: what those before it leave room for, exposures counted over all to come."""

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
    """Give the best legal lineup by the walk, drivers in slate order, or ``None`` if none is."""
    found = best_by_value(values, rules, 1).lineups
    return found[0] if len(found) else None


def counts_of(limits: PortfolioLimits, chosen: Sequence[Lineup]) -> tuple[Values, Values]:
    """Give in how many of the lineups each driver ``[D]`` and each limited team ``[T]`` stands."""
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
    """Give the rules of a lineup that may follow, ``None`` if it would miss too many drivers."""
    left, roster = limits.n_lineups - len(chosen), rules.roster_size
    counts, team_counts = counts_of(limits, chosen)
    full = counts >= limits.most
    for team, used_up in zip(limits.teams, team_counts >= limits.team_most, strict=True):
        full[list(team.members)] |= used_up
    missing = np.maximum(limits.fewest - counts, 0)
    # each later lineup can make up for one roster of missing drivers
    needed = int(missing.sum()) - roster * (left - 1)
    if needed > roster:
        return None
    groups = [*rules.groups, *_apart(rules, limits, chosen)]
    for team, room in zip(limits.teams, (limits.team_most - team_counts).tolist(), strict=True):
        # what room the team has left is for members who need all of it
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
    """Give up to ``limits.n_lineups`` one by one, drivers worth less the more they are used up.

    So room is left to the last of them that the best first would have taken.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to every lineup, in any whole unit.
    rules, limits
        What every lineup and the portfolio hold to.
    force
        What having used up a limit takes off a driver, in drivers of middling value; 0 = nothing.

    Returns
    -------
    u8 ``[k, R]`` in the order of choice; fewer than asked for where none can follow the last.
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
