"""What makes a lineup legal: the roster, the cap, and the hard rules a user adds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import Infeasible, InvalidInput


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
    or_none
        Whether holding none is legal too, as in a stack: no driver of a team, or at least two.
    """

    name: str
    members: tuple[int, ...]
    at_least: int
    at_most: int
    or_none: bool = False


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

    Raises
    ------
    InvalidInput
        A driver is both locked and excluded, more are locked than fit, a bound is not one.
    """

    salaries_usd: tuple[int, ...]
    roster_size: int
    salary_cap_usd: int
    min_salary_usd: int = 0
    locks: tuple[int, ...] = ()
    excludes: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if not 4 <= self.roster_size <= 8:
            problems["n_drivers"] = f"{self.roster_size}; a roster holds 4 to 8 drivers."
        if self.min_salary_usd > self.salary_cap_usd:
            problems["min_salary"] = (
                f"{self.min_salary_usd} is above the salary cap of {self.salary_cap_usd}."
            )
        if both := set(self.locks) & set(self.excludes):
            problems["locks"] = f"{len(both)} of them are excluded (or out) as well."
        elif len(set(self.locks)) > self.roster_size:
            problems["locks"] = f"{len(set(self.locks))} drivers; a lineup has {self.roster_size}."
        for group in self.groups:
            if group.at_least > group.at_most or group.at_least < 0:
                problems["groups"] = (
                    f"{group.name}: at_least {group.at_least} and at_most {group.at_most} "
                    "leave nothing between them."
                )
        if problems:
            raise InvalidInput(problems)

    @property
    def eligible(self) -> tuple[int, ...]:
        """Indices of the drivers that may be picked."""
        out = set(self.excludes)
        return tuple(i for i in range(len(self.salaries_usd)) if i not in out)

    def require_affordable(self) -> None:
        """Refuse rules under which even the cheapest (or dearest) lineup breaks a salary bound.

        Raises
        ------
        Infeasible
            Naming the bound and the cost of the lineup nearest to it.
        """
        locked = sorted(set(self.locks))
        free = sorted(self.salaries_usd[i] for i in self.eligible if i not in set(locked))
        left = self.roster_size - len(locked)
        base = sum(self.salaries_usd[i] for i in locked)
        if len(free) < left:
            raise Infeasible(
                f"{len(free) + len(locked)} drivers may be picked and a lineup has "
                f"{self.roster_size}.",
                limits=("excludes",),
                largest=0,
            )
        cheapest = base + sum(free[:left])
        dearest = base + sum(free[len(free) - left :])
        if cheapest > self.salary_cap_usd:
            raise Infeasible(
                f"The cheapest lineup costs {cheapest} USD, above the salary cap of "
                f"{self.salary_cap_usd}.",
                limits=("salary_cap", "locks") if locked else ("salary_cap",),
                largest=0,
            )
        if dearest < self.min_salary_usd:
            raise Infeasible(
                f"The dearest lineup costs {dearest} USD, below min_salary of "
                f"{self.min_salary_usd}.",
                limits=("min_salary",),
                largest=0,
            )

    def to_json(self) -> dict[str, Any]:
        """Give the rules as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` gave."""
        groups = tuple(
            Group(**{**group, "members": tuple(group["members"])}) for group in document["groups"]
        )
        lists = {key: tuple(document[key]) for key in ("salaries_usd", "locks", "excludes")}
        return cls(**{**document, **lists, "groups": groups})


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
    for group in rules.groups:
        held = len(picked & set(group.members))
        if not (group.at_least <= held <= group.at_most or (group.or_none and held == 0)):
            return False
    return True
