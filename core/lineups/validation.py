"""Whether a search for the tail found more of it than a search for the mean would have.

Both lineups are scored in the same races, which neither was chosen on, so what the races do to both
cancels out of the difference between them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.lineups.tail import value_at_risk
from core.lineups.walk import TailTarget, tail_values
from core.slate import TICKS_PER_POINT

Points = npt.NDArray[np.int16]
Lineup = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

_CLEAR_ERRORS = 2.0


@dataclass(frozen=True, slots=True)
class TailValidation:
    """The tail-optimal lineup beside the mean-optimal one on fresh races, all in points.

    Parameters
    ----------
    tail_improvement, tail_improvement_se
        How much more of the target the tail-optimal lineup has, and the standard error of that.
    mean_sacrifice, mean_sacrifice_se
        How much less it scores on average, and the standard error of that.
    n_scenarios
        Fresh races.
    """

    tail_improvement: float
    tail_improvement_se: float
    mean_sacrifice: float
    mean_sacrifice_se: float
    n_scenarios: int

    @property
    def actually_optimizing_tail(self) -> bool:
        """Whether the tail-optimal lineup has more of the target; never of a lineup and itself."""
        return self.tail_improvement > 0.0

    @property
    def beyond_noise(self) -> bool:
        """Whether it has more by over two standard errors.

        Where it has not, more races may show a gain or a loss: the two lineups are alike in the
        tail, and both booleans together say so.
        """
        return self.tail_improvement > _CLEAR_ERRORS * self.tail_improvement_se


def validate_tail(
    points: Points, tail_lineup: Lineup, mean_lineup: Lineup, target: TailTarget
) -> TailValidation:
    """Compare two lineups race by race.

    The standard error of the target's gain is that of the mean, over the races, of the difference
    of the lineups' influence functions, ``sum_j weights[j] x (t_j + max(score - t_j, 0) / (1 -
    alphas[j]))`` with ``t_j`` the VaR at each level (Trindade, Uryasev, Shapiro and Zrazhevsky,
    "Financial prediction with constrained tail risk", 2007). It holds for many races in the tail;
    with a handful of them it is itself uncertain.

    Parameters
    ----------
    points
        i16 ``[N, D]`` in ticks of 0.05 point: races neither lineup was chosen on.
    tail_lineup, mean_lineup
        u8 ``[R]``, the best lineups by ``target`` and by mean.
    target
        Levels and weights.

    Raises
    ------
    InvalidInput
        A level whose tail holds less than one scenario.
    """
    pair = np.stack([tail_lineup, mean_lineup])
    tails = tail_values(points, pair, target)
    scores = points[:, pair].sum(axis=2, dtype=np.int64) / TICKS_PER_POINT
    worth = _influence(scores[:, 0], target) - _influence(scores[:, 1], target)
    lost = scores[:, 1] - scores[:, 0]
    return TailValidation(
        tail_improvement=float(tails[0] - tails[1]),
        tail_improvement_se=_standard_error(worth),
        mean_sacrifice=float(lost.mean()),
        mean_sacrifice_se=_standard_error(lost),
        n_scenarios=len(points),
    )


def _influence(scores: F64, target: TailTarget) -> F64:
    """Give what each race adds to the estimate of the target, ``[N]``, up to a constant."""
    given = np.zeros(len(scores))
    for alpha, weight in zip(target.alphas, target.weights, strict=True):
        begins = value_at_risk(scores, alpha)
        given += weight * (begins + np.maximum(scores - begins, 0.0) / (1.0 - alpha))
    return given


def _standard_error(values: F64) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))
