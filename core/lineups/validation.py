"""Comparison of the best lineup by tail with the best by mean, on races neither was chosen on.

Both lineups are scored in the same races, so the luck that they share cancels out of the difference
between them.
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

_CLEAR_ERRORS = 2.0  # standard errors of a difference that is more than noise


@dataclass(frozen=True, slots=True)
class TailValidation:
    """The tail-optimal lineup compared with the mean-optimal one on fresh races, in points.

    Parameters
    ----------
    tail_improvement, tail_improvement_se
        Weighted CVaR of the tail-optimal lineup less that of the mean-optimal one, and the standard
        error of the difference.
    mean_sacrifice, mean_sacrifice_se
        Mean score of the mean-optimal lineup less that of the tail-optimal one, and the standard
        error of the difference.
    n_scenarios
        Number of fresh races.
    """

    tail_improvement: float
    tail_improvement_se: float
    mean_sacrifice: float
    mean_sacrifice_se: float
    n_scenarios: int

    @property
    def actually_optimizing_tail(self) -> bool:
        """Whether the tail-optimal lineup has the higher weighted CVaR; false for equal lineups."""
        return self.tail_improvement > 0.0

    @property
    def beyond_noise(self) -> bool:
        """Whether its weighted CVaR is higher by more than two standard errors.

        If ``actually_optimizing_tail`` is true and this is not, the lineups hardly differ in the
        tail, and more races may show a gain or a loss.
        """
        return self.tail_improvement > _CLEAR_ERRORS * self.tail_improvement_se


def validate_tail(
    points: Points, tail_lineup: Lineup, mean_lineup: Lineup, target: TailTarget
) -> TailValidation:
    """Compare two lineups race by race.

    The standard error of the difference of weighted CVaRs is that of the mean, over the races, of
    the difference of the lineups' influence functions, ``sum_j weights[j] x (t_j + max(score - t_j,
    0) / (1 - alphas[j]))``, where ``t_j`` is the VaR at each level (Trindade, Uryasev, Shapiro and
    Zrazhevsky, "Financial prediction with constrained tail risk", 2007). It needs many races in the
    tail; with a handful it is itself uncertain.

    Parameters
    ----------
    points
        Driver scores in ticks of 0.05 point, i16 ``[N, D]``, in races that neither lineup was
        chosen on.
    tail_lineup, mean_lineup
        The best lineups by ``target`` and by mean, driver indices, u8 ``[R]``.
    target
        Levels and weights of the CVaR.

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
    """Influence of each race on the estimate of the weighted CVaR, ``[N]``, up to a constant."""
    influence = np.zeros(len(scores))
    for alpha, weight in zip(target.alphas, target.weights, strict=True):
        threshold = value_at_risk(scores, alpha)
        influence += weight * (threshold + np.maximum(scores - threshold, 0.0) / (1.0 - alpha))
    return influence


def _standard_error(values: F64) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))
