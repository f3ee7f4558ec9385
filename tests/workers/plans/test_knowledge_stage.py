"""Jobs whose slate has a user's numbers: the race is tilted once, before it is simulated."""

import json
from dataclasses import asdict, replace
from typing import Any

import msgspec
import numpy as np
import pytest

from core.contest import typical_payouts
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import (
    ConstraintCompiler,
    UserKnowledge,
    generate_scenarios,
    load_strength_error,
    tilt,
)
from core.slate import Slate, Veto
from core.wording import listed
from workers.engine.arrays import ArrayRef, Memory
from workers.engine.facts import Facts
from workers.engine.in_process import run_here
from workers.plans import contest_sim, optimize
from workers.plans.answers.knowledge import knowledge_notes
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.optimize import OptimizeRequest


@pytest.fixture
def informed(slate: Slate) -> Slate:
    numbers = {1: {"projected_points": 55.0}, 6: {"finish_median": 3.0}, 9: {"win_odds": 6.0}}
    drivers = tuple(replace(d, **numbers.get(i, {})) for i, d in enumerate(slate.drivers))
    return replace(slate, drivers=drivers)


def request_of(slate: Slate, *, tilted: bool = True, **changes: Any) -> OptimizeRequest:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        n_scenarios=2_000,
        seed=7,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 4, max_driver_exposure=1.0, max_team_exposure=1.0),
        objective="mean",
        knowledge=UserKnowledge.from_slate(slate) if tilted else None,
    )
    return replace(request, **changes)


def contest_of(slate: Slate, **changes: Any) -> ContestSimRequest:
    request = ContestSimRequest(
        slate=slate,
        lineups=((3, 5, 8, 9, 10, 12),),
        contest=ContestTerms(typical_payouts(200, 500)),
        n_scenarios=2_000,
        seed=7,
        salary_cap_usd=50_000,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
        knowledge=UserKnowledge.from_slate(slate),
    )
    return replace(request, **changes)


def stages_of(request: OptimizeRequest | ContestSimRequest) -> list[str]:
    plan: Any = optimize.PLAN if isinstance(request, OptimizeRequest) else contest_sim.PLAN
    return [stage.name for stage in plan.stages(request)]


def test_the_stage_is_there_only_where_the_user_knows_something(
    slate: Slate, informed: Slate
) -> None:
    assert stages_of(request_of(informed))[:2] == ["knowledge", "scenarios"]
    assert stages_of(contest_of(informed))[:2] == ["knowledge", "scenarios"]
    uninformed = [request_of(slate), request_of(informed, tilted=False), contest_of(slate)]
    own_points = contest_of(informed, spec=None, scores=ArrayRef("0" * 64), knowledge=None)
    assert not any("knowledge" in stages_of(request) for request in [*uninformed, own_points])


def test_the_stage_takes_longer_with_more_cars_and_where_rules_throw_races_out(
    informed: Slate,
) -> None:
    stage = contest_sim.PLAN.stages(contest_of(informed))[0]
    vetoed = replace(informed.drivers[0], vetoes=frozenset({Veto.MAY_NOT_WIN}))
    out = replace(informed.drivers[0], vetoes=frozenset({Veto.OUT}))
    fewer, plain, ruled = (
        stage.seconds(contest_of(replace(informed, drivers=(first, *informed.drivers[1:]))))
        for first in (out, informed.drivers[0], vetoed)
    )
    assert 0.0 < fewer < plain < ruled


@pytest.mark.slow
def test_the_races_are_those_of_the_tilted_spec_and_the_answer_says_so(informed: Slate) -> None:
    request = request_of(informed)
    answer = run_here(optimize.PLAN, request, Memory())
    assert request.knowledge is not None
    found = tilt(request.spec, request.knowledge, informed.rules, request.seed)
    assert answer["constraint_spec_hash"] == found.spec.spec_hash
    assert answer["run_config"]["spec_hash"] == found.spec.spec_hash
    races, _ = generate_scenarios(
        found.spec, request.n_scenarios, request.seed, load_strength_error()
    )
    shown = answer["scenario_diagnostics"]
    assert list(shown["avg_laps_led"].values()) == races.laps_led.mean(axis=0).tolist()
    knowledge = shown["knowledge"]
    assert knowledge["max_tilt"] == found.diagnostics.to_json()["max_tilt"]
    assert [driver["name"] for driver in knowledge["drivers"]] == [
        "Driver 01",
        "Driver 06",
        "Driver 09",
    ]
    first = knowledge["drivers"][0]
    assert first["reached"]
    assert first["targets"][0]["after"] == pytest.approx(55.0, abs=1.5)
    kinds = [target["kind"] for driver in knowledge["drivers"] for target in driver["targets"]]
    assert kinds == ["projected_points", "median_finish", "win_probability"]
    assert json.loads(json.dumps(answer)) == answer


