"""The objective risk_adjusted: as dollars without aversion, and with it no worse than dollars."""

import json
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from core.contest import (
    Payouts,
    PrizeTier,
    RiskAdjustedWinnings,
    typical_payouts,
    worst_mean,
)
from core.lineups import LineupRules, Lineups, is_legal, step_winnings
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler
from core.slate import Slate
from tests.conftest import small_slate
from tests.core.contest.risk_in_usd import risk_adjusted_usd
from workers.engine.arrays import Memory
from workers.engine.facts import Facts
from workers.engine.in_process import run_here
from workers.engine.stages import Work, bounds
from workers.plans import optimize
from workers.plans.objectives.dollars import mean_winnings
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import PORTFOLIO, chosen_lineups, chosen_scores
from workers.plans.stages.prizes import prizes
from workers.plans.stages.races import selection_points

# three entries in five win something, so that few lineups have worst races of more than nothing
MANY_PAID = Payouts(
    500, 60, (PrizeTier(1, 1, 6_000), PrizeTier(2, 4, 2_500), PrizeTier(5, 36, 700))
)


def request_of(slate: Slate, n_lineups: int, aversion: float, **changes: Any) -> OptimizeRequest:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        n_scenarios=1_000,
        seed=1,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 60_000),
        limits=portfolio_limits(slate, n_lineups, max_driver_exposure=1.0, max_team_exposure=1.0),
        objective="risk_adjusted",
        risk_aversion=aversion,
        correlation_weight=0.0,
        validate_tail=False,
        contest=ContestTerms(MANY_PAID),
        unshrunken=True,
    )
    return replace(request, **changes)


def done(request: OptimizeRequest) -> Work[OptimizeRequest]:
    """A job as it is when its portfolio is chosen."""
    work = Work(request, Facts(), Memory())
    for stage in optimize.PLAN.stages(request):
        part = stage.run(work, bounds(stage.units(request, work.facts), 1, 0))
        facts = work.facts.with_fact(stage.key, stage.join(work, part))
        work = Work(request, facts, work.arrays)
        if stage.key is PORTFOLIO:
            return work
    raise AssertionError("nothing is chosen")


def winnings(work: Work[OptimizeRequest], lineups: Lineups) -> np.ndarray:
    """What lineups win in each of the races that lineups are chosen on, ``[K, N]``."""
    steps = prizes(work.facts, work.arrays)
    points = selection_points(work.facts, work.arrays)
    return step_winnings(points, steps.breaks, steps.micros, lineups)


def chosen(work: Work[OptimizeRequest]) -> tuple[Lineups, np.ndarray, np.ndarray]:
    """The portfolio, its scores and its lineups' winnings."""
    lineups = chosen_lineups(work.facts, work.arrays)
    return lineups, chosen_scores(work.facts, work.arrays), winnings(work, lineups)


def worth(won: np.ndarray, aversion: float) -> float:
    return RiskAdjustedWinnings.of(won, aversion).at(np.arange(len(won))).worth


@pytest.mark.parametrize("unshrunken", [False, True])
def test_without_aversion_the_answer_is_that_of_dollars(slate: Slate, unshrunken: bool) -> None:
    changes = {
        "unshrunken": unshrunken,
        "limits": portfolio_limits(slate, 12),
        "correlation_weight": 0.1,
        "contest": ContestTerms(typical_payouts(400, 500)),
    }
    averse = request_of(slate, 12, 0.0, **changes)
    answers = [
        run_here(optimize.PLAN, replace(averse, objective=objective), Memory())
        for objective in ("risk_adjusted", "dollars")
    ]
    assert answers[0]["run_config"].pop("risk_aversion") == 0.0
    for answer in answers:
        del answer["run_config"]["objective"]
    assert json.dumps(answers[0]) == json.dumps(answers[1])


@pytest.mark.slow
@pytest.mark.parametrize("aversion", [0.5, 2.0, 10.0])
@pytest.mark.parametrize(
    ("diversity", "unshrunken"), [(0.0, True), (0.1, True), (0.0, False), (0.1, False)]
)
def test_no_portfolio_is_worse_by_the_objective_than_that_of_dollars(
    slate: Slate, aversion: float, diversity: float, unshrunken: bool
) -> None:
    limits = portfolio_limits(slate, 30)
    flat = ContestTerms(MANY_PAID, (600.0 / len(slate),) * len(slate))
    request = request_of(
        slate,
        30,
        aversion,
        limits=limits,
        correlation_weight=diversity,
        contest=flat,
        unshrunken=unshrunken,
    )
    work = done(request)
    means = mean_winnings(work)
    lineups, scores, won = chosen(work)
    others, _, dollars = chosen(done(replace(request, objective="dollars")))

    def worth_usd(lineups: Lineups, won: np.ndarray) -> float:
        return float(means(lineups).sum() + aversion * worst_mean(won.sum(axis=0)) / 1e6)

    # sums of floats in two orders
    assert worth_usd(lineups, won) >= worth_usd(others, dollars) - 1e-9
    assert scores.sum() == pytest.approx(worth_usd(lineups, won))
    if aversion == 10.0:
        # less risk, paid for with winnings
        assert worst_mean(won.sum(axis=0)) > worst_mean(dollars.sum(axis=0))
        assert means(lineups).sum() < means(others).sum()
    counts = np.bincount(lineups.ravel(), minlength=len(slate))
    assert (counts <= limits.most).all()
    assert len(np.unique(lineups, axis=0)) == 30


def best_of_all(won: np.ndarray, n_lineups: int, aversion: float) -> float:
    """The highest worth of any portfolio of so many lineups, one after the other."""
    portfolios = np.array(list(combinations(range(len(won)), n_lineups)))
    best = -np.inf
    for some in np.array_split(portfolios, len(portfolios) // 2_000):
        together = won[some].sum(axis=1)
        worths = together.mean(axis=1) + aversion * worst_mean(together)
        best = max(best, float(worths.max()))
    return best


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("aversion", [0.5, 2.0, 10.0])
def test_four_lineups_of_a_tiny_slate_are_the_best_of_all_portfolios(
    seed: int, aversion: float
) -> None:
    work = done(request_of(small_slate(8), 4, aversion, seed=seed))
    legal = [c for c in combinations(range(8), 6) if is_legal(work.request.rules, c)]
    every = winnings(work, np.array(legal, dtype=np.uint8))
    _, _, won = chosen(work)
    assert worth(won, aversion) == pytest.approx(best_of_all(every, 4, aversion), rel=1e-12)


def test_the_lineups_parts_add_up_to_the_objective(slate: Slate) -> None:
    _, scores, won = chosen(done(request_of(slate, 20, 1.5)))
    fees = 20 * 5.0
    objective = risk_adjusted_usd(won.sum(axis=0), fees, 1.5)
    assert scores.sum() - 2.5 * fees == pytest.approx(objective, abs=1e-6)
    assert (np.diff(scores) <= 0).all()
