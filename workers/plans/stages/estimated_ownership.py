"""The opposing field's ownership: the user's, or the ownership model's estimate.

A user's own model is part of the request, so that every worker uses the same one.
"""

import json
from copy import copy
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.errors import Infeasible
from core.field import (
    FieldModel,
    complete_ownership,
    field_parameters,
    fit_field,
    nearest_ownership,
    with_spending,
)
from core.field.estimators import OwnershipSlate
from core.race import ConstraintSpec, draw_grids
from core.slate import Slate, find_track
from core.wording import many

if TYPE_CHECKING:
    from core.field.estimators import HybridOwnershipEstimator, OwnershipForecast

MODEL_OWNERSHIP = "estimated by the ownership model"
REPAIRED_OWNERSHIP = "moved to the nearest that fits the cap, from ownership"
_TYPICAL_TRACK = "kansas"

Floats = npt.NDArray[np.float64]


def ownership_model(document: str | None, **parameters: Any) -> "HybridOwnershipEstimator":
    """The fitted model of a document, or the one that the project ships.

    Parameters
    ----------
    document
        JSON; ``None`` = the shipped one.
    parameters
        Parameters that replace the fitted ones: ``roster_size``, ``ensemble_method`` ..

    Raises
    ------
    InvalidInput
        The document holds no fitted model.
    """
    # the fitted members are shared between copies, the parameters are not
    model = copy(_fitted(document))
    model.set_params(**parameters)
    return model


@lru_cache(maxsize=4)
def _fitted(document: str | None) -> "HybridOwnershipEstimator":
    from core.field.estimators import from_json, shipped_ownership_model  # noqa: PLC0415

    return shipped_ownership_model() if document is None else from_json(json.loads(document))


def slate_to_estimate(
    slate: Slate,
    projected_points: npt.ArrayLike,
    spec: ConstraintSpec | None,
    entries: int | None = None,
    race_date: str | None = None,
) -> OwnershipSlate:
    """A slate as its ownership is estimated from.

    Parameters
    ----------
    slate
        Drivers; where it names no track, that of a typical oval stands in.
    projected_points
        By driver, ``[D]``.
    spec
        The race, for each driver's skill; ``None`` if no race is simulated.
    entries
        Entries of the contest.
    race_date
        YYYY-MM-DD.
    """
    if slate.track is None:
        slate = replace(slate, track=find_track(_TYPICAL_TRACK))
    return OwnershipSlate.of(
        slate,
        projected_points=projected_points,
        skill=None if spec is None else np.array([driver.skill for driver in spec.drivers]),
        entries=entries,
        race_date=race_date,
    )


def versions_to_estimate(
    slate: Slate, estimated: OwnershipSlate, spec: ConstraintSpec | None, seed: int
) -> list[OwnershipSlate]:
    """The slate once, or with each of the grids that the race model draws where it is not known.

    An estimate is the mean over them: known spots stay, and the other drivers qualify for the rest.
    A driver who starts further back is projected for more points there, for positions that he can
    gain, and owned by more for both.

    Parameters
    ----------
    slate
        Drivers.
    estimated
        The slate as its ownership is estimated from, its projections means over all grids.
    spec
        The race as entrants know it; ``None`` if no race is simulated: drivers of unknown spot then
        count as starting in the middle.
    seed
        Of the job.
    """
    grids = None if spec is None else draw_grids(spec, slate.rules, seed)
    if grids is None:
        return [estimated]
    return [
        replace(
            estimated,
            start_position=start,
            projected_points=estimated.projected_points + moved,
        )
        for start, moved in zip(grids.start, grids.points_moved, strict=True)
    ]


def field_of_ownership(
    slate: Slate, percent: npt.ArrayLike, cap_usd: int, source: str
) -> tuple[FieldModel, str]:
    """The field fitted to a user's ownership, or to the nearest that a mix of legal lineups has.

    Returns
    -------
    The field, and where its ownership comes from: ``source``, and why it was moved, if it was.
    """
    salaries, size = slate.salaries_usd, slate.rules.roster_size
    names = [driver.name for driver in slate.drivers]
    try:
        return fit_field(salaries, percent, size, cap_usd, names), source
    except Infeasible as error:
        left_usd = field_parameters().left_usd
        near = nearest_ownership(salaries, percent, size, cap_usd, left_usd)
        moved = f"{REPAIRED_OWNERSHIP} {source}: {error.reason.rstrip('.')}"
        return fit_field(salaries, near, size, cap_usd), moved


def estimated_percent(
    slate: Slate,
    projected_points: npt.ArrayLike,
    spec: ConstraintSpec | None,
    cap_usd: int,
    entries: int | None,
    document: str | None,
    seed: int,
) -> Floats:
    """Estimated ownership of a contest's field, percent of entries, ``[D]``.

    A driver whose ownership the slate holds keeps it; the others share the rest, so that the
    average entry leaves as much of the cap as real ones do. Where the grid is not known, the
    estimate is the mean over grids that the race model draws.
    """
    estimated = slate_to_estimate(slate, projected_points, spec, entries)
    forecast = _forecast(slate, estimated, spec, document, seed)
    return spending_as_real(estimated, forecast.percent, cap_usd)


