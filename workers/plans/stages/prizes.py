"""The stage that finds what any score wins in each race that lineups are chosen on."""

from collections.abc import Sequence

import msgspec

from core.contest import PrizeSteps, prize_steps
from core.field import sample_field
from core.race import BLOCK_SCENARIOS
from core.randomness import Purpose, stream
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Stage, Work, unchanged
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.contest_units import contest_seconds
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.races import Points, block_count, block_rows, selects, simulated_points


class PrizesFact(msgspec.Struct, frozen=True):
    """What any score wins, in some of those races or in all.

    Parameters
    ----------
    steps
        ``breaks`` and ``micros`` of :class:`~core.contest.PrizeSteps`.
    """

    steps: ArrayRef


PRIZES = Key("prizes", PrizesFact)


def selection_blocks(n_scenarios: int) -> list[int]:
    """The blocks of the races that lineups are chosen on."""
    return [block for block in range(block_count(n_scenarios)) if selects(block)]


def prizes(facts: Facts, arrays: Blobs) -> PrizeSteps:
    """What any score wins in each of the races that lineups are chosen on."""
    return _get(arrays, facts.of(PRIZES))


def _get(arrays: Blobs, part: PrizesFact) -> PrizeSteps:
    steps = arrays.get(part.steps)
    return PrizeSteps(steps["breaks"], steps["micros"])


def _put(arrays: Blobs, parts: Sequence[PrizeSteps]) -> PrizesFact:
    steps = PrizeSteps.joined(parts)
    return PrizesFact(arrays.put(breaks=steps.breaks, micros=steps.micros))


def block_steps(work: Work[Played], block: int, points: Points) -> PrizeSteps:
    """What any score wins in a block of races, against the field drawn for that block.

    Parameters
    ----------
    work
        The job's request, facts and arrays.
    block
        The block's number.
    points
        The points of its races, i16 ``[N, D]`` in ticks.
    """
    request, model = work.request, work.facts.of(FIELD).model
    payouts, spread = terms_of(request).payouts, field_spread(work.facts, work.arrays)
    generator = stream(request.seed, Purpose.FIELD, block, 0)
    if spread is not None:
        error = spread.error_of_block(request.seed, block)
        model = spread.draw(model, generator, error)
    field = sample_field(model, payouts.field_size - 1, generator)
    return prize_steps(points, field, payouts)


def _run(work: Work[Played], units: range) -> PrizesFact:
    races = work.request.n_scenarios
    points = simulated_points(work.facts, work.arrays)
    blocks = selection_blocks(races)
    parts = []
    for unit in units:
        work.check_cancelled()
        block = blocks[unit]
        parts.append(block_steps(work, block, points[block_rows(block, races)]))
    return _put(work.arrays, parts)


def _merge(work: Work[Played], parts: Sequence[PrizesFact]) -> PrizesFact:
    return _put(work.arrays, [_get(work.arrays, part) for part in parts])


def prizes_bytes(request: Played) -> int:
    """The most that the steps take while they are joined."""
    tiers = len(terms_of(request).payouts.tiers)
    races = len(selection_blocks(request.n_scenarios)) * BLOCK_SCENARIOS
    # three times the steps, for parts, a merge of them and the whole; two steps of 12 bytes a tier
    return 3 * races * 2 * tiers * 12


PRIZES_STAGE: Stage[Played, PrizesFact, PrizesFact] = Stage(
    key=PRIZES,
    part=PrizesFact,
    units=lambda request, _: len(selection_blocks(request.n_scenarios)),
    seconds=contest_seconds,
    run=_run,
    merge=_merge,
    join=unchanged,
)
