"""Prize of one more entry in each scenario, as a step function of its score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.contest._kernels.packing import PackedLineups, PackedRaces
from core.contest._kernels.pricing import NO_SCORE_IS_HIGHER, step_scenarios
from core.contest.payouts import Payouts
from core.field import Field
from core.sites import Ticks

T = TypeVar("T", np.int32, np.int64)

# cells of steps that are held at once, before those not used are cut off
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class PrizeSteps:
    """Prize of one more entry by its score, in each scenario, against the field alone.

    A score of at least ``breaks[s, b]`` and below ``breaks[s, b + 1]`` wins ``micros[s, b]``; a
    score below ``breaks[s, 0]`` wins nothing.

    Parameters
    ----------
    breaks
        Scores in ticks, i32 ``[N, B]``, rising. Rows with fewer steps are filled with 2^31 - 1,
        which no lineup scores.
    micros
        Prizes in micro-dollars, above 0, i64 ``[N, B]``, rising.
    """

    breaks: npt.NDArray[np.int32]
    micros: npt.NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence["PrizeSteps"]) -> "PrizeSteps":
        """The steps of all parts' scenarios, in the order of the parts."""
        widest = max(part.breaks.shape[1] for part in parts)
        return cls(
            np.concatenate([_widened(part.breaks, widest, NO_SCORE_IS_HIGHER) for part in parts]),
            np.concatenate([_widened(part.micros, widest, part.micros[:, -1:]) for part in parts]),
        )


def _widened(cells: npt.NDArray[T], width: int, filler: npt.ArrayLike) -> npt.NDArray[T]:
    wide = np.empty((len(cells), width), dtype=cells.dtype)
    wide[:, : cells.shape[1]] = cells
    wide[:, cells.shape[1] :] = filler
    return wide


def prize_steps(points: Ticks, field: Field, payouts: Payouts) -> PrizeSteps:
    """Prize of one more entry in each scenario, for every score that it could have.

    The prizes are those of :func:`~core.contest.value.value_lineups`, to the micro-dollar. A prize
    tier has at most two steps: its own prize, and the share of a tie that spans it and the next
    tier.

    Parameters
    ----------
    points
        Driver scores in ticks, int16 ``[N, D]``.
    field
        The opposing entries, ``payouts.field_size - 1`` of them.
    payouts
        Prizes of the contest.

    Raises
    ------
    InvalidInput
        The field is not one entry short of the contest.
    """
    payouts.require_opponents(field.entries)
    drivers, roster = points.shape[1], field.lineups.shape[1]
    opponents = PackedLineups.of(field, drivers, roster)
    width = 2 * len(payouts.tiers)
    parts = []
    rows = max(_CELLS // width, 1)
    for first in range(0, max(len(points), 1), rows):
        some = points[first : first + rows]
        breaks = np.empty((len(some), width), dtype=np.int32)
        micros = np.empty((len(some), width), dtype=np.int64)
        races = PackedRaces.of(some, roster)
        most = step_scenarios(races, opponents, payouts.ladder_micros, breaks, micros)
        most = max(most, 1)
        parts.append(PrizeSteps(breaks[:, :most].copy(), micros[:, :most].copy()))
    return PrizeSteps.joined(parts)
