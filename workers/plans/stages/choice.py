"""The stage that chooses the portfolio: all lineups at once by mean and tail, else from a pool."""

from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD
from core.lineups import (
    LineupRules,
    Lineups,
    WalkResult,
    WalkStart,
    best_by_tail,
    best_by_value,
    start_tail_walk,
    step_values,
    tail_values,
)
from core.portfolio import (
    NASCAROptimizer,
    Portfolio,
    RegimePortfolio,
    generate_additive_portfolio,
    generate_portfolio,
    generate_regime_aware_portfolio,
    generate_searched_portfolio,
    optimize_portfolio_with_ownership,
)
from core.slate import TICKS_PER_POINT
from workers.engine.stages import Work
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.prize_walk import prize_walk_seconds, search_prizes
from workers.plans.stages.prizes import prizes
from workers.plans.stages.races import MICROPOINTS, micropoints, projected_points, selection_points
from workers.plans.stages.tail_walk import TAIL_OPENING, regime_points, tail_walk_seconds
from workers.plans.stages.walk import found_by_regime

# good lineups, to see where their tails begin
_GUESSED = 20


def _choose(work: Work[OptimizeRequest]) -> Portfolio | RegimePortfolio:
    request = work.request
    if request.objective is Objective.MEAN:
        return _by_mean(work)
    if request.leverage is not None and request.leverage.by_regime:
        return _by_regime(work)
    if request.objective is Objective.DOLLARS:
        return _by_dollars(work)
    return _by_tail(work)


def _by_mean(work: Work[OptimizeRequest]) -> Portfolio:
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
            request.diversity_weight,
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


def _by_tail(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    points = selection_points(work.facts, work.arrays)
    offsets = np.zeros(points.shape[1]) if request.offsets is None else request.offsets

    def search(
        rules: LineupRules, prices: npt.NDArray[np.float64], k: int, above: float
    ) -> WalkResult:
        work.check_cancelled()
        priced, start = offsets - prices, None
        if above > -np.inf:
            guessed = start_tail_walk(points, rules, request.target, _GUESSED, priced)
            # a hair below, as the scores are rounded
            start = WalkStart(above * TICKS_PER_POINT - 1e-6, guessed.thresholds)
        return best_by_tail(points, rules, request.target, k, start=start, offsets=priced)

    # no driver scores less than the worst race of any
    worst = float(points.min()) / TICKS_PER_POINT + float(offsets.min())
    return generate_searched_portfolio(
        found_by_regime(work.facts, work.arrays)[None],
        request.rules,
        request.limits,
        search,
        lambda lineups: tail_values(points, lineups, request.target, request.offsets),
        worst * request.rules.roster_size,
        request.diversity_weight,
    )


def _by_dollars(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)

    def usd(won: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.asarray(won / (len(points) * MICROS_PER_USD))

    def shown(found: WalkResult) -> WalkResult:
        return WalkResult(found.lineups, usd(found.scores), 0, 0, 0)

    def search(rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        return shown(search_prizes(work, rules))

    return generate_portfolio(
        shown(found_by_regime(work.facts, work.arrays)[None]),
        request.rules,
        request.limits,
        search,
        lambda lineups: usd(step_values(points, steps.breaks, steps.micros, lineups)),
        request.diversity_weight,
    )


def _by_regime(work: Work[OptimizeRequest]) -> RegimePortfolio:
    request = work.request
    allotted = {s.regime: s.lineups for s in work.facts.of(TAIL_OPENING).strands}
    points = {regime: regime_points(work.facts, work.arrays, regime) for regime in allotted}

    def value(regime: str | None, lineups: Lineups) -> npt.NDArray[np.float64]:
        return tail_values(points[regime], lineups, request.target, request.offsets)

    def search(regime: str | None, rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        return best_by_tail(
            points[regime], rules, request.target, request.pool_size, offsets=request.offsets
        )

    return generate_regime_aware_portfolio(
        found_by_regime(work.facts, work.arrays),
        request.rules,
        request.limits,
        allotted,
        value,
        search,
        request.diversity_weight,
    )


def _seconds(request: OptimizeRequest) -> float:
    """About how long the choice takes: by tail and dollars it walks a few times more."""
    if request.objective is Objective.MEAN:
        return 1.0
    walk = prize_walk_seconds if request.objective is Objective.DOLLARS else tail_walk_seconds
    return 1.0 + 4.0 * walk(request)


CHOICE_STAGE = choice_stage(_choose, _seconds)
