"""The walk for dollars: every legal lineup by what it wins against the field."""

import msgspec
import numpy as np

from core.lineups import StepsStart, WalkResult, best_by_steps, start_steps_walk
from workers.engine.facts import Facts, Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.prizes import prizes
from workers.plans.stages.races import selection_points
from workers.plans.stages.walk import Regimes, Units, bounded_lineups, walk_stage

_PER_SECOND = 4_000_000_000  # lineups x scenarios, bounded together


class PrizeOpening(msgspec.Struct, frozen=True):
    """What may be ignored in a walk for dollars.

    Parameters
    ----------
    at_least, levels
        Of its :class:`~core.lineups.StepsStart`, in micro-dollars over all races.
    """

    at_least: int
    levels: tuple[int, ...]

    @property
    def start(self) -> StepsStart:
        """As the walk takes it."""
        return StepsStart(self.at_least, np.array(self.levels, dtype=np.int64))


PRIZE_OPENING = Key("opening", PrizeOpening)


def _open(work: Work[OptimizeRequest]) -> PrizeOpening:
    steps = prizes(work.facts, work.arrays)
    start = start_steps_walk(
        selection_points(work.facts, work.arrays),
        steps.breaks,
        steps.micros,
        work.request.rules,
        work.request.pool_size,
    )
    return PrizeOpening(start.at_least, tuple(start.levels.tolist()))


def _one_strand(_: Facts) -> Regimes:
    return [None]


def _search(work: Work[OptimizeRequest], _: int, units: Units) -> WalkResult:
    request, steps = work.request, prizes(work.facts, work.arrays)
    return best_by_steps(
        selection_points(work.facts, work.arrays),
        steps.breaks,
        steps.micros,
        request.rules,
        request.pool_size,
        units,
        work.facts.of(PRIZE_OPENING).start,
    )


def prize_walk_seconds(request: OptimizeRequest) -> float:
    """About how long one core walks once over all legal lineups."""
    return bounded_lineups(request.rules, request.n_scenarios) / _PER_SECOND


PRIZE_OPENING_STAGE = single_unit_stage(PRIZE_OPENING, seconds=lambda _: 0.2, run=_open)
PRIZE_WALK_STAGE = walk_stage(_one_strand, _search, prize_walk_seconds)
