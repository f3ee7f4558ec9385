"""The walk's own view of a slate: eligible drivers by falling salary, rules as bit masks.

Walking dearest first lets one comparison end a whole branch: when the cheapest lineup that can
still be completed is over the cap, or the dearest is under the floor.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.lineups.legality import LineupRules

Lineups = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Board:
    """A slate as the kernels walk it; position p is the p-th dearest eligible driver.

    Parameters
    ----------
    drivers
        Slate index by position, u8 ``[P]``.
    salaries
        USD by position, falling, i64 ``[P]``.
    roster_size, cap, floor
        Of :class:`~core.lineups.legality.LineupRules`.
    locked
        Bit mask over positions.
    group_masks, group_bounds
        u64 ``[G, 2]``: members, and those of whom so many put the rule in force; i64 ``[G, 3]``: at
        least, at most, so many.
    budget_amounts, budget_limits
        i64 ``[B, P]``: what each position takes of each budget; i64 ``[B]``: what a lineup may.
    """

    drivers: Lineups
    salaries: npt.NDArray[np.int64]
    roster_size: int
    cap: int
    floor: int
    locked: np.uint64
    group_masks: npt.NDArray[np.uint64]
    group_bounds: npt.NDArray[np.int64]
    budget_amounts: npt.NDArray[np.int64]
    budget_limits: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rules: LineupRules) -> "Board":
        """Lay out the board of ``rules``."""
        salaries = np.array(rules.salaries_usd, dtype=np.int64)
        eligible = np.array(rules.eligible, dtype=np.uint8)
        drivers = eligible[np.lexsort((eligible, -salaries[eligible]))]
        position = {int(driver): place for place, driver in enumerate(drivers)}

        def mask(members: tuple[int, ...]) -> int:
            return sum(1 << position[member] for member in set(members) if member in position)

        return cls(
            drivers=drivers,
            salaries=salaries[drivers],
            roster_size=rules.roster_size,
            cap=rules.salary_cap_usd,
            floor=rules.min_salary_usd,
            locked=np.uint64(mask(rules.locks)),
            group_masks=np.array(
                [(mask(g.members), mask(g.when)) for g in rules.groups], dtype=np.uint64
            ).reshape(-1, 2),
            group_bounds=np.array(
                [(g.at_least, g.at_most, g.when_at_least if g.when else 0) for g in rules.groups],
                dtype=np.int64,
            ).reshape(-1, 3),
            budget_amounts=np.array(
                [[budget.amounts[driver] for driver in drivers] for budget in rules.budgets],
                dtype=np.int64,
            ).reshape(len(rules.budgets), len(drivers)),
            budget_limits=np.array([budget.at_most for budget in rules.budgets], dtype=np.int64),
        )

    def arguments(
        self,
    ) -> tuple[
        Lineups,
        npt.NDArray[np.int64],
        int,
        int,
        int,
        np.uint64,
        npt.NDArray[np.uint64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
    ]:
        """Give the board as the kernels take it, first of their arguments."""
        return (
            self.drivers,
            self.salaries,
            self.roster_size,
            self.cap,
            self.floor,
            self.locked,
            self.group_masks,
            self.group_bounds,
            self.budget_amounts,
            self.budget_limits,
        )
