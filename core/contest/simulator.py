"""The contest simulator as one object: scenarios and a field model in, figures out."""

import numpy as np
import numpy.typing as npt

from core.contest.payouts import Payouts
from core.contest.result import ContestResult, summarise
from core.contest.simulate import play_block
from core.contest.tally import ContestTally
from core.field import FieldModel
from core.sites import Ticks


class ContestSimulator:
    """Plays a contest over many simulated races, block by block.

    Parameters
    ----------
    payouts
        The contest.
    fields_per_block
        Fields drawn, and contests played, per block of scenarios.
    seed
        Names every field's random stream.
    block_size
        Scenarios in a block; part of what the seed means.
    """

    def __init__(
        self, payouts: Payouts, fields_per_block: int = 1, seed: int = 42, block_size: int = 500
    ) -> None:
        self.payouts = payouts
        self.fields_per_block = fields_per_block
        self.seed = seed
        self.block_size = block_size

    def play(
        self, points: Ticks, model: FieldModel, own_lineups: npt.NDArray[np.uint8]
    ) -> ContestTally:
        """Play every block of ``points`` (ticks, ``[N, D]``); see :func:`play_block`."""
        return ContestTally.merge(
            [
                play_block(
                    points[start : start + self.block_size],
                    model,
                    own_lineups,
                    self.payouts,
                    self.seed,
                    block,
                    self.fields_per_block,
                )
                for block, start in enumerate(range(0, len(points), self.block_size))
            ]
        )

    def simulate(
        self, points: Ticks, model: FieldModel, own_lineups: npt.NDArray[np.uint8]
    ) -> ContestResult:
        """Play and summarise."""
        return summarise(self.play(points, model, own_lineups), self.payouts, own_lineups)
