"""The stage before the races where a user knows something of them: finding the tilts, once."""

from dataclasses import replace

import msgspec
import numpy as np

from core.race import ConstraintSpec, Tilted, UserKnowledge, tilt
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
    without_odds
        The tilts without odds to win and to be in the top five; ``None`` where they are ``tilts``.
    """

    tilts: tuple[float, ...]
    diagnostics: KnowledgeDiagnostics
    without_odds: tuple[float, ...] | None = None


KNOWLEDGE = Key("knowledge", KnowledgeFact)


def _run(work: Work[Simulated]) -> KnowledgeFact:
    request, spec = work.request, spec_of(work.request)
    if request.knowledge is None:
        raise TypeError("a job whose user knows nothing of the race has no such stage")

    def tilted(knowledge: UserKnowledge) -> Tilted:
        return tilt(spec, knowledge, request.slate.rules, request.seed, work.check_cancelled)

    found = tilted(request.knowledge)
    if not _odds_apart(request):
        return KnowledgeFact(found.tilts, found.diagnostics)
    rest = without_odds(request.knowledge)
    bare = spec_tilts(spec) if rest is None else tilted(rest).tilts
    return KnowledgeFact(found.tilts, found.diagnostics, bare)


def _odds_apart(request: Simulated) -> bool:
    """Whether odds have a weight of their own somewhere between the market's view and one's own."""
    return request.odds is not None and request.odds.listed and request.market is not None


def without_odds(knowledge: UserKnowledge) -> UserKnowledge | None:
    """What a user knows beside odds to win and to be in the top five; ``None`` = nothing."""
    nobody = (None,) * len(knowledge)
    rest = replace(knowledge, win_probability=nobody, top5_probability=nobody)
    return rest if bool(np.isfinite(rest.table).any()) else None


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


def own_tilts(request: Simulated, facts: Facts, conviction: float = 1.0) -> tuple[float, ...]:
    """Strength that each driver has beside what is compiled, at one's own view of the race.

    At a conviction below 1 it is without odds, which then have a weight of their own.
    """
    known = facts.get(KNOWLEDGE)
    if known is None:
        return spec_tilts(spec_of(request))
    if conviction < 1.0 and known.without_odds is not None:
        return known.without_odds
    return known.tilts


def spec_tilts(spec: ConstraintSpec) -> tuple[float, ...]:
    """The tilts of a race, in slate order."""
    return tuple(driver.tilt for driver in spec.drivers)


def _seconds(request: Simulated) -> float:
    twice = (
        _odds_apart(request)
        and request.knowledge is not None
        and without_odds(request.knowledge) is not None
    )
    return (2.0 if twice else 1.0) * search_seconds(request)


KNOWLEDGE_STAGE = single_unit_stage(KNOWLEDGE, seconds=_seconds, run=_run)
