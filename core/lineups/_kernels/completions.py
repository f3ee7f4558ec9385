"""The best and the least that the drivers still to be picked can add, whoever they turn out to be.

A walk picks positions in rising order, so what r more drivers can add depends only on r and on the
first position that is still open. These tables hold it for every pair of the two; with them a walk
bounds all lineups of a branch at once.
"""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Whole = npt.NDArray[np.int16 | np.int32]

_FEWEST_TICKS = np.int32(-(1 << 20))
"""Below what any driver scores."""


@compiled
def best_sums(values: I64, most: int) -> I64:
    """Sum of the ``r <= most`` largest values at or after each position, ``[most + 1, P + 1]``.

    Where fewer than r are left the entry must not be read.
    """
    rows = values.shape[0]
    best = np.zeros((most + 1, rows + 1), dtype=np.int64)
    top = np.zeros(most, dtype=np.int64)
    held = 0
    for p in range(rows - 1, -1, -1):
        i = min(held, most - 1)
        if held < most or values[p] > top[most - 1]:
            while i > 0 and top[i - 1] < values[p]:
                top[i] = top[i - 1]
                i -= 1
            top[i] = values[p]
            held = min(held + 1, most)
        for r in range(1, most + 1):
            best[r, p] = best[r - 1, p] + top[r - 1]
    return best


@compiled
def best_completions(points: Whole, most: int) -> I32:
    """Points of the ``r <= most`` best rows at or after each position, scenario by scenario.

    ``points`` ``[P, N]``; the sums ``[most + 1, P + 1, N]``. Where fewer than r rows are left the
    entry must not be read.
    """
    rows, scenarios = points.shape
    best = np.zeros((most + 1, rows + 1, scenarios), dtype=np.int32)
    top = np.full((most, scenarios), _FEWEST_TICKS, dtype=np.int32)
    for p in range(rows - 1, -1, -1):
        for i in range(scenarios):
            value = np.int32(points[p, i])
            for r in range(most):
                if value > top[r, i]:
                    top[r, i], value = value, top[r, i]
        for r in range(1, most + 1):
            for i in range(scenarios):
                best[r, p, i] = best[r - 1, p, i] + top[r - 1, i]
    return best
