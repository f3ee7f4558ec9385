"""The stage before the races where a user knows something of them: finding the tilts, once."""

import msgspec

from core.race import tilt
from core.race.knowledge import KnowledgeDiagnostics
from workers.engine.facts import Facts, Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.races import Simulated, spec_of

_RACES, _MOST_RACES = 45_000, 60_000  # simulated for the search; more where rules reject races
_SECONDS_A_CAR = 7e-7  # of a race


class KnowledgeFact(msgspec.Struct, frozen=True):
    """How the races are moved to what the user knows.

    Parameters
    ----------
    tilts
        Strength added to each driver, in slate order, in normal scores of the running order.
    diagnostics
        How far that is, and what the races still miss.
    """

    tilts: tuple[float, ...]
    diagnostics: KnowledgeDiagnostics


KNOWLEDGE = Key("knowledge", KnowledgeFact)


def _run(work: Work[Simulated]) -> KnowledgeFact:
    request = work.request
    if request.knowledge is None:
        raise TypeError("a job whose user knows nothing of the race has no such stage")
    tilted = tilt(
        spec_of(request),
        request.knowledge,
        request.slate.rules,
        request.seed,
        work.check_cancelled,
    )
    return KnowledgeFact(tilted.tilts, tilted.diagnostics)


def search_seconds(request: Simulated) -> float:
    """About how long the search takes: with all its steps where a rule may reject races."""
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


def own_tilts(request: Simulated, facts: Facts) -> tuple[float, ...]:
    """Strength that each driver has beside what is compiled, at one's own view of the race."""
    known = facts.get(KNOWLEDGE)
    if known is not None:
        return known.tilts
    return tuple(driver.tilt for driver in spec_of(request).drivers)


KNOWLEDGE_STAGE = single_unit_stage(KNOWLEDGE, seconds=search_seconds, run=_run)
