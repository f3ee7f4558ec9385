"""The stage that checks whether the tail's best lineup has more of the tail than the mean's best.

They are compared on the report's races, which neither was chosen on.
"""

from dataclasses import replace

import msgspec
import numpy as np

from core.lineups import (
    Shrinkage,
    TailStability,
    TailValidation,
    WalkProof,
    best_by_tail,
    best_by_value,
    prove_walk,
    tail_values,
    validate_tail,
    validate_tail_stability,
)
from core.slate import TICKS_PER_POINT
from workers.engine.facts import Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.races import half, micropoints, projected_points, simulated_points
from workers.plans.stages.tail_walk import regime_shrinkage
from workers.plans.stages.walk import LINEUPS

# the best by tail, among whom resampled races choose again
_CANDIDATES = 100


class Compared(msgspec.Struct, frozen=True):
    """One of the two lineups.

    Parameters
    ----------
    lineup
        Driver indices.
    tail_shrunken, tail_in_sample, tail
        Its multi-CVaR in points: in the races it was chosen on, shrunken and as it is there, and in
        the report's.
    mean
        Points in the report's races.
    """

    lineup: tuple[int, ...]
    tail_shrunken: float
    tail_in_sample: float
    tail: float
    mean: float


class ValidationFact(msgspec.Struct, frozen=True):
    """What the tail's best lineup gains, and how much of that is noise.

    Parameters
    ----------
    fresh
        Both lineups on the report's races.
    stability
        How often resampled races choose the same lineup.
    walk
        Why no lineup has more of the tail.
    tail_optimal, mean_optimal
        The two lineups.
    """

    fresh: TailValidation
    stability: TailStability
    walk: WalkProof
    tail_optimal: Compared
    mean_optimal: Compared


VALIDATION = Key("validation", ValidationFact)


def _validate(work: Work[OptimizeRequest]) -> ValidationFact:
    """Compare the best that the request's rules allow, leverage and limits on portfolios aside.

    The best by tail is that by shrunken tail, where values are shrunk.
    """
    work.check_cancelled()
    request = work.request
    points = simulated_points(work.facts, work.arrays)
    selection, report = half(points, selection=True), half(points, selection=False)
    shrinkage = _shrinkage(work)
    tail = best_by_tail(
        selection, request.rules, request.target, _CANDIDATES, offsets=shrinkage.offsets()
    )
    tail = replace(tail, scores=shrinkage.shrunken(tail.scores))
    projected = projected_points(request.slate, selection)
    mean = best_by_value(micropoints(projected), request.rules, 1)
    fresh = validate_tail(report, tail.lineups[0], mean.lineups[0], request.target)
    stability = validate_tail_stability(
        selection, tail.lineups, request.target, seed=request.seed, shrinkage=shrinkage
    )
    pair = np.stack([tail.lineups[0], mean.lineups[0]])
    chosen_on = tail_values(selection, pair, request.target)
    promised = shrinkage.applied(chosen_on, pair)
    graded_on = tail_values(report, pair, request.target)
    means = report[:, pair].sum(axis=2, dtype=np.int64).mean(axis=0) / TICKS_PER_POINT
    compared = [
        Compared(
            tuple(map(int, pair[index])),
            float(promised[index]),
            float(chosen_on[index]),
            float(graded_on[index]),
            float(means[index]),
        )
        for index in range(len(pair))
    ]
    walked = work.facts.get(LINEUPS)
    legal = None if walked is None else walked.legal
    proof = prove_walk(tail, request.rules, _CANDIDATES, legal)
    return ValidationFact(fresh, stability, proof, *compared)


def _shrinkage(work: Work[OptimizeRequest]) -> Shrinkage:
    """How the tails of all races are shrunk; a walk for those tails has it already."""
    walked = work.facts.get(LINEUPS)
    if walked is not None:
        (known, *others) = walked.strands
        if known.shrinkage is not None and known.regime is None and not others:
            return known.shrinkage
    return regime_shrinkage(work, None)


VALIDATION_STAGE = single_unit_stage(VALIDATION, seconds=lambda _: 0.5, run=_validate)
