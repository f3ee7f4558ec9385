"""Lineups with the most projected points: all of them chosen at once, by one program."""

import numpy as np

from core.lineups import best_by_value
from core.portfolio import (
    NASCAROptimizer,
    Portfolio,
    generate_additive_portfolio,
    optimize_portfolio_with_ownership,
)
from workers.engine.stages import Work
from workers.plans.objectives.plan import ObjectivePlan
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.races import MICROPOINTS, micropoints, projected_points, selection_points
from workers.plans.stages.walk import pools_bytes


def _choose(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    projected = projected_points(request.slate, selection_points(work.facts, work.arrays))
    offsets = np.zeros(len(projected)) if request.offsets is None else request.offsets
    values = micropoints(projected + offsets)
    if request.randomness is None:
        best = best_by_value(micropoints(projected), request.rules, 1).scores
        return generate_additive_portfolio(
            values,
            MICROPOINTS,
            request.rules,
            request.limits,
            request.correlation_weight,
            float(best[0]) / MICROPOINTS if len(best) else None,
        )
    optimizer = NASCAROptimizer(
        request.slate,
        request.rules,
        request.limits,
        projected,
        randomness=request.randomness,
        seed=request.seed,
    )
    if request.leverage is None:
        lineups = optimizer.optimize().lineups
    else:
        # the rules hold the limits on ownership already
        leverage = request.leverage
        lineups = optimize_portfolio_with_ownership(
            optimizer, leverage.ownership_percent, leverage.penalty
        ).lineups
    scores = values[lineups].sum(axis=1) / MICROPOINTS
    order = np.lexsort((*lineups.T[::-1], -scores))
    return Portfolio(lineups[order], scores[order], len(lineups))


PLAN = ObjectivePlan(
    stages=(choice_stage(_choose, seconds=lambda _: 1.0),),
    stored_bytes=lambda request: pools_bytes(request, strands=1),
    scores_per_unit=lambda _: 1,
)
