"""Rules that a legal lineup obeys: the roster, the salary cap, and hard rules that a user adds."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Group:
    """Rule on how many drivers of a set a lineup holds.

    Parameters
    ----------
    name
        The user's name for the rule, for messages.
    members
        Indices of the drivers in the set.
    at_least, at_most
        Bounds on how many of them a lineup holds.
    when, when_at_least
        The rule applies only to lineups that hold at least ``when_at_least`` of the drivers
        ``when``. So it can say "if one of these, then one of those" or, where ``when`` are the
        members, "no driver of this team, or at least two". Without ``when`` it applies to every
        lineup.
    subject
        The team or driver that the rule is for, if there is one rule of this name for each.
    """

    name: str
    members: tuple[int, ...]
    at_least: int
    at_most: int
    when: tuple[int, ...] = ()
    when_at_least: int = 1
    subject: str | None = None

    def obeyed_by(self, picked: Set[int]) -> bool:
        """Whether a lineup of the drivers ``picked`` obeys the rule."""
        if self.when and len(picked & set(self.when)) < self.when_at_least:
            return True
        return self.at_least <= len(picked & set(self.members)) <= self.at_most


@dataclass(frozen=True, slots=True)
class Budget:
    """Rule on the sum of an amount over a lineup's drivers, such as their ownership.

    Parameters
    ----------
    name
        The user's name for the rule, for messages.
    amounts
        Amount of each driver of the slate, in any whole unit, >= 0, ``[D]``.
    at_most
        Largest sum that a lineup may have.
    """

    name: str
    amounts: tuple[int, ...]
    at_most: int

    def obeyed_by(self, picked: Set[int]) -> bool:
        """Whether a lineup of the drivers ``picked`` obeys the rule."""
        return sum(self.amounts[driver] for driver in picked) <= self.at_most


@dataclass(frozen=True, slots=True)
class LineupRules:
    """The hard rules that every lineup obeys.

    Parameters
    ----------
    salaries_usd
        Salary of each driver, in slate order, ``[D]``.
    roster_size
        Drivers in a lineup, 4 to 8.
    salary_cap_usd, min_salary_usd
        Bounds on the salary of a lineup.
    locks, excludes
        Indices of drivers who are in every lineup, and of drivers who are in none.
    groups
        Rules on how many drivers of a set a lineup holds.
    budgets
        Rules on other sums over a lineup's drivers.

    Raises
    ------
    InvalidInput
        A roster size outside 4..8, bounds in the wrong order, or a budget of another number of
        drivers. Rules that contradict each other in other ways are refused by
        :func:`core.portfolio.require_legal`.
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
        """Indices of the drivers who are not excluded, ascending."""
        out = set(self.excludes)
        return tuple(i for i in range(len(self.salaries_usd)) if i not in out)


def is_legal(rules: LineupRules, lineup: Sequence[int] | npt.NDArray[np.uint8]) -> bool:
    """Whether ``lineup`` (driver indices) obeys every rule, each checked by itself."""
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
