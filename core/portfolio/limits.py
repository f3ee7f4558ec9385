"""The limits on a whole portfolio: how often a driver or team may stand in it, what differs."""

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
    """How much of a portfolio a driver, or any driver of a team, may and must stand in.

    Parameters
    ----------
    name
        The driver's or team's name, for messages.
    members
        Driver indices: one driver, or a team's.
    least, most
        Fractions of the portfolio's lineups.
    asked
        Whether the user asked for ``most``. A limit that was not asked for always allows one
        lineup.
    own_least, own_most
        Whether the limit was asked for by this name, not as one for all.
    """

    name: str
    members: tuple[int, ...]
    least: float
    most: float
    asked: bool
    own_least: bool = False
    own_most: bool = False

    def fewest_of(self, n_lineups: int) -> int:
        """Give the smallest count of lineups that is no less than the lower limit."""
        return math.ceil(round(self.least * n_lineups, 9))

    def most_of(self, n_lineups: int) -> int:
        """Give the largest count of lineups that is no more than the upper limit."""
        count = math.floor(round(self.most * n_lineups, 9))
        return count if self.asked else max(count, 1)


@dataclass(frozen=True, slots=True)
class PortfolioLimits:
    """Hard limits on a portfolio of exactly ``n_lineups``.

    Parameters
    ----------
    n_lineups
        How many lineups.
    drivers
        One a driver of the slate, in its order.
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
        """Give the same limits on another number of lineups."""
        return replace(self, n_lineups=n_lineups)

    @property
    def fewest(self) -> Counts:
        """In how many lineups each driver must stand, ``[D]``."""
        return np.array([d.fewest_of(self.n_lineups) for d in self.drivers], dtype=np.int64)

    @property
    def most(self) -> Counts:
        """In how many lineups each driver may stand, ``[D]``."""
        return np.array([d.most_of(self.n_lineups) for d in self.drivers], dtype=np.int64)

    @property
    def team_most(self) -> Counts:
        """In how many lineups each limited team may stand, ``[T]``."""
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
    """Lay down exposures, all of them fractions of the final portfolio's lineups.

    A limit that was asked for holds as it stands. Left open (``None``), a driver may stand in half
    the lineups and a team in 70% of them, but always in one, a locked driver and its team in all,
    and a driver who must stand in more than that, and the team, in as many.

    Parameters
    ----------
    slate
        For names and teams.
    n_lineups
        Lineups in the portfolio.
    max_driver_exposure, min_driver_exposure, max_team_exposure
        For every driver and team.
    driver_max, driver_min, team_max
        For single drivers (by index) and teams (by name), in place of the general one.
    locks
        Drivers locked into every lineup.
    min_unique
        Drivers in which any two lineups differ.
    """
    upper, lower, by_team = driver_max or {}, driver_min or {}, team_max or {}

    def least_of(place: int) -> float:
        return 0.0 if slate.drivers[place].out else lower.get(place, min_driver_exposure)

    def driver_limit(place: int, name: str) -> Exposure:
        asked = upper.get(place, max_driver_exposure)
        least = least_of(place)
        default = 1.0 if place in locks else max(DEFAULT_MAX_DRIVER_EXPOSURE, least)
        most = default if asked is None else asked
        return Exposure(
            name,
            (place,),
            least,
            most,
            asked is not None,
            own_least=place in lower,
            own_most=place in upper,
        )

    members: dict[str, list[int]] = {}
    for place, driver in enumerate(slate.drivers):
        if driver.team is not None:
            members.setdefault(driver.team, []).append(place)

    def team_limit(name: str, drivers: list[int]) -> Exposure:
        asked = by_team.get(name, max_team_exposure)
        least = max(least_of(place) for place in drivers)
        locked = bool(set(drivers) & set(locks))
        default = 1.0 if locked else max(DEFAULT_MAX_TEAM_EXPOSURE, least)
        most = default if asked is None else asked
        return Exposure(
            name, tuple(drivers), 0.0, most, asked is not None, own_most=name in by_team
        )

    return PortfolioLimits(
        n_lineups=n_lineups,
        drivers=tuple(driver_limit(i, driver.name) for i, driver in enumerate(slate.drivers)),
        teams=tuple(team_limit(name, drivers) for name, drivers in sorted(members.items())),
        min_unique=min_unique,
    )
