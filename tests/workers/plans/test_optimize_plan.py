"""The optimize job in one process: its answer, which no cut of the work changes."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from core.contest import typical_payouts
from core.errors import Infeasible
from core.lineups import LineupRules, compute_cvar, is_legal
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler, draw_block_strength, load_strength_error, simulate_block
from core.slate import Slate
from workers.engine.arrays import ArrayRef, Memory
from workers.engine.in_process import run_here
from workers.engine.stages import FAN
from workers.plans import contest_sim, optimize
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.contest_units import contest_units
from workers.plans.stages.races import block_rows, half


def request_of(slate: Slate, n_lineups: int = 12, **changes: Any) -> OptimizeRequest:
    rules = LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000)
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=120),
        n_scenarios=2_200,
        seed=7,
        rules=rules,
        limits=portfolio_limits(slate, n_lineups, max_driver_exposure=0.8),
        contest=ContestTerms(typical_payouts(400, 500)),
    )
    return replace(request, **changes)


class Counted(Memory):
    """Blobs that record the size of each."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def put(self, **arrays: np.ndarray) -> ArrayRef:
        reference = super().put(**arrays)
        self.sizes.append(self.stored_bytes(reference))
        return reference


def done(
    request: OptimizeRequest, chunk_units: int | None = None, fan: int = FAN
) -> dict[str, Any]:
    return run_here(optimize.PLAN, request, Memory(), chunk_units, fan)


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_cut_of_the_work_changes_a_byte_of_the_answer(slate: Slate, objective: str) -> None:
    request = request_of(slate, objective=objective)
    cuts = ((None, FAN), (1, FAN), (1, 2), (2, 3), (10_000, 2))
    answers = {json.dumps(done(request, chunk, fan)) for chunk, fan in cuts}
    assert len(answers) == 1


def test_another_seed_gives_other_races(slate: Slate) -> None:
    first, second = done(request_of(slate)), done(request_of(slate, seed=8))
    assert first["scenario_diagnostics"] != second["scenario_diagnostics"]


def test_a_request_survives_its_record(slate: Slate) -> None:
    request = request_of(slate)
    assert optimize.PLAN.read(msgspec.json.encode(request)) == request


def test_lineups_are_legal_different_and_within_their_exposures(slate: Slate) -> None:
    request = request_of(slate)
    answer = done(request)
    ids = [driver.driver_id for driver in slate.drivers]
    lineups = [
        sorted(ids.index(driver["driver_id"]) for driver in lineup["drivers"])
        for lineup in answer["lineups"]
    ]
    assert len(lineups) == 12
    assert len({tuple(lineup) for lineup in lineups}) == 12
    assert all(is_legal(request.rules, lineup) for lineup in lineups)
    counts = np.bincount(np.concatenate(lineups), minlength=len(ids))
    assert counts.max() <= 9  # floor of 0.8 x 12
    assert answer["exposure"] == {ids[i]: counts[i] / 12 for i in range(len(ids))}


def test_reported_figures_come_from_races_the_lineups_were_not_chosen_on(slate: Slate) -> None:
    request = request_of(slate, unshrunken=True)
    answer = done(request)
    rows = [block_rows(number, request.n_scenarios) for number in range(6)]
    blocks = [
        simulate_block(
            request.spec,
            request.seed,
            number,
            each.stop - each.start,
            draw_block_strength(request.spec, request.seed, number, load_strength_error()),
        )[0]
        for number, each in enumerate(rows)
    ]
    points = np.concatenate([races.points(slate.rules) for races in blocks])
    ids = [driver.driver_id for driver in slate.drivers]
    first = answer["lineups"][0]
    places = [ids.index(driver["driver_id"]) for driver in first["drivers"]]
    report = half(points, selection=False)[:, places].sum(axis=1) / 20
    selection = half(points, selection=True)[:, places].sum(axis=1) / 20
    assert len(report) == len(selection) == 1_100
    assert first["cvar_99"] == pytest.approx(compute_cvar(report, 0.99), abs=1e-9)
    assert first["mean"] == pytest.approx(report.mean(), abs=1e-9)
    chosen_for = 0.7 * compute_cvar(selection, 0.99) + 0.3 * compute_cvar(selection, 0.95)
    assert first["objective_value"] == pytest.approx(
        chosen_for, abs=1e-6
    )  # scores lie on a fine grid


def test_the_contest_is_played_in_every_race_and_both_halves_are_shown(slate: Slate) -> None:
    contest = done(request_of(slate))["contest"]
    assert contest["n_simulations"] == 1_100
    assert contest["in_sample"]["n_simulations"] == 1_100


def test_without_a_contest_the_answer_speaks_of_none(slate: Slate) -> None:
    answer = done(request_of(slate, contest=None))
    assert "contest" not in answer
    assert "roi" not in answer["lineups"][0]


