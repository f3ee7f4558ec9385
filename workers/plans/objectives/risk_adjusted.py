"""Lineups whose dollars are best with the portfolio's risk taken off: mean less k x CVaR of loss.

Risk is the portfolio's and no lineup's, so lineups cannot be valued one by one. The choice begins
with the portfolio of ``dollars`` and exchanges lineups while the objective rises. It begins anew a
few times, from lineups chosen for their mean winnings plus k times those in the races that are
worst for the portfolios so far, averaged (the objective made linear by its supergradient). The
best of these portfolios, which is never worse than that of ``dollars``, is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.contest import (
    MICROS_PER_USD,
    PrizeSteps,
    RiskAdjustedWinnings,
    reweighted,
    tail_weights,
)
from core.lineups import Lineups, best_by_steps, step_values, step_winnings
from core.portfolio import Portfolio, choose_from_pool, exchange_for_worth
from workers.engine.stages import Work
from workers.plans.objectives.dollars import choose_by_prizes
from workers.plans.objectives.plan import ObjectivePlan
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.prize_walk import (
    PRIZE_OPENING_STAGE,
    PRIZE_WALK_STAGE,
    prize_walk_seconds,
)
from workers.plans.stages.prizes import PRIZES_STAGE, prizes, prizes_bytes
from workers.plans.stages.races import Points, selection_points
from workers.plans.stages.walk import best_by_regime, pools_bytes

_ROUNDS = 6
# lineups that exchanges are made with: at most so many, and no more than so much memory holds
_CANDIDATES, _CANDIDATES_BYTES = 1_000, 64 * 2**20
# lineups x candidates x races that a round of exchanges goes through
_EXCHANGED_PER_SECOND = 300_000_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Races:
    """The races that lineups are chosen on, what any score wins in them, and what risk costs."""

    points: Points
    steps: PrizeSteps
    risk_aversion: float

    def winnings(self, lineups: Lineups) -> npt.NDArray[np.int64]:
        """Micro-dollars of each lineup in each race, i64 ``[K, N]``."""
        return step_winnings(self.points, self.steps.breaks, self.steps.micros, lineups)

    def tail_of(self, lineups: Lineups) -> Floats:
        """Weights of the races that are worst for a portfolio, f64 ``[N]``."""
        return tail_weights(self.winnings(lineups).sum(axis=0))

    def linear(self, tail: Floats) -> PrizeSteps:
        """Prizes whose sums are mean winnings plus k times those in a tail."""
        return reweighted(self.steps, 1.0 + self.risk_aversion * len(tail) * tail)

    def values(self, lineups: Lineups, tail: Floats) -> Floats:
        """The sum of those prizes for each lineup, f64 ``[K]``, in a unit of its own."""
        steps = self.linear(tail)
        return step_values(self.points, steps.breaks, steps.micros, lineups).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A portfolio, and what it is worth: micro-dollars a race, likeness apart."""

    lineups: Lineups
    worth: float
    likeness: float


def _choose(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)
    walked = best_by_regime(work.facts, work.arrays)[None]
    dollars = choose_by_prizes(work, walked, steps)
    if request.risk_aversion == 0.0:
        return dollars
    races = _Races(points, steps, request.risk_aversion)
    best_score = float(walked.scores[0]) / len(points)
    tail = races.tail_of(dollars.lineups)
    pool = _pool(work, races, [dollars.lineups, walked.lineups], tail)

    def exchanged(pool: Lineups, lineups: Lineups) -> _Candidate:
        return _exchanged(work, races, pool, lineups, best_score)

    def candidates() -> Iterator[_Candidate]:
        mean_tail, lineups = tail, dollars.lineups
        for number in range(1, _ROUNDS + 1):
            values = races.values(pool, mean_tail)
            yield exchanged(pool[_most(values, points)], lineups)
            picked = choose_from_pool(pool, values, request.limits, request.correlation_weight)
            if picked is None:
                return
            lineups = pool[picked]
            mean_tail = mean_tail + (races.tail_of(lineups) - mean_tail) / (number + 1)

    best = exchanged(dollars.lineups[:0], dollars.lineups)
    least = best.worth
    for candidate in candidates():
        gained = candidate.worth - candidate.likeness > best.worth - best.likeness
        if gained and candidate.worth >= least:
            best = candidate
    return _portfolio(races, best.lineups, len(pool))


def _pool(
    work: Work[OptimizeRequest], races: _Races, known: list[Lineups], tail: Floats
) -> Lineups:
    """Lineups to choose among: those known, and the best of all legal ones by a tail."""
    work.check_cancelled()
    steps, request = races.linear(tail), work.request
    found = best_by_steps(
        races.points, steps.breaks, steps.micros, request.rules, request.pool_size
    )
    distinct: Lineups = np.unique(np.concatenate([*known, found.lineups]), axis=0)
    return distinct


def _most(values: Floats, points: Points) -> npt.NDArray[np.intp]:
    """Indices of the highest values: as many as exchanges are made with."""
    return np.argsort(-values, kind="stable")[: _candidates(len(points))]


def _candidates(races: int) -> int:
    return min(_CANDIDATES, _CANDIDATES_BYTES // (8 * races))


def _exchanged(
    work: Work[OptimizeRequest],
    races: _Races,
    pool: Lineups,
    lineups: Lineups,
    best_score: float,
) -> _Candidate:
    """A portfolio after the exchanges with lineups of a pool that make it better."""
    request = work.request
    both = np.concatenate([lineups, pool])
    distinct, first = np.unique(both, axis=0, return_index=True)
    found = exchange_for_worth(
        distinct,
        np.flatnonzero(first < len(lineups)),
        request.limits,
        RiskAdjustedWinnings(races.winnings(distinct), races.risk_aversion),
        best_score,
        request.correlation_weight,
        work.check_cancelled,
    )
    return _Candidate(distinct[found.picked], found.worth, found.likeness)


def _portfolio(races: _Races, lineups: Lineups, pool_size: int) -> Portfolio:
    """A portfolio with each lineup's part in its worth, in USD a race: they add up to it."""
    worth = RiskAdjustedWinnings(races.winnings(lineups), races.risk_aversion)
    scores = worth.at(np.arange(len(lineups))).slopes / MICROS_PER_USD
    order = np.lexsort((*lineups.T[::-1], -scores))
    return Portfolio(lineups[order], scores[order], pool_size)


def _seconds(request: OptimizeRequest) -> float:
    """About how long the choice takes: it walks a few times more, and makes its exchanges."""
    races = request.n_scenarios / 2
    exchanges = request.limits.n_lineups * min(_CANDIDATES, _CANDIDATES_BYTES / (8 * races)) * races
    return 1.0 + 5.0 * prize_walk_seconds(request) + _ROUNDS * exchanges / _EXCHANGED_PER_SECOND


PLAN = ObjectivePlan(
    stages=(PRIZES_STAGE, PRIZE_OPENING_STAGE, PRIZE_WALK_STAGE, choice_stage(_choose, _seconds)),
    stored_bytes=lambda request: pools_bytes(request, strands=1) + prizes_bytes(request),
    scores_per_unit=lambda races: races * MICROS_PER_USD,
)
