"""The walk's own view of a slate: eligible drivers by falling salary, rules as bit masks.

Walking dearest first lets one comparison end a whole branch: when the cheapest lineup that can
still be completed is over the cap, or the dearest is under the floor.
"""

from collections import Counter
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.lineups.legality import LineupRules

Lineups = npt.NDArray[np.uint8]


class Groups(NamedTuple):
    """Locks and groups as bit masks over positions.

    Parameters
    ----------
    locked
        Positions in every lineup.
    masks
        u64 ``[G, 2]``: the members, and those of whom so many put the rule in force.
    bounds
        i64 ``[G, 3]``: at least and at most so many members; so many that put it in force.
    most
        How many groups the position in most of them is a member of.
    """

    locked: np.uint64
    masks: npt.NDArray[np.uint64]
    bounds: npt.NDArray[np.int64]
    most: int


class Budgets(NamedTuple):
    """What positions take of each budget, i64 ``[B, P]``, and what a lineup may, i64 ``[B]``."""

    amounts: npt.NDArray[np.int64]
    limits: npt.NDArray[np.int64]


class Board(NamedTuple):
    """A slate as the kernels walk it; position p is the p-th dearest eligible driver.

    Parameters
    ----------
    drivers
        Slate index by position, u8 ``[P]``.
    salaries
        USD by position, falling, i64 ``[P]``.
    roster_size, cap, floor
        Of :class:`~core.lineups.legality.LineupRules`.
    groups, budgets
        The other rules, by position.
    """

    drivers: Lineups
    salaries: npt.NDArray[np.int64]
    roster_size: int
    cap: int
    floor: int
    groups: Groups
    budgets: Budgets

    @classmethod
    def of(cls, rules: LineupRules) -> "Board":
        """Board of the drivers that ``rules`` leave eligible."""
        salaries = np.array(rules.salaries_usd, dtype=np.int64)
        eligible = np.array(rules.eligible, dtype=np.uint8)
        drivers = eligible[np.lexsort((eligible, -salaries[eligible]))]
        return cls(
            drivers=drivers,
            salaries=salaries[drivers],
            roster_size=rules.roster_size,
            cap=rules.salary_cap_usd,
            floor=rules.min_salary_usd,
            groups=_groups(rules, drivers),
            budgets=_budgets(rules, drivers),
        )


def _groups(rules: LineupRules, drivers: Lineups) -> Groups:
    position = {int(driver): index for index, driver in enumerate(drivers)}

    def mask(members: tuple[int, ...]) -> int:
        return sum(1 << position[member] for member in set(members) if member in position)

    members = [set(group.members) & position.keys() for group in rules.groups]
    return Groups(
        locked=np.uint64(mask(rules.locks)),
        masks=np.array(
            [(mask(g.members), mask(g.when)) for g in rules.groups], dtype=np.uint64
        ).reshape(-1, 2),
        bounds=np.array(
            [(g.at_least, g.at_most, g.when_at_least if g.when else 0) for g in rules.groups],
            dtype=np.int64,
        ).reshape(-1, 3),
        most=max(Counter(chain.from_iterable(members)).values(), default=0),
    )


def _budgets(rules: LineupRules, drivers: Lineups) -> Budgets:
    return Budgets(
        amounts=np.array(
            [[budget.amounts[driver] for driver in drivers] for budget in rules.budgets],
            dtype=np.int64,
        ).reshape(len(rules.budgets), len(drivers)),
        limits=np.array([budget.at_most for budget in rules.budgets], dtype=np.int64),
    )
