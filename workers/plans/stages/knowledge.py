"""The stage before the races where a user knows something of them: finding the tilts, once."""

from typing import Any, Protocol

from core.race import ConstraintSpec, UserKnowledge, tilt, with_tilts
from core.slate import Slate
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part

NAME = "knowledge"
_RACES, _MOST_RACES = 45_000, 60_000  # looked at; where rules throw races out, it takes longer
_SECONDS_A_CAR = 7e-7  # of a race


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


STAGE: Stage[Any] = Stage(NAME, lambda *_: 1, _seconds, _run, only_part)
