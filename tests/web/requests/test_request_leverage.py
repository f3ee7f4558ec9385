"""Requests for leverage, and rules of teams, as jobs get them."""

from typing import Any

import numpy as np
import pytest

from core.errors import Infeasible, InvalidInput
from core.field import field_parameters
from core.lineups import is_legal
from tests.web.requests.alone import ALONE
from web.labels import conflict_members, errors_of
from web.requests import leverage_request, optimize_request
from web.schemas.optimize import LeverageSchema, OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.in_process import stages_here
from workers.plans.optimize import LEVERAGE_PLAN
from workers.plans.requests.optimize import Leverage, OptimizeRequest
from workers.plans.stages.estimated_ownership import field_of_ownership
from workers.plans.stages.field import FIELD

MAKES = ("Chevrolet", "Ford", "Toyota")
OWNED = {f"d{i}": 82.0 - 602.0 / 100 * i for i in range(14)}


def drivers(**first: Any) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = [
        {
            "driver_id": f"d{i}",
            "name": f"Nobody {i}",
            "salary": 10_800 - 450 * i,
            "team": f"Team {i % 5}",
            "manufacturer": MAKES[i % 3],
        }
        for i in range(14)
    ]
    given[0] |= first
    return given


FREE = {"max_driver_exposure": 1.0, "max_team_exposure": 1.0}


def optimized(**changes: Any) -> OptimizeRequest:
    body = {"drivers": drivers(), "scenario_config": {"track_id": "kansas"}, **FREE, **changes}
    return optimize_request(OptimizeSchema().load(body), ALONE)


def leveraged(**changes: Any) -> OptimizeRequest:
    body = {
        "drivers": drivers(),
        "scenario_config": {"track_id": "kansas"},
        "ownership_estimates": OWNED,
        "max_ownership_per_driver": 1.0,
        "min_low_ownership_drivers": 0,
        "max_total_ownership": 6.0,
        **FREE,
        **changes,
    }
    return leverage_request(LeverageSchema().load(body), ALONE)


def problems(ask: Any, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as refused:
        ask(**changes)
    return errors_of(refused.value)


def test_the_estimates_count_as_they_stand_where_they_are_of_entries() -> None:
    total = sum(OWNED.values())
    assert total != pytest.approx(600.0, abs=1e-9)
    assert total == pytest.approx(600.0, rel=0.02)
    request = leveraged()
    assert request.leverage == Leverage(tuple(OWNED.values()), 0.5)


def test_shares_of_roster_spots_become_percent_of_entries() -> None:
    shares = {name: percent / 6 for name, percent in OWNED.items()}
    leverage = leveraged(ownership_estimates=shares).leverage
    assert leverage is not None
    np.testing.assert_allclose(leverage.ownership_percent, list(OWNED.values()))


def test_without_estimates_the_slates_count_and_missing_ones_are_estimated() -> None:
    owned = [{**d, "ownership_percent": OWNED[d["driver_id"]]} for d in drivers()]
    body = {"scenario_config": {"track_id": "kansas"}, "min_low_ownership_drivers": 1}
    free = {"max_ownership_per_driver": 1.0, **FREE}
    request = leverage_request(LeverageSchema().load({"drivers": owned, **body, **free}), ALONE)
    assert request.leverage is not None
    assert request.leverage.ownership_percent == tuple(OWNED.values())
    assert request.leverage.source == ""
    for place in range(2, len(owned)):
        del owned[place]["ownership_percent"]
    free["min_low_ownership_drivers"] = 0
    request = leverage_request(LeverageSchema().load({"drivers": owned, **body, **free}), ALONE)
    assert request.leverage is not None
    assert request.leverage.ownership_percent[:2] == tuple(OWNED.values())[:2]
    assert sum(request.leverage.ownership_percent) == pytest.approx(600.0)
    assert request.leverage.source.startswith("estimated by the ownership model")


def test_leverage_is_on_the_estimate_that_the_contest_is_played_against() -> None:
    body = {
        "drivers": drivers(),
        "scenario_config": {"track_id": "kansas", "n_scenarios": 1_000},
        "n_lineups": 2,
        "contest": {"field_size": 300, "contest_buyin": 5},
    }
    request = leverage_request(LeverageSchema().load(body), ALONE)
    assert request.leverage is not None
    work = stages_here(LEVERAGE_PLAN, request, Memory())
    field = work.facts.of(FIELD).model
    assert field.ownership_percent == pytest.approx(request.leverage.ownership_percent, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "name", "breaks"),
    [
        ({"max_ownership_per_driver": 0.5}, "max_per_driver", (0, 8, 9, 10, 11, 12)),
        ({"min_low_ownership_drivers": 2}, "min_low", (5, 6, 7, 8, 9, 13)),
        ({"max_total_ownership": 2.0}, "max_total", (4, 6, 7, 8, 9, 10)),
    ],
)
def test_each_rule_on_ownership_excludes_lineups_of_its_own(
    changes: dict[str, Any], name: str, breaks: tuple[int, ...]
) -> None:
    free, held = leveraged().rules, leveraged(**changes).rules
    assert not free.budgets
    assert not free.groups
    assert [rule.name for rule in (*held.groups, *held.budgets)] == [name]
    assert is_legal(free, breaks)
    assert not is_legal(held, breaks)


