"""The optimize job: races, every legal lineup, the portfolio, the contest, the answer."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD, value_lineups
from core.field import sample_field
from core.lineups import (
    Found,
    LineupRules,
    Lineups,
    WalkStart,
    best_by_tail,
    best_by_value,
    merge_found,
    start_tail_walk,
    tail_values,
    walk_units,
)
from core.portfolio import Portfolio, generate_additive_portfolio, generate_portfolio
from core.randomness import Purpose, stream
from workers import knowledge_stage, race_stage
from workers.blobs import Blobs
from workers.contest_stage import (
    contest_bytes,
    contest_seconds,
    contest_stage,
    field_model,
    field_stage,
    terms_of,
)
from workers.optimize_answer import MICROPOINTS, answer, mean_values
from workers.optimize_request import Objective, OptimizeRequest
from workers.race_stage import block_count, block_rows, half, selects, simulated_points
from workers.stages import FAN, Facts, Json, Plan, Stage, Tick, only_part

OPENING, LINEUPS, VALUES, PORTFOLIO = "opening", "lineups", "values", "portfolio"

_LOOKED_AT_PER_SECOND = 10_000_000_000  # lineups x scenarios, bounded together


def _selection(facts: Facts, blobs: Blobs) -> npt.NDArray[np.int16]:
    return half(simulated_points(facts, blobs), selection=True)


def _best_by_mean(
    request: OptimizeRequest, points: npt.NDArray[np.int16], rules: LineupRules
) -> Found:
    found = best_by_value(mean_values(request, points), rules, request.pool_size)
    return Found(found.lineups, found.scores / MICROPOINTS, found.looked_at, 0, 0)


def _open(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    del start, stop, tick
    found = start_tail_walk(
        _selection(facts, blobs), request.rules, request.target, request.pool_size
    )
    known = found.at_least if math.isfinite(found.at_least) else None
    return {"at_least": known, "thresholds": found.thresholds.tolist()}


def _walk_start(facts: Facts) -> WalkStart:
    known = facts[OPENING]["at_least"]
    return WalkStart(
        -math.inf if known is None else known,
        np.array(facts[OPENING]["thresholds"], dtype=np.int64),
    )


def _walk(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    tick()
    found = best_by_tail(
        _selection(facts, blobs),
        request.rules,
        request.target,
        request.pool_size,
        walk_units(request.rules)[start:stop],
        _walk_start(facts),
    )
    return _put_found(blobs, found)


def _put_found(blobs: Blobs, found: Found) -> Json:
    # how many lineups a chunk looked at depends on the cut; no result may
    return {"found": blobs.put(lineups=found.lineups, scores=found.scores)}


def _get_found(blobs: Blobs, part: Json) -> Found:
    arrays = blobs.get(part["found"])
    return Found(arrays["lineups"], arrays["scores"], 0, 0, 0)


def _with_best_by_mean(
    request: OptimizeRequest, points: npt.NDArray[np.int16], rules: LineupRules, found: Found
) -> Lineups:
    """Add the best by mean: dollars like both a high ceiling and a high mean."""
    also = _best_by_mean(request, points, rules).lineups
    return np.unique(np.concatenate([found.lineups, also]), axis=0)


def _merge_walk(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, parts: Sequence[Json]
) -> Json:
    del facts
    found = merge_found([_get_found(blobs, part) for part in parts], request.pool_size)
    return _put_found(blobs, found)


def _join_walk(request: OptimizeRequest, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    found = merge_found([_get_found(blobs, part) for part in parts], request.pool_size)
    if request.objective is Objective.DOLLARS:
        both = _with_best_by_mean(request, _selection(facts, blobs), request.rules, found)
        found = Found(both, np.zeros(len(both)), 0, 0, 0)
    return _put_found(blobs, found)


def _dollars(
    request: OptimizeRequest,
    facts: Facts,
    points: npt.NDArray[np.int16],
    lineups: Lineups,
    blocks: Sequence[int],
    tick: Tick,
) -> npt.NDArray[np.int64]:
    """Give what each lineup wins alone, summed over blocks, in micro-dollars."""
    terms, model = terms_of(request), field_model(facts)
    total = np.zeros(len(lineups), dtype=np.int64)
    for block in blocks:
        tick()
        rng = stream(request.seed, Purpose.FIELD, block, 0)
        field = sample_field(model, terms.payouts.field_size - 1, rng)
        rows = block_rows(block, request.n_scenarios)
        total += value_lineups(points[rows], field, lineups, terms.payouts)
    return total


def _selection_blocks(request: OptimizeRequest) -> list[int]:
    return [block for block in range(block_count(request.n_scenarios)) if selects(block)]


def _value(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    lineups = blobs.get(facts[LINEUPS]["found"])["lineups"]
    points = simulated_points(facts, blobs)
    blocks = _selection_blocks(request)[start:stop]
    return {"won": blobs.put(won=_dollars(request, facts, points, lineups, blocks, tick))}


def _merge_values(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    del request, facts
    return {"won": blobs.put(won=_summed(blobs, parts))}


def _summed(blobs: Blobs, parts: Sequence[Json]) -> npt.NDArray[np.int64]:
    return np.asarray(np.stack([blobs.get(part["won"])["won"] for part in parts]).sum(axis=0))


def _join_values(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, parts: Sequence[Json]
) -> Json:
    won = _summed(blobs, parts)
    lineups = blobs.get(facts[LINEUPS]["found"])["lineups"]
    return _put_found(blobs, _ranked(lineups, _usd(request, won)))


def _usd(request: OptimizeRequest, won: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    races = sum(
        len(range(*block_rows(block, request.n_scenarios).indices(request.n_scenarios)))
        for block in _selection_blocks(request)
    )
    return won / (races * MICROS_PER_USD)


def _ranked(lineups: Lineups, scores: npt.NDArray[np.float64]) -> Found:
    order = np.lexsort((*lineups.T[::-1], -scores))
    return Found(lineups[order], scores[order], 0, 0, 0)


def _choose(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    del start, stop
    if request.objective is Objective.MEAN:
        portfolio = generate_additive_portfolio(
            mean_values(request, _selection(facts, blobs)),
            MICROPOINTS,
            request.rules,
            request.limits,
            request.diversity_weight,
        )
    else:
        portfolio = _chosen_from_pool(request, facts, blobs, tick)
    return {
        "portfolio": blobs.put(lineups=portfolio.lineups, scores=portfolio.scores),
        "pool_size": portfolio.pool_size,
        "worth": portfolio.worth,
        "bound": portfolio.bound,
    }


def _chosen_from_pool(
    request: OptimizeRequest, facts: Facts, blobs: Blobs, tick: Tick
) -> Portfolio:
    everything = simulated_points(facts, blobs)
    points = half(everything, selection=True)

    def value(lineups: Lineups) -> npt.NDArray[np.float64]:
        if request.objective is Objective.MULTI_CVAR:
            return tail_values(points, lineups, request.target)
        blocks = _selection_blocks(request)
        return _usd(request, _dollars(request, facts, everything, lineups, blocks, tick))

    def search(rules: LineupRules) -> Found:
        found = best_by_tail(points, rules, request.target, request.pool_size)
        if request.objective is Objective.MULTI_CVAR:
            return found
        both = _with_best_by_mean(request, points, rules, found)
        return _ranked(both, value(both))

    return generate_portfolio(
        _get_found(blobs, facts[VALUES if VALUES in facts else LINEUPS]),
        request.rules,
        request.limits,
        search,
        value,
        request.diversity_weight,
    )


def _walk_seconds(request: OptimizeRequest) -> float:
    lineups = math.comb(len(request.rules.eligible), request.rules.roster_size)
    return lineups * request.n_scenarios / 2 / _LOOKED_AT_PER_SECOND


def _points(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> npt.NDArray[np.int16]:
    del request
    return simulated_points(facts, blobs)


def _selected(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> npt.NDArray[np.int16]:
    del request
    return _selection(facts, blobs)


def _lineups(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Lineups:
    del request
    return blobs.get(facts[PORTFOLIO]["portfolio"])["lineups"]


def _units(request: OptimizeRequest, facts: Facts) -> int:
    del facts
    return len(walk_units(request.rules))


_OPENING = Stage(OPENING, lambda *_: 1, lambda _: 0.2, _open, only_part)
_WALK = Stage(LINEUPS, _units, _walk_seconds, _walk, _join_walk, _merge_walk)
_VALUES = Stage(
    VALUES,
    lambda request, _: len(_selection_blocks(request)),
    contest_seconds,
    _value,
    _join_values,
    _merge_values,
)
_CHOICE = Stage(PORTFOLIO, lambda *_: 1, lambda _: 1.0, _choose, only_part)
FIELD_STAGE = field_stage(_selected, lambda request: request.rules.salary_cap_usd)
CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: OptimizeRequest) -> tuple[Stage[OptimizeRequest], ...]:
    played = request.contest is not None
    tail = request.objective is not Objective.MEAN
    wanted = (
        (knowledge_stage.STAGE, request.knowledge is not None),
        (race_stage.STAGE, True),
        (FIELD_STAGE, played),
        (_OPENING, tail),
        (_WALK, tail),
        (_VALUES, request.objective is Objective.DOLLARS),
        (_CHOICE, True),
        (CONTEST_STAGE, played),
    )
    return tuple(stage for stage, needed in wanted if needed)


def _finish(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Json:
    portfolio = blobs.get(facts[PORTFOLIO]["portfolio"])
    return answer(request, facts, blobs, portfolio["lineups"], portfolio["scores"])


def _stored_bytes(request: OptimizeRequest) -> int:
    pools = FAN * request.pool_size * (request.rules.roster_size + 16)
    played = 0
    if request.contest is not None:
        played = contest_bytes(request, request.limits.n_lineups)
    return race_stage.stored_bytes(request.slate, request.n_scenarios) + pools + played


PLAN = Plan(
    kind="optimize",
    read=msgspec.json.Decoder(OptimizeRequest).decode,
    stages=_stages,
    finish=_finish,
    stored_bytes=_stored_bytes,
)
