"""The contest-sim job: a user's own lineups, played in every simulated race."""

import msgspec
import numpy as np
import numpy.typing as npt

from core.field import FieldModel
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Plan, Stage
from workers.plans.answers.contest import contest_notes, contest_results
from workers.plans.answers.knowledge import knowledge_notes, shown
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.stages import knowledge as knowledge_stage
from workers.plans.stages import races as race_stage
from workers.plans.stages.contest import contest_bytes, contest_stage
from workers.plans.stages.field import FIELD, field_stage
from workers.plans.stages.races import simulated_points, stored_bytes


def _points(request: ContestSimRequest, facts: Facts, blobs: Blobs) -> npt.NDArray[np.int16]:
    if request.scores is not None:
        return blobs.get(request.scores)["points"]
    return simulated_points(facts, blobs)


def _lineups(request: ContestSimRequest, facts: Facts, blobs: Blobs) -> npt.NDArray[np.uint8]:
    del facts, blobs
    return np.array(request.lineups, dtype=np.uint8)


_FIELD_STAGE = field_stage(_points, lambda request: request.salary_cap_usd)
_CONTEST_STAGE = contest_stage(_points, _lineups)


def _stages(request: ContestSimRequest) -> tuple[Stage[ContestSimRequest], ...]:
    if request.scores is not None:
        return (_FIELD_STAGE, _CONTEST_STAGE)
    told = () if request.knowledge is None else (knowledge_stage.STAGE,)
    return (*told, race_stage.STAGE, _FIELD_STAGE, _CONTEST_STAGE)


def _finish(request: ContestSimRequest, facts: Facts, blobs: Blobs) -> Json:
    results = contest_results(request, facts, blobs, _lineups(request, facts, blobs), "both")
    model = FieldModel.from_json(facts[FIELD]["model"])
    ids = [driver.driver_id for driver in request.slate.drivers]
    for figures, lineup in zip(results["per_lineup"], request.lineups, strict=True):
        figures["drivers"] = [ids[place] for place in lineup]
    simulated = request.scores is None
    return {
        **results,
        "scenario_diagnostics": {"knowledge": shown(request, facts)} if simulated else None,
        "ownership_percent": dict(zip(ids, model.ownership_percent, strict=True)),
        "ownership_source": facts[FIELD]["source"],
        "notes": _notes(request, facts),
        "random_seed": request.seed,
    }


def _notes(request: ContestSimRequest, facts: Facts) -> list[str]:
    notes = list(request.slate.warnings) if request.spec is not None else []
    held = sorted({place for lineup in request.lineups for place in lineup})
    out = [request.slate.drivers[i].name for i in held if request.slate.drivers[i].out]
    if out:
        notes.append(f"In the lineups but not in the race: {', '.join(out)}.")
    # own scores are no simulated races: nothing is to be said of what those follow
    told = knowledge_notes(request, facts) if request.scores is None else []
    return [*notes, *told, *contest_notes(request, facts)]


def _stored_bytes(request: ContestSimRequest) -> int:
    simulated = (
        0 if request.scores is not None else stored_bytes(request.slate, request.n_scenarios)
    )
    return simulated + contest_bytes(request)


PLAN = Plan(
    kind="contest-sim",
    read=msgspec.json.Decoder(ContestSimRequest).decode,
    stages=_stages,
    finish=_finish,
    stored_bytes=_stored_bytes,
)
