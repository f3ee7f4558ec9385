"""The registry of objectives, and the plan that each one has."""

from pathlib import Path

import pytest

from workers.plans import objectives
from workers.plans.objectives import DEFAULT_OBJECTIVE, OBJECTIVES, Objective, Unit
from workers.plans.objectives.plan import plan_of
from workers.plans.stages.portfolio import PORTFOLIO

BY_NAME = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)


def test_every_module_of_the_folder_is_an_objective_s_but_the_plan_s_own() -> None:
    files = Path(objectives.__file__).parent.glob("[!_]*.py")
    assert {file.stem for file in files} - {"plan"} == {o.module for o in OBJECTIVES.values()}
    assert DEFAULT_OBJECTIVE in OBJECTIVES


@BY_NAME
def test_an_objective_is_filed_under_its_name_and_described_in_a_sentence(
    objective: Objective,
) -> None:
    assert OBJECTIVES[objective.name] is objective
    assert objective.description.endswith(".")
    assert objective.description.count(". ") == 0


@BY_NAME
def test_the_last_stage_of_an_objective_chooses_the_portfolio(objective: Objective) -> None:
    stages = plan_of(objective.name).stages
    assert stages[-1].key is PORTFOLIO
    assert len({stage.name for stage in stages}) == len(stages)


@BY_NAME
def test_what_is_counted_in_dollars_is_won_in_a_contest_and_takes_no_penalty_in_points(
    objective: Objective,
) -> None:
    assert objective.needs_contest is (objective.unit is Unit.USD)
    assert not (objective.takes_penalty and objective.unit is Unit.USD)


def test_a_score_of_a_walk_for_dollars_is_millionths_over_all_races() -> None:
    per_unit = {name: plan_of(name).scores_per_unit(500) for name in OBJECTIVES}
    assert per_unit["mean"] == per_unit["multi_cvar"] == 1
    assert per_unit["dollars"] == 500 * 1_000_000


def test_an_objective_that_is_none_has_no_plan() -> None:
    with pytest.raises(KeyError, match="median"):
        plan_of("median")
