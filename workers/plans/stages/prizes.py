"""The stage that finds what any score wins in each race that lineups are chosen on."""

from collections.abc import Sequence

from core.contest import PrizeSteps, prize_steps
from core.field import sample_field
from core.race import BLOCK_SCENARIOS
from core.randomness import Purpose, stream
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick
from workers.plans.requests.contest import terms_of
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.contest import contest_seconds
from workers.plans.stages.field import field_model
from workers.plans.stages.races import block_count, block_rows, selects, simulated_points

PRIZES = "prizes"


def selection_blocks(n_scenarios: int) -> list[int]:
    """Give the blocks of those races."""
    return [block for block in range(block_count(n_scenarios)) if selects(block)]


def prizes(facts: Facts, blobs: Blobs) -> PrizeSteps:
    """Give what any score wins in each of those races."""
    return _steps_at(blobs, facts[PRIZES])


def _steps_at(blobs: Blobs, part: Json) -> PrizeSteps:
    arrays = blobs.get(part["steps"])
    return PrizeSteps(arrays["breaks"], arrays["micros"])


def _steps(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    terms, model = terms_of(request), field_model(facts)
    points = simulated_points(facts, blobs)
    parts = []
    for block in selection_blocks(request.n_scenarios)[start:stop]:
        tick()
        field = sample_field(
            model, terms.payouts.field_size - 1, stream(request.seed, Purpose.FIELD, block, 0)
        )
        rows = points[block_rows(block, request.n_scenarios)]
        parts.append(prize_steps(rows, field, terms.payouts))
    return _put_steps(blobs, parts)


def _put_steps(blobs: Blobs, parts: Sequence[PrizeSteps]) -> Json:
    steps = PrizeSteps.joined(parts)
    return {"steps": blobs.put(breaks=steps.breaks, micros=steps.micros)}


def _join_steps(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    del request, facts
    return _put_steps(blobs, [_steps_at(blobs, part) for part in parts])


def prizes_bytes(request: OptimizeRequest) -> int:
    """Give the most that the steps take while they are joined."""
    tiers = len(terms_of(request).payouts.tiers)
    races = len(selection_blocks(request.n_scenarios)) * BLOCK_SCENARIOS
    # parts, one merge of them and the whole; 12 bytes a step, two steps a tier
    return 3 * races * 2 * tiers * 12


PRIZES_STAGE = Stage(
    PRIZES,
    lambda request, _: len(selection_blocks(request.n_scenarios)),
    contest_seconds,
    _steps,
    _join_steps,
    _join_steps,
)
