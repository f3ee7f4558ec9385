"""Adds the contests of one field, one in each scenario, to a block's sums of whole numbers."""

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

Ints = npt.NDArray[np.int64]


@compiled
def add_contests(
    paid: Ints,
    above: npt.NDArray[np.int32],
    tied: npt.NDArray[np.int32],
    whole_win: int,
    top_places: int,
    paid_in: Ints,
    cashed_in: Ints,
    won_in: Ints,
    top_1: Ints,
    best: Ints,
    worst: Ints,
) -> None:
    """Add one contest in each of N scenarios to the sums of L own lineups.

    ``paid`` (micro-dollars), ``above`` (entries that score more) and ``tied`` (entries with the
    same score) are the contest's results, ``[N, L]``. ``paid_in``, ``cashed_in`` and ``won_in``,
    ``[N, L]``, are sums over the fields of each scenario; standard errors are clustered by
    scenario. ``top_1``, ``best`` and ``worst``, ``[L]``, are over all contests.
    """
    for scenario in range(paid.shape[0]):
        for j in range(paid.shape[1]):
            won, over = paid[scenario, j], np.int64(above[scenario, j])
            paid_in[scenario, j] += won
            cashed_in[scenario, j] += won > 0
            if over == 0:
                won_in[scenario, j] += whole_win // tied[scenario, j]
            top_1[j] += over < top_places
            best[j] = min(best[j], over + 1)
            worst[j] = max(worst[j], over + 1)
