"""The stage that estimates ownership."""

from typing import Any

import msgspec
import numpy as np

from core.field.estimators import MEMBERS, OwnershipSlate
from workers.engine.facts import Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.estimated_ownership import (
    ownership_model,
    slate_to_estimate,
    spending_as_real,
    versions_to_estimate,
)
from workers.plans.stages.races import mean_points, simulated_points


class OwnershipFact(msgspec.Struct, frozen=True):
    """The estimate, by driver of the slate.

    Parameters
    ----------
    percent, lower, upper, std
        Ownership, its 5% and 95% bounds and its standard deviation, in percent of entries, or of
        roster spots where the request is for shares.
    projected_points
        What it was estimated from; ``None`` where a driver has no projection.
    importance
        Share of each feature in the estimate.
    model
        What the model says of itself.
    """

    percent: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    std: tuple[float, ...]
    projected_points: tuple[float | None, ...]
    importance: dict[str, float]
    model: dict[str, Any]


OWNERSHIP = Key("ownership", OwnershipFact)


def _slate(work: Work[OwnershipRequest]) -> OwnershipSlate:
    request = work.request
    if request.spec is None:
        return OwnershipSlate.of(
            request.slate,
            track_archetype=request.track_archetype,
            entries=request.entries,
            race_date=request.race_date,
        )
    points = mean_points(simulated_points(work.facts, work.arrays))
    return slate_to_estimate(
        request.slate, points, request.spec, request.entries, request.race_date
    )


def _run(work: Work[OwnershipRequest]) -> OwnershipFact:
    request = work.request
    model = ownership_model(
        request.model,
        roster_size=request.slate.rules.roster_size,
        ensemble_method=request.method,
        # by name: an installation's own model may combine other estimators
        custom_weights=None
        if request.weights is None
        else dict(zip(MEMBERS, request.weights, strict=True)),
        normalize_to="share" if request.share else "field",
    )
    slate = _slate(work)
    versions = versions_to_estimate(request.slate, slate, request.spec, request.seed)
    forecast = model.forecast_mean(versions)
    # as where a contest is played: entries leave as much of the cap as real ones do
    share = slate.roster_size if request.share else 1
    percent = spending_as_real(slate, share * forecast.percent, slate.salary_cap_usd) / share
    return OwnershipFact(
        percent=tuple(percent.tolist()),
        lower=tuple(np.minimum(forecast.lower_5, percent).tolist()),
        upper=tuple(np.maximum(forecast.upper_95, percent).tolist()),
        std=tuple(forecast.std.tolist()),
        projected_points=tuple(
            None if np.isnan(points) else points for points in slate.projected_points.tolist()
        ),
        importance=model.feature_importance_,
        model=model.about_,
    )


OWNERSHIP_STAGE = single_unit_stage(OWNERSHIP, seconds=lambda _: 0.02, run=_run)
