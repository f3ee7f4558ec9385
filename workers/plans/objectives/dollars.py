"""The objective dollars: a walk over every legal lineup by its prizes, a portfolio of the best.

A lineup's value is what it wins as one more entry of the contest, alone against the field. The walk
proposes lineups by what they win in the races that are searched. The choice among them is by what
they win in further races, shrunk by what of it is luck.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD
from core.lineups import LineupRules, Lineups, WalkResult, best_by_steps, step_values
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

Floats = npt.NDArray[np.float64]


def mean_winnings(work: Work[OptimizeRequest]) -> Callable[[Lineups], Floats]:
    """What lineups are chosen for: mean winnings of any lineups in USD a race, f64 ``[K]``.

    They are shrunken ones in further races, or with ``unshrunken`` those in the races searched.
    """
    if not work.request.unshrunken:
        return shrunken_winnings(work)
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)

    def as_simulated(lineups: Lineups) -> Floats:
        won = step_values(points, steps.breaks, steps.micros, lineups)
        return np.asarray(won / (len(points) * MICROS_PER_USD))

    return as_simulated


def choose_dollars(
    work: Work[OptimizeRequest], value: Callable[[Lineups], Floats] | None = None
) -> Portfolio:
    """The portfolio of the objective, once its stages before the choice are done.

    Parameters
    ----------
    work
        The job's request, facts and arrays.
    value
        As of :func:`mean_winnings`, where it is known already.
    """
    request = work.request
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)
    value = mean_winnings(work) if value is None else value

    def search(rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        return best_by_steps(points, steps.breaks, steps.micros, rules, request.pool_size)

    pool = best_by_regime(work.facts, work.arrays)[None]
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


def dollars_bytes(request: OptimizeRequest) -> int:
    """How much the arrays of the stages before the choice take at the most."""
    return pools_bytes(request, strands=1) + prizes_bytes(request) + second_look_bytes(request)


STAGES = (PRIZES_STAGE, PRIZE_OPENING_STAGE, PRIZE_WALK_STAGE, SECOND_LOOK_STAGE)
"""The stages before the choice."""

PLAN = ObjectivePlan(
    stages=(*STAGES, choice_stage(choose_dollars, _seconds)),
    stored_bytes=dollars_bytes,
    scores_per_unit=lambda races: races * MICROS_PER_USD,
)
