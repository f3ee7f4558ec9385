"""The ownership request, as the workers take it."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import Infeasible, InvalidInput
from core.field import complete_ownership, read_ownership, without
from core.field.estimators import MEMBERS, archetype_of
from core.slate import Driver, Slate
from web.requests.plain_fields import plain_fields
from web.requests.slates import Given, knowledge_of, race_of, scenario_count, slate_of
from web.requests.sources import Sources
from workers.plans.ownership import OwnershipRequest
from workers.plans.stages.estimated_ownership import ownership_model

_SUM_TOLERANCE = 1e-6


def ownership_request(given: Given, sources: Sources) -> OwnershipRequest:
    """The whole ownership request, checked.

    Raises
    ------
    InvalidInput
        A field that cannot be used, named.
    """
    drivers_from = [name for name in ("slate_id", "drivers", "driver_data") if name in given]
    if len(drivers_from) != 1:
        raise InvalidInput({"slate_id": "give one of slate_id, drivers and driver_data."})
    race = given.get("race_data", {})
    model = sources.ownership_model
    _require_recent(given, model)
    weights = _weights(given)
    race_date = race.get("race_date")
    common: dict[str, Any] = {
        "race_id": race.get("race_id"),
        "race_date": None if race_date is None else race_date.isoformat(),
        "entries": given.get("field_size"),
        "method": given["ensemble_method"],
        "weights": weights,
        "uncertainty": given["include_uncertainty"],
        "share": given["normalize_to"] == "share",
        "seed": given["random_seed"],
        "model": model,
        **plain_fields(OwnershipRequest, given),
    }
    if drivers_from == ["driver_data"]:
        if "track_archetype" not in race:
            raise InvalidInput({"race_data.track_archetype": "needed with driver_data; give it."})
        if "scenario_config" in given:
            raise InvalidInput({"scenario_config": "driver_data is projected, nothing simulated."})
        slate = _slate(given["driver_data"])
        slate = with_known_ownership(
            slate, slate.rules.salary_cap_usd, "driver_data.ownership_percent"
        )
        return OwnershipRequest(slate=slate, track_archetype=race["track_archetype"], **common)
    slate = slate_of(given, sources)
    spec = race_of(slate, given)
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
        n_scenarios=scenario_count(given),
        spec=spec,
        knowledge=knowledge_of(slate, given),
        **common,
    )


def with_known_ownership(slate: Slate, cap_usd: int, field: str) -> Slate:
    """Give the slate with its drivers' ownership as fields can have it.

    Where it is known of everybody who races it is read as any ownership: percent of entries or
    shares of roster spots, each within the usual tolerance, and what the withdrawn had goes to the
    others. Where it is known of some, it must leave the others a way to fill the rosters.

    Raises
    ------
    InvalidInput
        On ``field``: numbers that do not add up, or that no mix of legal lineups has.
    """
    racing = [driver for driver in slate.drivers if not driver.out]
    known = [driver.ownership_percent for driver in racing]
    if all(percent is None for percent in known):
        return slate
    size = slate.rules.roster_size
    try:
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
        asked = [float("nan") if percent is None else percent for percent in known]
        complete_ownership(salaries, asked, size, cap_usd)
    except InvalidInput as error:
        raise InvalidInput({field: list(*error.problems.values())}) from None
    except Infeasible as error:
        raise InvalidInput({field: error.reason}) from None
    return slate


def _slate(drivers: list[Given]) -> Slate:
    return Slate(
        tuple(
            Driver(
                **{
                    "name": driver["driver_id"],
                    **{key: value for key, value in driver.items() if key != "salary"},
                },
                salary_usd=driver["salary"],
            )
            for driver in drivers
        )
    )


def _weights(given: Given) -> tuple[float, ...] | None:
    weights: dict[str, float] | None = given.get("custom_weights")
    if weights is None:
        return None
    if given["ensemble_method"] != "weighted":
        raise InvalidInput(
            {"custom_weights": "are for ensemble_method 'weighted'; leave them out."}
        )
    total = sum(weights.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidInput({"custom_weights": f"sum to {total:g}; they must sum to 1."})
    return tuple(weights.get(name, 0.0) for name in MEMBERS)


def _require_recent(given: Given, model: str | None) -> None:
    """Refuse another number of recent races than drivers' weights were fitted with.

    A model without such weights, as the shipped one is, has nothing that the number could change.
    """
    asked = given.get("n_recent_races")
    if asked is None or model is None:
        return
    fitted = ownership_model(model)
    if fitted.driver_effects and asked != fitted.n_recent_races:
        raise InvalidInput(
            {
                "n_recent_races": f"{asked}; the drivers' weights of this installation's model "
                f"were fitted with {fitted.n_recent_races}. Give that, or leave it out."
            }
        )
