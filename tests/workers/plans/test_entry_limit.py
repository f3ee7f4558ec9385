"""How many entries an opponent may enter, from a request to the contest and to what is said."""

from dataclasses import replace
from typing import Any

import pytest

from core.contest import typical_payouts
from core.errors import InvalidInput
from core.field import entrant_share
from core.slate import Slate
from web.requests import Sources, contest_sim_request, optimize_request
from web.schemas.contests import ContestSimSchema
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here, stages_here
from workers.plans import contest_sim
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.stages.field import FIELD

LINEUP = tuple(range(6, 12))


def simulation(slate: Slate, **contest: Any) -> ContestSimRequest:
    """One lineup in a contest of 400 with the fields of a request's contest."""
    ids = [slate.drivers[index].driver_id for index in LINEUP]
    body = {
        "slate_id": "the test's",
        "lineups": [ids],
        "field_size": 400,
        "contest_buyin": 5.0,
        "n_scenarios": 1_000,
        "scenario_config": {"race_length": 60},
        **contest,
    }
    return contest_sim_request(ContestSimSchema().load(body), Sources(lambda _: slate))[0]


def played(request: ContestSimRequest) -> dict[str, Any]:
    return run_here(contest_sim.PLAN, request, Memory())


def test_the_contests_field_has_as_many_entrants_as_its_limit_says(slate: Slate) -> None:
    for limit in (1, 20):
        work = stages_here(contest_sim.PLAN, simulation(slate, entry_limit=limit), Memory())
        assert work.facts.of(FIELD).model.entrant_share == entrant_share(limit)


def test_a_single_entry_contest_has_the_figures_of_one_without_a_limit(slate: Slate) -> None:
    plain, single = (played(simulation(slate, **fields)) for fields in ({}, {"entry_limit": 1}))
    assert plain == single


@pytest.mark.slow
def test_opponents_who_enter_more_copy_less_and_the_answer_says_what_is_assumed(
    slate: Slate,
) -> None:
    single, many = (
        played(simulation(slate, entry_limit=limit, n_contest_sims=20)) for limit in (1, 150)
    )
    assert many["field"]["unique"] > single["field"]["unique"]
    assert not any("Opponents enter" in note for note in single["notes"])
    (note,) = (note for note in many["notes"] if "Opponents enter" in note)
    assert note.startswith("Opponents enter up to 150 lineups, 2.2 on average")
    assert "assumption" in note


def test_more_lineups_of_ones_own_than_the_limit_are_refused(slate: Slate) -> None:
    body = {
        "slate_id": "the test's",
        "n_lineups": 4,
        "max_driver_exposure": 1.0,
        "max_team_exposure": 1.0,
        "contest": {"field_size": 400, "entry_limit": 3},
        "scenario_config": {"n_scenarios": 1_000},
    }
    with pytest.raises(InvalidInput, match="entry_limit: 3, but 4 lineups are yours; enter at"):
        optimize_request(OptimizeSchema().load(body), Sources(lambda _: slate))
    allowed = {**body, "n_lineups": 3}
    request = optimize_request(OptimizeSchema().load(allowed), Sources(lambda _: slate))
    assert request.contest == replace(
        ContestTerms(typical_payouts(400, 2_000)), entry_limit=3, ownership_model=None
    )
