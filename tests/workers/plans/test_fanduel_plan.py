"""An optimize job of a FanDuel slate: five drivers, FanDuel's points, FanDuel's field."""

from dataclasses import replace

import numpy as np
import pytest

from core.contest import typical_payouts
from core.lineups import LineupRules, compute_cvar, is_legal
from core.portfolio import portfolio_limits
from core.race import (
    ConstraintCompiler,
    UserKnowledge,
    generate_scenarios,
    load_strength_error,
    tilt,
)
from core.slate import FANDUEL, TICKS_PER_POINT, Slate
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here
from workers.plans import optimize
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.races import half

LAPS = 120


@pytest.fixture
def request_of_five(slate: Slate) -> OptimizeRequest:
    slate = replace(slate, rules=FANDUEL)
    return OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=LAPS),
        n_scenarios=2_000,
        seed=7,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 5, 50_000),
        limits=portfolio_limits(slate, 8, max_driver_exposure=0.8),
        contest=ContestTerms(typical_payouts(400, 500)),
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_lineups_are_five_legal_drivers(request_of_five: OptimizeRequest, objective: str) -> None:
    request = replace(request_of_five, objective=objective)
    answer = run_here(optimize.PLAN, request, Memory())
    ids = [driver.driver_id for driver in request.slate.drivers]
    lineups = [
        sorted(ids.index(driver["driver_id"]) for driver in lineup["drivers"])
        for lineup in answer["lineups"]
    ]
    assert len({tuple(lineup) for lineup in lineups}) == 8
    assert {len(lineup) for lineup in lineups} == {5}
    assert all(is_legal(request.rules, lineup) for lineup in lineups)
    assert answer["site"] == "fanduel"
    # opponents' lineups have five drivers too
    assert sum(answer["ownership_percent"].values()) == pytest.approx(500.0)


def test_lineups_are_graded_in_fanduels_points(request_of_five: OptimizeRequest) -> None:
    answer = run_here(optimize.PLAN, request_of_five, Memory())
    races, _ = generate_scenarios(request_of_five.spec, 2_000, 7, load_strength_error())
    # written out: half a point a position, a tenth a lap led, a tenth a lap completed
    finish = np.array([0, 43, 40, *range(38, 0, -1)])[races.finish]
    gained = races.start.astype(int) - races.finish
    points = finish + 0.5 * gained + 0.1 * races.laps_led + 0.1 * races.laps_completed
    ids = [driver.driver_id for driver in request_of_five.slate.drivers]
    picked = [ids.index(driver["driver_id"]) for driver in answer["lineups"][0]["drivers"]]
    report = half(points, selection=False)[:, picked].sum(axis=1)
    assert answer["lineups"][0]["cvar_99"] == pytest.approx(compute_cvar(report, 0.99))
    assert answer["lineups"][0]["mean"] == pytest.approx(report.mean())
    # a race of 120 laps that everybody completes hands out 12 points to each
    assert points.mean() > 12.0


def test_a_projection_is_met_in_fanduels_points(request_of_five: OptimizeRequest) -> None:
    request = request_of_five
    races, _ = generate_scenarios(request.spec, 4_000, 1)
    target = float(races.points(FANDUEL)[:, 6].mean()) / TICKS_PER_POINT + 4.0
    nothing = (None,) * len(request.slate)
    said = (*nothing[:6], target, *nothing[7:])
    moved = tilt(request.spec, UserKnowledge(said, nothing, nothing, nothing), FANDUEL, 3).spec
    after, _ = generate_scenarios(moved, 4_000, 2)
    points = after.points(FANDUEL)[:, 6] / TICKS_PER_POINT
    assert points.mean() == pytest.approx(target, abs=4.0 * points.std() / 4_000**0.5 + 0.5)
