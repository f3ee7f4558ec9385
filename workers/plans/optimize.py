"""The optimize jobs: races, every legal lineup, the portfolio, the contest, the answer."""

from typing import Any

import msgspec

from core.lineups import Lineups
from workers.engine.stages import Plan, Stage, Work
from workers.plans.answers.optimize import optimize_answer
from workers.plans.objectives.plan import plan_of
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.contest import contest_stage
from workers.plans.stages.contest_units import contest_bytes
from workers.plans.stages.field import field_stage
from workers.plans.stages.knowledge import KNOWLEDGE_STAGE
from workers.plans.stages.market import MARKET_STAGE
from workers.plans.stages.odds_search import ODDS_STAGE
from workers.plans.stages.portfolio import chosen_lineups
from workers.plans.stages.races import Points, simulated_points
from workers.plans.stages.simulation import RACES_STAGE, stored_bytes
from workers.plans.stages.validation import VALIDATION_STAGE
from workers.plans.stages.views import other_views, views_bytes, views_stage


def _points(work: Work[OptimizeRequest]) -> Points:
    return simulated_points(work.facts, work.arrays)


def _lineups(work: Work[OptimizeRequest]) -> Lineups:
    return chosen_lineups(work.facts, work.arrays)


VIEWS_STAGE = views_stage(_lineups)
FIELD_STAGE = field_stage(_points)
CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: OptimizeRequest) -> tuple[Stage[OptimizeRequest, Any, Any], ...]:
    known = (KNOWLEDGE_STAGE,) if request.knowledge is not None else ()
    market = (MARKET_STAGE,) if request.market is not None else ()
    odds = (ODDS_STAGE,) if request.odds is not None else ()
    played = request.contest is not None
    field = (FIELD_STAGE,) if played else ()
    # where there is a market's view, a block's races move with its field
    races = (*field, RACES_STAGE) if market else (RACES_STAGE, *field)
    contest = (CONTEST_STAGE, *_views(request)) if played else ()
    validation = (VALIDATION_STAGE,) if request.validate_tail else ()
    chosen = plan_of(request.objective).stages
    return (*known, *market, *odds, *races, *chosen, *validation, *contest)


def _views(request: OptimizeRequest) -> tuple[Stage[OptimizeRequest, Any, Any], ...]:
    return (VIEWS_STAGE,) if other_views(request) else ()


def _stored_bytes(request: OptimizeRequest) -> int:
    races = stored_bytes(request.slate, request.n_scenarios)
    played = 0 if request.contest is None else contest_bytes(request) + views_bytes(request)
    return races + plan_of(request.objective).stored_bytes(request) + played


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
