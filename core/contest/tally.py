"""What simulated contests add up to: whole numbers only, so tallies merge in any grouping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest._exact import column_sums, from_limbs, square_sums, to_limbs
from core.contest.outcomes import Outcomes

Ints = npt.NDArray[np.int64]

WHOLE_WIN = 1 << 40
MILLIONTHS = 1_000_000
"""A win in units of a tally: a share of first place is a whole number of these, rounded down."""


@dataclass(frozen=True, slots=True)
class Moments:
    """A quantity summed per scenario (over the scenario's fields), then over scenarios.

    Rows are the own lineups in order, then the portfolio. The squares are what standard errors
    clustered by scenario and by block need.

    Parameters
    ----------
    totals
        Sum over scenarios.
    squares
        Sum over scenarios of the scenario's sum squared.
    block_squares, block_products
        Sums over blocks: of the block's sum squared, and of its sum times its scenarios.
    """

    totals: tuple[int, ...]
    squares: tuple[int, ...]
    block_squares: tuple[int, ...]
    block_products: tuple[int, ...]

    @classmethod
    def of(cls, clusters: Ints) -> "Moments":
        """Sum the scenarios' sums of one block, ``[N, L]``, per lineup and for the portfolio.

        A portfolio wins at most the pool, under 2**53, in each of fewer than 2**10 fields: 64 bits
        hold it.
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
        """Give those of no scenario."""
        return cls(*((0,) * (lineups + 1) for _ in range(4)))

    @classmethod
    def merge(cls, parts: Sequence["Moments"]) -> "Moments":
        """Add up tallies of different scenarios."""
        each = zip(*(part.numbers() for part in parts), strict=True)
        return cls(*(tuple(map(sum, zip(*sums, strict=True))) for sums in each))

    def numbers(self) -> tuple[tuple[int, ...], ...]:
        """Give the sums in the order of the parameters."""
        return self.totals, self.squares, self.block_squares, self.block_products


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """A block of scenarios in which some of its fields were played, and some not yet.

    What a standard error needs is the square of a scenario's sum over all its fields, so the sums
    are kept, scenario by scenario, until the last field is in.

    Parameters
    ----------
    block
        The block's number.
    fields
        Fields played.
    paid, cashed, won
        Sums over them, int64 ``[S, L]``, in the units of :class:`ContestTally`.
    """

    block: int
    fields: int
    paid: Ints
    cashed: Ints
    won: Ints

    def joined(self, other: "OpenBlock") -> "OpenBlock":
        """Give both together: other fields of the same block."""
        return OpenBlock(
            self.block,
            self.fields + other.fields,
            self.paid + other.paid,
            self.cashed + other.cashed,
            self.won + other.won,
        )


@dataclass(frozen=True, slots=True)
class ContestTally:
    """The results of ``scenarios x fields_per_scenario`` contests for L own lineups.

    Parameters
    ----------
    scenarios, fields_per_scenario
        Simulated races in which every field was played, and contests played on each.
    blocks, block_size_squares
        Blocks of scenarios that shared their fields, and the sum of their sizes squared.
    fields
        Different fields drawn.
    paid
        Micro-dollars won.
    cashed
        Entries that won a prize.
    won
        Shares of first place, in units of ``1 / WHOLE_WIN``.
    outcomes
        Distribution of winnings per contest, micro-dollars; rows as in ``paid``.
    top_1
        Contests in which the lineup ranked in the top 1% of the field (rounded up), int64 ``[L]``.
    best_rank, worst_rank
        Rank = entries strictly above + 1, int64 ``[L]``.
    duplicates
        Other entries equal to the lineup, own ones included, summed over fields, in millionths
        (:data:`MILLIONTHS`), int64 ``[L]``: expected ones where fields are drawn, else counted.
    unique
        Different opposing lineups, summed over fields.
    max_duplicates
        Most copies of one opposing lineup in any field.
    ownership_max_error
        Largest distance of a field's ownership from what was asked, any driver, any field, fraction
        of entries; ``nan`` if none was asked.
    open
        Blocks in which fields are still to be played, by number: what they paid, cashed and won is
        not in ``paid``, ``cashed`` and ``won`` yet, everything else of them is counted.
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
        """Contests played."""
        return self.scenarios * self.fields_per_scenario

    @property
    def lineups(self) -> int:
        """Own lineups, L."""
        return len(self.top_1)

    @classmethod
    def merge(cls, parts: Sequence["ContestTally"]) -> "ContestTally":
        """Give the tally of all ``parts``: of the same lineups, different scenarios or fields.

        Every figure is a sum of whole numbers or an extreme, so the result has the same bits
        however blocks were grouped and in whatever order they come.

        Raises
        ------
        ValueError
            No parts, other lineups, another number of fields per scenario, or a field twice.
        """
        if len({(part.lineups, part.fields_per_scenario) for part in parts}) != 1:
            raise ValueError("tallies merge if they are of the same lineups and fields a scenario")
        per_scenario = parts[0].fields_per_scenario
        still_open: dict[int, OpenBlock] = {}
        for half in (block for part in parts for block in part.open):
            other = still_open.get(half.block)
            still_open[half.block] = half if other is None else other.joined(half)
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
        """Give the tally as plain arrays to store; whole numbers beyond 64 bits as uint32 limbs."""
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
                [[half.block, half.fields, len(half.paid)] for half in self.open], dtype=np.int64
            ).reshape(-1, 3),
            "open_sums": np.concatenate(
                [
                    np.zeros((3, 0, self.lineups), dtype=np.int64),
                    *(np.stack([half.paid, half.cashed, half.won]) for half in self.open),
                ],
                axis=1,
            ),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "ContestTally":
        """Rebuild what :meth:`arrays` gave."""
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