def test_rules_on_ownership_that_leave_no_lineup_are_named() -> None:
    with pytest.raises(Infeasible) as refused:
        leveraged(max_total_ownership=0.1)
    assert conflict_members(refused.value)["limits"] == ["max_total_ownership"]
    assert refused.value.largest == 0


def test_dollars_pay_for_leverage_themselves() -> None:
    contest = {"field_size": 500, "contest_buyin": 5}
    even = {f"d{i}": 600 / 14 for i in range(14)}
    request = leveraged(
        objective="dollars", contest=contest, leverage_penalty=0, ownership_estimates=even
    )
    assert request.leverage is not None
    assert request.leverage.penalty == 0.0
    assert request.offsets is None
    said = problems(leveraged, objective="dollars", contest=contest, leverage_penalty=0.2)
    assert "0.2, but the objective 'dollars' takes no penalty" in said["leverage_penalty"][0]


def test_the_contest_meets_the_same_ownership_unless_told_otherwise() -> None:
    even = {f"d{i}": 600 / 14 for i in range(14)}
    contest = {"field_size": 500, "contest_buyin": 5}
    same = leveraged(ownership_estimates=even, contest=contest)
    assert same.contest is not None
    np.testing.assert_allclose(same.contest.ownership_percent, 600 / 14)


def test_ownership_that_no_field_under_the_cap_has_is_minded_as_given_and_played_as_near() -> None:
    # dear drivers have so much ownership that no mix of lineups within the cap has it
    request = leveraged(contest={"field_size": 500, "contest_buyin": 5})
    assert request.leverage is not None
    assert request.leverage.ownership_percent == tuple(OWNED.values())
    contest = request.contest
    assert contest is not None
    # the sum is 600.18
    assert contest.ownership_percent == pytest.approx(tuple(OWNED.values()), rel=1e-3)
    own = leveraged(contest={"field_size": 500, "ownership_estimates": OWNED})
    assert own.contest is not None
    assert own.contest.ownership_percent == contest.ownership_percent
    assert own.contest.ownership_source == contest.ownership_source
    field, source = field_of_ownership(
        request.slate, contest.ownership_percent, 50_000, contest.ownership_source
    )
    played = np.array(field.ownership_percent)
    assert played.sum() == pytest.approx(600.0)
    assert played[0] < OWNED["d0"]
    # its lineups leave as much of the cap as real ones do
    left = 50_000 - played @ request.slate.salaries_usd / 100.0
    assert left == pytest.approx(field_parameters().left_usd, abs=1.0)
    assert source.startswith(
        "moved to the nearest that fits the cap, from ownership as the request gives it: "
    )
    # and the source names the ownership played
    assert f"{played[0]:.1f}% in place of 82.0% for Nobody 0 ($10,800)" in source
    assert not source.endswith(".")


def test_ownership_that_a_field_has_is_played_as_given() -> None:
    even = {f"d{i}": 600 / 14 for i in range(14)}
    request = leveraged(ownership_estimates=even, contest={"field_size": 500, "contest_buyin": 5})
    assert request.contest is not None
    percent = request.contest.ownership_percent
    field, source = field_of_ownership(
        request.slate, percent, 50_000, request.contest.ownership_source
    )
    assert source == "as the request gives it"
    assert field.ownership_percent == percent