def test_without_the_knowledge_the_bits_are_those_of_a_slate_that_says_nothing(
    slate: Slate, informed: Slate
) -> None:
    plain, untilted = (
        run_here(optimize.PLAN, request_of(of, tilted=False, objective="multi_cvar"), Memory())
        for of in (slate, informed)
    )
    assert untilted["scenario_diagnostics"] == plain["scenario_diagnostics"]
    assert untilted["constraint_spec_hash"] == plain["constraint_spec_hash"]
    assert untilted["exposure"] == plain["exposure"]
    assert untilted["scenario_diagnostics"]["knowledge"] is None
    assert any("do not follow them" in note for note in untilted["notes"])


@pytest.mark.slow
def test_no_cut_of_the_work_changes_a_byte(informed: Slate) -> None:
    answers = {
        json.dumps(run_here(optimize.PLAN, request_of(informed), Memory(), units))
        for units in (None, 1)
    }
    assert len(answers) == 1


@pytest.mark.slow
def test_a_contest_is_played_in_tilted_races_too(informed: Slate) -> None:
    first, again = (
        run_here(contest_sim.PLAN, contest_of(informed), Memory(), units) for units in (None, 1)
    )
    assert json.dumps(first) == json.dumps(again)
    assert len(first["scenario_diagnostics"]["knowledge"]["drivers"]) == 3
    plain = run_here(contest_sim.PLAN, contest_of(informed, knowledge=None), Memory())
    assert plain["scenario_diagnostics"] == {"knowledge": None, "market": None, "odds": None}
    assert plain["roi"] != first["roi"]


@pytest.mark.slow
def test_what_cannot_be_met_is_a_note_with_the_drivers_name(slate: Slate) -> None:
    absurd = replace(slate.drivers[2], projected_points=400.0)
    drivers = (*slate.drivers[:2], absurd, *slate.drivers[3:])
    answer = run_here(optimize.PLAN, request_of(replace(slate, drivers=drivers)), Memory())
    found = answer["scenario_diagnostics"]["knowledge"]
    assert found["not_reached"] == [absurd.driver_id]
    assert found["drivers"][0]["at_limit"]
    assert (
        found["offset_points"] == 0.0
    )  # points that no driver can score are not added to other drivers
    assert any("your numbers for Driver 02" in note for note in answer["notes"])


def projected(slate: Slate, points: list[float]) -> Slate:
    pairs = zip(slate.drivers, points, strict=True)
    return replace(slate, drivers=tuple(replace(d, projected_points=p) for d, p in pairs))


@pytest.mark.slow
def test_projections_of_more_than_a_race_are_a_note(slate: Slate) -> None:
    even = projected(slate, [60.0] * 14)
    answer = run_here(optimize.PLAN, request_of(even), Memory())
    found = answer["scenario_diagnostics"]["knowledge"]
    offset = found["offset_points"]
    assert offset > 5.0
    assert found["scale"] == 1.0
    gap = (found["total_projected"] - found["total_simulated"]) / len(slate.drivers)
    assert offset == pytest.approx(gap, abs=0.5)
    assert any(f"projection counts {offset:.1f} less" in note for note in answer["notes"])


@pytest.mark.slow
def test_projections_too_far_apart_for_their_sum_are_a_note(slate: Slate) -> None:
    answer = run_here(
        optimize.PLAN, request_of(projected(slate, [80.0 - 2 * i for i in range(14)])), Memory()
    )
    found = answer["scenario_diagnostics"]["knowledge"]
    assert found["not_reached"] == []
    scale, offset = found["scale"], found["offset_points"]
    assert 0.5 < scale < 0.8
    assert any(f"counts {scale:.2f} times, {offset:.1f} less" in note for note in answer["notes"])
    for driver in found["drivers"]:
        target = driver["targets"][0]
        assert target["target"] == pytest.approx(scale * target["asked"] - offset, abs=1e-3)


