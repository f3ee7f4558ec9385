"""What lineups are chosen for is shrunk by the luck of the races that they are chosen on."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from core.contest import MICROS_PER_USD, typical_payouts
from core.lineups import (
    LineupRules,
    Lineups,
    Shrinkage,
    is_legal,
    step_values,
    tail_shrinkage,
    tail_values,
)
from core.portfolio import portfolio_limits
from core.race import BLOCK_SCENARIOS, ConstraintCompiler
from core.slate import Slate
from workers.engine.arrays import Memory
from workers.engine.in_process import stages_here
from workers.engine.stages import Work
from workers.plans import optimize
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import Leverage, OptimizeRequest
from workers.plans.stages.portfolio import chosen_lineups, chosen_scores
from workers.plans.stages.prizes import block_steps, prizes
from workers.plans.stages.races import (
    block_count,
    block_rows,
    half,
    selection_halves,
    selection_points,
)
from workers.plans.stages.second_look import (
    SECOND_LOOK,
    half_of,
    second_look_blocks,
    second_look_races,
    shrunken_winnings,
)
from workers.plans.stages.simulation import simulated_blocks
from workers.plans.stages.validation import VALIDATION
from workers.plans.stages.walk import LINEUPS, best_by_regime


def request_of(slate: Slate, objective: str, **changes: Any) -> OptimizeRequest:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=120),
        n_scenarios=4_000,
        seed=3,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 8, max_driver_exposure=0.8),
        objective=objective,
        contest=ContestTerms(typical_payouts(400, 500)),
    )
    return replace(request, **changes)


def done(request: OptimizeRequest) -> Work[OptimizeRequest]:
    return stages_here(optimize.PLAN, request, Memory())


def chosen(work: Work[OptimizeRequest]) -> tuple[Lineups, np.ndarray]:
    return chosen_lineups(work.facts, work.arrays), chosen_scores(work.facts, work.arrays)


def walk_of(work: Work[OptimizeRequest]) -> dict[str, Any]:
    """The walk of the answer's proof."""
    (walk,) = optimize.PLAN.finish(work)["proof"]["walks"]
    return dict(walk)


def every_legal(request: OptimizeRequest) -> Lineups:
    every = combinations(range(len(request.slate)), 6)
    return np.array([lineup for lineup in every if is_legal(request.rules, lineup)], np.uint8)


@pytest.mark.parametrize("n_scenarios", [4_000, 4_200, 6_000, 9_000, 20_000])
def test_halves_share_no_block_and_no_pair_of_opposite_blocks(n_scenarios: int) -> None:
    first_half = selection_halves(n_scenarios)
    assert first_half is not None
    rows = [block_rows(block, n_scenarios) for block in range(block_count(n_scenarios))]
    numbers = np.repeat(np.arange(len(rows)), [each.stop - each.start for each in rows])
    blocks = half(numbers, selection=True)
    # even blocks are chosen on: 0 and 2 are opposite, 4 and 6
    units = blocks // 4
    assert len(first_half) == len(blocks)
    assert 0 < first_half.sum() < len(blocks)
    assert not set(units[first_half]) & set(units[~first_half])
    assert abs(2 * first_half.sum() - len(blocks)) <= 2 * BLOCK_SCENARIOS


@pytest.mark.parametrize("n_scenarios", [1_000, 2_000, 3_000])
def test_less_than_two_pairs_of_blocks_are_not_halved(n_scenarios: int) -> None:
    assert selection_halves(n_scenarios) is None


@pytest.mark.parametrize("n_scenarios", [2_000, 3_000, 5_500, 20_000])
def test_further_blocks_begin_with_a_pair_of_their_own_and_halves_hold_whole_pairs(
    slate: Slate, n_scenarios: int
) -> None:
    blocks = second_look_blocks(request_of(slate, "dollars", n_scenarios=n_scenarios))
    assert blocks.start >= block_count(n_scenarios)
    assert (blocks.start % 4, len(blocks) % 4) == (0, 0)
    for block in blocks:
        # b and b + 2 of a four have opposite strengths
        partner = block + 2 if block % 4 < 2 else block - 2
        assert half_of(block) == half_of(partner)
    assert len({half_of(block) for block in blocks}) == 2


