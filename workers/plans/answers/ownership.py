"""The answer of an ownership job, as the API shows it."""

from core.wording import many
from workers.engine.stages import Json, Work
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.estimated_ownership import ownership_model, unknown_spots
from workers.plans.stages.ownership import OWNERSHIP, OwnershipFact


def ownership_answer(work: Work[OwnershipRequest]) -> Json:
    """The whole result."""
    request, facts = work.request, work.facts
    estimate = facts.of(OWNERSHIP)
    simulated = request.spec is not None
    return {
        "site": request.slate.site.key,
        "race_id": request.race_id,
        "ownership_predictions": _predictions(request, estimate),
        "total": sum(estimate.percent),
        "feature_importance": estimate.importance,
        "model": estimate.model,
        "notes": _notes(request),
        "random_seed": request.seed if simulated else None,
    }


def _predictions(request: OwnershipRequest, estimate: OwnershipFact) -> list[Json]:
    predictions: list[Json] = []
    for index, driver in enumerate(request.slate.drivers):
        prediction: Json = {
            "driver_id": driver.driver_id,
            "name": driver.name,
            "salary": driver.salary_usd,
            "projected_points": estimate.projected_points[index],
            "ownership_percent": estimate.percent[index],
        }
        if request.uncertainty:
            prediction["uncertainty_lower"] = estimate.lower[index]
            prediction["uncertainty_upper"] = estimate.upper[index]
            prediction["std"] = estimate.std[index]
        predictions.append(prediction)
    return predictions


def _notes(request: OwnershipRequest) -> list[str]:
    notes = list(request.slate.warnings)
    own = (driver.projected_points is not None for driver in request.slate.drivers)
    if request.spec is not None and any(own):
        notes.append("The estimate does not read your projected points: entrants do not know them.")
    if spots := unknown_spots(request.slate):
        notes.append(_of_grid(spots, simulated=request.spec is not None))
    if request.n_recent_races is not None and not ownership_model(request.model).driver_effects:
        notes.append(
            "n_recent_races changes nothing here: the model holds no weights of single drivers, "
            "and recent form is the site's average."
        )
    return notes


def _of_grid(spots: int, simulated: bool) -> str:
    if not simulated:
        return (
            f"{many(spots, 'starting spot')} not known: these drivers count as starting in the "
            "middle of the grid, and the intervals are too narrow for that."
        )
    return (
        f"{many(spots, 'starting spot')} not known: the estimate is the mean over grids that the "
        "race model draws, and the intervals are wider for it."
    )
