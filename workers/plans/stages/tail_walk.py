"""The walk for the tail: every legal lineup by its multi-CVaR, in all races or by regime.

The multi-CVaR is shrunk by what of it is luck, where the request has it so.
"""

import math
from dataclasses import replace

import msgspec
import numpy as np

from core.errors import InvalidInput
from core.lineups import (
    Shrinkage,
    WalkResult,
    WalkStart,
    best_by_tail,
    start_tail_walk,
    tail_mass,
    tail_shrinkage,
)
from core.portfolio import allocate_lineups_by_regime
from core.race import Regime
from workers.engine.arrays import Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.races import (
    Points,
    selection_halves,
    selection_points,
    selection_regimes,
)
from workers.plans.stages.walk import Regimes, Units, bounded_lineups, walk_stage

_PER_SECOND = 10_000_000_000  # lineups x scenarios, bounded together


class TailStrand(msgspec.Struct, frozen=True):
    """Where one strand of the walk begins.

    Parameters
    ----------
    regime
        Whose races it is over; ``None`` = all.
    lineups
        How many of the portfolio are chosen for them.
    shrinkage
        How the multi-CVaR of its races is shrunk.
    at_least, thresholds
        Of its :class:`~core.lineups.WalkStart`, before the shrinkage is applied to scores.
    """

    regime: str | None
    lineups: int
    shrinkage: Shrinkage
    at_least: float
    thresholds: tuple[int, ...]

    @property
    def start(self) -> WalkStart:
        """As the walk takes it."""
        return WalkStart(self.at_least, np.array(self.thresholds, dtype=np.int64))


class TailOpening(msgspec.Struct, frozen=True):
    """What may be ignored in a walk for the tail.

    Parameters
    ----------
    strands
        One, or one for each regime that lineups are chosen for.
    """

    strands: tuple[TailStrand, ...]


TAIL_OPENING = Key("opening", TailOpening)


def regime_points(facts: Facts, arrays: Blobs, regime: str | None) -> Points:
    """The points of the races of a regime that lineups are chosen on; of all for ``None``."""
    points = selection_points(facts, arrays)
    if regime is None:
        return points
    chosen: Points = points[selection_regimes(facts, arrays) == Regime[regime.upper()]]
    return chosen


def regime_shrinkage(work: Work[OptimizeRequest], regime: str | None) -> Shrinkage:
    """How the multi-CVaR of lineups is to be shrunk in the races of a regime; ``None`` for all."""
    request = work.request
    points = regime_points(work.facts, work.arrays, regime)
    if request.unshrunken:
        return Shrinkage.none(points.shape[1])
    halves = selection_halves(request.n_scenarios)
    if regime is not None and halves is not None:
        halves = halves[selection_regimes(work.facts, work.arrays) == Regime[regime.upper()]]
    return tail_shrinkage(points, halves, request.rules, request.target)


def _allotment(work: Work[OptimizeRequest]) -> dict[str | None, int]:
    """How many lineups are chosen for each regime; all for ``None`` without regimes.

    Raises
    ------
    InvalidInput
        A regime with a weight is too rare to have a tail.
    """
    request = work.request
    n = request.limits.n_lineups
    if request.leverage is None or not request.leverage.by_regime:
        return {None: n}
    kinds = selection_regimes(work.facts, work.arrays)
    races = {
        kind.name.lower(): int((kinds == kind).sum()) for kind in Regime if kind is not Regime.NONE
    }
    # a tail of less than a race is none
    enough = {
        name: all(tail_mass(alpha, count) >= 1.0 for alpha in request.target.alphas)
        for name, count in races.items()
    }
    weights: dict[str | None, float]
    if request.leverage.regime_weights is None:
        weights = {name: races[name] / len(kinds) for name in races if enough[name]}
        weights[None] = 1.0 - math.fsum(weights.values())
    else:
        weights = dict(request.leverage.regime_weights)
        for name, weight in request.leverage.regime_weights:
            if weight > 0.0 and not enough[name]:
                raise InvalidInput(
                    {
                        "regime_weights": f"{name}: {races[name]} of the {len(kinds)} races that "
                        "lineups are chosen on are of this kind, too few for a tail; give it 0, or "
                        "more races."
                    }
                )
    return {
        name: count for name, count in allocate_lineups_by_regime(n, weights).items() if count > 0
    }


def _open(work: Work[OptimizeRequest]) -> TailOpening:
    request = work.request
    strands = []
    for regime, lineups in _allotment(work).items():
        work.check_cancelled()
        shrinkage = regime_shrinkage(work, regime)
        start = start_tail_walk(
            regime_points(work.facts, work.arrays, regime),
            request.rules,
            request.target,
            request.pool_size,
            shrinkage.offsets(request.offsets),
        )
        thresholds = tuple(start.thresholds.tolist())
        strands.append(TailStrand(regime, lineups, shrinkage, start.at_least, thresholds))
    return TailOpening(tuple(strands))


def _regimes(facts: Facts) -> Regimes:
    return [strand.regime for strand in facts.of(TAIL_OPENING).strands]


def _shrinkages(facts: Facts) -> list[Shrinkage | None]:
    return [strand.shrinkage for strand in facts.of(TAIL_OPENING).strands]


def _search(work: Work[OptimizeRequest], strand: int, units: Units) -> WalkResult:
    request, opening = work.request, work.facts.of(TAIL_OPENING).strands[strand]
    best = best_by_tail(
        regime_points(work.facts, work.arrays, opening.regime),
        request.rules,
        request.target,
        request.pool_size,
        units,
        opening.start,
        opening.shrinkage.offsets(request.offsets),
    )
    return replace(best, scores=opening.shrinkage.shrunken(best.scores))


def tail_walk_seconds(request: OptimizeRequest) -> float:
    """About how long one core walks once over all legal lineups."""
    return bounded_lineups(request.rules, request.n_scenarios) / _PER_SECOND


TAIL_OPENING_STAGE = single_unit_stage(TAIL_OPENING, seconds=lambda _: 0.4, run=_open)
TAIL_WALK_STAGE = walk_stage(_regimes, _search, tail_walk_seconds, _shrinkages)
