"""Dollars that each candidate lineup wins: the quantity that selection by dollars maximises."""

import numpy as np
import numpy.typing as npt

from core.contest._kernels.packing import PackedLineups, PackedRaces, pair_codes
from core.contest._kernels.pricing import value_candidates
from core.contest.payouts import Payouts
from core.field import Field
from core.sites import Ticks


def value_lineups(
    points: Ticks, field: Field, candidates: npt.NDArray[np.uint8], payouts: Payouts
) -> npt.NDArray[np.int64]:
    """Winnings of each candidate, summed over the scenarios, if it were the one more entry.

    A candidate plays against the field alone, not against the other candidates. The histogram of a
    scenario is made once and turned into a table from score to prize, so each further candidate
    takes a few reads.

    Parameters
    ----------
    points
        Driver scores in ticks, int16 ``[N, D]``.
    field
        The opposing entries, ``payouts.field_size - 1`` of them.
    candidates
        Driver indices, u8 ``[K, R]``.
    payouts
        Prizes of the contest.

    Returns
    -------
    Micro-dollars, int64 ``[K]``; divide by N for the mean winnings of an entry.

    Raises
    ------
    InvalidInput
        The field is not one entry short of the contest.
    ValueError
        There are so many scenarios that winning all of them would overflow 64 bits (9 million for a
        first prize of USD 1,000,000).
    """
    payouts.require_opponents(field.entries)
    ladder = payouts.ladder_micros
    if len(points) * int(ladder[1]) >= 2**63:
        raise ValueError(f"{len(points):,} scenarios of so large a prize overflow 64 bits")
    won = np.zeros(len(candidates), dtype=np.int64)
    if len(candidates):
        drivers, roster = points.shape[1], field.lineups.shape[1]
        value_candidates(
            PackedRaces.of(points, roster),
            PackedLineups.of(field, drivers, roster),
            pair_codes(np.sort(np.asarray(candidates, dtype=np.uint8), axis=1), drivers, roster),
            ladder,
            won,
        )
    return won
