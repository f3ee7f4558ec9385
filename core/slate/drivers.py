"""The slate: drivers in a fixed order, with what is known of each before the race."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.sites import DRAFTKINGS_CLASSIC, MAX_SALARY_USD, Site, SiteRules, site_of
from core.slate.tracks import Track
from core.wording import many

MAX_DRIVERS = 50
NO_GRID = (
    "No grid: start positions are drawn in every simulated race. Give them with the drivers file "
    "once qualifying is over."
)


class Veto(StrEnum):
    """A hard rule that a user gives for one driver."""

    MAY_NOT_WIN = "may_not_win"
    OUT = "out"
    REAR_START = "rear_start"


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver of a slate; ``None`` means "not known", never zero.

    Parameters
    ----------
    driver_id
        The site's id; unique in a slate.
    name
        As the salary file spells it.
    salary_usd
        What the driver costs.
    average_points
        The site's average before the race, in points.
    team, manufacturer
        For stacks and shared shocks.
    start_position
        Official grid position, 1 = pole: the one that scores.
    starts_from_rear
        Sent to the rear: scores from ``start_position``, races from the back.
    projected_points, ownership_percent, win_odds, top5_odds, finish_median
        The user's own numbers: points, percent of entries (0..100), decimal odds of a win and of a
        finish in the first five, median of the finishing position.
    skill, aggression, shadow_risk
        0..1; ``shadow_risk`` is the chance that the car underdelivers.
    min_laps_led, max_laps_led
        Hard limits on the laps led in every simulated race.
    vetoes
        Hard rules about the driver.
    """

    driver_id: str
    name: str
    salary_usd: int
    average_points: float | None = None
    team: str | None = None
    manufacturer: str | None = None
    start_position: int | None = None
    starts_from_rear: bool = False
    projected_points: float | None = None
    ownership_percent: float | None = None
    win_odds: float | None = None
    top5_odds: float | None = None
    finish_median: float | None = None
    skill: float | None = None
    aggression: float | None = None
    shadow_risk: float | None = None
    min_laps_led: int | None = None
    max_laps_led: int | None = None
    vetoes: frozenset[Veto] = frozenset()

    @property
    def out(self) -> bool:
        """Whether the driver does not race: simulated in no race and rostered in no lineup."""
        return Veto.OUT in self.vetoes


@dataclass(frozen=True, slots=True)
class Slate:
    """Drivers that lineups are built from, at indices 0..D-1; the site's rules; the race.

    Parameters
    ----------
    drivers
        In the order of the salary file.
    rules
        The site's roster and scoring rules.
    race_name
        As the salary file names it; empty where it names none.
    track
        Where the race is run; ``None`` until it is known.
    warnings
        What a user should know before betting on it, a sentence each: a driver withdrawn, no grid.

    Raises
    ------
    InvalidInput
        Fewer drivers than a roster holds or more than 50, two of one id or name, two on one grid
        spot, a salary of 0 or less or above a million.
    """

    drivers: tuple[Driver, ...]
    rules: SiteRules = DRAFTKINGS_CLASSIC
    race_name: str = ""
    track: Track | None = None
    warnings: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        racing = sum(not driver.out for driver in self.drivers)
        if racing < self.rules.roster_size:
            problems["drivers"] = [
                f"{many(racing, 'driver')} cannot fill a roster of {self.rules.roster_size}; "
                f"give {self.rules.roster_size} to {MAX_DRIVERS}."
            ]
        elif len(self.drivers) > MAX_DRIVERS:
            problems["drivers"] = [
                f"{len(self.drivers)} drivers; a slate holds {MAX_DRIVERS} at most."
            ]
        for name, counts in (
            ("driver_id", Counter(driver.driver_id for driver in self.drivers)),
            ("name", Counter(driver.name for driver in self.drivers)),
            (
                "start_position",
                Counter(
                    driver.start_position
                    for driver in self.drivers
                    if driver.start_position is not None
                ),
            ),
        ):
            twice = [str(value) for value, count in counts.items() if count > 1]
            if twice:
                problems[name] = [f"given to more than one driver: {', '.join(twice[:5])}."]
        for driver in self.drivers:
            if not 0 < driver.salary_usd <= MAX_SALARY_USD:
                problems.setdefault("salary_usd", []).append(
                    f"{driver.name}: {driver.salary_usd} is no salary; give USD above 0, at most "
                    f"{MAX_SALARY_USD:,}."
                )
        if problems:
            raise InvalidInput(problems)

    def __len__(self) -> int:
        return len(self.drivers)

    @property
    def site(self) -> Site:
        """The contest site whose rules these are."""
        return site_of(self.rules.site)

    @property
    def salaries_usd(self) -> npt.NDArray[np.int64]:
        """Salaries in driver order, ``[D]``."""
        return np.array([driver.salary_usd for driver in self.drivers], dtype=np.int64)

    def index_of(self, driver_ids: Sequence[str], where: str) -> npt.NDArray[np.uint8]:
        """Indices of the given driver ids, in their order, u8 ``[n]``.

        Raises
        ------
        InvalidInput
            On the field ``where``: an id is not on the slate.
        """
        index_of = {driver.driver_id: index for index, driver in enumerate(self.drivers)}
        unknown = [driver_id for driver_id in driver_ids if driver_id not in index_of]
        if unknown:
            raise InvalidInput(
                {where: f"no driver of this slate has the id {', '.join(map(repr, unknown[:5]))}."}
            )
        return np.array([index_of[driver_id] for driver_id in driver_ids], dtype=np.uint8)
