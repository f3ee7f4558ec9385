"""The slate and the race of a request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import InvalidInput
from core.race import ConstraintCompiler, ConstraintSpec, UserKnowledge, load_known_drivers
from core.sites import DEFAULT_SITE, site_of
from core.slate import Driver, Slate, Veto, find_track
from web.labels import blamed_on
from web.requests.sources import Sources
from web.schemas.contests import ScenarioConfigSchema

Body = Mapping[str, Any]
"""A request, or an object of it, as its schema has read it."""


def _driver(driver: Body) -> Driver:
    fields = {key: value for key, value in driver.items() if key not in {"salary", "veto_rules"}}
    return Driver(
        **{"name": driver["driver_id"], **fields},
        salary_usd=driver["salary"],
        vetoes=frozenset(Veto(rule) for rule in driver.get("veto_rules", [])),
    )


def slate_of(body: Body, sources: Sources) -> Slate:
    """The slate that a request names or holds, with the track it names and the cars as known.

    Raises
    ------
    InvalidInput
        Neither a slate nor drivers or both, drivers that make no slate, a site that is not the
        slate's, an unknown track or none.
    """
    if ("slate_id" in body) == ("drivers" in body):
        raise InvalidInput({"slate_id": "give either slate_id or drivers."})
    if "slate_id" in body:
        slate = sources.stored_slate(body["slate_id"])
        if body.get("site", slate.site.key) != slate.site.key:
            raise InvalidInput(
                {"site": f"{body['site']}, but the slate is of {slate.site.key}; leave it out."}
            )
    else:
        slate = inline_slate(body, tuple(_driver(driver) for driver in body["drivers"]))
    named = body.get("scenario_config", {}).get("track_id")
    if named is not None:
        with blamed_on("scenario_config.track_id"):
            slate = replace(slate, track=find_track(named))
    return load_known_drivers().with_cars(slate)


def inline_slate(body: Body, drivers: tuple[Driver, ...]) -> Slate:
    """Slate of drivers given without a file, on the request's site.

    Raises
    ------
    InvalidInput
        As :class:`~core.slate.Slate`.
    """
    site = site_of(body.get("site", DEFAULT_SITE))
    return Slate(drivers, rules=site.rules, warnings=site.cautions)


def scenario_count(body: Body) -> int:
    """The number of races that a request asks for."""
    config: Body = body.get("scenario_config") or ScenarioConfigSchema().load({})
    return int(config["n_scenarios"])


def simulated_count(chosen_on: int) -> int:
    """How many races are simulated to choose lineups on so many: as many again judge them."""
    return 2 * chosen_on


def race_of(slate: Slate, body: Body) -> ConstraintSpec:
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
    laps = body.get("scenario_config", {}).get("race_length")
    return ConstraintCompiler().compile(slate, race_laps=laps)


def public_race_of(slate: Slate, body: Body) -> ConstraintSpec:
    """The race of a request without the user's skills, sliders and limits on laps led.

    Who does not race and who starts from the rear are news that everybody has.

    Raises
    ------
    InvalidInput
        As :func:`race_of`.
    """
    known = tuple(
        replace(
            driver,
            skill=None,
            aggression=None,
            shadow_risk=None,
            min_laps_led=None,
            max_laps_led=None,
            vetoes=driver.vetoes - {Veto.MAY_NOT_WIN},
        )
        for driver in slate.drivers
    )
    return race_of(replace(slate, drivers=known), body)


def knowledge_of(slate: Slate, body: Body) -> UserKnowledge | None:
    """The user's own numbers for the race; ``None`` without any, or where races ignore them.

    Raises
    ------
    InvalidInput
        A number outside its range; the driver and the field are named.
    """
    if not body.get("scenario_config", {}).get("calibration_enabled", True):
        return None
    return UserKnowledge.from_slate(slate)


def indices(slate: Slate, ids: Sequence[str], where: str) -> tuple[int, ...]:
    """The indices of driver ids, in their order; a refusal names the request's key ``where``."""
    return tuple(int(index) for index in slate.index_of(ids, where))
