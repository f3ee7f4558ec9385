"""The compiled part of :mod:`core.history.grading.joint`."""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

UNREACHED = -(2**30)


@compiled
def fill_best_lineups(
    points: npt.NDArray[np.int32],
    costs: npt.NDArray[np.int64],
    roster: int,
    best: npt.NDArray[np.int32],
    totals: npt.NDArray[np.int32],
) -> None:
    """Fill ``totals`` with each race's best lineup by a knapsack over (drivers picked, cost).

    ``best[k, c]`` is the most points of k drivers who cost c at most together; ``points`` is
    ``[N, D]``, ``best`` scratch of ``[roster + 1, C + 1]`` for a budget of C. Drivers who cost more
    than C are in no lineup.
    """
    width = best.shape[1]
    for race in range(points.shape[0]):
        best[0, :] = 0
        best[1:, :] = UNREACHED
        for driver in range(points.shape[1]):
            cost, own = costs[driver], points[race, driver]
            if cost >= width:
                continue
            for picked in range(min(roster, driver + 1), 0, -1):
                fewer, more = best[picked - 1, : width - cost], best[picked, cost:]
                for left in range(len(more)):
                    more[left] = max(more[left], fewer[left] + own)
        totals[race] = best[roster, width - 1]
