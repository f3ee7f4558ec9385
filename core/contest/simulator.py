"""A contest as one object: fields from a model, played block by block over simulated races."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.contest.payouts import Payouts
from core.contest.simulate import play_block
from core.contest.tally import ContestTally
from core.field import ContestSpread, FieldModel
from core.sites import Ticks

Lineups = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ContestSimulator:
    """Plays own lineups in one contest.

    Parameters
    ----------
    payouts
        The contest.
    model
        The distribution that fields are drawn from.
    seed
        Seed of every field's random stream.
    fields_per_block
        Fields drawn, and contests played, in each block of scenarios, 1 to 1,000.
    spread
        How ownership differs between contests; by default all fields have the model's.
    """

    payouts: Payouts
    model: FieldModel
    seed: int = 42
    fields_per_block: int = 1
    spread: ContestSpread | None = None

    def play_block(
        self, points: Ticks, own_lineups: Lineups, block: int, some: range | None = None
    ) -> ContestTally:
        """Play one block of scenarios, or some of its fields; see :func:`play_block`.

        Parameters
        ----------
        points
            The block's scenarios, ticks, int16 ``[N, D]``.
        own_lineups
            Driver indices, u8 ``[L, R]``.
        block
            The block's number.
        some
            Which of the block's fields to play; all by default.
        """
        return play_block(
            points,
            self.model,
            own_lineups,
            self.payouts,
            self.seed,
            block,
            self.fields_per_block,
            some,
            self.spread,
        )

    def play(self, blocks: Iterable[tuple[int, Ticks]], own_lineups: Lineups) -> ContestTally:
        """Play whole blocks, given as number and points, and merge their tallies."""
        return ContestTally.merge(
            [self.play_block(points, own_lineups, block) for block, points in blocks]
        )
