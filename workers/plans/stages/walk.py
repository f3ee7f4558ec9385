"""The stages that look at every legal lineup: an opening that says what may be ignored, the walk.

A walk is by tail or by prizes. With lineups allotted by regime there is a strand of it for each,
over that regime's races alone; a strand's units follow those of the strand before.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.lineups import (
    Found,
    LineupRules,
    StepsStart,
    WalkStart,
    best_by_steps,
    best_by_tail,
    count_legal,
    merge_found,
    prove_walk,
    start_steps_walk,
    start_tail_walk,
    tail_mass,
    walk_units,
)
from core.portfolio import allocate_lineups_by_regime
from core.race import Regime
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages import races as race_stage
from workers.plans.stages.prizes import prizes
from workers.plans.stages.races import half, simulated_points

OPENING, LINEUPS = "opening", "lineups"

_LOOKED_AT_PER_SECOND = 10_000_000_000  # lineups x scenarios, bounded together
_STEPS_PER_SECOND = 4_000_000_000

Points = npt.NDArray[np.int16]


def selection_points(facts: Facts, blobs: Blobs) -> Points:
    """Give the points of the races that lineups are chosen on, i16 ``[N, D]`` in ticks."""
    return half(simulated_points(facts, blobs), selection=True)


def regime_points(facts: Facts, blobs: Blobs, regime: str | None) -> Points:
    """Give the points of those races that were of a regime; of all for ``None``."""
    races = blobs.get(facts[race_stage.NAME]["races"])
    points = half(races["points"], selection=True)
    if regime is None:
        return points
    kinds = half(races["regime"], selection=True)
    chosen: Points = points[kinds == Regime[regime.upper()]]
    return chosen


# --- the opening


def allotment(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> dict[str | None, int]:
    """Give how many lineups are chosen for each regime; all for ``None`` without regimes.

    Raises
    ------
    InvalidInput
        A regime that was asked for was too rare to have a tail.
    """
    n = request.limits.n_lineups
    if request.leverage is None or not request.leverage.by_regime:
        return {None: n}
    kinds = half(blobs.get(facts[race_stage.NAME]["races"])["regime"], selection=True)
    races = {
        kind.name.lower(): int((kinds == kind).sum()) for kind in Regime if kind is not Regime.NONE
    }
    # a tail of less than a race is none
    enough = {
        name: all(tail_mass(alpha, count) >= 1.0 for alpha in request.target.alphas)
        for name, count in races.items()
    }
    weights: dict[str | None, float]
    if request.leverage.regime_weights is None:
        weights = {name: races[name] / len(kinds) for name in races if enough[name]}
        weights[None] = 1.0 - math.fsum(weights.values())
    else:
        weights = dict(request.leverage.regime_weights)
        for name, weight in request.leverage.regime_weights:
            if weight > 0.0 and not enough[name]:
                raise InvalidInput(
                    {
                        "regime_weights": f"{name}: {races[name]} of the {len(kinds)} races that "
                        "lineups are chosen on were so, too few for a tail; give it 0, or more "
                        "n_scenarios."
                    }
                )
    return {
        name: count for name, count in allocate_lineups_by_regime(n, weights).items() if count > 0
    }


def _open(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    del start, stop
    if request.objective is Objective.DOLLARS:
        steps = prizes(facts, blobs)
        begin = start_steps_walk(
            selection_points(facts, blobs),
            steps.breaks,
            steps.micros,
            request.rules,
            request.pool_size,
        )
        strand = {"at_least": begin.at_least, "levels": begin.levels.tolist()}
        return {"strands": [{"regime": None, "lineups": request.limits.n_lineups, **strand}]}
    strands = []
    for regime, lineups in allotment(request, facts, blobs).items():
        tick()
        found = start_tail_walk(
            regime_points(facts, blobs, regime),
            request.rules,
            request.target,
            request.pool_size,
            request.offsets,
        )
        known = found.at_least if math.isfinite(found.at_least) else None
        strands.append(
            {
                "regime": regime,
                "lineups": lineups,
                "at_least": known,
                "thresholds": found.thresholds.tolist(),
            }
        )
    return {"strands": strands}


# --- the walk


def _begun(strand: Json) -> WalkStart:
    known = strand["at_least"]
    return WalkStart(
        -math.inf if known is None else known, np.array(strand["thresholds"], dtype=np.int64)
    )


def _walk(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    units = walk_units(request.rules)
    parts: Json = {}
    for number, strand in enumerate(facts[OPENING]["strands"]):
        first, last = (min(max(at - number * len(units), 0), len(units)) for at in (start, stop))
        if first == last:
            continue
        tick()
        mine = units[first:last]
        if request.objective is Objective.DOLLARS:
            begin = StepsStart(strand["at_least"], np.array(strand["levels"], dtype=np.int64))
            found = search_prizes(request, facts, blobs, request.rules, mine, begin)
        else:
            found = best_by_tail(
                regime_points(facts, blobs, strand["regime"]),
                request.rules,
                request.target,
                request.pool_size,
                mine,
                _begun(strand),
                request.offsets,
            )
        parts[str(number)] = _put(blobs, found)
    return {"found": parts}


def search_prizes(
    request: OptimizeRequest,
    facts: Facts,
    blobs: Blobs,
    rules: LineupRules,
    units: npt.NDArray[np.uint8] | None = None,
    begin: StepsStart | None = None,
) -> Found:
    """Give the lineups that win most in the races lineups are chosen on, in micro-dollars."""
    steps, points = prizes(facts, blobs), selection_points(facts, blobs)
    return best_by_steps(points, steps.breaks, steps.micros, rules, request.pool_size, units, begin)


def _put(blobs: Blobs, found: Found) -> Json:
    return {
        "best": blobs.put(lineups=found.lineups, scores=found.scores),
        "looked_at": found.looked_at,
        "evaluated": found.evaluated,
        "cut": found.cut,
    }


def _get(blobs: Blobs, part: Json) -> Found:
    best = blobs.get(part["best"])
    return Found(best["lineups"], best["scores"], part["looked_at"], part["evaluated"], part["cut"])


def _merged(request: OptimizeRequest, blobs: Blobs, parts: Sequence[Json]) -> dict[str, Found]:
    strands = sorted({number for part in parts for number in part["found"]}, key=int)
    return {
        number: merge_found(
            [_get(blobs, part["found"][number]) for part in parts if number in part["found"]],
            request.pool_size,
        )
        for number in strands
    }


def _merge_walk(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, parts: Sequence[Json]
) -> Json:
    del facts
    merged = _merged(request, blobs, parts)
    return {"found": {number: _put(blobs, found) for number, found in merged.items()}}


def _join_walk(request: OptimizeRequest, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    merged = _merged(request, blobs, parts)
    legal = count_legal(request.rules)
    return {
        "found": {number: _put(blobs, found) for number, found in merged.items()},
        "legal": legal,
        "proofs": [
            {
                "regime": strand["regime"],
                **asdict(prove_walk(merged[str(number)], request.rules, request.pool_size, legal)),
            }
            for number, strand in enumerate(facts[OPENING]["strands"])
        ],
    }


def found_by_regime(facts: Facts, blobs: Blobs) -> dict[str | None, Found]:
    """Give what the walk found, by regime; under ``None`` without regimes."""
    return {
        strand["regime"]: _get(blobs, facts[LINEUPS]["found"][str(number)])
        for number, strand in enumerate(facts[OPENING]["strands"])
    }


def _walk_units(request: OptimizeRequest, facts: Facts) -> int:
    return len(facts[OPENING]["strands"]) * len(walk_units(request.rules))


def walk_seconds(request: OptimizeRequest) -> float:
    """Give about how long one core walks once over all legal lineups."""
    lineups = math.comb(len(request.rules.eligible), request.rules.roster_size)
    pace = _STEPS_PER_SECOND if request.objective is Objective.DOLLARS else _LOOKED_AT_PER_SECOND
    return lineups * request.n_scenarios / 2 / pace


OPENING_STAGE = Stage(OPENING, lambda *_: 1, lambda _: 0.2, _open, only_part)
WALK_STAGE = Stage(LINEUPS, _walk_units, walk_seconds, _walk, _join_walk, _merge_walk)
