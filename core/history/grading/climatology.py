"""The two baselines of a forecast: results by grid spot, and the driver's own last results.

Both learn races one by one, the oldest first, and forecast a race from those alone.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.grading.scores import compute_crps, compute_log_score, crps_normal
from core.history.races import PastRace
from core.sites import TICKS_PER_POINT
from core.slate.tracks import TrackType

F64 = npt.NDArray[np.float64]

# Chosen on the races of 2021 to 2024 to make the baselines strongest; their scores differ by less
# than 0.2% from 3 to 8 spots and from 30 to 50 races.
REACH = 4
LEAST_SAMPLES = 100
WINDOW = 36
PRIOR_RACES = 2.0


def points_of(race: PastRace) -> F64:
    """Points of each driver, ``[D]``; NaN where fastest laps are not known."""
    if not race.has_loop_data:
        return np.full(len(race.drivers), np.nan)
    return race.points() / TICKS_PER_POINT


@dataclass(frozen=True, slots=True, eq=False)
class SpotForecast:
    """For each driver a sample: results of cars that started near the same grid spot.

    Parameters
    ----------
    finishes
        One sample a driver, no finish beyond the field's last position.
    points
        One sample a driver; empty where the points of no earlier race are known.
    """

    finishes: tuple[F64, ...]
    points: tuple[F64, ...]

    def crps(self, race: PastRace) -> tuple[F64, F64]:
        """CRPS of finish and of points, ``[D]`` each; NaN without a sample or an outcome.

        The fair score, which does not penalise a sample for its size.
        """
        return _crps(self.finishes, race.finish), _crps(self.points, points_of(race))

    def log_score(self, race: PastRace) -> F64:
        """Logarithmic score of the finish, ``[D]`` in nats."""
        positions = len(race.drivers)
        return np.array(
            [
                float(compute_log_score(sample, finish, positions))
                for sample, finish in zip(self.finishes, race.finish, strict=True)
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
    """Finishes and points of past races, by kind of track and start position.

    Parameters
    ----------
    reach
        Grid spots on either side whose finishes are pooled with those of a spot.
    least
        Fewest cars in a sample: the reach grows until there are so many. A kind of track with fewer
        cars in all uses those of every kind.
    """

    def __init__(self, reach: int = REACH, least: int = LEAST_SAMPLES) -> None:
        if reach < 0 or least < 1:
            raise InvalidInput({"reach": f"{reach} spots and {least} cars; give 0 and 1 or more."})
        self.reach, self.least = reach, least
        self._learnt: dict[TrackType, list[F64]] = defaultdict(list)

    def learn(self, race: PastRace) -> None:
        """Add the race as it was run."""
        rows = np.column_stack([race.start, race.finish, points_of(race)])
        self._learnt[race.track_type].append(rows)

    def forecast(self, race: PastRace) -> SpotForecast:
        """Forecast a race from its kind of track and its grid.

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
        """Start, finish and points of cars at a kind of track, or at every kind."""
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
            # far enough to take in the nearest ``least`` cars, and all other cars at the same
            # distance
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
        """CRPS of finish and of points, ``[D]`` each; NaN without a forecast or an outcome."""
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
    """Mean and variance of the values of all drivers."""

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
    """Each driver's last results on all tracks, as a normal around their mean.

    The mean and variance over all drivers count as ``prior_races`` results of every driver's, so a
    driver without results is forecast as an average one with a wide normal.

    Parameters
    ----------
    window
        Results that count, the latest ones.
    prior_races
        Results that the average over all drivers counts as; above 0.
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
        """Add the race as it was run."""
        for which, values in enumerate((race.finish.astype(np.float64), points_of(race))):
            known = np.isfinite(values)
            self._all[which].learn(values[known])
            for driver, value in zip(race.drivers, values, strict=True):
                if np.isfinite(value):
                    self._own[driver][which].append(float(value))

    def forecast(self, race: PastRace) -> NormalForecast:
        """Forecast a race from its drivers alone.

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
        mean_of_all, variance_of_all = self._all[which].mean_and_variance()
        own = np.array(self._own[driver][which] if driver in self._own else (), dtype=np.float64)
        weight = len(own) + self.prior_races
        mean = (own.sum() + self.prior_races * mean_of_all) / weight
        squares = ((own - mean) ** 2).sum()
        prior = self.prior_races * (variance_of_all + (mean_of_all - mean) ** 2)
        return float(mean), float(np.sqrt((squares + prior) / weight))
