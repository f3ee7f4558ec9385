"""The optimize-with-leverage job in one process: ownership, regimes, proofs, whatever the cut."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.lineups import (
    LineupRules,
    Shrinkage,
    compute_cvar,
    count_legal,
    is_legal,
    tail_shrinkage,
)
from core.portfolio import OwnershipRules, portfolio_limits, with_ownership_rules
from core.race import ConstraintCompiler, Regime, generate_scenarios, load_strength_error
from core.slate import Slate
from workers.engine.arrays import ArrayRef, Memory
from workers.engine.in_process import run_here
from workers.engine.stages import FAN
from workers.plans import optimize
from workers.plans.requests.optimize import Leverage, OptimizeRequest
from workers.plans.stages.races import half, selection_halves

# the dear are owned most; 600 in all
OWNED = tuple(float(percent) for percent in np.linspace(82.0, 600.0 / 7 - 82.0, 14))


def request_of(
    slate: Slate, n_lineups: int = 10, penalty: float = 0.5, **changes: Any
) -> OptimizeRequest:
    rules = LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000)
    owned = OwnershipRules(max_per_driver=0.79, min_low=1, max_total=2.9)
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=120),
        n_scenarios=2_200,
        seed=7,
        rules=with_ownership_rules(rules, np.array(OWNED), owned),
        limits=portfolio_limits(slate, n_lineups, max_driver_exposure=0.8),
        leverage=Leverage(OWNED, penalty),
    )
    return replace(request, **changes)


def done(
    request: OptimizeRequest, chunk_units: int | None = None, fan: int = FAN
) -> dict[str, Any]:
    return run_here(optimize.LEVERAGE_PLAN, request, Memory(), chunk_units, fan)


def places(slate: Slate, answer: dict[str, Any]) -> list[list[int]]:
    ids = [driver.driver_id for driver in slate.drivers]
    return [
        sorted(ids.index(driver["driver_id"]) for driver in lineup["drivers"])
        for lineup in answer["lineups"]
    ]


BY_REGIME = Leverage(OWNED, 0.5, by_regime=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"leverage": BY_REGIME},
        {"objective": "mean"},
        {"objective": "mean", "randomness": (0.3,) * 14},
    ],
    ids=["tail", "regimes", "mean", "randomness"],
)
def test_no_cut_of_the_work_changes_a_byte_of_the_answer(
    slate: Slate, changes: dict[str, Any]
) -> None:
    request = request_of(slate, **changes)
    cuts = ((None, FAN), (1, 2), (7, 3), (10_000, 2))
    assert len({json.dumps(done(request, chunk, fan)) for chunk, fan in cuts}) == 1


def test_every_lineup_obeys_the_rules_on_ownership_and_says_what_it_is_owned_by(
    slate: Slate,
) -> None:
    request = request_of(slate)
    answer = done(request)
    for lineup, shown in zip(places(slate, answer), answer["lineups"], strict=True):
        assert is_legal(request.rules, lineup)
        owned = np.array([OWNED[i] for i in lineup])
        assert shown["total_ownership"] == pytest.approx(owned.sum())
        assert shown["total_ownership"] <= 290.0 + 1e-9
        assert shown["max_ownership"] == pytest.approx(owned.max())
        assert shown["max_ownership"] <= 79.0
        assert shown["avg_ownership"] == pytest.approx(owned.mean())
        points = sum(driver["projected_points"] for driver in shown["drivers"])
        assert shown["leverage_score"] == pytest.approx(
            points - 0.5 * (owned**2).mean() / 100, abs=1e-3
        )
        assert shown["regime"] is None
    average = [lineup["avg_ownership"] for lineup in answer["lineups"]]
    assert answer["ownership_metrics"]["avg_lineup_ownership"] == pytest.approx(np.mean(average))
    assert answer["portfolio_metrics"]["n_lineups"] == 10


@pytest.mark.parametrize("shrinks", [False, True])
def test_the_objective_is_the_tail_less_what_ownership_costs(slate: Slate, shrinks: bool) -> None:
    request = request_of(slate, unshrunken=not shrinks)
    answer = done(request)
    races, _ = generate_scenarios(
        request.spec, request.n_scenarios, request.seed, load_strength_error()
    )
    points = half(races.points(slate.rules), selection=True)
    halves = selection_halves(request.n_scenarios)
    shrinkage = Shrinkage.none(len(slate))
    if shrinks:
        shrinkage = tail_shrinkage(points, halves, request.rules, request.target)
        assert shrinkage.lineups > 0
    for lineup, shown in zip(places(slate, answer), answer["lineups"], strict=True):
        scores = points[:, lineup].sum(axis=1) / 20
        raw = 0.7 * compute_cvar(scores, 0.99) + 0.3 * compute_cvar(scores, 0.95)
        (tail,) = shrinkage.applied(np.array([raw]), np.array([lineup], dtype=np.uint8))
        cost = 0.5 * np.mean([OWNED[i] ** 2 for i in lineup]) / 100
        assert shown["objective_value"] == pytest.approx(tail - cost, abs=1e-5)


def test_with_the_mean_the_objective_is_the_leverage_score(slate: Slate) -> None:
    answer = done(request_of(slate, objective="mean"))
    for lineup in answer["lineups"]:
        assert lineup["objective_value"] == pytest.approx(lineup["leverage_score"], abs=1e-3)
    portfolio = answer["proof"]["portfolio"]
    assert portfolio["worth"] <= portfolio["bound"]


@pytest.mark.parametrize("objective", ["multi_cvar", "mean"])
def test_a_higher_penalty_gives_other_lineups_that_are_owned_less(
    slate: Slate, objective: str
) -> None:
    free = portfolio_limits(slate, 6, max_driver_exposure=1.0, max_team_exposure=1.0)
    rules = LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000)
    answers = [
        done(request_of(slate, 6, penalty, objective=objective, limits=free, rules=rules))
        for penalty in (0.0, 0.5, 1.0)
    ]
    chosen = [{tuple(lineup) for lineup in places(slate, answer)} for answer in answers]
    # what the penalty is on: the mean of squares, so that chalk costs most
    squares = np.array(OWNED) ** 2
    owned = [np.mean([squares[lineup].mean() for lineup in places(slate, a)]) for a in answers]
    assert chosen[0] != chosen[2]
    assert owned[0] > owned[2]
    # half the penalty may choose as one of the two, never owned more or less than both
    assert owned[0] + 1e-9 >= owned[1] >= owned[2] - 1e-9


def test_lineups_are_allotted_by_the_weights_and_best_for_the_races_of_their_regime(
    slate: Slate,
) -> None:
    weights = (("chaos", 0.3), ("dominator", 0.7))
    leverage = replace(BY_REGIME, penalty=0.0, regime_weights=weights)
    free = portfolio_limits(slate, 10, max_driver_exposure=1.0, max_team_exposure=1.0)
    request = request_of(
        slate, leverage=leverage, limits=free, correlation_weight=0.0, unshrunken=True
    )
    answer = done(request)
    regimes = [lineup["regime"] for lineup in answer["lineups"]]
    assert sorted(regimes) == ["chaos"] * 3 + ["dominator"] * 7
    assert answer["portfolio_metrics"]["regimes"] == {"chaos": 3, "dominator": 7}
    races, _ = generate_scenarios(
        request.spec, request.n_scenarios, request.seed, load_strength_error()
    )
    points = half(races.points(slate.rules), selection=True)
    kinds = half(races.regime, selection=True)
    for lineup, shown in zip(places(slate, answer), answer["lineups"], strict=True):
        mine = points[kinds == Regime[shown["regime"].upper()]][:, lineup].sum(axis=1) / 20
        tail = 0.7 * compute_cvar(mine, 0.99) + 0.3 * compute_cvar(mine, 0.95)
        assert shown["objective_value"] == pytest.approx(tail, abs=1e-5)
    assert {walk["regime"] for walk in answer["proof"]["walks"]} == {"chaos", "dominator"}


def test_a_regime_too_rare_for_a_tail_is_refused_with_its_races(slate: Slate) -> None:
    leverage = replace(BY_REGIME, regime_weights=(("fuel_mileage", 1.0),))
    request = request_of(slate, leverage=leverage, n_scenarios=1_000)
    races, _ = generate_scenarios(request.spec, 1_000, request.seed, load_strength_error())
    rare = int((half(races.regime, selection=True) == Regime.FUEL_MILEAGE).sum())
    assert rare < 100
    with pytest.raises(InvalidInput, match=f"{rare} of the 500 races"):
        done(request)


def test_the_proof_accounts_for_every_legal_lineup(slate: Slate) -> None:
    request = request_of(slate)
    (walk,) = done(request)["proof"]["walks"]
    assert walk["legal_lineups"] == count_legal(request.rules)
    assert walk["pruned"] + walk["looked_at"] == walk["legal_lineups"]
    assert 0 < walk["evaluated"] <= walk["looked_at"]


@pytest.mark.slow
def test_randomness_moves_the_lineups_and_not_what_they_are_shown_for(slate: Slate) -> None:
    mean = request_of(slate, objective="mean")
    plain, moved = done(mean), done(replace(mean, randomness=(0.4,) * 14))
    assert places(slate, plain) != places(slate, moved)
    assert moved["proof"] == {"walks": [], "portfolio": None}
    for lineup in moved["lineups"]:
        assert lineup["objective_value"] == pytest.approx(lineup["leverage_score"], abs=1e-3)


@pytest.mark.parametrize("leverage", [Leverage(OWNED, 0.5), BY_REGIME])
def test_a_job_stores_no_more_than_it_was_promised(slate: Slate, leverage: Leverage) -> None:
    request = request_of(slate, leverage=leverage)
    stored: list[int] = []

    class Counted(Memory):
        def put(self, **arrays: np.ndarray) -> ArrayRef:
            reference = super().put(**arrays)
            stored.append(self.stored_bytes(reference))
            return reference

    run_here(optimize.LEVERAGE_PLAN, request, Counted(), 1)
    assert 0 < sum(stored) <= optimize.LEVERAGE_PLAN.stored_bytes(request)
