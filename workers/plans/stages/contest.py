"""The stage that plays the contest, block by block."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest import ContestTally, play_block
from core.race import BLOCK_SCENARIOS
from workers.engine.arrays import Blobs
from workers.engine.stages import FAN, Facts, Json, Stage, Tick
from workers.plans.requests.contest import InContest, terms_of
from workers.plans.stages.field import PointsOf, field_model, field_spread
from workers.plans.stages.races import block_count, block_rows, selects

CONTEST = "contest"
REPORT, SELECTION = "report", "selection"
# about what one core counts: entries of all simulated contests together
_ENTRIES_PER_SECOND = 700_000_000
# of the fields that are played in one go, at the most
_UNIT_ENTRIES = 1_000_000
# what an own lineup costs in opposing ones: its place, its prize, its part in the tally
_OWN_WORTH = 50

_LINEUP_BYTES, _AMOUNT_BYTES, _AMOUNTS_A_TIER, _OPEN_BYTES = 200, 6, 2, 6

LineupsOf = Callable[[Any, Facts, Blobs], npt.NDArray[np.uint8]]


def _work_of_field(request: InContest) -> int:
    """Give what playing one field in a block costs, in opposing entries' worth of it."""
    return terms_of(request).payouts.field_size + _OWN_WORTH * request.own_entries


def contest_seconds(request: InContest) -> float:
    """Give about how long one core plays the contest of a request."""
    work = _work_of_field(request) * terms_of(request).fields_per_block
    return work * request.n_scenarios / _ENTRIES_PER_SECOND


def fields_at_once(request: InContest) -> int:
    """Give how many of a block's fields one unit of work plays."""
    fields = terms_of(request).fields_per_block
    most = max(1, _UNIT_ENTRIES // _work_of_field(request))
    # evenly: 10 fields at 9 at most are 5 and 5
    units = -(-fields // most)
    return -(-fields // units)


def contest_units(request: InContest) -> int:
    """Give into how many units a contest is cut: each a group of fields in a block of races."""
    groups = -(-terms_of(request).fields_per_block // fields_at_once(request))
    return block_count(request.n_scenarios) * groups


def _units_in(request: InContest, start: int, stop: int) -> Iterator[tuple[int, range]]:
    """Give the block and the fields of units ``[start, stop)``."""
    fields, at_once = terms_of(request).fields_per_block, fields_at_once(request)
    groups = -(-fields // at_once)
    for unit in range(start, stop):
        block, group = divmod(unit, groups)
        yield block, range(group * at_once, min((group + 1) * at_once, fields))


def contest_bytes(request: InContest) -> int:
    """Give about the most that the contest's tallies take while they are merged, and its spread.

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


def contest_stage(points_of: PointsOf, lineups_of: LineupsOf) -> Stage[Any]:
    """Give the stage that plays the lineups in every simulated race.

    Parameters
    ----------
    points_of, lineups_of
        ``(request, facts, blobs)`` to the points of all scenarios and the lineups to play.
    """

    def run(
        request: InContest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
    ) -> Json:
        terms, model, spread = terms_of(request), field_model(facts), field_spread(facts, blobs)
        points = points_of(request, facts, blobs)
        lineups = lineups_of(request, facts, blobs)
        tallies: dict[str, list[ContestTally]] = {REPORT: [], SELECTION: []}
        for block, some in _units_in(request, start, stop):
            tick()
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
            of_half = tallies[SELECTION if selects(block) else REPORT]
            if of_half and of_half[-1].open:
                # the same block's: it is closed as soon as its last field is in
                tally = ContestTally.merge([of_half.pop(), tally])
            of_half.append(tally)
        return {
            name: blobs.put(**ContestTally.merge(played).arrays())
            for name, played in tallies.items()
            if played
        }

    return Stage(
        name=CONTEST,
        units=lambda request, _: contest_units(request),
        seconds=contest_seconds,
        run=run,
        join=_merge,
        merge=_merge,
    )


def _merge(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    del request, facts
    return {
        name: blobs.put(
            **ContestTally.merge(
                [ContestTally.from_arrays(blobs.get(p[name])) for p in parts if name in p]
            ).arrays()
        )
        for name in (REPORT, SELECTION)
        # fewer than two blocks of a user's own points have no second half
        if any(name in part for part in parts)
    }
