"""The stage that asks whether looking for the tail found one: the best by tail and by mean.

They are compared on the report's races, which neither was chosen on.
"""

from dataclasses import asdict

import numpy as np

from core.lineups import (
    best_by_tail,
    best_by_value,
    prove_walk,
    tail_values,
    validate_tail,
    validate_tail_stability,
)
from core.slate import TICKS_PER_POINT
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.choice import micropoints
from workers.plans.stages.races import half, projected_points, simulated_points
from workers.plans.stages.walk import LINEUPS

VALIDATION = "validation"

# the best by tail, among whom resampled races choose again
_CANDIDATES = 100


def _validate(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    """Give what the tail's best lineup gains, and how much of that is noise.

    Both are the best that the request's rules allow, leverage and limits on portfolios aside.
    """
    del start, stop
    tick()
    points = simulated_points(facts, blobs)
    selection, report = half(points, selection=True), half(points, selection=False)
    tail = best_by_tail(selection, request.rules, request.target, _CANDIDATES)
    projected = projected_points(request.slate, selection)
    mean = best_by_value(micropoints(projected), request.rules, 1)
    fresh = validate_tail(report, tail.lineups[0], mean.lineups[0], request.target)
    stability = validate_tail_stability(selection, tail.lineups, request.target, seed=request.seed)
    pair = np.stack([tail.lineups[0], mean.lineups[0]])
    seen = tail_values(selection, pair, request.target)
    unseen = tail_values(report, pair, request.target)
    means = report[:, pair].sum(axis=2, dtype=np.int64).mean(axis=0) / TICKS_PER_POINT
    ids = [driver.driver_id for driver in request.slate.drivers]

    def shown(place: int) -> Json:
        return {
            "drivers": [ids[int(i)] for i in pair[place]],
            "tail_in_sample": float(seen[place]),
            "tail": float(unseen[place]),
            "mean": float(means[place]),
        }

    return {
        **asdict(fresh),
        "actually_optimizing_tail": fresh.actually_optimizing_tail,
        "beyond_noise": fresh.beyond_noise,
        "stability": {
            "value": stability.value,
            "coefficient_of_variation": stability.coefficient_of_variation,
            "lower_5": stability.low,
            "upper_95": stability.high,
            "recurrence": stability.recurrence,
            "n_candidates": stability.n_candidates,
            "resamples": stability.resamples,
            "stable": stability.stable,
        },
        "proof": {
            **asdict(
                prove_walk(tail, request.rules, _CANDIDATES, facts.get(LINEUPS, {}).get("legal"))
            ),
            "tail_optimal": shown(0),
            "mean_optimal": shown(1),
        },
    }


def tail_notes(validation: Json) -> list[str]:
    """Say so where the search for a tail has found noise."""
    lost, error = -validation["tail_improvement"], validation["tail_improvement_se"]
    if lost <= 0.0:
        return []
    return [
        f"On fresh races the best lineup by tail scores {lost:.1f} points less in its tail than "
        f"the best by mean (standard error {error:.1f}): tails of few races are mostly luck. "
        "Give more n_scenarios, or use the objective mean."
    ]


VALIDATION_STAGE = Stage(VALIDATION, lambda *_: 1, lambda _: 0.5, _validate, only_part)
