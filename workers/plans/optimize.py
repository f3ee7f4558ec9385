"""The optimize jobs: races, every legal lineup, the portfolio, the contest, the answer."""

import msgspec

from core.lineups import Lineups
from workers.engine.arrays import Blobs
from workers.engine.stages import FAN, Facts, Json, Plan, Stage
from workers.plans.answers.optimize import answer
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages import knowledge as knowledge_stage
from workers.plans.stages import races as race_stage
from workers.plans.stages.choice import CHOICE_STAGE, PORTFOLIO
from workers.plans.stages.contest import contest_bytes, contest_stage
from workers.plans.stages.field import field_stage
from workers.plans.stages.prizes import PRIZES_STAGE, prizes_bytes
from workers.plans.stages.races import simulated_points
from workers.plans.stages.validation import VALIDATION_STAGE
from workers.plans.stages.walk import OPENING_STAGE, WALK_STAGE, Points, selection_points

_REGIMES = 4


def _points(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Points:
    del request
    return simulated_points(facts, blobs)


def _selected(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Points:
    del request
    return selection_points(facts, blobs)


def _lineups(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Lineups:
    del request
    return blobs.get(facts[PORTFOLIO]["portfolio"])["lineups"]


FIELD_STAGE = field_stage(_selected, lambda request: request.rules.salary_cap_usd)
CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: OptimizeRequest) -> tuple[Stage[OptimizeRequest], ...]:
    played = request.contest is not None
    walked = request.objective is not Objective.MEAN
    wanted = (
        (knowledge_stage.STAGE, request.knowledge is not None),
        (race_stage.STAGE, True),
        (FIELD_STAGE, played),
        (PRIZES_STAGE, request.objective is Objective.DOLLARS),
        (OPENING_STAGE, walked),
        (WALK_STAGE, walked),
        (CHOICE_STAGE, True),
        (VALIDATION_STAGE, request.validate_tail),
        (CONTEST_STAGE, played),
    )
    return tuple(stage for stage, needed in wanted if needed)


def _finish(request: OptimizeRequest, facts: Facts, blobs: Blobs) -> Json:
    portfolio = blobs.get(facts[PORTFOLIO]["portfolio"])
    return answer(request, facts, blobs, portfolio["lineups"], portfolio["scores"])


def _stored_bytes(request: OptimizeRequest) -> int:
    strands = _REGIMES if request.leverage is not None and request.leverage.by_regime else 1
    pools = strands * FAN * request.pool_size * (request.rules.roster_size + 16)
    played = 0
    if request.contest is not None:
        played = contest_bytes(request)
    if request.objective is Objective.DOLLARS:
        played += prizes_bytes(request)
    return race_stage.stored_bytes(request.slate, request.n_scenarios) + pools + played


def _plan(kind: str) -> Plan[OptimizeRequest]:
    return Plan(
        kind=kind,
        read=msgspec.json.Decoder(OptimizeRequest).decode,
        stages=_stages,
        finish=_finish,
        stored_bytes=_stored_bytes,
    )


PLAN = _plan("optimize")
LEVERAGE_PLAN = _plan("optimize-with-leverage")