@pytest.mark.slow
def test_the_tail_s_portfolio_is_chosen_for_shrunken_tails(slate: Slate) -> None:
    request = request_of(slate, "multi_cvar")
    work = done(request)
    points = selection_points(work.facts, work.arrays)
    halves = selection_halves(request.n_scenarios)
    shrinkage = tail_shrinkage(points, halves, request.rules, request.target)
    lineups, scores = chosen(work)
    values = shrinkage.applied(tail_values(points, lineups, request.target), lineups)
    assert scores == pytest.approx(values, abs=1e-5)
    walk = walk_of(work)
    assert walk["shrinkage"] == {
        "lineup_share": shrinkage.lineup_share,
        "driver_share": shrinkage.driver_share,
        "n_lineups": shrinkage.lineups,
        "second_look_scenarios": 0,
    }
    assert 0.1 <= shrinkage.lineup_share < 0.9
    # the bound is on shrunken tails, and is exact
    legal = every_legal(request)
    every = np.sort(shrinkage.applied(tail_values(points, legal, request.target), legal))[::-1]
    assert walk["bound"] == pytest.approx(every[request.pool_size - 1], abs=1e-5)
    checked = work.facts.of(VALIDATION).tail_optimal
    assert checked.tail_shrunken == pytest.approx(every[0], abs=1e-5)
    assert work.facts.of(VALIDATION).stability.value == pytest.approx(every[0], abs=1e-5)


@pytest.mark.slow
def test_every_kind_of_race_has_a_shrinkage_of_its_own(slate: Slate) -> None:
    owned = (600.0 / len(slate),) * len(slate)
    request = request_of(
        slate, "multi_cvar", leverage=Leverage(owned, 0.0, by_regime=True), n_scenarios=12_000
    )
    strands = done(request).facts.of(LINEUPS).strands
    shares = {strand.regime: strand.shrinkage for strand in strands}
    assert len(shares) > 1
    assert len({found.lineup_share for found in shares.values() if found is not None}) > 1


@pytest.mark.slow
def test_lineups_for_dollars_are_chosen_for_what_they_win_in_further_races(slate: Slate) -> None:
    request = request_of(slate, "dollars")
    work = done(request)
    blocks = second_look_blocks(request)
    assert blocks.start >= block_count(request.n_scenarios)
    assert len(blocks) * BLOCK_SCENARIOS == second_look_races(request) == 2_000
    lineups, scores = chosen(work)
    won = np.zeros(len(lineups), dtype=np.int64)
    for block in blocks:
        (races,) = simulated_blocks(work, {block: BLOCK_SCENARIOS})
        steps = block_steps(work, block, races["points"])
        won += step_values(races["points"], steps.breaks, steps.micros, lineups)
    fact = work.facts.of(SECOND_LOOK)
    mean_usd = won / (2_000 * MICROS_PER_USD)
    assert scores == pytest.approx(fact.shrinkage.applied(mean_usd, lineups))
    found = walk_of(work)["shrinkage"]
    assert found["second_look_scenarios"] == 2_000
    assert found["n_lineups"] == len(best_by_regime(work.facts, work.arrays)[None].lineups)


@pytest.mark.slow
def test_lineups_that_no_walk_proposed_are_valued_in_the_same_races(slate: Slate) -> None:
    request = request_of(slate, "dollars", validate_tail=False)
    work = done(request)
    value = shrunken_winnings(work)
    known = best_by_regime(work.facts, work.arrays)[None].lineups
    listed = {lineup.tobytes() for lineup in known}
    others = np.array([each for each in every_legal(request) if each.tobytes() not in listed])
    assert len(others) > 100
    mixed = np.concatenate([others[:50], known[:50]])
    values = value(mixed)
    assert values[50:] == pytest.approx(value(known[:50]))
    # the walk knows why it did not propose them
    assert values[:50].mean() < values[50:].mean()


def test_a_large_contest_has_a_longer_second_look_within_bounds(slate: Slate) -> None:
    def races(size: int, n_scenarios: int) -> int:
        contest = ContestTerms(typical_payouts(size, 1_000))
        request = request_of(slate, "dollars", contest=contest, n_scenarios=n_scenarios)
        return second_look_races(request)

    assert races(400, 20_000) == 10_000
    assert races(10_000, 20_000) == 22_000
    assert races(50_000, 20_000) == 60_000
    assert races(50_000, 10_000) == 30_000
    assert races(400, 200_000) == 10_000
    assert all(races(size, 3_000) % 2_000 == 0 for size in (400, 2_000, 9_000))


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_without_shrinkage_lineups_are_chosen_for_their_values_as_simulated(
    slate: Slate, objective: str
) -> None:
    work = done(request_of(slate, objective, unshrunken=True))
    walks = optimize.PLAN.finish(work)["proof"]["walks"]
    assert all(walk["shrinkage"] is None for walk in walks)
    lineups, scores = chosen(work)
    points = selection_points(work.facts, work.arrays)
    if objective == "multi_cvar":
        assert scores == pytest.approx(tail_values(points, lineups, work.request.target), abs=1e-5)
    if objective == "dollars":
        steps = prizes(work.facts, work.arrays)
        won = step_values(points, steps.breaks, steps.micros, lineups)
        assert scores == pytest.approx(won / (len(points) * MICROS_PER_USD))
        assert work.facts.of(SECOND_LOOK).shrinkage == Shrinkage.none(len(slate))
