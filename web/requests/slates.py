"""The slate and the race of a request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import InvalidInput
from core.race import ConstraintCompiler, ConstraintSpec, UserKnowledge, load_known_drivers
from core.sites import DEFAULT_SITE, site_of
from core.slate import Driver, Slate, Veto, find_track
from web.labels import blamed_on
from web.services import caller, jobs
from web.stored_slates import known

Given = Mapping[str, Any]


def _driver(given: Given) -> Driver:
    fields = {key: value for key, value in given.items() if key not in {"salary", "veto_rules"}}
    return Driver(
        **{"name": given["driver_id"], **fields},
        salary_usd=given["salary"],
        vetoes=frozenset(Veto(rule) for rule in given.get("veto_rules", [])),
    )


def slate_of(given: Given) -> Slate:
    """Give the slate a request names or holds, with the track it says and the cars as known.

    Raises
    ------
    InvalidInput
        Neither a slate nor drivers or both, drivers that make no slate, a site that is not the
        slate's, an unknown track or none.
    """
    if ("slate_id" in given) == ("drivers" in given):
        raise InvalidInput({"slate_id": "give either slate_id or drivers."})
    if "slate_id" in given:
        slate = known(jobs(), caller(), given["slate_id"])
        if given.get("site", slate.site.key) != slate.site.key:
            raise InvalidInput(
                {"site": f"{given['site']}, but the slate is of {slate.site.key}; leave it out."}
            )
    else:
        slate = inline_slate(given, tuple(_driver(driver) for driver in given["drivers"]))
    named = given.get("scenario_config", {}).get("track_id")
    if named is not None:
        with blamed_on("scenario_config.track_id"):
            slate = replace(slate, track=find_track(named))
    return load_known_drivers().with_cars(slate)


def inline_slate(given: Given, drivers: tuple[Driver, ...]) -> Slate:
    """Slate of drivers given without a file, on the request's site.

    Raises
    ------
    InvalidInput
        As :class:`~core.slate.Slate`.
    """
    site = site_of(given.get("site", DEFAULT_SITE))
    return Slate(drivers, rules=site.rules, warnings=site.cautions)


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