def estimated_deviation(
    slate: Slate,
    projected_points: npt.ArrayLike,
    spec: ConstraintSpec | None,
    entries: int | None,
    document: str | None,
    seed: int,
) -> Floats:
    """Standard deviation of :func:`estimated_percent`, percent of entries, ``[D]``.

    Where the grid is not known, it holds what the grids add.
    """
    estimated = slate_to_estimate(slate, projected_points, spec, entries)
    return _forecast(slate, estimated, spec, document, seed).std


def _forecast(
    slate: Slate,
    estimated: OwnershipSlate,
    spec: ConstraintSpec | None,
    document: str | None,
    seed: int,
) -> "OwnershipForecast":
    """What the ownership model says of a contest's field, its mean over grids that are unknown."""
    model = ownership_model(
        document,
        roster_size=slate.rules.roster_size,
        ensemble_method="voting",
        normalize_to="field",
    )
    return model.forecast_mean(versions_to_estimate(slate, estimated, spec, seed))


def spending_as_real(estimated: OwnershipSlate, percent: Floats, cap_usd: int) -> Floats:
    """An estimate with which the average entry leaves as much of the cap as real ones do.

    Known ownership stays.
    """
    spent_usd = cap_usd - field_parameters().left_usd
    free = estimated.racing & np.isnan(estimated.ownership_percent)
    return with_spending(percent, estimated.salaries_usd, spent_usd, free)


def estimated_field(
    slate: Slate,
    projected_points: npt.ArrayLike,
    spec: ConstraintSpec | None,
    cap_usd: int,
    entries: int | None,
    document: str | None,
    seed: int,
) -> tuple[FieldModel, str]:
    """The field fitted to estimated ownership, or to the nearest that legal lineups can have.

    A driver whose ownership the slate holds keeps it; the others share the rest.

    Returns
    -------
    The field, and where the estimate comes from.
    """
    size = slate.rules.roster_size
    percent = estimated_percent(slate, projected_points, spec, cap_usd, entries, document, seed)
    source = source_of_estimate(document, slate, simulated=spec is not None)
    try:
        return fit_field(slate.salaries_usd, percent, size, cap_usd), source
    except Infeasible:
        estimated = slate_to_estimate(slate, projected_points, spec, entries)
        near = _near(slate, estimated, percent, cap_usd)
        model = fit_field(slate.salaries_usd, near, size, cap_usd)
        return model, f"{REPAIRED_OWNERSHIP} {source}"


def _near(slate: Slate, estimated: OwnershipSlate, percent: Floats, cap_usd: int) -> Floats:
    """Ownership near an estimate that legal lineups can have; known ownership stays."""
    size, racing = slate.rules.roster_size, estimated.racing
    known = estimated.ownership_percent[racing]
    if bool(np.isnan(known).all()):
        left_usd = field_parameters().left_usd
        return nearest_ownership(slate.salaries_usd, percent, size, cap_usd, left_usd)
    near = np.zeros(len(slate))
    near[racing] = complete_ownership(
        slate.salaries_usd[racing], known, size, cap_usd, prior_percent=percent[racing]
    )
    return near


def source_of_estimate(document: str | None, slate: Slate, simulated: bool = True) -> str:
    """Where an estimate comes from and its mean error, in words.

    ``simulated`` is whether there is a race model of the slate, which draws grids.
    """
    about = ownership_model(document).about_
    known = sum(driver.ownership_percent is not None for driver in slate.drivers if not driver.out)
    drivers = "driver" if known == 1 else "drivers"
    kept = f"; of {known} {drivers} as the drivers file gives it" if known else ""
    track = "" if slate.track is not None else f"; for {_TYPICAL_TRACK}, as no track is named"
    grid = _grid_words(slate, simulated)
    return (
        f"{MODEL_OWNERSHIP} (learnt from {about['n_contests']} contests, mean error "
        f"{about['mae']:.0f} percentage points per driver){kept}{track}{grid}"
    )


def _grid_words(slate: Slate, simulated: bool) -> str:
    """What an estimate does about starting spots that are not known, in words; or nothing."""
    spots = unknown_spots(slate)
    if not spots:
        return ""
    done = "the mean over grids that the race model draws" if simulated else "counted as the middle"
    return f"; {many(spots, 'starting spot')} not known: {done}, and the error is larger"


def unknown_spots(slate: Slate) -> int:
    """Number of drivers who race from a starting spot that is not known."""
    return sum(d.start_position is None and not d.out for d in slate.drivers)
