"""Limits on a whole portfolio: exposure of drivers and teams, and how much lineups must differ."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from core.slate import Slate

Counts = npt.NDArray[np.int64]

DEFAULT_MAX_DRIVER_EXPOSURE = 0.5
DEFAULT_MAX_TEAM_EXPOSURE = 0.7


@dataclass(frozen=True, slots=True)
class Exposure:
    """Limits on the share of a portfolio's lineups that hold a driver, or any driver of a team.

    Parameters
    ----------
    name
        The driver's or team's name, for messages.
    members
        Driver indices: one driver, or a team's.
    least, most
        Fractions of the portfolio's lineups.
    explicit
        Whether the user set ``most``. A default always allows one lineup.
    own_least, own_most
        Whether the user set the limit for this driver or team alone, not for all of them.
    """

    name: str
    members: tuple[int, ...]
    least: float
    most: float
    explicit: bool
    own_least: bool = False
    own_most: bool = False

    def fewest_of(self, n_lineups: int) -> int:
        """Smallest number of ``n_lineups`` lineups that is no less than the lower limit."""
        return math.ceil(round(self.least * n_lineups, 9))

    def most_of(self, n_lineups: int) -> int:
        """Largest number of ``n_lineups`` lineups that is no more than the upper limit."""
        count = math.floor(round(self.most * n_lineups, 9))
        return count if self.explicit else max(count, 1)


@dataclass(frozen=True, slots=True)
class PortfolioLimits:
    """Hard limits on a portfolio of exactly ``n_lineups``.

    Parameters
    ----------
    n_lineups
        Number of lineups.
    drivers
        The exposure limits of each driver, in the slate's order.
    teams
        The teams whose exposure is limited.
    min_unique
        Drivers in which any two lineups differ, at least 1.
    """

    n_lineups: int
    drivers: tuple[Exposure, ...]
    teams: tuple[Exposure, ...] = ()
    min_unique: int = 1

    def resized(self, n_lineups: int) -> Self:
        """The same limits on another number of lineups."""
        return replace(self, n_lineups=n_lineups)

    @property
    def fewest(self) -> Counts:
        """Fewest lineups that must hold each driver, ``[D]``."""
        return np.array([d.fewest_of(self.n_lineups) for d in self.drivers], dtype=np.int64)

    @property
    def most(self) -> Counts:
        """Most lineups that may hold each driver, ``[D]``."""
        return np.array([d.most_of(self.n_lineups) for d in self.drivers], dtype=np.int64)

    @property
    def team_most(self) -> Counts:
        """Most lineups that may hold a driver of each limited team, ``[T]``."""
        return np.array([t.most_of(self.n_lineups) for t in self.teams], dtype=np.int64)


def portfolio_limits(
    slate: Slate,
    n_lineups: int,
    *,
    max_driver_exposure: float | None = None,
    min_driver_exposure: float = 0.0,
    max_team_exposure: float | None = None,
    driver_max: Mapping[int, float] | None = None,
    driver_min: Mapping[int, float] | None = None,
    team_max: Mapping[str, float] | None = None,
    locks: tuple[int, ...] = (),
    min_unique: int = 1,
) -> PortfolioLimits:
    """Limits of a portfolio from a user's exposures, which are fractions of its lineups.

    An exposure that the user sets holds as it is. Where the user sets no maximum (``None``), a
    driver may be in half the lineups and a team in 70% of them, but always in one lineup. A locked
    driver and his team may then be in all lineups, and a driver whose minimum is above the default
    maximum, and his team, in as many as the minimum requires.

    Parameters
    ----------
    slate
        The drivers, their names and teams. Drivers who are out need not be in any lineup.
    n_lineups
        Lineups in the portfolio.
    max_driver_exposure, min_driver_exposure, max_team_exposure
        The user's limits for every driver and every team.
    driver_max, driver_min, team_max
        The user's limits for single drivers (by index) and teams (by name), which replace those
        for all.
    locks
        Drivers locked into every lineup.
    min_unique
        Drivers in which any two lineups differ.
    """
    upper, lower, by_team = driver_max or {}, driver_min or {}, team_max or {}

    def least_of(index: int) -> float:
        return 0.0 if slate.drivers[index].out else lower.get(index, min_driver_exposure)

    def driver_limit(index: int, name: str) -> Exposure:
        user_most = upper.get(index, max_driver_exposure)
        least = least_of(index)
        default = 1.0 if index in locks else max(DEFAULT_MAX_DRIVER_EXPOSURE, least)
        most = default if user_most is None else user_most
        return Exposure(
            name,
            (index,),
            least,
            most,
            explicit=user_most is not None,
            own_least=index in lower,
            own_most=index in upper,
        )

    members: dict[str, list[int]] = {}
    for index, driver in enumerate(slate.drivers):
        if driver.team is not None:
            members.setdefault(driver.team, []).append(index)

    def team_limit(name: str, drivers: list[int]) -> Exposure:
        user_most = by_team.get(name, max_team_exposure)
        least = max(least_of(index) for index in drivers)
        locked = bool(set(drivers) & set(locks))
        default = 1.0 if locked else max(DEFAULT_MAX_TEAM_EXPOSURE, least)
        most = default if user_most is None else user_most
        return Exposure(
            name,
            tuple(drivers),
            0.0,
            most,
            explicit=user_most is not None,
            own_most=name in by_team,
        )

    return PortfolioLimits(
        n_lineups=n_lineups,
        drivers=tuple(driver_limit(i, driver.name) for i, driver in enumerate(slate.drivers)),
        teams=tuple(team_limit(name, drivers) for name, drivers in sorted(members.items())),
        min_unique=min_unique,
    )
