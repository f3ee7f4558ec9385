"""What a backtest found: scores beside the baselines', coverage, whole races, regimes.

Means are over cars, so that a race counts by its field; standard errors are over races, since the
cars of one race share its luck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.history.grading.events import ReliabilityTable, brier_score, reliability
from core.history.grading.graded import F64, Fitted, GradedQuantity, GradedRace
from core.history.grading.joint import TwoSampleTest, compare_joint
from core.history.grading.pit import (
    COVERAGE_LEVELS,
    compute_coverage,
    covered_shares,
    pit_histogram,
)
from core.race import KernelStats, Regime
from core.slate.tracks import TrackType

PIT_BINS = 20
EVENTS = {
    "win": (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 1.0),
    "top_5": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0),
    "top_10": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
}


@dataclass(frozen=True, slots=True)
class QuantityScores:
    """Scores of finish or of points over some races.

    Parameters
    ----------
    crps, baseline_crps, rolling_crps
        Mean CRPS of the model, of climatology by track type and start, and of rolling normals, over
        the cars that have all three.
    skill, skill_error
        1 - crps / baseline_crps, and its standard error over races.
    rolling_skill
        1 - crps / rolling_crps.
    coverage, coverage_error
        Share of outcomes in the central interval, by level in percent, and its standard error.
    coverage_top
        Coverage over the ten dearest drivers of each race.
    """

    crps: float
    baseline_crps: float
    rolling_crps: float
    skill: float
    skill_error: float
    rolling_skill: float
    coverage: Mapping[str, float]
    coverage_error: Mapping[str, float]
    coverage_top: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RegimeShare:
    """How often races were of a regime, real and simulated, over the same races.

    Parameters
    ----------
    real, simulated
        Shares 0..1.
    error
        Standard deviation of the real share if the simulated shares are right.
    """

    real: float
    simulated: float
    error: float


@dataclass(frozen=True, eq=False)
class BacktestReport:
    """Graded races, and the averages over them.

    Parameters
    ----------
    races
        Graded, the oldest first; at least one.
    fits
        Fits of the parameters, in order; none where the caller gave parameters.
    first_date, last_date
        The dates between which races were graded, YYYY-MM-DD.
    scenarios
        Simulations of each race.
    seed
        Seed of simulations and of tests.
    """

    races: tuple[GradedRace, ...]
    fits: tuple[Fitted, ...]
    first_date: str
    last_date: str
    scenarios: int
    seed: int

    @property
    def kinds(self) -> tuple[TrackType, ...]:
        """Kinds of track among the races."""
        return tuple(kind for kind in TrackType if self.of(kind))

    def of(self, kind: TrackType | None) -> tuple[GradedRace, ...]:
        """Races on a kind of track; on every kind for ``None``."""
        return tuple(race for race in self.races if kind in {None, race.track_type})

    def finish_scores(self, kind: TrackType | None = None) -> QuantityScores | None:
        """Scores of the finishes; ``None`` where no baseline exists."""
        races = self.of(kind)
        return _scores([race.finish for race in races], [race.top for race in races])

    def points_scores(self, kind: TrackType | None = None) -> QuantityScores | None:
        """Scores of the points of races whose points are known; ``None`` where there are none."""
        known = [(race.points, race.top) for race in self.of(kind) if race.points is not None]
        return _scores([points for points, _ in known], [top for _, top in known])

    def rank_correlation(self, kind: TrackType | None = None) -> float:
        """Mean over races of Spearman's correlation of mean simulated and real finish."""
        return _mean([race.rank_correlation for race in self.of(kind)])

    @property
    def rank_correlation_outside_superspeedways(self) -> float | None:
        """Rank correlation over all other tracks; ``None`` without a race there."""
        others = [race for race in self.races if race.track_type is not TrackType.SUPERSPEEDWAY]
        return _mean([race.rank_correlation for race in others]) if others else None

    def log_score(self, kind: TrackType | None = None) -> float:
        """Mean logarithmic score of the finish, in nats."""
        return float(np.concatenate([race.log_score for race in self.of(kind)]).mean())

    def baseline_log_score(self, kind: TrackType | None = None) -> float:
        """Mean logarithmic score of climatology."""
        return float(np.concatenate([race.baseline_log_score for race in self.of(kind)]).mean())

    def pit(self, quantity: str, bins: int = PIT_BINS) -> F64 | None:
        """PIT histogram of ``finish`` or ``points``, shares ``[bins]``."""
        graded = [getattr(race, quantity) for race in self.races]
        ends = [(part.below, part.upto) for part in graded if part is not None]
        if not ends:
            return None
        below, upto = (np.concatenate(end) for end in zip(*ends, strict=True))
        return pit_histogram(below, upto, bins)

    def reliability(self, event: str) -> ReliabilityTable:
        """Forecast and observed frequency of one of ``EVENTS``."""
        chances, happened = self._event(event)
        return reliability(chances, happened, EVENTS[event])

    def brier(self, event: str) -> tuple[float, float]:
        """Brier score of one of ``EVENTS``, and that of always forecasting its mean frequency."""
        chances, happened = self._event(event)
        rate = float(happened.mean())
        return float(brier_score(chances, happened).mean()), rate * (1.0 - rate)

    def _event(self, event: str) -> tuple[F64, npt.NDArray[np.bool_]]:
        row = list(EVENTS).index(event)
        return (
            np.concatenate([race.chances[row] for race in self.races]),
            np.concatenate([race.happened[row] for race in self.races]),
        )

    @cached_property
    def joint(self) -> Mapping[TrackType | None, Mapping[str, TwoSampleTest | None]]:
        """Tests of the whole races' statistics, for each kind of track and (``None``) for all."""
        tests = {}
        for number, kind in enumerate([None, *TrackType]):
            races = self.of(kind)
            if races:
                tests[kind] = compare_joint(
                    [race.real_joint for race in races],
                    [race.simulated_joint for race in races],
                    self.seed,
                    number,
                )
        return tests

    def regimes(self, kind: TrackType | None = None) -> dict[Regime, RegimeShare]:
        """Share of each regime among real and simulated races."""
        races = self.of(kind)
        shares = {}
        for regime in (Regime.DOMINATOR, Regime.CHAOS, Regime.FUEL_MILEAGE):
            forecast = np.array([race.regime_shares[regime] for race in races])
            shares[regime] = RegimeShare(
                real=_mean([float(race.regime is regime) for race in races]),
                simulated=float(forecast.mean()),
                error=float(np.sqrt((forecast * (1.0 - forecast)).sum()) / len(races)),
            )
        return shares

    @property
    def kernel(self) -> KernelStats:
        """How many simulated races the kernel judged and rejected."""
        return sum((race.kernel for race in self.races), KernelStats())


