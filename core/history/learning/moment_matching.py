"""The search that sets the race model's parameters: simulated races are to look like real ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit, logit

from core.errors import InvalidInput
from core.history.learning.moments import Average, average, replay
from core.history.races import PastRace
from core.history.strength import Skill
from core.race import TrackPriors

Vector = npt.NDArray[np.float64]

SIMULATED = 120  # times each race is simulated at every step of the search
STEP = 0.3  # of the search's derivatives: far larger than what chance makes of a step
CLOSE = 2e-3  # a step that gains or moves less ends the search
SEED = 1
EDGE = 0.01  # how near a bound, in shares of the range, a search may begin
TAME = 0.2  # pull towards the start, in standard errors a unit, for what moments do not tell


@dataclass(frozen=True, slots=True)
class _Searched:
    """A parameter that the search sets: its start and its bounds."""

    start: float
    low: float
    high: float

    def free(self, value: float) -> float:
        """Unbounded number that stands for a value between the bounds."""
        share = (value - self.low) / (self.high - self.low)
        return float(logit(np.clip(share, EDGE, 1.0 - EDGE)))

    def value(self, free: float) -> float:
        return float(self.low + (self.high - self.low) * expit(free))

    def slope(self, free: float) -> float:
        share = float(expit(free))
        return (self.high - self.low) * share * (1.0 - share)


# beyond the bounds a race would no longer be one; the starts are round numbers for most kinds
SEARCHED = {
    "skill_weight": _Searched(0.45, 0.0, 1.2),
    "grid_weight": _Searched(0.2, 0.0, 0.8),
    "shock_share": _Searched(0.3, 0.0, 1.0),
    "order_turnover": _Searched(20.0, 0.5, 60.0),
    "clean_air": _Searched(0.4, 0.0, 2.5),
    "lead_swaps": _Searched(3.0, 0.0, 80.0),
    "short_leaders": _Searched(0.5, 0.0, 4.0),
    "lead_depth": _Searched(7.0, 0.1, 20.0),
    "short_lead_laps": _Searched(2.0, 1.0, 15.0),
    "involved_out": _Searched(0.5, 0.0, 1.0),
    "pile_spared": _Searched(0.5, 0.0, 1.0),
    "failure_rate": _Searched(0.05, 0.0, 0.25),
    "fastest_front": _Searched(0.7, 0.0, 1.0),
    "fastest_depth": _Searched(2.0, 0.2, 20.0),
    "fastest_run": _Searched(2.0, 1.0, 10.0),
}
MATCHED = (
    "skill_finish",
    "start_finish",
    "led_finish",
    "top_led_share",
    "top_led_square",
    "winner_led_share",
    "pole_led_share",
    "leaders",
    "skill_led",
    "top_fastest_share",
    "leader_fastest_share",
    "fastest_drivers",
    "pole_wins",
    "out_share",
    "out_square",
    "out_root",
)


def match_moments(
    priors: TrackPriors,
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    weights: Vector,
    real: Average,
    scatter: Vector,
    steps: int,
    begin: TrackPriors | None = None,
) -> tuple[TrackPriors, dict[str, float]]:
    """Set the parameters in ``SEARCHED`` so that simulated races look like the real ones.

    Least squares (trust region, bounds by transformation, the same random numbers at every step) of
    the differences from the moments in ``MATCHED``, each in standard errors.

    Parameters
    ----------
    priors
        The other parameters, which were counted.
    races, skills, weights
        Races to simulate, skills of their drivers before each, how much each race counts.
    real, scatter
        Moments of the real races, and the covariance ``[M, M]`` of the averages in ``MATCHED``.
    steps, begin
        Steps of the search at most, and where it begins; by default at the starts of ``SEARCHED``.

    Returns
    -------
    The parameters, and the standard errors of those in ``SEARCHED``: the sandwich of the search's
    slopes at its end around the moments' scatter between races.

    Raises
    ------
    InvalidInput
        No moment of the races is known.
    """
    names = tuple(SEARCHED)
    scale = np.array([max(real.error[name], 1e-4) for name in MATCHED])
    target = np.array([real.value[name] for name in MATCHED])
    known = np.isfinite(target) & np.isfinite(scale)
    if not known.any():
        raise InvalidInput({"data_dir": "holds no race whose moments are known."})
    start = np.array([part.free(part.start) for part in SEARCHED.values()])
    first = start
    if begin is not None:
        first = np.array([part.free(getattr(begin, name)) for name, part in SEARCHED.items()])

    def priors_at(free: Vector) -> TrackPriors:
        return replace(
            priors,
            **{name: SEARCHED[name].value(x) for name, x in zip(names, free, strict=True)},
        )

    def misfit(free: Vector) -> Vector:
        simulated = average(replay(races, skills, priors_at(free), SEED, SIMULATED), weights)
        missed = (np.array([simulated.value[name] for name in MATCHED]) - target) / scale
        return np.concatenate([missed[known], TAME * (free - start)])

    def slopes(free: Vector) -> Vector:
        here = misfit(free)
        columns = []
        for number in range(len(free)):
            moved = free.copy()
            moved[number] += STEP
            columns.append((misfit(moved) - here) / STEP)
        return np.array(columns).T

    search = least_squares(
        misfit, first, jac=slopes, method="trf", max_nfev=steps, ftol=CLOSE, xtol=CLOSE
    )
    inverse = np.linalg.inv(search.jac.T @ search.jac)
    gain = inverse @ search.jac[: int(known.sum())].T / scale[known]
    spread = gain @ scatter[np.ix_(known, known)] @ gain.T
    errors = {
        name: SEARCHED[name].slope(search.x[k]) * float(spread[k, k]) ** 0.5
        for k, name in enumerate(names)
    }
    return priors_at(search.x), errors
