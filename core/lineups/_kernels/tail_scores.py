"""The weighted upper CVaR of whole scores, compiled.

What is compared is summed in whole ticks first, so a score cannot depend on the order of a walk.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, piece
from core.lineups._kernels.rows import add_rows

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# Two lineups that tie exactly may be summed to floats that differ in their last bit, and that bit
# is lost when ticks become points: scores lie on a grid, so a tie is one in either unit.
GRID = 2.0**20


class Tails(NamedTuple):
    """Upper tails, the best ``mass`` scenarios each, and their weights; ``[J]`` each.

    Parameters
    ----------
    whole, part
        Whole scenarios of a tail, i64, and the fraction of one more, f64.
    mass
        Both together, f64.
    weights
        f64.
    """

    whole: I64
    part: F64
    mass: F64
    weights: F64


@piece
def tail_score(sums: I32, counts: I64, tails: Tails) -> float:
    """Weighted CVaR of ``sums`` ``[N]`` in ticks, to the nearest 1 / GRID.

    ``counts`` is scratch, all zero: the scenarios of each sum, from the lowest on.
    """
    low = sums[0]
    high = sums[0]
    for i in range(sums.shape[0]):
        low = min(low, sums[i])
        high = max(high, sums[i])
    for i in range(sums.shape[0]):
        counts[sums[i] - low] += 1
    score = 0.0
    for j in range(tails.weights.shape[0]):
        whole, part = tails.whole[j], tails.part[j]
        missing = whole
        total = np.int64(0)
        at = high - low
        while missing > 0:
            take = min(missing, counts[at])
            total += take * (at + low)
            missing -= take
            if missing > 0:
                at -= 1
        if part > 0.0:
            # the boundary scenario is the next one down, which may share the last tick value used
            passed = np.int64(0)
            at = high - low
            while passed + counts[at] <= whole:
                passed += counts[at]
                at -= 1
            score += tails.weights[j] * ((total + part * (at + low)) / tails.mass[j])
        else:
            score += tails.weights[j] * (total / tails.mass[j])
    for i in range(sums.shape[0]):
        counts[sums[i] - low] = 0
    return float(np.floor(score * GRID + 0.5) / GRID)


@compiled
def tail_scores(points: I16, rests: I64, lineups: U8, tails: Tails, span: int) -> F64:
    """:func:`tail_score` of each lineup ``[K, R]``, in ticks.

    ``points`` i16 ``[D, N]``; ``rests`` i64 ``[D]``, in 1 / GRID of a tick, is summed over the
    drivers held; ``span`` is the number of different sums that a lineup can have.
    """
    counts = np.zeros(span, dtype=np.int64)
    sums = np.empty(points.shape[1], dtype=np.int32)
    scores = np.empty(lineups.shape[0], dtype=np.float64)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], sums)
        rest = np.int64(0)
        for r in range(lineups.shape[1]):
            rest += rests[lineups[k, r]]
        scores[k] = tail_score(sums, counts, tails) + rest / GRID
    return scores