def _scores(
    graded: Sequence[GradedQuantity], tops: Sequence[npt.NDArray[np.intp]]
) -> QuantityScores | None:
    compared = [
        np.column_stack([part.crps, part.climatology, part.rolling])[
            np.isfinite(part.climatology) & np.isfinite(part.rolling)
        ]
        for part in graded
    ]
    compared = [rows for rows in compared if len(rows)]
    if not compared:
        return None
    crps, baseline, rolling = np.vstack(compared).mean(axis=0)
    skill = 1.0 - crps / baseline
    misses = [float((rows[:, 0] - (1.0 - skill) * rows[:, 1]).sum()) for rows in compared]
    cars = sum(len(rows) for rows in compared)
    by_race = [covered_shares(part.below, part.upto) for part in graded]
    of_top = [shares[:, top] for shares, top in zip(by_race, tops, strict=True)]
    levels = [f"{100 * level:.0f}" for level in COVERAGE_LEVELS]
    below, upto = (np.concatenate(end) for end in zip(*map(_pit_of, graded), strict=True))
    coverage = list(compute_coverage(below, upto).values())
    errors = [
        _error_of_sums(
            [float((shares[row] - mean).sum()) for shares in by_race],
            sum(shares.shape[1] for shares in by_race),
        )
        for row, mean in enumerate(coverage)
    ]
    return QuantityScores(
        crps=float(crps),
        baseline_crps=float(baseline),
        rolling_crps=float(rolling),
        skill=float(skill),
        skill_error=_error_of_sums(misses, cars) / float(baseline),
        rolling_skill=float(1.0 - crps / rolling),
        coverage=dict(zip(levels, coverage, strict=True)),
        coverage_error=dict(zip(levels, errors, strict=True)),
        coverage_top=dict(zip(levels, np.hstack(of_top).mean(axis=1).tolist(), strict=True)),
    )


def _pit_of(part: GradedQuantity) -> tuple[F64, F64]:
    return part.below, part.upto


def _error_of_sums(sums: Sequence[float], count: int) -> float:
    """Standard error of a mean over ``count`` cars, from each race's sum of deviations."""
    races = len(sums)
    if races < 2:
        return float("nan")
    return float(np.sqrt(np.square(sums).sum() * races / (races - 1)) / count)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
