"""What a forecast has to beat: what the grid spot gives, and what the driver's own races do.

Both books take in races one by one, the oldest first, and forecast a race from those alone.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.races import PastRace
from core.history.scores import compute_crps, compute_log_score, crps_normal
from core.sites import TICKS_PER_POINT
from core.slate.tracks import TrackType

F64 = npt.NDArray[np.float64]

# Chosen on the races of 2021 to 2024, where these make the baselines strongest; it is flat there,
# within 0.2% from 3 to 8 spots and from 30 to 50 races.
REACH = 4
LEAST_SAMPLES = 100
WINDOW = 36
PRIOR_RACES = 2.0


def points_of(race: PastRace) -> F64:
    """Give what each driver scored, ``[D]`` in points; NaN where fastest laps are not known."""
    if not race.has_loop_data:
        return np.full(len(race.drivers), np.nan)
    return race.points() / TICKS_PER_POINT


@dataclass(frozen=True, slots=True, eq=False)
class SpotForecast:
    """What cars that started about there got, a sample a driver.

    Parameters
    ----------
    finishes
        Of each driver, at most the field's last place.
    points
        Of each driver; empty where no earlier race's are known.
    """

    finishes: tuple[F64, ...]
    points: tuple[F64, ...]

    def crps(self, race: PastRace) -> tuple[F64, F64]:
        """Give the CRPS of finish and of points, ``[D]`` each; NaN where there is none.

        Fair: as of the distribution that the samples are drawn from, not held against their size.
        """
        return _crps(self.finishes, race.finish), _crps(self.points, points_of(race))

    def log_score(self, race: PastRace) -> F64:
        """Give the logarithmic score of the finish, ``[D]`` in nats."""
        places = len(race.drivers)
        return np.array(
            [
                float(compute_log_score(sample, place, places))
                for sample, place in zip(self.finishes, race.finish, strict=True)
            ]
        )


def _crps(samples: tuple[F64, ...], observed: npt.NDArray[Any]) -> F64:
    return np.array(
        [
            float(compute_crps(sample, y, fair=len(sample) > 1))
            if len(sample) and np.isfinite(y)
            else np.nan
            for sample, y in zip(samples, observed, strict=True)
        ]
    )


class Climatology:
    """Finishes and points by kind of track and start position, of every race learnt.

    Parameters
    ----------
    reach
        Spots either side that are pooled with a spot.
    least
        Cars in a sample at least, where there are that many: the reach grows until there are. A
        kind of track with fewer in all borrows those of every kind.
    """

    def __init__(self, reach: int = REACH, least: int = LEAST_SAMPLES) -> None:
        if reach < 0 or least < 1:
            raise InvalidInput({"reach": f"{reach} spots and {least} cars; give 0 and 1 or more."})
        self.reach, self.least = reach, least
        self._learnt: dict[TrackType, list[F64]] = defaultdict(list)

    def learn(self, race: PastRace) -> None:
        """Take in the race as it was run."""
        rows = np.column_stack([race.start, race.finish, points_of(race)])
        self._learnt[race.track_type].append(rows)

    def forecast(self, race: PastRace) -> SpotForecast:
        """Forecast a race, of which nothing but the kind of track and the grid is read.

        Raises
        ------
        InvalidInput
            No race has been learnt.
        """
        if not self._learnt:
            raise InvalidInput({"races": "no race before the first one to forecast."})
        rows = self._rows(race.track_type, scored=False)
        scored = self._rows(race.track_type, scored=True)
        spots = [int(spot) for spot in race.start]
        last = len(race.drivers)
        return SpotForecast(
            tuple(np.minimum(self._near(rows, spot)[:, 1], last) for spot in spots),
            tuple(self._near(scored, spot)[:, 2] for spot in spots),
        )

    def _rows(self, kind: TrackType, *, scored: bool) -> F64:
        """Give start, finish and points of cars at a kind of track, or at every kind."""
        own = [np.empty((0, 3)), *self._learnt[kind]]
        everyone = [part for parts in self._learnt.values() for part in parts]
        for parts in (own, everyone):
            rows = np.vstack(parts)
            if scored:
                rows = rows[np.isfinite(rows[:, 2])]
            if len(rows) >= self.least:
                break
        return rows

    def _near(self, rows: F64, spot: int) -> F64:
        away = np.abs(rows[:, 0] - spot)
        enough = min(self.least, len(rows))
        reach = self.reach
        if enough:
            # as far as the nearest ``least`` cars go, all of those who started that far away
            reach = max(reach, int(np.partition(away, enough - 1)[enough - 1]))
        return rows[away <= reach]


@dataclass(frozen=True, slots=True, eq=False)
class NormalForecast:
    """Normal finishes and points: mean and standard deviation of each, ``[D]``; NaN = unknown."""

    finish_mean: F64
    finish_sd: F64
    points_mean: F64
    points_sd: F64

    def crps(self, race: PastRace) -> tuple[F64, F64]:
        """Give the CRPS of finish and of points, ``[D]`` each; NaN where there is none."""
        finish = crps_normal(self.finish_mean, self.finish_sd, race.finish)
        points, known = points_of(race), np.isfinite(self.points_mean)
        scores = np.full(len(points), np.nan)
        known &= np.isfinite(points)
        if known.any():
            scores[known] = crps_normal(
                self.points_mean[known], self.points_sd[known], points[known]
            )
        return finish, scores


class _Everyone:
    """Mean and variance of all values learnt."""

    def __init__(self) -> None:
        self.n, self.total, self.squares = 0, 0.0, 0.0

    def learn(self, values: F64) -> None:
        self.n += len(values)
        self.total += float(values.sum())
        self.squares += float((values**2).sum())

    def mean_and_variance(self) -> tuple[float, float]:
        if self.n == 0:
            return np.nan, np.nan
        mean = self.total / self.n
        return mean, max(self.squares / self.n - mean * mean, 1e-6)


class RollingNormals:
    """Each driver's last results wherever they were, as a normal around their mean.

    The field's mean and variance count as ``prior_races`` results of everyone's, so that a driver
    never seen is an average one, of whom little is known.

    Parameters
    ----------
    window
        Results looked back on.
    prior_races
        What the field is worth; above 0.
    """

    def __init__(self, window: int = WINDOW, prior_races: float = PRIOR_RACES) -> None:
        if window < 1 or not prior_races > 0:
            raise InvalidInput({"window": f"{window} and {prior_races} races; give some of both."})
        self.prior_races = prior_races
        self._own: dict[str, tuple[deque[float], deque[float]]] = defaultdict(
            lambda: (deque(maxlen=window), deque(maxlen=window))
        )
        self._all = (_Everyone(), _Everyone())

    def learn(self, race: PastRace) -> None:
        """Take in the race as it was run."""
        for which, values in enumerate((race.finish.astype(np.float64), points_of(race))):
            known = np.isfinite(values)
            self._all[which].learn(values[known])
            for driver, value in zip(race.drivers, values, strict=True):
                if np.isfinite(value):
                    self._own[driver][which].append(float(value))

    def forecast(self, race: PastRace) -> NormalForecast:
        """Forecast a race, of which nothing but who drives is read.

        Raises
        ------
        InvalidInput
            No race has been learnt.
        """
        if self._all[0].n == 0:
            raise InvalidInput({"races": "no race before the first one to forecast."})
        parts = [self._of(driver, which) for which in (0, 1) for driver in race.drivers]
        means, sds = np.array(parts).reshape(2, len(race.drivers), 2).transpose(2, 0, 1)
        return NormalForecast(means[0], sds[0], means[1], sds[1])

    def _of(self, driver: str, which: int) -> tuple[float, float]:
        field_mean, field_variance = self._all[which].mean_and_variance()
        own = np.array(self._own[driver][which] if driver in self._own else (), dtype=np.float64)
        weight = len(own) + self.prior_races
        mean = (own.sum() + self.prior_races * field_mean) / weight
        squares = ((own - mean) ** 2).sum()
        drawn = self.prior_races * (field_variance + (field_mean - mean) ** 2)
        return float(mean), float(np.sqrt((squares + drawn) / weight))
