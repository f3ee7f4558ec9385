"""The stage that chooses the portfolio: all lineups at once by mean and tail, else from a pool."""

from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD
from core.lineups import (
    Found,
    LineupRules,
    Lineups,
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
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages.contest import projected_points
from workers.plans.stages.walk import (
    OPENING,
    found_by_regime,
    prizes,
    regime_points,
    search_prizes,
    selection_points,
    walk_seconds,
)

PORTFOLIO = "portfolio"
MICROPOINTS = 1_000_000
# good lineups, to see where their tails begin
_GUESSED = 20

Points = npt.NDArray[np.int16]


def micropoints(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Give points in whole millionths, so that sums are exact."""
    return np.round(points * MICROPOINTS).astype(np.int64)


def _choose(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    del start, stop
    tick()
    if request.objective is Objective.MEAN:
        return _stored(blobs, _by_mean(request, facts, blobs))
    if request.leverage is not None and request.leverage.by_regime:
        chosen = _by_regime(request, facts, blobs, tick)
        return {**_stored(blobs, chosen), "regimes": list(chosen.regimes)}
    if request.objective is Objective.DOLLARS:
        return _stored(blobs, _by_dollars(request, facts, blobs, tick))
    return _stored(blobs, _by_tail(request, facts, blobs, tick))


def _stored(blobs: Blobs, chosen: Portfolio | RegimePortfolio) -> Json:
    proven: Json = {}
    if isinstance(chosen, Portfolio):
        proven = {"worth": chosen.worth, "bound": chosen.bound}
    return {
        "portfolio": blobs.put(lineups=chosen.lineups, scores=chosen.scores),
        "pool_size": chosen.pool_size,
        **proven,
    }


def _by_mean(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Portfolio:
    projected = projected_points(request.slate, selection_points(facts, blobs))
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


def _by_tail(request: OptimizeRequest, facts: Facts, blobs: Blobs, tick: Tick) -> Portfolio:
    points = selection_points(facts, blobs)
    offsets = np.zeros(points.shape[1]) if request.offsets is None else request.offsets

    def search(rules: LineupRules, prices: npt.NDArray[np.float64], k: int, above: float) -> Found:
        tick()
        priced, start = offsets - prices, None
        if above > -np.inf:
            guessed = start_tail_walk(points, rules, request.target, _GUESSED, priced)
            # a hair below, as the scores are rounded
            start = WalkStart(above * TICKS_PER_POINT - 1e-6, guessed.thresholds)
        return best_by_tail(points, rules, request.target, k, start=start, offsets=priced)

    # no driver scores less than the worst race of any
    worst = float(points.min()) / TICKS_PER_POINT + float(offsets.min())
    return generate_searched_portfolio(
        found_by_regime(facts, blobs)[None],
        request.rules,
        request.limits,
        search,
        lambda lineups: tail_values(points, lineups, request.target, request.offsets),
        worst * request.rules.roster_size,
        request.diversity_weight,
    )


def _by_dollars(request: OptimizeRequest, facts: Facts, blobs: Blobs, tick: Tick) -> Portfolio:
    points, steps = selection_points(facts, blobs), prizes(facts, blobs)

    def usd(won: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.asarray(won / (len(points) * MICROS_PER_USD))

    def shown(found: Found) -> Found:
        return Found(found.lineups, usd(found.scores), 0, 0, 0)

    def search(rules: LineupRules) -> Found:
        tick()
        return shown(search_prizes(request, facts, blobs, rules))

    return generate_portfolio(
        shown(found_by_regime(facts, blobs)[None]),
        request.rules,
        request.limits,
        search,
        lambda lineups: usd(step_values(points, steps.breaks, steps.micros, lineups)),
        request.diversity_weight,
    )


def _by_regime(request: OptimizeRequest, facts: Facts, blobs: Blobs, tick: Tick) -> RegimePortfolio:
    allotted = {strand["regime"]: strand["lineups"] for strand in facts[OPENING]["strands"]}
    points = {regime: regime_points(facts, blobs, regime) for regime in allotted}

    def value(regime: str | None, lineups: Lineups) -> npt.NDArray[np.float64]:
        return tail_values(points[regime], lineups, request.target, request.offsets)

    def search(regime: str | None, rules: LineupRules) -> Found:
        tick()
        return best_by_tail(
            points[regime], rules, request.target, request.pool_size, offsets=request.offsets
        )

    return generate_regime_aware_portfolio(
        found_by_regime(facts, blobs),
        request.rules,
        request.limits,
        allotted,
        value,
        search,
        request.diversity_weight,
    )


def _seconds(request: OptimizeRequest) -> float:
    """Give about how long the choice takes: by tail it walks a few times more."""
    return 1.0 if request.objective is Objective.MEAN else 1.0 + 4.0 * walk_seconds(request)


CHOICE_STAGE = Stage(PORTFOLIO, lambda *_: 1, _seconds, _choose, only_part)
