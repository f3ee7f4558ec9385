"""The objective of tails: a walk over every legal lineup, then a portfolio, together or by regime.

The tail is the weighted CVaR of a lineup's scores, shrunk by what of it is luck.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.lineups import (
    LineupRules,
    Lineups,
    WalkResult,
    WalkStart,
    best_by_tail,
    start_tail_walk,
    tail_values,
)
from core.portfolio import (
    Portfolio,
    RegimePortfolio,
    generate_regime_aware_portfolio,
    generate_searched_portfolio,
)
from core.race import Regime
from core.slate import TICKS_PER_POINT
from workers.engine.stages import Work
from workers.plans.objectives.plan import ObjectivePlan
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.races import selection_points
from workers.plans.stages.tail_walk import (
    TAIL_OPENING,
    TAIL_OPENING_STAGE,
    TAIL_WALK_STAGE,
    regime_points,
    tail_walk_seconds,
)
from workers.plans.stages.walk import best_by_regime, pools_bytes


def _by_regime(request: OptimizeRequest) -> bool:
    return request.leverage is not None and request.leverage.by_regime


def _choose(work: Work[OptimizeRequest]) -> Portfolio | RegimePortfolio:
    return _choose_by_regime(work) if _by_regime(work.request) else _choose_together(work)


def _choose_together(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    points = selection_points(work.facts, work.arrays)
    offsets = np.zeros(points.shape[1]) if request.offsets is None else request.offsets
    (strand,) = work.facts.of(TAIL_OPENING).strands
    shrinkage = strand.shrinkage

    def search(
        rules: LineupRules, prices: npt.NDArray[np.float64], k: int, above: float
    ) -> WalkResult:
        work.check_cancelled()
        priced, start = shrinkage.offsets(offsets - prices), None
        if above > -np.inf:
            # without a start the first prices, which are far off, leave millions of lineups to look
            # at; slightly lower, as scores are rounded
            guessed = start_tail_walk(points, rules, request.target, k, priced)
            at_least = max(guessed.at_least, shrinkage.score_of(above) * TICKS_PER_POINT - 1e-6)
            start = WalkStart(at_least, guessed.thresholds)
        best = best_by_tail(points, rules, request.target, k, start=start, offsets=priced)
        return replace(best, scores=shrinkage.shrunken(best.scores))

    def value(lineups: Lineups) -> npt.NDArray[np.float64]:
        added = shrinkage.offsets(offsets)
        return shrinkage.shrunken(tail_values(points, lineups, request.target, added))

    # lower bound of a lineup's score: each driver in the worst race of any, and at the worst offset
    worst = float(points.min()) / TICKS_PER_POINT + float(shrinkage.offsets(offsets).min())
    least = float(shrinkage.shrunken(np.array(worst * request.rules.roster_size)))
    return generate_searched_portfolio(
        best_by_regime(work.facts, work.arrays)[None],
        request.rules,
        request.limits,
        search,
        value,
        least,
        request.correlation_weight,
    )


def _choose_by_regime(work: Work[OptimizeRequest]) -> RegimePortfolio:
    request = work.request
    strands = work.facts.of(TAIL_OPENING).strands
    allotted = {strand.regime: strand.lineups for strand in strands}
    shrinkages = {strand.regime: strand.shrinkage for strand in strands}
    points = {regime: regime_points(work.facts, work.arrays, regime) for regime in allotted}

    def value(regime: str | None, lineups: Lineups) -> npt.NDArray[np.float64]:
        shrinkage = shrinkages[regime]
        added = shrinkage.offsets(request.offsets)
        return shrinkage.shrunken(tail_values(points[regime], lineups, request.target, added))

    def search(regime: str | None, rules: LineupRules) -> WalkResult:
        work.check_cancelled()
        shrinkage = shrinkages[regime]
        added = shrinkage.offsets(request.offsets)
        best = best_by_tail(points[regime], rules, request.target, request.pool_size, offsets=added)
        return replace(best, scores=shrinkage.shrunken(best.scores))

    return generate_regime_aware_portfolio(
        best_by_regime(work.facts, work.arrays),
        request.rules,
        request.limits,
        allotted,
        value,
        search,
        request.correlation_weight,
    )


def _seconds(request: OptimizeRequest) -> float:
    """About how long the choice takes: it walks a few times more."""
    return 1.0 + 4.0 * tail_walk_seconds(request)


PLAN = ObjectivePlan(
    stages=(TAIL_OPENING_STAGE, TAIL_WALK_STAGE, choice_stage(_choose, _seconds)),
    stored_bytes=lambda request: pools_bytes(request, len(Regime) if _by_regime(request) else 1),
    scores_per_unit=lambda _: 1,
)
