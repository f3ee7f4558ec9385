"""Tallies of simulated contests: sums of whole numbers, so that they merge in any grouping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest._exact import column_sums, from_limbs, square_sums, to_limbs
from core.contest.outcomes import Outcomes

Ints = npt.NDArray[np.int64]

WHOLE_WIN = 1 << 40
"""Units of first place in a tally: entries tied for it share this many, each rounded down."""

MILLIONTHS = 1_000_000
"""Units of one duplicate in a tally: expected duplicates are counted in millionths."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of one quantity: for each own lineup in order, then for the portfolio.

    The quantity is summed over the fields of a scenario first, then over scenarios. Standard errors
    clustered by scenario and by block need the sums of squares.

    Parameters
    ----------
    totals
        Sum over scenarios.
    squares
        Sum over scenarios of the square of the scenario's sum.
    block_squares, block_products
        Sums over blocks: of the square of the block's sum, and of its sum times its number of
        scenarios.
    """

    totals: tuple[int, ...]
    squares: tuple[int, ...]
    block_squares: tuple[int, ...]
    block_products: tuple[int, ...]

    @classmethod
    def of(cls, clusters: Ints) -> "Moments":
        """Moments of one block, from the sums of its N scenarios for each own lineup, ``[N, L]``.

        A portfolio wins at most the pool, which is under 2**53, in each of fewer than 2**10 fields,
        so its sum fits 64 bits.
        """
        rows = np.column_stack([clusters, clusters.sum(axis=1)])
        totals = column_sums(rows)
        return cls(
            tuple(totals),
            tuple(square_sums(rows)),
            tuple(total * total for total in totals),
            tuple(total * len(rows) for total in totals),
        )

    @classmethod
    def none(cls, lineups: int) -> "Moments":
        """Moments of no scenario: zeros."""
        return cls(*((0,) * (lineups + 1) for _ in range(4)))

    @classmethod
    def merge(cls, parts: Sequence["Moments"]) -> "Moments":
        """Moments of the scenarios of all ``parts`` together."""
        each = zip(*(part.numbers() for part in parts), strict=True)
        return cls(*(tuple(map(sum, zip(*sums, strict=True))) for sums in each))

    def numbers(self) -> tuple[tuple[int, ...], ...]:
        """The four sums, in the order of the parameters."""
        return self.totals, self.squares, self.block_squares, self.block_products


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """A block of scenarios of which some fields are played and others are not yet.

    A standard error needs the square of a scenario's sum over all of its fields. So these sums are
    kept for each scenario until the last field is played.

    Parameters
    ----------
    block
        The block's number.
    fields
        Number of fields played.
    paid, cashed, won
        Sums over these fields, int64 ``[S, L]``, in the units of :class:`ContestTally`.
    """

    block: int
    fields: int
    paid: Ints
    cashed: Ints
    won: Ints

    def joined(self, other: "OpenBlock") -> "OpenBlock":
        """The block with the fields of ``other`` too, which are other fields of the same block."""
        return OpenBlock(
            self.block,
            self.fields + other.fields,
            self.paid + other.paid,
            self.cashed + other.cashed,
            self.won + other.won,
        )


@dataclass(frozen=True, slots=True)
class ContestTally:
    """Results of ``scenarios x fields_per_scenario`` contests for L own lineups.

    Parameters
    ----------
    scenarios, fields_per_scenario
        Number of simulated races in which every field was played, and of contests in each.
    blocks, block_size_squares
        Number of blocks of scenarios that share their fields, and the sum of the squares of their
        numbers of scenarios.
    fields
        Number of fields drawn.
    paid
        Winnings in micro-dollars.
    cashed
        Number of entries that won a prize.
    won
        Shares of first place, in units of ``1 / WHOLE_WIN``.
    outcomes
        Distribution of winnings in a contest, micro-dollars; rows as in ``paid``.
    top_1
        Number of contests in which the lineup ranked in the top 1% of all entries (rounded up),
        int64 ``[L]``.
    best_rank, worst_rank
        Best and worst rank in any contest, int64 ``[L]``; a rank is the number of entries with a
        higher score, plus 1.
    duplicates
        Number of other entries with the same lineup, own entries among them, summed over fields, in
        millionths (:data:`MILLIONTHS`), int64 ``[L]``. It is the expected number where fields are
        drawn from a model, else counted.
    unique
        Number of different opposing lineups, summed over fields.
    max_duplicates
        Most entries with one opposing lineup in any field.
    ownership_max_error
        Largest distance of a field's ownership from the intended ownership, over all drivers and
        fields, as a fraction of entries; NaN if there was no intended ownership.
    open
        Blocks of which some fields are not played yet, by number. Their sums are not in ``paid``,
        ``cashed`` and ``won`` yet; everything else counts them.
    """

    scenarios: int
    fields_per_scenario: int
    blocks: int
    block_size_squares: int
    fields: int
    paid: Moments
    cashed: Moments
    won: Moments
    outcomes: Outcomes
    top_1: Ints
    best_rank: Ints
    worst_rank: Ints
    duplicates: Ints
    unique: int
    max_duplicates: int
    ownership_max_error: float
    open: tuple[OpenBlock, ...] = ()

    @property
    def simulations(self) -> int:
        """Number of contests."""
        return self.scenarios * self.fields_per_scenario

    @property
    def lineups(self) -> int:
        """Number of own lineups, L."""
        return len(self.top_1)

    @classmethod
    def merge(cls, parts: Sequence["ContestTally"]) -> "ContestTally":
        """Tally of all ``parts`` together: the same lineups, in other scenarios or fields.

        Every figure is a sum of whole numbers or an extreme, so the result has the same bits for
        every grouping and order of the blocks.

        Raises
        ------
        ValueError
            There are no parts, they differ in the number of lineups or of fields per scenario, or
            they hold more fields of a block than it has.
        """
        if len({(part.lineups, part.fields_per_scenario) for part in parts}) != 1:
            raise ValueError("tallies to merge differ in lineups or in fields per scenario")
        per_scenario = parts[0].fields_per_scenario
        still_open: dict[int, OpenBlock] = {}
        for block in (block for part in parts for block in part.open):
            other = still_open.get(block.block)
            still_open[block.block] = block if other is None else other.joined(block)
        if any(block.fields > per_scenario for block in still_open.values()):
            raise ValueError("some fields of a block are in more than one of the tallies")
        whole = [block for block in still_open.values() if block.fields == per_scenario]
        return cls(
            scenarios=sum(part.scenarios for part in parts) + sum(len(b.paid) for b in whole),
            fields_per_scenario=per_scenario,
            blocks=sum(part.blocks for part in parts) + len(whole),
            block_size_squares=sum(part.block_size_squares for part in parts)
            + sum(len(b.paid) ** 2 for b in whole),
            fields=sum(part.fields for part in parts),
            paid=Moments.merge(
                [*(part.paid for part in parts), *(Moments.of(b.paid) for b in whole)]
            ),
            cashed=Moments.merge(
                [*(part.cashed for part in parts), *(Moments.of(b.cashed) for b in whole)]
            ),
            won=Moments.merge([*(part.won for part in parts), *(Moments.of(b.won) for b in whole)]),
            outcomes=Outcomes.merge([part.outcomes for part in parts]),
            top_1=np.sum([part.top_1 for part in parts], axis=0, dtype=np.int64),
            best_rank=np.min([part.best_rank for part in parts], axis=0),
            worst_rank=np.max([part.worst_rank for part in parts], axis=0),
            duplicates=np.sum([part.duplicates for part in parts], axis=0, dtype=np.int64),
            unique=sum(part.unique for part in parts),
            max_duplicates=max(part.max_duplicates for part in parts),
            ownership_max_error=float(np.max([part.ownership_max_error for part in parts])),
            open=tuple(
                still_open[number]
                for number in sorted(still_open)
                if still_open[number].fields < per_scenario
            ),
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays that hold the tally, to store; numbers beyond 64 bits are uint32 limbs."""
        return {
            "counts": np.array(
                [
                    self.scenarios,
                    self.fields_per_scenario,
                    self.blocks,
                    self.block_size_squares,
                    self.fields,
                    self.unique,
                    self.max_duplicates,
                ],
                dtype=np.int64,
            ),
            "ownership_max_error": np.array([self.ownership_max_error]),
            "moments": np.stack(
                [
                    to_limbs(numbers)
                    for moments in (self.paid, self.cashed, self.won)
                    for numbers in moments.numbers()
                ]
            ),
            "outcome_keys": self.outcomes.keys,
            "outcome_counts": self.outcomes.counts,
            "per_lineup": np.stack([self.top_1, self.best_rank, self.worst_rank, self.duplicates]),
            "open_blocks": np.array(
                [[block.block, block.fields, len(block.paid)] for block in self.open],
                dtype=np.int64,
            ).reshape(-1, 3),
            "open_sums": np.concatenate(
                [
                    np.zeros((3, 0, self.lineups), dtype=np.int64),
                    *(np.stack([block.paid, block.cashed, block.won]) for block in self.open),
                ],
                axis=1,
            ),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "ContestTally":
        """Tally rebuilt from what :meth:`arrays` returned."""
        scenarios, per_scenario, blocks, block_sizes, fields, unique, most = arrays[
            "counts"
        ].tolist()
        numbers = [from_limbs(limbs) for limbs in arrays["moments"]]
        top_1, best_rank, worst_rank, duplicates = arrays["per_lineup"]
        halves = arrays["open_blocks"].tolist()
        ends = np.cumsum([rows for *_, rows in halves], dtype=np.int64)[:-1]
        sums = np.split(arrays["open_sums"], ends, axis=1) if halves else []
        return cls(
            scenarios=scenarios,
            fields_per_scenario=per_scenario,
            blocks=blocks,
            block_size_squares=block_sizes,
            fields=fields,
            paid=Moments(*numbers[0:4]),
            cashed=Moments(*numbers[4:8]),
            won=Moments(*numbers[8:12]),
            outcomes=Outcomes(arrays["outcome_keys"], arrays["outcome_counts"]),
            top_1=top_1,
            best_rank=best_rank,
            worst_rank=worst_rank,
            duplicates=duplicates,
            unique=unique,
            max_duplicates=most,
            ownership_max_error=float(arrays["ownership_max_error"][0]),
            open=tuple(
                OpenBlock(block, played, *of_block)
                for (block, played, _), of_block in zip(halves, sums, strict=True)
            ),
        )
