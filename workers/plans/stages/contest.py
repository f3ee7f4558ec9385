"""The stages that play the contest: fit the field once, then play it block by block."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.contest import ContestSimulator, ContestTally, Payouts, summarise
from core.errors import InvalidInput
from core.field import (
    ContestSpread,
    FieldModel,
    contest_spread,
    field_parameters,
)
from core.race import BLOCK_SCENARIOS, ConstraintSpec
from core.slate import TICKS_PER_POINT, Slate
from workers.engine.arrays import Blobs
from workers.engine.stages import FAN, Facts, Json, Stage, Tick, only_part
from workers.plans.stages.estimated_ownership import estimated_field, given_field
from workers.plans.stages.races import block_count, block_rows, selects

FIELD = "field"
CONTEST = "contest"
REPORT, SELECTION = "report", "selection"
# about what one core counts: entries of all simulated contests together
_ENTRIES_PER_SECOND = 700_000_000
# of the fields that are played in one go, at the most
_UNIT_ENTRIES = 1_000_000
# what an own lineup costs in opposing ones: its place, its prize, its part in the tally
_OWN_WORTH = 50

_LINEUP_BYTES, _AMOUNT_BYTES, _AMOUNTS_A_TIER, _OPEN_BYTES = 200, 6, 2, 6

GIVEN_OWNERSHIP = "as the request gives it"
FILE_OWNERSHIP = "as the drivers file gives it"

PointsOf = Callable[[Any, Facts, Blobs], npt.NDArray[np.int16]]
LineupsOf = Callable[[Any, Facts, Blobs], npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class ContestTerms:
    """The contest that lineups are put into.

    Parameters
    ----------
    payouts
        Size, fee and prizes.
    ownership_percent
        Percent of entries by driver of the slate; ``None`` = to be estimated.
    ownership_source
        Whose ownership it is, for the answer.
    fields_per_block
        Fields drawn for every block of scenarios.
    uncertain
        Whether each field's ownership is drawn around what was given or estimated; ``None`` = only
        around an estimate.
    ownership_model
        The fitted ownership model as JSON; ``None`` = the one that the project ships.
    """

    payouts: Payouts
    ownership_percent: tuple[float, ...] | None = None
    ownership_source: str = ""
    fields_per_block: int = 1
    uncertain: bool | None = None
    ownership_model: str | None = None


class InContest(Protocol):
    """What a request must say for its lineups to be played."""

    @property
    def slate(self) -> Slate:
        """The slate."""

    @property
    def spec(self) -> ConstraintSpec | None:
        """The race, if one is simulated."""

    @property
    def contest(self) -> ContestTerms | None:
        """The contest, if one is played."""

    @property
    def own_entries(self) -> int:
        """How many lineups are entered."""

    @property
    def n_scenarios(self) -> int:
        """How many races."""

    @property
    def seed(self) -> int:
        """The job's seed."""


def terms_of(request: InContest) -> ContestTerms:
    """Give the contest of a request that has one."""
    if request.contest is None:
        raise InvalidInput({"contest": "this job plays no contest."})
    return request.contest


def projected_points(slate: Slate, points: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Give points by driver: the user's own where given, the simulated mean elsewhere."""
    means = points.sum(axis=0, dtype=np.int64) / (len(points) * TICKS_PER_POINT)
    given = [driver.projected_points for driver in slate.drivers]
    return np.array([m if g is None else g for m, g in zip(means, given, strict=True)])


def _fit(request: InContest, points: npt.NDArray[np.int16], cap_usd: int, blobs: Blobs) -> Json:
    """Fit the field, say where its ownership comes from and how it differs between contests."""
    slate, terms = request.slate, terms_of(request)
    if terms.ownership_percent is not None:
        model, source = given_field(slate, terms.ownership_percent, cap_usd, terms.ownership_source)
    else:
        model, source = estimated_field(
            slate,
            projected_points(slate, points),
            request.spec,
            cap_usd,
            terms.payouts.field_size,
            terms.ownership_model,
        )
    # Who gives ownership means it; around an estimate contests differ as real ones do. The error of
    # the estimate itself is left out: where the field is not as estimated it mostly knows better,
    # and fields that err at random would hand money to anybody.
    uncertain = terms.ownership_percent is None if terms.uncertain is None else terms.uncertain
    spread = contest_spread(model, field_parameters().concentration) if uncertain else None
    return {
        "model": model.to_json(),
        "source": source,
        "spread": None if spread is None else blobs.put(**spread.arrays()),
    }


def field_model(facts: Facts) -> FieldModel:
    """Give the fitted field."""
    return FieldModel.from_json(facts[FIELD]["model"])


def _spread(facts: Facts, blobs: Blobs) -> ContestSpread | None:
    """Give how ownership differs between the contests, if it does."""
    found = facts[FIELD]["spread"]
    return None if found is None else ContestSpread.from_arrays(blobs.get(found))


def field_stage(points_of: PointsOf, cap_of: Callable[[Any], int]) -> Stage[Any]:
    """Give the stage that fits the field, once: every block must draw from the same bits."""

    def run(
        request: InContest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
    ) -> Json:
        del start, stop, tick
        return _fit(request, points_of(request, facts, blobs), cap_of(request), blobs)

    return Stage(name=FIELD, units=lambda *_: 1, seconds=lambda _: 0.05, run=run, join=only_part)


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
        terms, model, spread = terms_of(request), field_model(facts), _spread(facts, blobs)
        simulator = ContestSimulator(
            terms.payouts, model, request.seed, terms.fields_per_block, spread
        )
        points = points_of(request, facts, blobs)
        lineups = lineups_of(request, facts, blobs)
        tallies: dict[str, list[ContestTally]] = {REPORT: [], SELECTION: []}
        for block, some in _units_in(request, start, stop):
            tick()
            tally = simulator.play_block(
                points[block_rows(block, len(points))], lineups, block, some
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


def contest_results(
    request: InContest, facts: Facts, blobs: Blobs, lineups: npt.NDArray[np.uint8], name: str
) -> Json:
    """Give one half's results (or both, with any other name) as the API shows them."""
    played = facts[CONTEST]
    halves = [name] if name in played else sorted(played)
    tally = ContestTally.merge(
        [ContestTally.from_arrays(blobs.get(played[half])) for half in halves]
    )
    return summarise(tally, terms_of(request).payouts, lineups).to_json()


def contest_notes(request: InContest, facts: Facts) -> list[str]:
    """Say what the contest's figures rest on."""
    notes = [
        f"Ownership: {facts[FIELD]['source']}.",
        "ROI holds if races run as simulated and the field is as modelled: an estimated field "
        "knows less than a real one and flatters it.",
    ]
    label = terms_of(request).payouts.label
    return [*notes, f"Payouts: {label}."] if label else notes
