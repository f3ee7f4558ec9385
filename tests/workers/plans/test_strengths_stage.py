"""Where ownership is estimated, a block's races follow what its field plays."""

from dataclasses import replace

import numpy as np
import pytest

from core.contest import typical_payouts
from core.race import draw_block_strength, load_strength_error
from core.slate import TICKS_PER_POINT, Slate
from tests.workers.plans.test_market_stage import done, request_of
from workers.engine.stages import Work
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.market import MARKET, simulated_spec
from workers.plans.stages.races import block_rows, simulated_points
from workers.plans.stages.strengths import block_strength

Floats = np.ndarray


def strengths_beyond_error(work: Work[OptimizeRequest], blocks: int) -> Floats:
    """Strength that blocks give each driver beyond the lasting error, ``[blocks, D]``."""
    request = work.request
    spec = simulated_spec(request, work.facts)
    return np.array(
        [
            block_strength(request, work.facts, work.arrays, spec, block).added
            - draw_block_strength(spec, request.seed, block, load_strength_error()).added
            for block in range(blocks)
        ]
    )


def log_odds_of_blocks(work: Work[OptimizeRequest], blocks: int) -> Floats:
    """How far each block's field is off the estimate, ``[blocks, D]`` in log-odds."""
    spread, model = field_spread(work.facts, work.arrays), work.facts.of(FIELD).model
    assert spread is not None
    errors = [spread.error_of_block(work.request.seed, block) for block in range(blocks)]
    return np.array([spread.log_odds_off(model, error) for error in errors if error is not None])


def test_strengths_move_with_the_field_by_what_surprises_are_worth(slate: Slate) -> None:
    work = done(request_of(slate, 0.2))
    market = work.facts.of(MARKET)
    slope = 0.8 * market.points_per_surprise / market.points_per_strength
    assert strengths_beyond_error(work, 4) == pytest.approx(slope * log_odds_of_blocks(work, 4))


def test_drivers_whom_a_blocks_field_owns_more_score_more_in_it(slate: Slate) -> None:
    request = request_of(slate, 0.0, n_scenarios=16_000)
    work, blocks = done(request), 32
    points = simulated_points(work.facts, work.arrays) / TICKS_PER_POINT
    means = np.array(
        [points[block_rows(block, len(points))].mean(axis=0) for block in range(blocks)]
    )
    off = log_odds_of_blocks(work, blocks)
    # a race hands out much the same points, and so only differences between drivers show
    off, scored = (each - each.mean(axis=1, keepdims=True) for each in (off, means))
    off, scored = off - off.mean(axis=0), scored - scored.mean(axis=0)
    slope = (off * scored).sum() / (off**2).sum()
    assert slope == pytest.approx(work.facts.of(MARKET).points_per_surprise, rel=0.25)


@pytest.mark.parametrize("ownership", ["own view", "given", "certain"])
def test_races_follow_no_field_that_holds_no_news(slate: Slate, ownership: str) -> None:
    terms = ContestTerms(typical_payouts(200, 500))
    given = tuple(600.0 / len(slate) for _ in slate.drivers)
    request = {
        "own view": request_of(slate, 1.0),
        "given": request_of(slate, 0.2, contest=replace(terms, ownership_percent=given)),
        "certain": request_of(slate, 0.2, contest=replace(terms, uncertain=False)),
    }[ownership]
    assert not strengths_beyond_error(done(request), 4).any()
