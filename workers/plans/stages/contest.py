"""The stage that plays the contest, block by block."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from core.contest import ContestSimulator, ContestTally
from core.lineups import Lineups
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Key
from workers.engine.stages import Stage, Work, unchanged
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.contest_units import blocks_of, contest_seconds, contest_units
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.races import Points, block_rows, selects

RequestT = TypeVar("RequestT", bound=Played)


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
        simulator = ContestSimulator(
            terms.payouts, model, request.seed, terms.fields_per_block, spread
        )
        points, lineups = points_of(work), lineups_of(work)
        report: list[ContestTally] = []
        selection: list[ContestTally] = []
        for block, some in blocks_of(request, units):
            work.check_cancelled()
            tally = simulator.play_block(
                points[block_rows(block, len(points))], lineups, block, some
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


def _merge(work: Work[Played], parts: Sequence[ContestFact]) -> ContestFact:
    arrays = work.arrays
    return ContestFact(
        report=_put(arrays, tallies_at(arrays, [part.report for part in parts])),
        selection=_put(arrays, tallies_at(arrays, [part.selection for part in parts])),
    )
