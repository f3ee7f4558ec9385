"""The sums behind the scores that numpy has no word for: walks along and pairs within an ensemble.

An ensemble arrives with one quantity a row, ``[K, N]``, so that its scenarios lie next to each
other in memory. Everything is checked by :mod:`core.history.scores`.
"""

import math

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

F64 = npt.NDArray[np.float64]

# Scenarios whose distances to another are summed side by side: 38 quantities of them fit in L1/L2.
_TILE = 128


@compiled
def integrate_gaps(ranked: F64, weights: F64, observed: F64) -> tuple[F64, F64]:
    """Integrate (F - 1{y <= x})^2 and F (1 - F) over x, gap by gap between sorted scenarios.

    Parameters
    ----------
    ranked
        ``[K, N]``, ascending along each row.
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
        # outside the ensemble F is 0 or 1, and wrong by 1 as far as y
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


@compiled
def mean_distance(samples: F64, shares: F64) -> float:
    """Give the mean Euclidean distance of two scenarios drawn independently, over all pairs.

    Parameters
    ----------
    samples
        ``[K, N]``.
    shares
        Chance of each scenario, ``[N]``, summing to 1.
    """
    quantities, scenarios = samples.shape
    squares = np.empty(_TILE)
    total = 0.0
    for first in range(0, scenarios, _TILE):
        for n in range(first + 1, scenarios):
            size = min(_TILE, n - first)
            squares[:size] = 0.0
            for k in range(quantities):
                at = samples[k, n]
                others = samples[k, first : first + size]
                for m in range(size):
                    gap = others[m] - at
                    squares[m] += gap * gap
            row = 0.0
            for m in range(size):
                row += math.sqrt(squares[m]) * shares[first + m]
            total += row * shares[n]
    # each pair was met once
    return 2.0 * total


@compiled
def sum_variogram_errors(
    samples: F64, shares: F64, observed: F64, pair_weights: F64, p: float
) -> float:
    """Sum the weighted squared errors of E|x_a - x_b|^p over all ordered pairs of quantities.

    Parameters
    ----------
    samples
        ``[K, N]``.
    shares
        Chance of each scenario, ``[N]``, summing to 1.
    observed
        ``[K]``.
    pair_weights
        ``[K, K]``.
    """
    quantities, scenarios = samples.shape
    total = 0.0
    for a in range(quantities):
        for b in range(a):
            expected = 0.0
            for n in range(scenarios):
                expected += shares[n] * abs(samples[a, n] - samples[b, n]) ** p
            error = abs(observed[a] - observed[b]) ** p - expected
            total += (pair_weights[a, b] + pair_weights[b, a]) * error * error
    return total
