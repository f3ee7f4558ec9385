"""The stage before the races that holds a bookmaker's prices against them, once."""

from dataclasses import replace

import numpy as np

from core.race import UserKnowledge, tilt
from core.race.prices import measure_pairs
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.races import Simulated
from workers.plans.stages.knowledge import search_seconds
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.odds import ODDS, OddsFact, pairs_of

_MEASURED_SECONDS = 0.4


def _run(work: Work[Simulated]) -> OddsFact:
    request, terms = work.request, work.request.odds
    if terms is None:
        raise TypeError("a job without prices has no such stage")
    fitted = None if request.market is None else request.market.market.conviction
    # this stage has left no record yet, so these are the races without odds
    spec = simulated_spec(request, work.facts, fitted)
    listed: tuple[float | None, ...] = (None,) * len(spec)
    if _searches(request) and request.knowledge is not None:
        priced = odds_alone(request.knowledge)
        tilted = tilt(spec, priced, request.slate.rules, request.seed, work.check_cancelled)
        priced_drivers = set(np.flatnonzero(np.isfinite(priced.table).any(axis=0)).tolist())
        listed = tuple(
            each if index in priced_drivers else None for index, each in enumerate(tilted.tilts)
        )
    pairs = pairs_of(terms.matchups)
    measured = measure_pairs(spec, pairs, request.seed, work.check_cancelled) if pairs else None
    return OddsFact(
        reference=tuple(driver.tilt for driver in spec.drivers),
        listed=listed,
        log_odds=() if measured is None else measured.log_odds,
        slope=0.0 if measured is None else measured.slope,
    )


def odds_alone(knowledge: UserKnowledge) -> UserKnowledge:
    """What a user knows from odds to win and to be in the top five."""
    nobody = (None,) * len(knowledge)
    return replace(knowledge, projected_points=nobody, median_finish=nobody)


def _searches(request: Simulated) -> bool:
    """Whether strengths are searched for: at one's own view those odds are met with the rest."""
    return request.odds is not None and request.odds.listed and request.market is not None


def _seconds(request: Simulated) -> float:
    return _MEASURED_SECONDS + (search_seconds(request) if _searches(request) else 0.0)


ODDS_STAGE = single_unit_stage(ODDS, seconds=_seconds, run=_run)
