"""The optimize jobs: races, every legal lineup, the portfolio, the contest, the answer."""

from typing import Any

import msgspec

from core.lineups import Lineups
from workers.engine.stages import Plan, Stage, Work
from workers.plans.answers.optimize import optimize_answer
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages.choice import CHOICE_STAGE
from workers.plans.stages.contest import contest_stage
from workers.plans.stages.contest_units import contest_bytes
from workers.plans.stages.field import field_stage
from workers.plans.stages.knowledge import KNOWLEDGE_STAGE
from workers.plans.stages.portfolio import chosen_lineups
from workers.plans.stages.prize_walk import PRIZE_OPENING_STAGE, PRIZE_WALK_STAGE
from workers.plans.stages.prizes import PRIZES_STAGE, prizes_bytes
from workers.plans.stages.races import Points, selection_points, simulated_points
from workers.plans.stages.simulation import RACES_STAGE, stored_bytes
from workers.plans.stages.tail_walk import TAIL_OPENING_STAGE, TAIL_WALK_STAGE
from workers.plans.stages.validation import VALIDATION_STAGE
from workers.plans.stages.walk import pools_bytes

_REGIMES = 4


def _points(work: Work[OptimizeRequest]) -> Points:
    return simulated_points(work.facts, work.arrays)


def _selected(work: Work[OptimizeRequest]) -> Points:
    return selection_points(work.facts, work.arrays)


def _lineups(work: Work[OptimizeRequest]) -> Lineups:
    return chosen_lineups(work.facts, work.arrays)


FIELD_STAGE = field_stage(_selected)
CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: OptimizeRequest) -> tuple[Stage[OptimizeRequest, Any, Any], ...]:
    played = request.contest is not None
    by_dollars = request.objective is Objective.DOLLARS
    by_tail = request.objective is Objective.MULTI_CVAR
    wanted: tuple[tuple[Stage[OptimizeRequest, Any, Any], bool], ...] = (
        (KNOWLEDGE_STAGE, request.knowledge is not None),
        (RACES_STAGE, True),
        (FIELD_STAGE, played),
        (PRIZES_STAGE, by_dollars),
        (PRIZE_OPENING_STAGE, by_dollars),
        (PRIZE_WALK_STAGE, by_dollars),
        (TAIL_OPENING_STAGE, by_tail),
        (TAIL_WALK_STAGE, by_tail),
        (CHOICE_STAGE, True),
        (VALIDATION_STAGE, request.validate_tail),
        (CONTEST_STAGE, played),
    )
    return tuple(stage for stage, needed in wanted if needed)


def _stored_bytes(request: OptimizeRequest) -> int:
    strands = _REGIMES if request.leverage is not None and request.leverage.by_regime else 1
    played = 0
    if request.contest is not None:
        played = contest_bytes(request)
    if request.objective is Objective.DOLLARS:
        played += prizes_bytes(request)
    races = stored_bytes(request.slate, request.n_scenarios)
    return races + pools_bytes(request, strands) + played


def _plan(kind: str) -> Plan[OptimizeRequest]:
    return Plan(
        kind=kind,
        read=msgspec.json.Decoder(OptimizeRequest).decode,
        stages=_stages,
        finish=optimize_answer,
        stored_bytes=_stored_bytes,
    )


PLAN = _plan("optimize")
LEVERAGE_PLAN = _plan("optimize-with-leverage")
