"""The contest-sim job: a user's own lineups, played in every simulated race."""

from typing import Any

import msgspec

from core.lineups import Lineups
from workers.engine.stages import Plan, Stage, Work
from workers.plans.answers.contest_sim import contest_sim_answer, own_lineups
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.stages.contest import contest_stage
from workers.plans.stages.contest_units import contest_bytes
from workers.plans.stages.field import field_stage
from workers.plans.stages.knowledge import KNOWLEDGE_STAGE
from workers.plans.stages.market import MARKET_STAGE
from workers.plans.stages.odds_search import ODDS_STAGE
from workers.plans.stages.races import Points, simulated_points
from workers.plans.stages.simulation import RACES_STAGE, stored_bytes
from workers.plans.stages.views import other_views, views_bytes, views_stage


def _points(work: Work[ContestSimRequest]) -> Points:
    if work.request.scores is not None:
        return work.arrays.get(work.request.scores)["points"]
    return simulated_points(work.facts, work.arrays)


def _lineups(work: Work[ContestSimRequest]) -> Lineups:
    return own_lineups(work.request)


_VIEWS_STAGE = views_stage(_lineups)
_FIELD_STAGE = field_stage(_points)
_CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: ContestSimRequest) -> tuple[Stage[ContestSimRequest, Any, Any], ...]:
    if request.scores is not None:
        return (_FIELD_STAGE, _CONTEST_STAGE)
    known = () if request.knowledge is None else (KNOWLEDGE_STAGE,)
    market = () if request.market is None else (MARKET_STAGE,)
    odds = () if request.odds is None else (ODDS_STAGE,)
    views = (_VIEWS_STAGE,) if other_views(request) else ()
    # where there is a market's view, a block's races move with its field
    races = (_FIELD_STAGE, RACES_STAGE) if market else (RACES_STAGE, _FIELD_STAGE)
    return (*known, *market, *odds, *races, _CONTEST_STAGE, *views)


def _stored_bytes(request: ContestSimRequest) -> int:
    simulated = (
        0 if request.scores is not None else stored_bytes(request.slate, request.n_scenarios)
    )
    return simulated + contest_bytes(request) + views_bytes(request)


PLAN = Plan(
    kind="contest-sim",
    read=msgspec.json.Decoder(ContestSimRequest).decode,
    stages=_stages,
    finish=contest_sim_answer,
    stored_bytes=_stored_bytes,
)
