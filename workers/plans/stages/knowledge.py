"""The stage before the races where a user knows something of them: finding the tilts, once."""

from typing import Any, Protocol

from core.race import ConstraintSpec, UserKnowledge, tilt, with_tilts
from core.slate import Slate
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part

NAME = "knowledge"
_RACES, _MOST_RACES = 45_000, 60_000  # looked at; where rules throw races out, it takes longer
_SECONDS_A_CAR = 7e-7  # of a race

_LEAST_NOTED_POINTS, _LEAST_NOTED_SCALE = 0.5, 0.995
_MOST_AT_LIMIT = 0.25  # of the drivers of whom something is said


class Informed(Protocol):
    """What a request must say for its races to be tilted."""

    @property
    def slate(self) -> Slate:
        """The slate."""

    @property
    def spec(self) -> ConstraintSpec | None:
        """The race as compiled."""

    @property
    def knowledge(self) -> UserKnowledge | None:
        """What the user says of it."""

    @property
    def seed(self) -> int:
        """The job's seed."""


def _run(request: Informed, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick) -> Json:
    del facts, blobs, start, stop
    if request.spec is None or request.knowledge is None:
        raise TypeError("a job in which nothing is said of the race has no such stage")
    found = tilt(request.spec, request.knowledge, request.slate.rules, request.seed, tick)
    return {"tilts": list(found.tilts), "diagnostics": found.diagnostics.to_json()}


def _seconds(request: Informed) -> float:
    """Say about how long the search takes: all its looks where a rule may throw races out."""
    if request.spec is None:
        return 0.0
    drivers = request.spec.drivers
    ruled = any(
        not (driver.out or driver.may_win)
        or driver.min_laps_led is not None
        or driver.max_laps_led is not None
        for driver in drivers
    )
    cars = len(request.spec.racing)
    return (_MOST_RACES if ruled else _RACES) * cars * _SECONDS_A_CAR


def simulated_spec(spec: ConstraintSpec, facts: Facts) -> ConstraintSpec:
    """Give the race that a job simulates: as compiled, or tilted to what its user knows."""
    return with_tilts(spec, facts[NAME]["tilts"]) if NAME in facts else spec


def shown(request: Informed, facts: Facts) -> Json | None:
    """Give how far the races were moved, as the API shows it, or ``None`` where they were not."""
    if NAME not in facts:
        return None
    found: Json = facts[NAME]["diagnostics"]
    names = {driver.driver_id: driver.name for driver in request.slate.drivers}
    drivers = [{"name": names[fit["driver_id"]], **fit} for fit in found["drivers"]]
    return {**found, "drivers": drivers}


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _untold(slate: Slate) -> list[str]:
    """Say that races do not follow a slate's numbers, where it has any."""
    notes = []
    if any(driver.projected_points is not None for driver in slate.drivers):
        notes.append(
            "Projected points count for the mean objective and the ownership estimate; the "
            "simulated races do not follow them."
        )
    others = ("win_odds", "top5_odds", "finish_median")
    if any(getattr(driver, name) is not None for driver in slate.drivers for name in others):
        notes.append("The simulated races do not follow the odds and finish medians given.")
    return notes


def _left_out(request: Informed) -> list[str]:
    """Name whose numbers no race can follow, and why."""
    known = request.knowledge
    if known is None:
        return []
    out: list[str] = []
    winless: list[str] = []
    for place, driver in enumerate(request.slate.drivers):
        told = (driver.projected_points, driver.win_odds, driver.top5_odds, driver.finish_median)
        if driver.out:
            out += [driver.name] if any(number is not None for number in told) else []
            continue
        if driver.win_odds is not None and known.win_probability[place] is None:
            winless.append(driver.name)
    return [
        f"{what} not counted: {_listed(names)}."
        for what, names in (
            ("Who does not race has no part in it, numbers said of them are", out),
            ("Win odds of who may not win, or alone may, are", winless),
        )
        if names
    ]


def knowledge_notes(request: Informed, facts: Facts) -> list[str]:
    """Say what of the user's numbers the races do not follow."""
    found = shown(request, facts)
    if found is None:
        return _untold(request.slate)
    notes = _left_out(request)
    less, scale = found["offset_points"], found["scale"]
    changes = [f"{scale:.2f} times"] if scale < _LEAST_NOTED_SCALE else []
    if abs(less) >= _LEAST_NOTED_POINTS:
        changes.append(f"{abs(less):.1f} {'less' if less > 0 else 'more'}")
    if changes:
        notes.append(
            f"Projected points sum to {found['total_projected']:.0f} over the field, and a race "
            f"hands out {found['total_simulated']:.0f}: in the simulated races each counts "
            f"{', '.join(changes)}."
        )
    missed = [fit["name"] for fit in found["drivers"] if not fit["reached"]]
    if missed:
        notes.append(
            f"No race agrees with all that is said of {_listed(missed)}; "
            "scenario_diagnostics.knowledge says by how much."
        )
    held = [fit["name"] for fit in found["drivers"] if fit["held"]]
    if held:
        notes.append(
            f"The rules throw too many races out for {_listed(held)} to go further towards what is "
            "said of them."
        )
    limits = sum(fit["at_limit"] for fit in found["drivers"])
    if limits > _MOST_AT_LIMIT * len(found["drivers"]):
        notes.append(
            f"{limits} of {len(found['drivers'])} drivers are as strong or as weak as a race can "
            "make them: what is said of them all together lies far from any race."
        )
    return notes


STAGE: Stage[Any] = Stage(NAME, lambda *_: 1, _seconds, _run, only_part)