def test_the_mean_objective_follows_the_users_projections_where_given(slate: Slate) -> None:
    worst = slate.drivers[13]
    drivers = (*slate.drivers[:13], replace(worst, projected_points=500.0))
    better = replace(slate, drivers=drivers)
    free = portfolio_limits(better, 4, max_driver_exposure=1.0, max_team_exposure=1.0)
    answer = done(request_of(better, 4, objective="mean", limits=free))
    assert answer["exposure"][worst.driver_id] == 1.0


def test_limits_that_leave_no_portfolio_end_the_job_with_their_names(slate: Slate) -> None:
    limits = portfolio_limits(slate, 12, max_driver_exposure=0.25)
    with pytest.raises(Infeasible) as failed:
        done(request_of(slate, limits=limits))
    assert failed.value.largest == 0
    assert any("max_driver_exposure" in limit for limit in failed.value.limits)


def test_a_contest_sim_gives_a_lineup_the_figures_it_has_in_an_optimize_job(slate: Slate) -> None:
    # estimated ownership is drawn anew for each contest, a user's is not
    terms = ContestTerms(typical_payouts(400, 500), uncertain=False)
    request = request_of(slate, contest=terms)
    answer = done(request)
    ids = [driver.driver_id for driver in slate.drivers]
    lineups = tuple(
        tuple(sorted(ids.index(driver["driver_id"]) for driver in lineup["drivers"]))
        for lineup in answer["lineups"]
    )
    owned = tuple(answer["ownership_percent"][driver_id] for driver_id in ids)
    simulated = run_here(
        contest_sim.PLAN,
        ContestSimRequest(
            slate=slate,
            lineups=lineups,
            contest=replace(terms, ownership_percent=owned),
            n_scenarios=request.n_scenarios,
            seed=request.seed,
            salary_cap_usd=50_000,
            spec=request.spec,
        ),
        Memory(),
    )
    assert simulated["n_simulations"] == 2_200
    report, seen = answer["contest"], answer["contest"]["in_sample"]
    whole = (report["roi"] + seen["roi"]) / 2
    assert simulated["roi"] == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_job_stores_no_more_than_it_was_promised(slate: Slate, objective: str) -> None:
    request = request_of(slate, objective=objective)
    stored = Counted()
    # everything stored with the finest cut, although much of it is released before the end
    run_here(optimize.PLAN, request, stored, 1)
    assert 0 < sum(stored.sizes) <= optimize.PLAN.stored_bytes(request)


@pytest.mark.slow
def test_a_tail_that_was_noise_is_a_note(slate: Slate) -> None:
    def noted(seed: int) -> tuple[float, bool]:
        answer = done(request_of(slate, 4, seed=seed, contest=None, n_scenarios=1_000))
        noise = any(note.startswith("On fresh races the best lineup") for note in answer["notes"])
        return answer["tail_validation"]["tail_improvement"], noise

    results = [noted(seed) for seed in range(6)]
    assert all(noise == (gain < 0.0) for gain, noise in results)
    assert len({noise for _, noise in results}) == 2


@pytest.mark.slow
def test_fields_of_a_block_are_chunks_of_their_own(
    slate: Slate, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = request_of(slate)
    request = ContestSimRequest(
        slate=slate,
        lineups=((0, 5, 6, 8, 9, 13), (0, 5, 6, 8, 9, 13), (1, 4, 6, 7, 10, 12)),
        contest=ContestTerms(typical_payouts(400, 500), fields_per_block=7),
        n_scenarios=1_200,
        seed=7,
        salary_cap_usd=50_000,
        spec=base.spec,
    )
    whole = run_here(contest_sim.PLAN, request, Memory())
    # fields so large that two are too many for one chunk, by the same rule
    monkeypatch.setattr("workers.plans.stages.contest_units._UNIT_ENTRIES", 1_300)
    assert contest_units(request) == 4 * 4
    for chunk, fan in ((None, FAN), (1, 2), (1, 64), (5, 2), (4, 3)):
        assert json.dumps(run_here(contest_sim.PLAN, request, Memory(), chunk, fan)) == json.dumps(
            whole
        )
    assert whole["n_simulations"] == 7 * 1_200
    # blocks cut in two hold each scenario's sums: that is promised too
    played = replace(request, contest=replace(request.contest, fields_per_block=60))
    stored = Counted()
    run_here(contest_sim.PLAN, played, stored, 1)
    largest = sorted(stored.sizes)[-2 * FAN :]
    assert 0.08 * contest_sim.PLAN.stored_bytes(played) < sum(largest)
    assert sum(largest) <= contest_sim.PLAN.stored_bytes(played)
