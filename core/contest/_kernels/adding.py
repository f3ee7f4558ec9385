"""What the contests of one field add to a block's sums: whole numbers, in one pass."""

from typing import NamedTuple

import numpy as np

from core.compiled import compiled
from core.contest._kernels.packing import Ints
from core.contest._kernels.playing import Results


class BlockSums(NamedTuple):
    """Sums of a block's contests.

    Parameters
    ----------
    paid, cashed, won
        Per scenario over its fields, the clusters that standard errors are counted in, ``[N, L]``:
        micro-dollars won, prizes won, and shares of first place.
    top_1, best, worst
        Per lineup, ``[L]``: contests in the top 1%, best and worst rank.
    """

    paid: Ints
    cashed: Ints
    won: Ints
    top_1: Ints
    best: Ints
    worst: Ints

    @classmethod
    def of_none(cls, scenarios: int, lineups: int, entries: int) -> "BlockSums":
        """No contest's sums, each of so many entries."""
        paid, cashed, won = (np.zeros((scenarios, lineups), np.int64) for _ in range(3))
        top_1 = np.zeros(lineups, np.int64)
        best, worst = np.full(lineups, entries, np.int64), np.ones(lineups, np.int64)
        return cls(paid, cashed, won, top_1, best, worst)


@compiled
def add_contests(results: Results, whole_win: int, top_places: int, sums: BlockSums) -> None:
    """Add one contest per scenario to the sums.

    ``whole_win`` is the unit of a first place, ``top_places`` how many ranks are the top 1%.
    """
    for scenario in range(results.paid.shape[0]):
        for j in range(results.paid.shape[1]):
            won, above = results.paid[scenario, j], np.int64(results.above[scenario, j])
            sums.paid[scenario, j] += won
            sums.cashed[scenario, j] += won > 0
            if above == 0:
                sums.won[scenario, j] += whole_win // results.tied[scenario, j]
            sums.top_1[j] += above < top_places
            sums.best[j] = min(sums.best[j], above + 1)
            sums.worst[j] = max(sums.worst[j], above + 1)
