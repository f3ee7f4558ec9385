"""The compiled part of :mod:`core.history.grading.scores`, which checks the arguments."""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

F64 = npt.NDArray[np.float64]


@compiled
def integrate_gaps(ranked: F64, weights: F64, observed: F64) -> tuple[F64, F64]:
    """Integrate (F - 1{y <= x})^2 and F (1 - F) over x, gap by gap between sorted scenarios.

    Parameters
    ----------
    ranked
        ``[K, N]``, ascending along each row: one quantity's scenarios lie side by side in memory.
    weights
        Of the scenarios in that order, ``[K, N]``, or ``[1, N]`` where all rows share them.
    observed
        y, ``[K]``.
    """
    quantities, scenarios = ranked.shape
    scores = np.empty(quantities)
    spreads = np.empty(quantities)
    for k in range(quantities):
        row = weights[min(k, weights.shape[0] - 1)]
        total = 0.0
        for n in range(scenarios):
            total += row[n]
        y = observed[k]
        # from the ensemble's nearer end to an outcome beyond it, F is wrong by 1
        score = max(ranked[k, 0] - y, 0.0) + max(y - ranked[k, scenarios - 1], 0.0)
        spread = 0.0
        held = 0.0
        for n in range(scenarios - 1):
            held += row[n]
            below = held / total
            above = 1.0 - below
            left = ranked[k, n]
            right = ranked[k, n + 1]
            at = min(max(y, left), right)
            score += below * below * (at - left) + above * above * (right - at)
            spread += below * above * (right - left)
        scores[k] = score
        spreads[k] = spread
    return scores, spreads
