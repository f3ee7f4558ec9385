"""The stage that plays the contest, block by block."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from core.contest import ContestTally, play_block
from core.lineups import Lineups
from core.race import BLOCK_SCENARIOS
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Key
from workers.engine.stages import FAN, Stage, Work, unchanged
from workers.plans.requests.contest import InContest, terms_of
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.races import Points, block_count, block_rows, selects

RequestT = TypeVar("RequestT", bound=InContest)

# about what one core counts: entries of all simulated contests together
_ENTRIES_PER_SECOND = 700_000_000
# of the fields that are played in one go, at the most
_UNIT_ENTRIES = 1_000_000
# what an own lineup costs in opposing ones: its rank, its prize, its part in the tally
_OWN_WORTH = 50

_LINEUP_BYTES, _AMOUNT_BYTES, _AMOUNTS_A_TIER, _OPEN_BYTES = 200, 6, 2, 6


class ContestFact(msgspec.Struct, frozen=True):
    """The contest as played in some races, or in all: tallies of own winnings.

    Parameters
    ----------
    report, selection
        The tally of the races that lineups are graded on, and of those that they are chosen on, as
        :class:`~core.contest.ContestTally` stores it; ``None`` where there are none: fewer than two
        blocks of a user's own points have no second half.
    """

    report: ArrayRef | None
    selection: ArrayRef | None


CONTEST = Key("contest", ContestFact)


def _work_of_field(request: InContest) -> int:
    """What playing one field in a block costs, in opposing entries."""
    return terms_of(request).payouts.field_size + _OWN_WORTH * request.own_entries


def contest_seconds(request: InContest) -> float:
    """About how long one core plays the contest of a request."""
    work = _work_of_field(request) * terms_of(request).fields_per_block
    return work * request.n_scenarios / _ENTRIES_PER_SECOND


def fields_at_once(request: InContest) -> int:
    """How many of a block's fields one unit of work plays."""
    fields = terms_of(request).fields_per_block
    most = max(1, _UNIT_ENTRIES // _work_of_field(request))
    # evenly: 10 fields at 9 at most are 5 and 5
    units = -(-fields // most)
    return -(-fields // units)


def contest_units(request: InContest) -> int:
    """Units that a contest is cut into: each a group of fields in a block of races."""
    groups = -(-terms_of(request).fields_per_block // fields_at_once(request))
    return block_count(request.n_scenarios) * groups


def _blocks_of(request: InContest, units: range) -> Iterator[tuple[int, range]]:
    """The block and the fields of each unit."""
    fields, at_once = terms_of(request).fields_per_block, fields_at_once(request)
    groups = -(-fields // at_once)
    for unit in units:
        block, group = divmod(unit, groups)
        yield block, range(group * at_once, min((group + 1) * at_once, fields))


def contest_bytes(request: InContest) -> int:
    """About the most that the contest's tallies take while they are merged, and its spread.

    Nearly all of it is the distribution of winnings: the different amounts that each lineup won,
    and that all together did. Those grow with the square root of the contests, or with the prizes
    there are; measured, compressed, with ladders of 25 to 1,000 prizes.
    """
    terms = terms_of(request)
    units, contests = contest_units(request), BLOCK_SCENARIOS * fields_at_once(request)
    amounts = min(contests, max(contests**0.5, _AMOUNTS_A_TIER * len(terms.payouts.tiers)))
    unit_bytes = request.own_entries * (_LINEUP_BYTES + _AMOUNT_BYTES * amounts)
    unit_bytes += _AMOUNT_BYTES * contests
    if units > block_count(request.n_scenarios):
        # blocks cut in two keep each scenario's sums
        unit_bytes += _OPEN_BYTES * BLOCK_SCENARIOS * request.own_entries
    spread = 8 * (len(request.slate) + 1) ** 2
    return int(min(units, 2 * FAN) * unit_bytes) + spread


def contest_stage(
    points_of: Callable[[Work[RequestT]], Points], lineups_of: Callable[[Work[RequestT]], Lineups]
) -> Stage[RequestT, ContestFact, ContestFact]:
    """The stage that plays the lineups in every simulated race.

    Parameters
    ----------
    points_of
        The points of all scenarios, i16 ``[N, D]`` in ticks.
    lineups_of
        The lineups to play, u8 ``[L, R]``.
    """

    def run(work: Work[RequestT], units: range) -> ContestFact:
        request, arrays = work.request, work.arrays
        terms, model = terms_of(request), work.facts.of(FIELD).model
        spread = field_spread(work.facts, arrays)
        points, lineups = points_of(work), lineups_of(work)
        report: list[ContestTally] = []
        selection: list[ContestTally] = []
        for block, some in _blocks_of(request, units):
            work.check_cancelled()
            tally = play_block(
                points[block_rows(block, len(points))],
                model,
                lineups,
                terms.payouts,
                request.seed,
                block,
                terms.fields_per_block,
                some,
                spread,
            )
            of_half = selection if selects(block) else report
            if of_half and of_half[-1].open:
                # the same block's: it is closed as soon as its last field is in
                tally = ContestTally.merge([of_half.pop(), tally])
            of_half.append(tally)
        return ContestFact(_put(arrays, report), _put(arrays, selection))

    return Stage(
        key=CONTEST,
        part=ContestFact,
        units=lambda request, _: contest_units(request),
        seconds=contest_seconds,
        run=run,
        merge=_merge,
        join=unchanged,
    )


def _put(arrays: Blobs, tallies: Sequence[ContestTally]) -> ArrayRef | None:
    return arrays.put(**ContestTally.merge(tallies).arrays()) if tallies else None


def tallies_at(arrays: Blobs, references: Sequence[ArrayRef | None]) -> list[ContestTally]:
    """The tallies behind references, without those that are not there."""
    return [
        ContestTally.from_arrays(arrays.get(reference))
        for reference in references
        if reference is not None
    ]


def _merge(work: Work[InContest], parts: Sequence[ContestFact]) -> ContestFact:
    arrays = work.arrays
    return ContestFact(
        report=_put(arrays, tallies_at(arrays, [part.report for part in parts])),
        selection=_put(arrays, tallies_at(arrays, [part.selection for part in parts])),
    )
