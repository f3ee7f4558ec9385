"""The objective risk_adjusted: mean dollars less k times the CVaR of the portfolio's loss.

Risk belongs to a portfolio as a whole, so lineups cannot be valued one by one. The choice begins
with the portfolio of the objective dollars and exchanges lineups while the worth of the whole
rises. It begins again from other portfolios. Their lineups are chosen by mean winnings plus k times
mean winnings in a tail: the races that are worst for the portfolios chosen so far, averaged over
them. That is the objective made linear by its supergradient. The best portfolio of all wins; it is
never worse than that of dollars.

Mean winnings are those that dollars chooses by, shrunken ones in further races. Which races are the
worst, and what is won in them, is read off the races that are searched.
"""

from collections.abc import Callable, Iterator
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
from workers.plans.objectives.dollars import STAGES, choose_dollars, dollars_bytes, mean_winnings
from workers.plans.objectives.plan import ObjectivePlan
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import choice_stage
from workers.plans.stages.prize_walk import prize_walk_seconds
from workers.plans.stages.prizes import prizes
from workers.plans.stages.races import Points, selection_points
from workers.plans.stages.walk import best_by_regime

_ROUNDS = 6  # portfolios that exchanges begin with
# lineups that may come in by an exchange, and the memory that their winnings may take
_CANDIDATES, _CANDIDATES_BYTES = 1_000, 64 * 2**20
_EXCHANGES_PER_SECOND = 300_000_000  # lineups x candidates x races of a round

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Races:
    """The races that lineups are searched on, their prizes, k, and mean winnings in USD a race."""

    points: Points
    steps: PrizeSteps
    risk_aversion: float
    means: Callable[[Lineups], Floats]

    def winnings(self, lineups: Lineups) -> npt.NDArray[np.int64]:
        """Micro-dollars of each lineup in each race, i64 ``[K, N]``."""
        return step_winnings(self.points, self.steps.breaks, self.steps.micros, lineups)

    def worth(self, lineups: Lineups) -> RiskAdjustedWinnings:
        """What portfolios of these lineups are worth."""
        totals = np.rint(self.means(lineups) * (len(self.points) * MICROS_PER_USD))
        return RiskAdjustedWinnings(
            self.winnings(lineups), self.risk_aversion, totals.astype(np.int64)
        )

    def tail_of(self, lineups: Lineups) -> Floats:
        """The tail of a portfolio: weights of its worst races, f64 ``[N]``, summing to 1."""
        return tail_weights(self.winnings(lineups).sum(axis=0))

    def linear(self, tail: Floats) -> PrizeSteps:
        """Prizes that add up to mean winnings plus k times mean winnings in a tail."""
        return reweighted(self.steps, 1.0 + self.risk_aversion * len(tail) * tail)

    def values(self, lineups: Lineups, tail: Floats) -> Floats:
        """The sum of those prizes for each lineup, f64 ``[K]``; only their ratios count."""
        steps = self.linear(tail)
        return step_values(self.points, steps.breaks, steps.micros, lineups).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A portfolio, its worth, and what its likeness costs: both in micro-dollars a race."""

    lineups: Lineups
    worth: float
    likeness: float


def _choose(work: Work[OptimizeRequest]) -> Portfolio:
    request = work.request
    points, steps = selection_points(work.facts, work.arrays), prizes(work.facts, work.arrays)
    walked = best_by_regime(work.facts, work.arrays)[None]
    means = mean_winnings(work)
    dollars = choose_dollars(work, means)
    if request.risk_aversion == 0.0:
        return dollars
    races = _Races(points, steps, request.risk_aversion, means)
    pool = _pool(work, races, [dollars.lineups, walked.lineups])
    best_score = float(means(walked.lineups).max()) * MICROS_PER_USD
    best = _exchanged(work, races, dollars.lineups, pool[:0], best_score)
    least = best.worth
    for lineups, tail in _starts(work, races, dollars.lineups, pool):
        promising = pool[np.argsort(-races.values(pool, tail), kind="stable")]
        others = promising[: _most_candidates(len(points))]
        candidate = _exchanged(work, races, lineups, others, best_score)
        gained = candidate.worth - candidate.likeness > best.worth - best.likeness
        if gained and candidate.worth >= least:
            best = candidate
    return _portfolio(races, best.lineups, len(pool))


def _starts(
    work: Work[OptimizeRequest], races: _Races, lineups: Lineups, pool: Lineups
) -> Iterator[tuple[Lineups, Floats]]:
    """The portfolios that exchanges begin with, each with the mean tail of all so far."""
    request, tail = work.request, races.tail_of(lineups)
    yield lineups, tail
    for number in range(2, _ROUNDS + 1):
        values = races.values(pool, tail)
        picked = choose_from_pool(pool, values, request.limits, request.correlation_weight)
        if picked is None:
            return
        tail = tail + (races.tail_of(pool[picked]) - tail) / number
        yield pool[picked], tail


def _pool(work: Work[OptimizeRequest], races: _Races, known: list[Lineups]) -> Lineups:
    """The lineups known, and the best of all legal ones by the tail of the first portfolio."""
    work.check_cancelled()
    steps, request = races.linear(races.tail_of(known[0])), work.request
    best = best_by_steps(races.points, steps.breaks, steps.micros, request.rules, request.pool_size)
    distinct: Lineups = np.unique(np.concatenate([*known, best.lineups]), axis=0)
    return distinct


def _most_candidates(races: float) -> int:
    """How many lineups may come in by an exchange."""
    return min(_CANDIDATES, int(_CANDIDATES_BYTES / (8 * races)))


def _exchanged(
    work: Work[OptimizeRequest],
    races: _Races,
    lineups: Lineups,
    others: Lineups,
    best_score: float,
) -> _Candidate:
    """A portfolio after exchanges of its lineups for others."""
    distinct, first = np.unique(np.concatenate([lineups, others]), axis=0, return_index=True)
    better = exchange_for_worth(
        distinct,
        np.flatnonzero(first < len(lineups)),
        work.request.limits,
        races.worth(distinct),
        best_score,
        work.request.correlation_weight,
        work.check_cancelled,
    )
    return _Candidate(distinct[better.picked], better.worth, better.likeness)


def _portfolio(races: _Races, lineups: Lineups, pool_size: int) -> Portfolio:
    """The portfolio; each lineup's score is its part in the worth of the whole, in USD a race."""
    scores = races.worth(lineups).at(np.arange(len(lineups))).slopes / MICROS_PER_USD
    order = np.lexsort((*lineups.T[::-1], -scores))
    return Portfolio(lineups[order], scores[order], pool_size)


def _seconds(request: OptimizeRequest) -> float:
    """About how long the choice takes: a few walks, and the exchanges."""
    races = request.n_scenarios / 2
    exchanges = request.limits.n_lineups * _most_candidates(races) * races
    return 1.0 + 5.0 * prize_walk_seconds(request) + _ROUNDS * exchanges / _EXCHANGES_PER_SECOND


PLAN = ObjectivePlan(
    stages=(*STAGES, choice_stage(_choose, _seconds)),
    stored_bytes=dollars_bytes,
    scores_per_unit=lambda races: races * MICROS_PER_USD,
)
