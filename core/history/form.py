"""Features of each driver before a race: his form, in all and at this track, his car, practice.

Form is a running mean of NASCAR's driver rating, in standard deviations above the race's field. Old
races count less, and each mean is shrunk towards a broader one: a driver's form towards the team's,
the form at a kind of track and on a track towards the driver's.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.history.races import PastRace, normal_scores
from core.slate.tracks import TrackType

NEW_TEAM = -0.3  # form of a team without races: new teams are rarely quick

# regressors of a car's strength, beside the grid
FEATURES = ("form", "here", "track", "car", "unproven", "practice_best", "practice_long")

Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Memory:
    """How fast a running mean forgets and how far it is shrunk."""

    half_life_races: float  # races of the season, whether the driver took part or not
    prior_races: float  # races that the broader mean counts as


# Chosen on the races of 2021 to 2024 by the walk-forward squared error of the finish's normal
# score. It is flat: 12 to 30 races for a driver's form and 40 to 200 for the form at a kind of
# track moved it between 0.743 and 0.745.
_TEAM = _Memory(20, 6)
_DRIVER = _Memory(20, 4)
_CAR = _Memory(20, 6)
_CAREER = _Memory(45, 4)
_HERE = _Memory(90, 4)
_TRACK = _Memory(200, 3)


class _RunningMeans:
    """Means by key, each race counting half as much a half-life later."""

    def __init__(self, memory: _Memory) -> None:
        self.memory = memory
        self._sums: dict[Hashable, tuple[float, float, int]] = {}

    def _now(self, key: Hashable, race: int) -> tuple[float, float]:
        total, weight, last = self._sums.get(key, (0.0, 0.0, race))
        kept = 0.5 ** ((race - last) / self.memory.half_life_races)
        return total * kept, weight * kept

    def mean(self, key: Hashable, race: int, towards: float) -> float:
        total, weight = self._now(key, race)
        prior = self.memory.prior_races
        return (total + prior * towards) / (weight + prior)

    def weight(self, key: Hashable, race: int) -> float:
        return self._now(key, race)[1]

    def learn(self, key: Hashable, race: int, value: float) -> None:
        total, weight = self._now(key, race)
        self._sums[key] = (total + value, weight + 1.0, race)


@dataclass(frozen=True, slots=True)
class DriverForm:
    """A driver's form after the last race in the book.

    Parameters
    ----------
    team, manufacturer, car
        Of the driver's last race.
    raced
        Date of that race.
    form, error
        Standard deviations above the field, and its standard error.
    races
        Races that the form rests on, older ones counting less.
    features
        A row of ``FEATURES`` for each kind of track; 0 for a single track's form and practice.
    """

    driver: str
    team: str
    manufacturer: str
    car: str
    raced: str
    form: float
    error: float
    races: float
    features: Mapping[TrackType, tuple[float, ...]]


class FormBook:
    """Running means of drivers, teams and cars, updated race by race, the oldest first."""

    def __init__(self) -> None:
        self._races = 0
        self._last: dict[str, tuple[str, str, str, str]] = {}
        self._missed = self._judged = 0.0
        self._teams, self._drivers = _RunningMeans(_TEAM), _RunningMeans(_DRIVER)
        self._cars, self._careers = _RunningMeans(_CAR), _RunningMeans(_CAREER)
        self._here, self._tracks = _RunningMeans(_HERE), _RunningMeans(_TRACK)

    def features(self, race: PastRace) -> Rows:
        """Features of the race's drivers from earlier races, ``[D, len(FEATURES)]``.

        Of the race itself only the drivers, their cars and the practice are read.
        """
        track = race.track, race.length_mi
        rows = [
            self._row(driver, team, car, race.track_type, track)
            for driver, team, car in zip(race.drivers, race.teams, race.cars, strict=True)
        ]
        practice = np.column_stack([race.practice_best, race.practice_long])
        return np.column_stack([np.array(rows), np.nan_to_num(practice)])

    def _row(
        self, driver: str, team: str, car: str, kind: TrackType, track: Hashable | None
    ) -> tuple[float, ...]:
        """Features of a driver, all but practice."""
        now = self._races
        of_team = self._teams.mean(team, now, NEW_TEAM)
        career = self._careers.mean(driver, now, of_team)
        here = self._here.mean((driver, kind), now, career)
        on_track = here if track is None else self._tracks.mean((driver, track), now, here)
        return (
            self._drivers.mean(driver, now, of_team),
            here - career,
            on_track - here,
            self._cars.mean(car, now, of_team),
            1.0 / (1.0 + self._careers.weight(driver, now)),
        )

    def drivers(self) -> list[DriverForm]:
        """Form of every driver who has raced, in the order of names."""
        now, known = self._races, []
        spread = (self._missed / max(self._judged, 1.0)) ** 0.5
        for driver, (team, make, car, raced) in sorted(self._last.items()):
            races = self._drivers.weight(driver, now)
            known.append(
                DriverForm(
                    driver=driver,
                    team=team,
                    manufacturer=make,
                    car=car,
                    raced=raced,
                    form=self._row(driver, team, car, TrackType.INTERMEDIATE, None)[0],
                    error=spread / (races + _DRIVER.prior_races) ** 0.5,
                    races=races,
                    features={
                        kind: (*self._row(driver, team, car, kind, None), 0.0, 0.0)
                        for kind in TrackType
                    },
                )
            )
        return known

    def newcomer(self, team: str, kind: TrackType) -> tuple[float, ...]:
        """Features of a driver without races, in a new car of a team that may be new too."""
        return (*self._row("", team, "", kind, None), 0.0, 0.0)

    def learn(self, race: PastRace) -> None:
        """Update the means with the race as it was run."""
        now, kind = self._races, race.track_type
        track = race.track, race.length_mi
        for driver, team, make, car, quality in zip(
            race.drivers, race.teams, race.makes, race.cars, performance(race), strict=True
        ):
            self._last[driver] = (team, make, car, race.date)
            form = self._drivers.mean(driver, now, self._teams.mean(team, now, NEW_TEAM))
            self._missed += (float(quality) - form) ** 2
            self._judged += 1.0
            for means, key in (
                (self._teams, team),
                (self._drivers, driver),
                (self._cars, car),
                (self._careers, driver),
                (self._here, (driver, kind)),
                (self._tracks, (driver, track)),
            ):
                means.learn(key, now, float(quality))
        self._races += 1


def performance(race: PastRace) -> Rows:
    """How well each driver drove, ``[D]``: the rating in standard deviations above the field.

    The normal score of the finish stands in for a missing rating.
    """
    known = np.isfinite(race.rating)
    if known.sum() < len(known) / 2:
        return normal_scores(race.finish)
    spread = race.rating[known].std()
    scores = (race.rating - race.rating[known].mean()) / (spread if spread > 0 else 1.0)
    return np.where(known, scores, normal_scores(race.finish))


def features_before(races: Sequence[PastRace]) -> list[Rows]:
    """:meth:`FormBook.features` of every race, each from the races before it alone."""
    book, known = FormBook(), []
    for race in races:
        known.append(book.features(race))
        book.learn(race)
    return known
