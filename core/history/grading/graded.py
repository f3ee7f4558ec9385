"""Past races graded: what a backtest finds of each race, before anything is averaged."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.history.grading.joint import Joint
from core.history.races import RaceKey
from core.race import KernelStats, Regime
from core.slate.tracks import TrackType

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GradedQuantity:
    """Finish or points of one race's drivers, each ``[D]``.

    Parameters
    ----------
    crps
        CRPS of the simulated races.
    climatology, rolling
        CRPS of the two baselines; NaN where a baseline has no data.
    below, upto
        The two ends of the PIT, see :func:`core.history.grading.pit.compute_pit`.
    """

    crps: F64
    climatology: F64
    rolling: F64
    below: F64
    upto: F64


@dataclass(frozen=True, slots=True, eq=False)
class GradedRace:
    """One race: its forecast and the outcome. Drivers stand in the order of the grid.

    Parameters
    ----------
    points
        ``None`` where fastest laps, and therefore points, are not known.
    log_score, baseline_log_score
        Log scores of the finish, ``[D]`` in nats, of the simulated races and of climatology.
    rank_correlation
        Spearman's, of mean simulated and real finish.
    chances, happened
        Forecast chances of a win, a top 5 and a top 10, ``[3, D]``, and whether each happened.
    top
        Indices of the ten dearest drivers, or the ten most skilled where salaries are not known.
    real_salaries
        Whether the race's salaries are known.
    simulated_joint, real_joint
        Statistics of the whole race.
    regime, regime_shares
        Regime of the real race, and the share of the simulated races in each regime, by number.
    kernel
        How many simulated races the kernel judged and rejected.
    """

    key: RaceKey
    date: str
    track: str
    track_type: TrackType
    drivers: tuple[str, ...]
    finish: GradedQuantity
    points: GradedQuantity | None
    log_score: F64
    baseline_log_score: F64
    rank_correlation: float
    chances: F64
    happened: npt.NDArray[np.bool_]
    top: npt.NDArray[np.intp]
    real_salaries: bool
    simulated_joint: Joint
    real_joint: Joint
    regime: Regime
    regime_shares: F64
    kernel: KernelStats


@dataclass(frozen=True, slots=True)
class Fitted:
    """One fit of the parameters: the date of the first race it forecasts, and the races fitted."""

    before: str
    races: int
