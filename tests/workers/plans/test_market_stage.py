"""Jobs whose races lie between the market's view and one's own."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.contest import typical_payouts
from core.field import Market
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler, UserKnowledge, generate_scenarios, with_tilts
from core.slate import TICKS_PER_POINT, Slate, Veto
from web.requests.jobs import optimize_request
from web.requests.sources import Sources
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import ArrayRef, Memory
from workers.engine.in_process import run_here, stages_here
from workers.engine.stages import Work
from workers.plans import contest_sim, optimize
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.market import MarketView
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.market import MARKET, MOST_TILT, public_races, simulated_spec
from workers.plans.stages.races import mean_points, simulated_points

MARKET_OF_TESTS = Market(
    salary_weight=1.2,
    ownership_weight=0.3,
    start_weight=0.3,
    salary_alone=1.3,
    start_alone=0.4,
    surprise_weight=0.5,
    conviction=0.2,
)


def view_of(slate: Slate, conviction: float) -> MarketView:
    return MarketView(
        MARKET_OF_TESTS, conviction, ConstraintCompiler().compile(slate, race_laps=60)
    )


def request_of(slate: Slate, conviction: float, **changes: Any) -> OptimizeRequest:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        n_scenarios=1_000,
        seed=7,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 4, max_driver_exposure=1.0, max_team_exposure=1.0),
        objective="mean",
        validate_tail=False,
        contest=ContestTerms(typical_payouts(200, 500)),
        market=view_of(slate, conviction),
    )
    return replace(request, **changes)


def done(request: OptimizeRequest) -> Work[OptimizeRequest]:
    return stages_here(optimize.PLAN, request, Memory())


def means(work: Work[OptimizeRequest]) -> np.ndarray:
    return mean_points(simulated_points(work.facts, work.arrays))


def test_at_ones_own_view_races_are_the_models(slate: Slate) -> None:
    own, plain = (
        done(request_of(slate, 1.0, contest=None, **changes)) for changes in ({}, {"market": None})
    )
    assert (
        simulated_points(own.facts, own.arrays) == simulated_points(plain.facts, plain.arrays)
    ).all()


def test_at_the_markets_view_races_score_as_the_market_implies(slate: Slate) -> None:
    work = done(request_of(slate, 0.0, n_scenarios=8_000))
    view = work.facts.of(MARKET)
    far, near = (
        np.abs(np.array(each) - np.array(view.consensus_points)).mean()
        for each in (view.model_points, means(work))
    )
    inside = np.abs(view.tilts).max() < MOST_TILT
    assert near < (0.15 if inside else 0.6) * far


def test_strengths_are_mixed_by_the_conviction(slate: Slate) -> None:
    informed = replace(
        slate,
        drivers=(replace(slate.drivers[0], projected_points=60.0), *slate.drivers[1:]),
    )
    request = request_of(informed, 0.3, knowledge=UserKnowledge.from_slate(informed))
    work = done(request)
    tilts = np.array(
        [
            [driver.tilt for driver in simulated_spec(request, work.facts, conviction).drivers]
            for conviction in (0.0, 1.0, 0.3)
        ]
    )
    assert tilts[2] == pytest.approx(0.7 * tilts[0] + 0.3 * tilts[1])
    assert [d.tilt for d in simulated_spec(request, work.facts).drivers] == pytest.approx(tilts[2])
    assert np.abs(tilts[0]).max() <= MOST_TILT


@pytest.mark.parametrize(
    "own",
    [
        {"skill": 1.0},
        {"aggression": 1.0},
        {"shadow_risk": 0.5},
        {"min_laps_led": 20},
        {"max_laps_led": 0},
        {"projected_points": 70.0},
        {"win_odds": 1.5},
        {"vetoes": frozenset({Veto.MAY_NOT_WIN})},
    ],
)
def test_nothing_of_the_users_changes_ownership_or_the_markets_view(
    slate: Slate, own: dict[str, Any]
) -> None:
    told = replace(slate, drivers=(replace(slate.drivers[0], **own), *slate.drivers[1:]))
    body = OptimizeSchema().load(
        {
            "slate_id": "the test's",
            "n_lineups": 2,
            "scenario_config": {"n_scenarios": 1_000, "race_length": 60},
            "contest": {"field_size": 200, "contest_buyin": 5},
        }
    )
    plain, changed = (
        stages_here(
            optimize.PLAN,
            replace(optimize_request(body, Sources(lambda _, s=each: s)), objective="mean"),
            Memory(),
        ).facts.of(MARKET)
        for each in (slate, told)
    )
    assert plain == changed


def test_at_the_markets_view_the_users_skills_count_for_nothing(slate: Slate) -> None:
    skilled = replace(
        slate,
        drivers=(replace(slate.drivers[9], skill=1.0), *slate.drivers[:9], *slate.drivers[10:]),
    )
    plain = replace(skilled, drivers=(slate.drivers[9], *skilled.drivers[1:]))
    view = view_of(plain, 0.0)
    told = done(
        request_of(
            skilled, 0.0, market=view, spec=ConstraintCompiler().compile(skilled, race_laps=60)
        )
    )
    bare = done(
        request_of(plain, 0.0, market=view, spec=ConstraintCompiler().compile(plain, race_laps=60))
    )
    assert means(told) == pytest.approx(means(bare), abs=0.6)


def test_neither_ownership_nor_the_market_reads_the_users_projections(slate: Slate) -> None:
    informed = replace(
        slate,
        drivers=tuple(
            replace(d, projected_points=20.0 + 3.0 * i) for i, d in enumerate(slate.drivers)
        ),
    )
    plain, told = (
        done(request_of(each, 0.2, knowledge=UserKnowledge.from_slate(each))).facts.of(MARKET)
        for each in (slate, informed)
    )
    assert plain == told


def test_the_answer_shows_the_contest_as_each_view_has_it(slate: Slate) -> None:
    answer = run_here(optimize.PLAN, request_of(slate, 0.2), Memory())
    contest = answer["contest"]
    views = contest["by_conviction"]
    assert {name: view["conviction"] for name, view in views.items()} == {
        "fitted": 0.2,
        "market": 0.0,
        "own": 1.0,
    }
    assert views["fitted"]["roi"] == contest["roi"]
    # the own view's figures are those of a job at that conviction with the same lineups
    ids = [driver.driver_id for driver in slate.drivers]
    lineups = tuple(
        tuple(sorted(ids.index(driver["driver_id"]) for driver in lineup["drivers"]))
        for lineup in answer["lineups"]
    )
    again = ContestSimRequest(
        slate=slate,
        lineups=lineups,
        contest=ContestTerms(typical_payouts(200, 500)),
        n_scenarios=1_000,
        seed=7,
        salary_cap_usd=50_000,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        market=view_of(slate, 1.0),
    )
    played = run_here(contest_sim.PLAN, again, Memory())
    other = played["by_conviction"]
    # nothing was chosen on any of its races, so its own view is that of all of them
    assert other["own"]["roi"] == played["roi"]
    assert other["market"] == views["market"]
    assert other["fitted"] == views["fitted"]


def test_a_view_of_a_single_block_has_no_standard_error(slate: Slate) -> None:
    def errors(n_scenarios: int) -> set[bool]:
        request = request_of(slate, 0.2, n_scenarios=n_scenarios)
        views = run_here(optimize.PLAN, request, Memory())["contest"]["by_conviction"]
        return {view["roi_se"] is None for view in views.values()}

    assert errors(1_000) == {True}  # of which 500 are the report's
    assert errors(2_000) == {False}


def test_another_conviction_than_the_fitted_one_is_played_beside_it(slate: Slate) -> None:
    contest = run_here(optimize.PLAN, request_of(slate, 0.6), Memory())["contest"]
    assert contest["by_conviction"]["fitted"]["conviction"] == 0.2
    assert contest["by_conviction"]["fitted"]["roi"] != contest["roi"]


@pytest.mark.parametrize("chunk_units", [1, 3])
def test_any_chunks_give_the_same_answer(slate: Slate, chunk_units: int) -> None:
    request = request_of(slate, 0.2, n_scenarios=2_000)
    whole = run_here(optimize.PLAN, request, Memory())
    cut = run_here(optimize.PLAN, request, Memory(), chunk_units=chunk_units, fan=2)
    for answer in (whole, cut):
        for name in ("run_id", "created_at"):
            answer["run_config"].pop(name, None)
    assert json.dumps(whole, sort_keys=True) == json.dumps(cut, sort_keys=True)


def test_a_withdrawn_driver_has_no_view_and_nothing_breaks(slate: Slate) -> None:
    without = replace(
        slate,
        drivers=(replace(slate.drivers[0], vetoes=frozenset({Veto.OUT})), *slate.drivers[1:]),
    )
    view = done(request_of(without, 0.0)).facts.of(MARKET)
    assert view.consensus_points[0] == 0.0
    answer = run_here(optimize.PLAN, request_of(without, 0.0), Memory())
    shown = answer["scenario_diagnostics"]["market"]["drivers"]
    assert [driver["driver_id"] for driver in shown] == [d.driver_id for d in without.drivers[1:]]


def test_given_scores_have_no_views(slate: Slate) -> None:
    request = ContestSimRequest(
        slate=slate,
        lineups=((3, 5, 8, 9, 10, 12),),
        contest=ContestTerms(typical_payouts(200, 500)),
        n_scenarios=10,
        seed=7,
        salary_cap_usd=50_000,
        scores=ArrayRef("0" * 64),
    )
    assert [stage.name for stage in contest_sim.PLAN.stages(request)] == ["field", "contest"]


@pytest.mark.parametrize("n_scenarios", [1_000, 1_002, 10_000])
def test_what_strength_is_worth_depends_on_no_number_of_races(
    slate: Slate, n_scenarios: int
) -> None:
    spec = ConstraintCompiler().compile(slate, race_laps=60)
    found = public_races(spec, slate.rules, 7, n_scenarios)
    assert found.points_per_strength == public_races(spec, slate.rules, 7, 2).points_per_strength
    # by races that differ in one driver's strength alone
    tilts = np.zeros(len(slate))
    tilts[4] = 0.5
    ends = [
        generate_scenarios(with_tilts(spec, sign * tilts), 10_000, 3)[0].points(slate.rules)
        for sign in (1.0, -1.0)
    ]
    gained = (ends[0] - ends[1]).mean(axis=0) / TICKS_PER_POINT
    # what he gains beside what the others lose
    slope = (gained[4] - np.delete(gained, 4).mean()) * (1.0 - 1.0 / len(slate))
    assert found.points_per_strength == pytest.approx(slope, rel=0.35)


def test_ownership_known_of_some_drivers_moves_their_consensus(slate: Slate) -> None:
    plain = done(request_of(slate, 0.2)).facts.of(MARKET)
    told = replace(
        slate,
        drivers=(
            replace(slate.drivers[0], ownership_percent=0.5 * plain.ownership_percent[0]),
            *slate.drivers[1:],
        ),
    )
    market = done(request_of(told, 0.2)).facts.of(MARKET)
    moved = np.array(market.consensus_points) - plain.consensus_points
    share = plain.ownership_percent[0] / 100.0
    news = np.log(0.5 * share / (1.0 - 0.5 * share)) - np.log(share / (1.0 - share))
    assert moved[0] == pytest.approx(market.points_per_surprise * news)
    assert not moved[1:].any()
    assert market.estimated
