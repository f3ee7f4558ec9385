"""The ownership job: what share of the entries will hold each driver."""

from typing import Any

import msgspec
import numpy as np

from core.field.estimators import OwnershipSlate
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Plan, Stage, Tick, only_part
from workers.plans.answers.knowledge import knowledge_notes, shown
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages import knowledge as knowledge_stage
from workers.plans.stages import races as race_stage
from workers.plans.stages.estimated_ownership import ownership_model, seen_by_the_field
from workers.plans.stages.races import projected_points, simulated_points, stored_bytes

OWNERSHIP = "ownership"


def _seen(request: OwnershipRequest, facts: Facts, blobs: Blobs) -> OwnershipSlate:
    slate = request.slate
    if request.spec is None:
        return OwnershipSlate.of(
            slate,
            track_archetype=request.track_archetype,
            entries=request.entries,
            race_date=request.race_date,
        )
    points = projected_points(slate, simulated_points(facts, blobs))
    return seen_by_the_field(slate, points, request.spec, request.entries, request.race_date)


def _run(
    request: OwnershipRequest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
) -> Json:
    del start, stop, tick
    asked = ownership_model(
        request.model,
        roster_size=request.slate.rules.roster_size,
        ensemble_method=request.method,
        custom_weights=request.weights,
        normalize_to="share" if request.share else "field",
    )
    seen = _seen(request, facts, blobs)
    forecast = asked.forecast(seen)
    return {
        "percent": forecast.percent.tolist(),
        "lower": forecast.lower_5.tolist(),
        "upper": forecast.upper_95.tolist(),
        "std": forecast.std.tolist(),
        "projected_points": [
            None if np.isnan(points) else points for points in seen.projected_points.tolist()
        ],
        "importance": asked.feature_importance_,
        "model": asked.about_,
    }


_STAGE: Stage[Any] = Stage(
    name=OWNERSHIP, units=lambda *_: 1, seconds=lambda _: 0.02, run=_run, join=only_part
)


def _stages(request: OwnershipRequest) -> tuple[Stage[Any], ...]:
    if request.spec is None:
        return (_STAGE,)
    told = () if request.knowledge is None else (knowledge_stage.STAGE,)
    return (*told, race_stage.STAGE, _STAGE)


def _notes(request: OwnershipRequest, facts: Facts) -> list[str]:
    notes = list(request.slate.warnings)
    if request.spec is not None:
        notes += knowledge_notes(request, facts)
    if request.n_recent_races is not None and not ownership_model(request.model).driver_effects:
        notes.append(
            "n_recent_races changes nothing here: the model holds no weights of single drivers, "
            "and recent form is the site's average."
        )
    return notes


def _finish(request: OwnershipRequest, facts: Facts, blobs: Blobs) -> Json:
    del blobs
    found = facts[OWNERSHIP]
    predictions: list[Json] = []
    for place, driver in enumerate(request.slate.drivers):
        said: Json = {
            "driver_id": driver.driver_id,
            "name": driver.name,
            "salary": driver.salary_usd,
            "projected_points": found["projected_points"][place],
            "ownership_percent": found["percent"][place],
        }
        if request.uncertainty:
            said["uncertainty_lower"] = found["lower"][place]
            said["uncertainty_upper"] = found["upper"][place]
            said["std"] = found["std"][place]
        predictions.append(said)
    simulated = request.spec is not None
    return {
        "race_id": request.race_id,
        "ownership_predictions": predictions,
        "total": sum(found["percent"]),
        "feature_importance": found["importance"],
        "model": found["model"],
        "scenario_diagnostics": {"knowledge": shown(request, facts)} if simulated else None,
        "notes": _notes(request, facts),
        "random_seed": request.seed if simulated else None,
    }


PLAN = Plan(
    kind="ownership",
    read=msgspec.json.Decoder(OwnershipRequest).decode,
    stages=_stages,
    finish=_finish,
    stored_bytes=lambda request: (
        0 if request.spec is None else stored_bytes(request.slate, request.n_scenarios)
    ),
)
