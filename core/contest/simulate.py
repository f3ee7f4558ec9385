"""Contests played in simulated races: every rank is exact, every tie shares its prizes."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from core.contest._kernels.adding import BlockSums, add_contests
from core.contest._kernels.packing import PackedLineups, PackedRaces, pair_codes
from core.contest._kernels.playing import Results, play_scenarios
from core.contest.outcomes import MOST_ROWS, Outcomes
from core.contest.payouts import Payouts
from core.contest.tally import MILLIONTHS, WHOLE_WIN, ContestTally, Moments, OpenBlock
from core.errors import InvalidInput
from core.field import ContestSpread, Field, FieldModel, sample_field
from core.randomness import Purpose, stream
from core.sites import Ticks

Ints = npt.NDArray[np.int64]
Lineups = npt.NDArray[np.uint8]

MOST_FIELDS_PER_BLOCK = 1_000

# outcomes are merged after so many fields: those of a thousand would fill a worker's memory
_OUTCOMES_AT_ONCE = 64


def play_block(
    points: Ticks,
    model: FieldModel,
    own_lineups: Lineups,
    payouts: Payouts,
    seed: int,
    block: int,
    fields_per_block: int = 1,
    field_numbers: range | None = None,
    spread: ContestSpread | None = None,
) -> ContestTally:
    """Tally of a block's contests: each of its fields is drawn and plays in every scenario.

    Field f of block b is drawn from ``stream(seed, Purpose.FIELD, b, f)`` and has
    ``payouts.field_size - L`` entries, so the tally depends on nothing but the arguments.

    Parameters
    ----------
    points
        Driver scores in the block's scenarios, in ticks, int16 ``[N, D]``.
    model
        Model that the fields are drawn from.
    own_lineups, payouts
        As in :func:`play_fields`.
    seed, block
        The job's seed and the block's number.
    fields_per_block
        Number of fields that the block has in all, 1 to 1,000.
    field_numbers
        Numbers of the block's fields to play here; all by default. The others are played by another
        call, and the tallies are merged.
    spread
        How ownership differs between contests: each field's ownership is then drawn around the
        model's, from the field's own stream. Where the model's is an estimate, the error of that
        estimate is the block's, and all of its fields share it. By default all fields have the
        model's ownership.

    Raises
    ------
    InvalidInput
        There are more own entries than the contest holds, or a lineup repeats a driver or holds one
        who is not on the slate.
    ValueError
        ``field_numbers`` are not in ``0 .. fields_per_block - 1``.
    """
    own = _checked(own_lineups, points.shape[1])
    if not 1 <= fields_per_block <= MOST_FIELDS_PER_BLOCK:
        raise InvalidInput({"fields_per_block": f"{fields_per_block}; give 1 to 1,000."})
    numbers = range(fields_per_block) if field_numbers is None else field_numbers
    if not numbers or numbers[0] < 0 or numbers[-1] >= fields_per_block:
        raise ValueError(f"fields {numbers} of a block of {fields_per_block}")
    opponents = payouts.field_size - len(own)
    if opponents < 0:
        raise InvalidInput(
            {"field_size": f"{payouts.field_size} entries cannot hold {len(own)} own lineups."}
        )
    error = None if spread is None else spread.error_of_block(seed, block)
    fields = (
        _drawn(model, opponents, stream(seed, Purpose.FIELD, block, number), spread, error, own)
        for number in numbers
    )
    return play_fields(
        points, fields, own, payouts, model.ownership_percent, block, fields_per_block
    )


def play_fields(
    points: Ticks,
    fields: Iterable[tuple[Field, Ints | None]],
    own_lineups: Lineups,
    payouts: Payouts,
    ownership_percent: npt.ArrayLike | None = None,
    block: int = 0,
    fields_per_block: int = 1,
) -> ContestTally:
    """Play fields in every scenario of a block.

    Own entries are in the contest: they push each other down and share ties with the field and with
    each other. Entries on the same score split the prizes of the places they span equally, each
    share rounded down to a micro-dollar: all shares together fall short of the pool by less than
    one micro-dollar an entry and never exceed it.

    Parameters
    ----------
    points
        Driver scores in ticks of 0.05 point, int16 ``[N, D]``.
    fields
        The opponents; with each field how many of its entries are each own lineup on average, in
        millionths, ``[L]``, or ``None`` to count them in the field.
    own_lineups
        Driver indices, u8 ``[L, R]``, duplicates allowed and counted; at most 1,023.
    payouts
        ``field_size`` is opponents plus L.
    ownership_percent
        The ownership that the fields were drawn for, percent of entries ``[D]``, to report how far
        off they are.
    block, fields_per_block
        The block's number and how many fields are played in it in all, here or elsewhere.

    Raises
    ------
    InvalidInput
        Opponents and own entries do not add up to the contest's size, or lineups that are not
        legal for the field.
    """
    own = _checked(own_lineups, points.shape[1])
    scenarios, drivers = points.shape
    results = Results.of_none(scenarios, len(own))
    sums = BlockSums.of_none(scenarios, len(own), payouts.field_size)
    top_places = -(-payouts.field_size // 100)
    _, same, times = np.unique(own, axis=0, return_inverse=True, return_counts=True)
    own_twins = MILLIONTHS * (times[same] - 1)
    duplicates = np.zeros(len(own), np.int64)
    intended = (
        None if ownership_percent is None else np.asarray(ownership_percent, np.float64) / 100.0
    )
    outcomes: list[Outcomes] = []
    errors: list[float] = []
    unique = most = count = 0
    own_codes = pair_codes(own, drivers, own.shape[1])
    races = PackedRaces.of(points, own.shape[1])
    for field, copies in fields:
        entries = field.entries
        if entries + len(own) != payouts.field_size:
            raise InvalidInput(
                {
                    "field_size": f"{entries:,} opponents and {len(own)} own entries do not make "
                    f"a contest of {payouts.field_size:,}."
                }
            )
        opponents = PackedLineups.of(field, drivers, own.shape[1])
        play_scenarios(races, opponents, own_codes, payouts.ladder_micros, results)
        count += 1
        add_contests(results, WHOLE_WIN, top_places, sums)
        if len(outcomes) == _OUTCOMES_AT_ONCE:
            outcomes = [Outcomes.merge(outcomes)]
        outcomes.append(Outcomes.of(np.column_stack([results.paid, results.paid.sum(axis=1)])))
        duplicates += (MILLIONTHS * field.copies_of(own) if copies is None else copies) + own_twins
        unique += field.unique
        most = max(most, int(field.copies.max(initial=0)))
        if intended is not None and entries:
            share = field.driver_entries(drivers) / entries
            errors.append(float(np.abs(share - intended).max()))
    none = Moments.none(len(own))
    played = ContestTally(
        scenarios=0,
        fields_per_scenario=fields_per_block,
        blocks=0,
        block_size_squares=0,
        fields=count,
        paid=none,
        cashed=none,
        won=none,
        outcomes=Outcomes.merge(outcomes),
        top_1=sums.top_1,
        best_rank=sums.best,
        worst_rank=sums.worst,
        duplicates=duplicates,
        unique=unique,
        max_duplicates=most,
        ownership_max_error=max(errors, default=float("nan")),
        open=(OpenBlock(block, count, sums.paid, sums.cashed, sums.won),),
    )
    # merging takes the block in if all of its fields were played here
    return ContestTally.merge([played])


def _drawn(
    model: FieldModel,
    opponents: int,
    generator: np.random.Generator,
    spread: ContestSpread | None,
    error: npt.NDArray[np.float64] | None,
    own: Lineups,
) -> tuple[Field, Ints]:
    """Draw a field, and work out how many of its entries are each own lineup, in millionths.

    The average is worked out, since a single field has many copies of a lineup or none.
    """
    if spread is not None:
        model = spread.draw(model, generator, error)
    same = np.rint(MILLIONTHS * opponents * model.chances(own)).astype(np.int64)
    return sample_field(model, opponents, generator), same


def _checked(lineups: Lineups, drivers: int) -> Lineups:
    own = np.sort(np.asarray(lineups, dtype=np.uint8), axis=-1)
    if own.ndim != 2 or not 1 <= len(own) < MOST_ROWS:
        raise InvalidInput({"lineups": f"{len(own)} lineups; give 1 to {MOST_ROWS - 1:,}."})
    wrong = np.flatnonzero((own[:, -1] >= drivers) | (own[:, 1:] == own[:, :-1]).any(axis=1))
    if len(wrong):
        raise InvalidInput(
            {"lineups": f"lineup {wrong[0] + 1} repeats a driver or names one not on the slate."}
        )
    return own
