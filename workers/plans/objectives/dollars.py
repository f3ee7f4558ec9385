"""The objective dollars: a walk over every legal lineup by its prizes, a portfolio of the best.

A lineup's value is what it wins as one more entry of the contest, alone against the field. The walk
proposes lineups by what they win in the races that are searched. The choice among them is by what
they win in further races, shrunk by what of it is luck.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD, PrizeSteps
from core.lineups import LineupRules, WalkResult, best_by_steps, step_values
from core.portfolio import Portfolio, generate_portfolio
from workers.engine.stages import Work
from workers.plans.objectives.plan import ObjectivePlan
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.prize_walk import (
    PRIZE_OPENING_STAGE,
    PRIZE_WALK_STAGE,
    prize_walk_seconds,
)
from workers.plans.stages.prizes import PRIZES_STAGE, prizes, prizes_bytes
from workers.plans.stages.races import selection_points
from workers.plans.stages.second_look import (
    SECOND_LOOK_STAGE,
    second_look_bytes,
    shrunken_winnings,
)
from workers.plans.stages.walk import best_by_regime, pools_bytes


def choose_by_prizes(work: Work[OptimizeRequest], pool: WalkResult, steps: PrizeSteps) -> Portfolio:
    """A portfolio of the lineups that win most in the races that are searched.

    Parameters
    ----------
    work
        The job's request, facts and arrays.
    pool
        The lineups that win most, scored in micro-dollars over all races on which lineups are
        chosen.
    steps
        The prize of any score in each of those races.
    """
    request = work.request
    points = selection_points(work.facts, work.arrays)

    def usd(won: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.asarray(won / (len(points) * MICROS_PER_USD))

    def in_usd(best: WalkResult) -> WalkResult:
        return WalkResult(best.lineups, usd(best.scores), 0, 0, 0)

    def search(rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        return in_usd(best_by_steps(points, steps.breaks, steps.micros, rules, request.pool_size))

    return generate_portfolio(
        in_usd(pool),
        request.rules,
        request.limits,
        search,
        lambda lineups: usd(step_values(points, steps.breaks, steps.micros, lineups)),
        request.correlation_weight,
    )


def _choose(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    pool = best_by_regime(work.facts, work.arrays)[None]
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)
    if request.unshrunken:
        return choose_by_prizes(work, pool, steps)

    def search(rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        return best_by_steps(points, steps.breaks, steps.micros, rules, request.pool_size)

    value = shrunken_winnings(work)
    return generate_portfolio(
        replace(pool, scores=value(pool.lineups)),
        request.rules,
        request.limits,
        search,
        value,
        request.correlation_weight,
    )


def _seconds(request: OptimizeRequest) -> float:
    """About how long the choice takes: it walks a few times more."""
    return 1.0 + 4.0 * prize_walk_seconds(request)


def _stored_bytes(request: OptimizeRequest) -> int:
    return pools_bytes(request, strands=1) + prizes_bytes(request) + second_look_bytes(request)


PLAN = ObjectivePlan(
    stages=(
        PRIZES_STAGE,
        PRIZE_OPENING_STAGE,
        PRIZE_WALK_STAGE,
        SECOND_LOOK_STAGE,
        choice_stage(_choose, _seconds),
    ),
    stored_bytes=_stored_bytes,
    scores_per_unit=lambda races: races * MICROS_PER_USD,
)
