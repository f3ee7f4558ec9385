"""The slate and the race of a request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import InvalidInput
from core.race import ConstraintCompiler, ConstraintSpec, UserKnowledge, load_known_field
from core.slate import Driver, Slate, Veto, find_track
from web.requests.sources import Sources
from web.schemas.contests import ScenarioConfigSchema

Given = Mapping[str, Any]


def _driver(given: Given) -> Driver:
    fields = {key: value for key, value in given.items() if key not in {"salary", "veto_rules"}}
    return Driver(
        **{"name": given["driver_id"], **fields},
        salary_usd=given["salary"],
        vetoes=frozenset(Veto(rule) for rule in given.get("veto_rules", [])),
    )


def slate_of(given: Given, sources: Sources) -> Slate:
    """The slate that a request names or holds, with the track it names and the cars as known.

    Raises
    ------
    InvalidInput
        Neither a slate nor drivers or both, drivers that make no slate, an unknown track or none.
    """
    if ("slate_id" in given) == ("drivers" in given):
        raise InvalidInput({"slate_id": "give either slate_id or drivers."})
    if "slate_id" in given:
        slate = sources.stored_slate(given["slate_id"])
    else:
        slate = Slate(tuple(_driver(driver) for driver in given["drivers"]))
    named = given.get("scenario_config", {}).get("track_id")
    if named is not None:
        try:
            slate = replace(slate, track=find_track(named))
        except InvalidInput as error:
            raise InvalidInput({"scenario_config.track_id": error.problems["track_id"]}) from None
    return load_known_field().with_cars(slate)


def scenario_count(given: Given) -> int:
    """How many races a request has simulated."""
    config: Given = given.get("scenario_config") or ScenarioConfigSchema().load({})
    return int(config["n_scenarios"])


def race_of(slate: Slate, given: Given) -> ConstraintSpec:
    """Compile the race of a request.

    Raises
    ------
    InvalidInput
        No track is known, or a driver's numbers contradict each other.
    """
    if slate.track is None:
        raise InvalidInput(
            {"scenario_config.track_id": "the slate names no track; give one, las_vegas say."}
        )
    laps = given.get("scenario_config", {}).get("race_length")
    return ConstraintCompiler().compile(slate, race_laps=laps)


def knowledge_of(slate: Slate, given: Given) -> UserKnowledge | None:
    """Give what the slate's user says of the race, or ``None``: nothing, or not to be followed.

    Raises
    ------
    InvalidInput
        A number that cannot be, the driver and the field named.
    """
    if not given.get("scenario_config", {}).get("calibration_enabled", True):
        return None
    return UserKnowledge.from_slate(slate)


def indices(slate: Slate, ids: Sequence[str], where: str) -> tuple[int, ...]:
    """Give the indices of driver ids; ``where`` is the field an unknown one is blamed on."""
    return tuple(int(place) for place in slate.index_of(ids, where))