def test_ownership_under_which_no_lineup_is_legal_is_refused_at_the_door() -> None:
    everybody = {f"d{i}": 100.0 * (i < 6) for i in range(14)}
    contest = {"field_size": 500, "contest_buyin": 5, "ownership_estimates": everybody}
    said = problems(optimized, objective="dollars", contest=contest)
    assert "No legal lineup" in said["contest.ownership_estimates"][0]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"field_size": 10}, "contest.field_size"),
        ({"entry_limit": 3}, "contest.entry_limit"),
        ({"payouts": [{"from": 2, "to": 3, "prize": 9}]}, "contest.payouts"),
        ({"ownership_estimates": {"d0": 50}}, "contest.ownership_estimates"),
    ],
)
def test_what_is_wrong_with_the_contest_is_named_inside_it(
    fields: dict[str, Any], key: str
) -> None:
    contest = {"field_size": 500, "contest_buyin": 5, **fields}
    assert list(problems(optimized, objective="dollars", contest=contest)) == [key]


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"ownership_estimates": {"d0": 50}}, "ownership_estimates", "sum to 50"),
        ({"ownership_estimates": {"nobody": 50}}, "ownership_estimates", "nobody"),
        ({"regime_weights": {"chaos": 1}}, "regime_weights", "use_regime_allocation"),
        (
            {"regime_weights": {"chaos": 0.4}, "use_regime_allocation": True},
            "regime_weights",
            "sum to 0.4; they must sum to 1",
        ),
        (
            {"objective": "mean", "use_regime_allocation": True},
            "use_regime_allocation",
            "use `multi_cvar`",
        ),
        ({"min_low_ownership_drivers": 7}, "min_low_ownership_drivers", "a lineup has 6"),
        ({"randomness": 0.2}, "randomness", "use `mean`"),
        ({"objective": "mean", "randomness": {"nobody": 0.2}}, "randomness", "nobody"),
        ({"min_unique": 7}, "min_unique", "a lineup has 6"),
        ({"stacks": [{"at_least": 2}]}, "stacks.0", "a team or a manufacturer"),
        ({"stacks": [{"team": "Team 9"}]}, "stacks.0.team", "there are Team 0, Team 1"),
        ({"stacks": [{"team": "Team 1", "manufacturer": "Ford"}]}, "stacks.0", "or a manuf"),
        (
            {"stacks": [{"manufacturer": "Ford", "at_least": 4, "at_most": 3}]},
            "stacks.0.at_least",
            "4 is above at_most 3",
        ),
        (
            {"groups": [{"drivers": ["d1"], "at_least": 1, "if_any": ["d2", "d2"]}]},
            "groups.0.if_any",
            "twice",
        ),
        ({"groups": [{"drivers": ["d1"], "at_least": 2}]}, "groups.0.at_least", "holds 1"),
        ({"locks": ["d0"], "drivers": drivers(veto_rules=["out"])}, "locks", "Nobody 0 does not"),
        ({"drivers": drivers(veto_rules=["out"])}, "ownership_estimates", "Nobody 0 does not race"),
    ],
)
def test_what_cannot_be_used_is_refused_under_its_field(
    changes: dict[str, Any], field: str, said: str
) -> None:
    assert said in problems(leveraged, **changes)[field][0]


def test_stacks_and_if_then_rules_become_groups_in_the_users_words() -> None:
    rules = optimized(
        stacks=[
            {"manufacturer": "Ford", "at_least": 3},
            {"team": "Team 1", "at_least": 2, "at_most": 2, "if_used": True},
        ],
        groups=[{"drivers": ["d3", "d4"], "at_least": 1, "if_any": ["d7", "d8"]}],
    ).rules
    then, ford, team = rules.groups
    assert (then.subject, ford.subject, team.subject) == (None, "Ford", "Team 1")
    assert (then.name, then.members, then.when) == ("groups.0", (3, 4), (7, 8))
    assert (ford.name, ford.members, ford.when) == ("stacks.0", (1, 4, 7, 10, 13), ())
    assert (team.members, team.at_least, team.at_most) == ((1, 6, 11), 2, 2)
    assert team.when == team.members


def test_a_stack_of_a_one_car_team_is_refused_with_the_largest_number_possible() -> None:
    alone = drivers(team="Alone")
    with pytest.raises(Infeasible) as refused:
        optimized(drivers=alone, stacks=[{"team": "Alone", "at_least": 2}])
    assert conflict_members(refused.value)["limits"] == ["stacks.0 of Alone"]
    assert refused.value.largest == 0


def test_a_roster_of_five_is_one() -> None:
    request = optimized(n_drivers=5, n_lineups=3)
    assert request.rules.roster_size == 5
    assert request.slate.rules.roster_size == 5


def test_randomness_is_one_share_for_all_or_each_drivers_own() -> None:
    assert optimized(objective="mean", randomness=0.25).randomness == (0.25,) * 14
    single = optimized(objective="mean", randomness={"d2": 0.5, "default": 0.1}).randomness
    assert single == tuple(0.5 if i == 2 else 0.1 for i in range(14))
    assert optimized(objective="mean", randomness=0).randomness is None
