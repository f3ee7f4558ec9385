"""Ownership requests, and ownership that a slate's drivers bring along."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.field import complete_ownership, read_ownership, without
from core.field.estimators import MEMBERS, archetype_of
from core.slate import Driver, Slate
from web.labels import blamed_on
from web.requests.plain_fields import plain_fields
from web.requests.slates import (
    Body,
    inline_slate,
    public_race_of,
    scenario_count,
    slate_of,
)
from web.requests.sources import Sources
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.estimated_ownership import ownership_model

_SUM_TOLERANCE = 1e-6


def ownership_request(body: Body, sources: Sources) -> OwnershipRequest:
    """The whole ownership request, checked.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    """
    drivers_from = [name for name in ("slate_id", "drivers", "driver_data") if name in body]
    if len(drivers_from) != 1:
        raise InvalidInput({"slate_id": "give one of slate_id, drivers and driver_data."})
    race = body.get("race_data", {})
    model = sources.ownership_model
    _require_recent(body, model)
    weights = _weights(body)
    race_date = race.get("race_date")
    common: dict[str, Any] = {
        "race_id": race.get("race_id"),
        "race_date": None if race_date is None else race_date.isoformat(),
        "entries": body.get("field_size"),
        "method": body["ensemble_method"],
        "weights": weights,
        "uncertainty": body["include_uncertainty"],
        "share": body["normalize_to"] == "share",
        "seed": body["random_seed"],
        "model": model,
        **plain_fields(OwnershipRequest, body),
    }
    if drivers_from == ["driver_data"]:
        if "track_archetype" not in race:
            raise InvalidInput({"race_data.track_archetype": "needed with driver_data; give it."})
        if "scenario_config" in body:
            raise InvalidInput({"scenario_config": "driver_data is projected, nothing simulated."})
        slate = _slate(body)
        slate = with_known_ownership(
            slate, slate.rules.salary_cap_usd, "driver_data.ownership_percent"
        )
        return OwnershipRequest(slate=slate, track_archetype=race["track_archetype"], **common)
    slate = slate_of(body, sources)
    # entrants know nothing of the user's skills and sliders
    spec = public_race_of(slate, body)
    kind = archetype_of(slate.track.track_type) if slate.track is not None else None
    if race.get("track_archetype", kind) != kind:
        raise InvalidInput(
            {
                "race_data.track_archetype": f"{race['track_archetype']!r}, but the slate's track "
                f"is of kind {kind!r}; leave it out."
            }
        )
    slate = with_known_ownership(slate, slate.rules.salary_cap_usd, "drivers.ownership_percent")
    return OwnershipRequest(
        slate=slate,
        n_scenarios=scenario_count(body),
        spec=spec,
        **common,
    )


def with_known_ownership(slate: Slate, cap_usd: int, key: str) -> Slate:
    """The slate with its drivers' known ownership in percent of entries.

    If all who race have known ownership, it is read like any ownership: percent of entries or
    shares of roster spots, within the usual tolerance. The ownership of withdrawn drivers goes to
    the others. If only some drivers have known ownership, it must leave the others enough to fill
    the rosters.

    Raises
    ------
    InvalidInput
        On ``key``: numbers that do not add up, or that no mix of legal lineups has.
    """
    racing = [driver for driver in slate.drivers if not driver.out]
    known = [driver.ownership_percent for driver in racing]
    if all(percent is None for percent in known):
        return slate
    size = slate.rules.roster_size
    with blamed_on(key):
        if None not in known:
            whole = [driver.ownership_percent or 0.0 for driver in slate.drivers]
            out = np.array([driver.out for driver in slate.drivers])
            percents = without(read_ownership(whole, size), out, size).tolist()
            return replace(
                slate,
                drivers=tuple(
                    replace(driver, ownership_percent=percent)
                    for driver, percent in zip(slate.drivers, percents, strict=True)
                ),
            )
        salaries = [driver.salary_usd for driver in racing]
        percents = [float("nan") if percent is None else percent for percent in known]
        complete_ownership(salaries, percents, size, cap_usd)
    return slate


def _slate(body: Body) -> Slate:
    return inline_slate(
        body,
        tuple(
            Driver(
                **{
                    "name": driver["driver_id"],
                    **{key: value for key, value in driver.items() if key != "salary"},
                },
                salary_usd=driver["salary"],
            )
            for driver in body["driver_data"]
        ),
    )


def _weights(body: Body) -> tuple[float, ...] | None:
    weights: dict[str, float] | None = body.get("custom_weights")
    if weights is None:
        return None
    if body["ensemble_method"] != "weighted":
        raise InvalidInput(
            {"custom_weights": "are for ensemble_method 'weighted'; leave them out."}
        )
    total = sum(weights.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidInput({"custom_weights": f"sum to {total:g}; they must sum to 1."})
    return tuple(weights.get(name, 0.0) for name in MEMBERS)


def _require_recent(body: Body, model: str | None) -> None:
    """Refuse another number of recent races than the drivers' own weights were fitted to.

    The number changes nothing in a model without such weights, as the shipped one is.
    """
    wanted = body.get("n_recent_races")
    if wanted is None or model is None:
        return
    fitted = ownership_model(model)
    if fitted.driver_effects and wanted != fitted.n_recent_races:
        raise InvalidInput(
            {
                "n_recent_races": f"{wanted}; the drivers' weights of this installation's model "
                f"were fitted with {fitted.n_recent_races}. Give that, or leave it out."
            }
        )