@pytest.mark.slow
def test_most_drivers_at_the_limit_are_a_note(slate: Slate) -> None:
    absurd = projected(slate, [400.0] * 7 + [-400.0] * 7)
    answer = run_here(optimize.PLAN, request_of(absurd), Memory())
    found = answer["scenario_diagnostics"]["knowledge"]
    limits = sum(driver["at_limit"] for driver in found["drivers"])
    assert limits > 3
    assert any(note.startswith(f"{limits} of 14 drivers are as strong") for note in answer["notes"])


def test_drivers_held_by_the_rules_are_a_note(slate: Slate) -> None:
    strong = {"projected_points": 70.0, "skill": 0.95, "vetoes": frozenset({Veto.MAY_NOT_WIN})}
    changed: list[Any] = [strong] * 3 + [{}] * 11
    drivers = tuple(replace(d, **c) for d, c in zip(slate.drivers, changed, strict=True))
    answer = run_here(optimize.PLAN, request_of(replace(slate, drivers=drivers)), Memory())
    found = answer["scenario_diagnostics"]["knowledge"]
    held = [driver["name"] for driver in found["drivers"] if driver["held"]]
    assert held == found_names(found["not_reached"], slate)
    assert held
    assert any(f"your numbers for {listed(held)}: your rules" in n for n in answer["notes"])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"projected_points": 30.0}, "objective mean uses your projected points"),
        ({"win_odds": 6.0}, "odds and finish medians"),
        ({"top5_odds": 2.0}, "odds and finish medians"),
        ({"finish_median": 7.0}, "odds and finish medians"),
    ],
)
def test_races_that_do_not_follow_the_users_numbers_are_a_note(
    slate: Slate, numbers: dict[str, Any], words: str
) -> None:
    informed = replace(slate, drivers=(replace(slate.drivers[0], **numbers), *slate.drivers[1:]))
    (note,) = knowledge_notes(contest_of(informed, knowledge=None), Facts())
    assert words in note
    assert "do not follow" in note
    assert knowledge_notes(contest_of(slate, knowledge=None), Facts()) == []


def test_points_of_ones_own_are_no_races_that_could_follow_anything(informed: Slate) -> None:
    blobs = Memory()
    scores = blobs.put(points=np.arange(1_200 * 14, dtype=np.int16).reshape(1_200, 14) % 1_000)
    request = contest_of(informed, spec=None, knowledge=None, scores=scores)
    answer = run_here(contest_sim.PLAN, request, blobs)
    assert not any("follow" in note for note in answer["notes"])


def test_numbers_no_race_can_follow_are_named(slate: Slate) -> None:
    numbers: list[dict[str, Any]] = [
        {"projected_points": 40.0, "vetoes": frozenset({Veto.OUT})},
        {"win_odds": 5.0, "vetoes": frozenset({Veto.MAY_NOT_WIN})},
        {"win_odds": 5.0},
        {"finish_median": 8.0, "vetoes": frozenset({Veto.MAY_NOT_WIN})},
    ]
    numbers += [{}] * 10
    drivers = tuple(replace(d, **c) for d, c in zip(slate.drivers, numbers, strict=True))
    answer = run_here(contest_sim.PLAN, contest_of(replace(slate, drivers=drivers)), Memory())
    notes = [note for note in answer["notes"] if "are ignored" in note]
    assert [note.rpartition(": ")[2] for note in notes] == ["Driver 00.", "Driver 01."]
    assert "do not race" in notes[0]
    assert "Win odds" in notes[1]


def found_names(ids: list[str], slate: Slate) -> list[str]:
    return [driver.name for driver in slate.drivers if driver.driver_id in ids]


@pytest.mark.parametrize("kind", ["optimize", "contest-sim"])
def test_a_request_with_knowledge_survives_its_record(informed: Slate, kind: str) -> None:
    if kind == "optimize":
        request = request_of(informed)
        assert optimize.PLAN.read(msgspec.json.encode(request)) == request
    else:
        played = contest_of(informed)
        read = contest_sim.PLAN.read(msgspec.json.encode(played))
        assert read == played
        assert read.knowledge is not None
        assert np.array_equal(read.knowledge.table, played.knowledge.table, equal_nan=True)
        assert asdict(read.knowledge) == asdict(played.knowledge)
