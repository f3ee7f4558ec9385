"""Jobs whose races go part of the way towards a bookmaker's prices."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.contest import typical_payouts
from core.field import Market
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler, UserKnowledge, generate_scenarios
from core.race.prices import Matchup, OddsWeights, SourceWeight, Taken
from core.slate import Slate
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here, stages_here
from workers.engine.stages import Work
from workers.plans import contest_sim, optimize
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.market import MarketView
from workers.plans.requests.odds import OddsTerms
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.odds import ODDS

FITTED = 0.2
MARKET_OF_TESTS = Market(
    salary_weight=1.2,
    ownership_weight=0.3,
    start_weight=0.3,
    salary_alone=1.3,
    start_alone=0.4,
    surprise_weight=0.5,
    conviction=FITTED,
)
# as unlike each other as they can be told apart by
WEIGHTS = OddsWeights(
    early_without_grid=SourceWeight(0.4, 0.1, 80),
    early_with_grid=SourceWeight(0.1, 0.1, 80),
    closing_lists=SourceWeight(0.3, 0.2, 8),
    closing_matchups=SourceWeight(0.8, 0.2, 6),
    pair_margin=0.05,
)
PAIR = Matchup(9, 2, 1.4, 2.9, Taken.CLOSING)  # the ninth in salary ahead of the second


def terms(*matchups: Matchup, **changes: Any) -> OddsTerms:
    fields: dict[str, Any] = {
        "weights": WEIGHTS,
        "grid_known": True,
        "listed": False,
        "taken": Taken.EARLY,
        "matchups": matchups,
    }
    return OddsTerms(**{**fields, **changes})


def request_of(slate: Slate, odds: OddsTerms | None, **changes: Any) -> OptimizeRequest:
    spec = ConstraintCompiler().compile(slate, race_laps=60)
    request = OptimizeRequest(
        slate=slate,
        spec=spec,
        n_scenarios=1_000,
        seed=7,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 4, max_driver_exposure=1.0, max_team_exposure=1.0),
        objective="mean",
        validate_tail=False,
        contest=ContestTerms(typical_payouts(200, 500)),
        knowledge=UserKnowledge.from_slate(slate),
        market=MarketView(MARKET_OF_TESTS, FITTED, spec),
        odds=odds,
    )
    return replace(request, **changes)


def done(request: OptimizeRequest) -> Work[OptimizeRequest]:
    return stages_here(optimize.PLAN, request, Memory())


def tilts(work: Work[OptimizeRequest], conviction: float | None = None) -> np.ndarray:
    spec = simulated_spec(work.request, work.facts, conviction)
    return np.array([driver.tilt for driver in spec.drivers])


def without_prices(work: Work[OptimizeRequest], conviction: float | None = None) -> np.ndarray:
    return tilts(Work(work.request, work.facts.without(ODDS), work.arrays), conviction)


def moves(work: Work[OptimizeRequest], conviction: float | None = None) -> np.ndarray:
    moved: np.ndarray = tilts(work, conviction) - without_prices(work, conviction)
    return moved


def listed(slate: Slate, **odds: float) -> Slate:
    """The slate with a price to win for some drivers, by ``d`` and index."""
    drivers = [
        replace(driver, win_odds=odds.get(f"d{index}"))
        for index, driver in enumerate(slate.drivers)
    ]
    return replace(slate, drivers=tuple(drivers))


def test_without_prices_the_job_has_no_such_stage_and_the_same_races(slate: Slate) -> None:
    plain = request_of(slate, None)
    assert "odds" not in [stage.name for stage in optimize.PLAN.stages(plain)]
    work = done(request_of(slate, terms(PAIR)))
    bare = done(plain)
    before = Work(work.request, work.facts.without(ODDS), work.arrays)
    assert simulated_spec(plain, bare.facts) == simulated_spec(before.request, before.facts)


def test_both_drivers_of_a_pair_move_by_its_weight_and_nobody_else(slate: Slate) -> None:
    whole = replace(WEIGHTS, closing_matchups=SourceWeight(1.0, 0.2, 6))
    part, full = (moves(done(request_of(slate, terms(PAIR, weights=w)))) for w in (WEIGHTS, whole))
    assert set(np.flatnonzero(full)) == {2, 9}
    assert full[9] > 0.1
    assert full[9] == pytest.approx(-full[2], abs=1e-5)
    assert part == pytest.approx(0.8 * full, abs=1e-5)


def test_at_a_weight_of_1_races_have_the_prices_of_the_pair(slate: Slate) -> None:
    whole = replace(WEIGHTS, closing_matchups=SourceWeight(1.0, 0.2, 6))
    work = done(request_of(slate, terms(PAIR, weights=whole)))
    finish = generate_scenarios(simulated_spec(work.request, work.facts), 20_000, 3)[0].finish
    share = float((finish[:, PAIR.driver_a] < finish[:, PAIR.driver_b]).mean())
    assert np.log(share / (1 - share)) == pytest.approx(PAIR.log_odds(0.05), abs=0.15)


@pytest.mark.slow
def test_prices_count_by_when_they_were_taken_and_by_the_grid(slate: Slate) -> None:
    early = replace(PAIR, taken=Taken.EARLY)
    moved = {
        name: moves(done(request_of(slate, odds)))[9]
        for name, odds in {
            "closing": terms(PAIR),
            "before the grid": terms(early, grid_known=False),
            "with it": terms(early),
        }.items()
    }
    assert moved["before the grid"] == pytest.approx(0.5 * moved["closing"], abs=1e-5)
    assert moved["with it"] == pytest.approx(0.125 * moved["closing"], abs=1e-5)


def test_at_the_markets_view_prices_count_nothing_and_at_ones_own_in_full(slate: Slate) -> None:
    work = done(request_of(slate, terms(PAIR)))
    assert moves(work, 0.0) == pytest.approx(0.0)
    ends = [moves(work, conviction)[9] for conviction in (0.0, FITTED, 0.6, 1.0)]
    assert sorted(ends) == ends
    # the model alone has the second far ahead, and the slope holds less well so far away
    own = done(request_of(slate, terms(PAIR), market=None))
    finish = generate_scenarios(simulated_spec(own.request, own.facts), 20_000, 3)[0].finish
    share = float((finish[:, PAIR.driver_a] < finish[:, PAIR.driver_b]).mean())
    assert np.log(share / (1 - share)) == pytest.approx(PAIR.log_odds(0.05), abs=0.3)


def test_odds_to_win_move_the_drivers_who_have_them(slate: Slate) -> None:
    priced = listed(slate, d3=3.0, d8=9.0, d11=60.0)
    work = done(request_of(priced, terms(listed=True)))
    moved = moves(work)
    assert set(np.flatnonzero(moved)) == {3, 8, 11}
    found = work.facts.of(ODDS)
    assert [index for index, tilt in enumerate(found.listed) if tilt is not None] == [3, 8, 11]
    # a tenth of the way to where the races win as often as the prices say
    towards = np.array([found.listed[index] for index in (3, 8, 11)], dtype=np.float64)
    assert moved[[3, 8, 11]] == pytest.approx(
        0.1 * (towards - without_prices(work)[[3, 8, 11]]), abs=1e-6
    )


@pytest.mark.slow
def test_the_conviction_of_other_numbers_does_not_count_for_odds(slate: Slate) -> None:
    priced = listed(slate, d3=3.0)
    known = replace(priced.drivers[6], projected_points=60.0)
    both = replace(priced, drivers=(*priced.drivers[:6], known, *priced.drivers[7:]))
    work = done(request_of(both, terms(listed=True)))
    plain = replace(both, drivers=tuple(replace(d, win_odds=None) for d in both.drivers))
    bare = done(request_of(plain, None))
    assert without_prices(work) == pytest.approx(tilts(bare))
    # at one's own view they are met together, as they always were
    assert tilts(work, 1.0) == pytest.approx(tilts(done(request_of(both, None)), 1.0))


def test_closing_prices_have_the_last_word(slate: Slate) -> None:
    whole = replace(
        WEIGHTS,
        early_with_grid=SourceWeight(1.0, 0.1, 80),
        closing_matchups=SourceWeight(1.0, 0.2, 6),
    )
    contrary = Matchup(9, 2, 2.9, 1.4, Taken.EARLY)
    both = moves(done(request_of(slate, terms(contrary, PAIR, weights=whole))))
    last = moves(done(request_of(slate, terms(PAIR, weights=whole))))
    assert both == pytest.approx(last, abs=0.02)


def test_the_answer_says_how_far_prices_moved_whom_and_what_is_not_graded(slate: Slate) -> None:
    early = Matchup(5, 7, None, 1.7, Taken.EARLY)
    answer = run_here(optimize.PLAN, request_of(slate, terms(PAIR, early)), Memory())
    odds = answer["scenario_diagnostics"]["odds"]
    assert (odds["matchups"], odds["listed"]) == (2, 0)
    assert [
        (entry["source"], entry["drivers"], entry["weight"], entry["error"], entry["races"])
        for entry in odds["sources"]
    ] == [("early_with_grid", 2, 0.1, 0.1, 80), ("closing_matchups", 2, 0.8, 0.2, 6)]
    by_name = {driver["name"]: driver for driver in odds["drivers"]}
    assert set(by_name) == {slate.drivers[index].name for index in (2, 5, 7, 9)}
    ninth = by_name[slate.drivers[9].name]
    assert ninth["moved"] == pytest.approx(0.8 * ninth["implied"], abs=1e-5)
    not_graded = " ".join(odds["not_graded"])
    for words in ("races of the model alone", "1 early matchup", "1 matchup with one price"):
        assert words in not_graded
    notes = " ".join(answer["notes"])
    assert "Closing matchups move 2 drivers 80% of the way" in notes
    assert "0.80 ± 0.20, rests on 6 races" in notes
    assert f"Not graded on real races: {not_graded}" in notes


@pytest.mark.slow
@pytest.mark.parametrize("chunk_units", [1, 3])
def test_any_chunks_give_the_same_answer(slate: Slate, chunk_units: int) -> None:
    priced = listed(slate, d3=3.0, d8=9.0)
    request = request_of(priced, terms(PAIR, listed=True), n_scenarios=2_000)
    whole = run_here(optimize.PLAN, request, Memory())
    cut = run_here(optimize.PLAN, request, Memory(), chunk_units=chunk_units, fan=2)
    for answer in (whole, cut):
        for name in ("run_id", "created_at"):
            answer["run_config"].pop(name, None)
    assert json.dumps(whole, sort_keys=True) == json.dumps(cut, sort_keys=True)


@pytest.mark.slow
def test_own_lineups_are_played_in_the_same_races(slate: Slate) -> None:
    request = request_of(slate, terms(PAIR))
    again = ContestSimRequest(
        slate=slate,
        lineups=((3, 5, 8, 9, 10, 12),),
        contest=ContestTerms(typical_payouts(200, 500)),
        n_scenarios=1_000,
        seed=7,
        salary_cap_usd=50_000,
        spec=request.spec,
        market=request.market,
        odds=request.odds,
    )
    played = stages_here(contest_sim.PLAN, again, Memory())
    assert simulated_spec(again, played.facts) == simulated_spec(request, done(request).facts)
    answer = run_here(contest_sim.PLAN, again, Memory())
    assert answer["scenario_diagnostics"]["odds"]["matchups"] == 1
