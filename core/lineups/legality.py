"""What makes a lineup legal: the roster, the cap, and the hard rules a user adds."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Group:
    """How many of a set of drivers a lineup may hold.

    Parameters
    ----------
    name
        What the user calls the rule, for messages.
    members
        Driver indices.
    at_least, at_most
        Bounds on how many of them a lineup holds.
    when, when_at_least
        The rule is in force only for lineups that hold at least so many of these drivers: if one of
        these then one of those, or, with the members themselves, no driver of a team or at least
        two. Without any it is in force for all.
    subject
        Whose rule it is, where there is one of the same name for each of several: a team.
    """

    name: str
    members: tuple[int, ...]
    at_least: int
    at_most: int
    when: tuple[int, ...] = ()
    when_at_least: int = 1
    subject: str | None = None

    def obeyed_by(self, picked: Set[int]) -> bool:
        """Say whether a lineup of these drivers obeys the rule."""
        if self.when and len(picked & set(self.when)) < self.when_at_least:
            return True
        return self.at_least <= len(picked & set(self.members)) <= self.at_most


@dataclass(frozen=True, slots=True)
class Budget:
    """What the drivers of a lineup may come to beside the salary, such as ownership.

    Parameters
    ----------
    name
        What the user calls the rule, for messages.
    amounts
        What each driver of the slate takes of it, in any whole unit, >= 0; ``[D]``.
    at_most
        What a lineup may take.
    """

    name: str
    amounts: tuple[int, ...]
    at_most: int

    def obeyed_by(self, picked: Set[int]) -> bool:
        """Say whether a lineup of these drivers obeys the rule."""
        return sum(self.amounts[driver] for driver in picked) <= self.at_most


@dataclass(frozen=True, slots=True)
class LineupRules:
    """The hard rules every lineup obeys.

    Parameters
    ----------
    salaries_usd
        What each driver of the slate costs, in slate order; D of them.
    roster_size
        Drivers in a lineup, 4 to 8.
    salary_cap_usd, min_salary_usd
        Bounds on what a lineup costs.
    locks, excludes
        Indices of drivers in every lineup, and in none.
    groups
        Bounds on how many of a set of drivers a lineup holds.
    budgets
        Bounds on what else a lineup takes.

    Raises
    ------
    InvalidInput
        A bound that is none, a group of nobody, a budget for another slate. Rules that contradict
        each other are for :func:`core.lineups.require_legal`.
    """

    salaries_usd: tuple[int, ...]
    roster_size: int
    salary_cap_usd: int
    min_salary_usd: int = 0
    locks: tuple[int, ...] = ()
    excludes: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    budgets: tuple[Budget, ...] = ()

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if not 4 <= self.roster_size <= 8:
            problems["roster_size"] = f"{self.roster_size}; a roster holds 4 to 8 drivers."
        if self.min_salary_usd > self.salary_cap_usd:
            problems["min_salary_usd"] = (
                f"{self.min_salary_usd} is above the salary cap of {self.salary_cap_usd}."
            )
        for group in self.groups:
            if group.at_least > group.at_most or group.at_least < 0:
                problems[group.name] = (
                    f"at_least {group.at_least} and at_most {group.at_most} leave nothing between "
                    "them."
                )
            elif group.when and group.when_at_least < 1:
                problems[group.name] = f"when_at_least {group.when_at_least}; give at least 1."
        for budget in self.budgets:
            if len(budget.amounts) != len(self.salaries_usd) or min(budget.amounts, default=0) < 0:
                problems[budget.name] = "give one amount >= 0 a driver."
        if problems:
            raise InvalidInput(problems)

    @property
    def contradicted(self) -> bool:
        """Whether the locks alone allow no lineup: one is excluded, or there are too many."""
        locks = set(self.locks)
        return bool(locks & set(self.excludes)) or len(locks) > self.roster_size

    @property
    def eligible(self) -> tuple[int, ...]:
        """Indices of the drivers that may be picked."""
        out = set(self.excludes)
        return tuple(i for i in range(len(self.salaries_usd)) if i not in out)


def is_legal(rules: LineupRules, lineup: Sequence[int] | npt.NDArray[np.uint8]) -> bool:
    """Say whether ``lineup`` (driver indices) obeys every rule, checked one by one and plainly."""
    picked = {int(driver) for driver in lineup}
    if len(picked) != rules.roster_size or len(lineup) != rules.roster_size:
        return False
    salary = sum(rules.salaries_usd[driver] for driver in picked)
    if not rules.min_salary_usd <= salary <= rules.salary_cap_usd:
        return False
    if not set(rules.locks) <= picked or set(rules.excludes) & picked:
        return False
    return all(group.obeyed_by(picked) for group in rules.groups) and all(
        budget.obeyed_by(picked) for budget in rules.budgets
    )
