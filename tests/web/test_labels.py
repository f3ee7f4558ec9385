"""Every argument that core can refuse has a name that whoever sent the request knows."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

import core
from core.errors import AxiomaticError, BrokenRule, Infeasible, InvalidInput, Problem
from web.labels import (
    DRIVER_KEYS,
    KEYS,
    blamed_on,
    conflict_errors,
    conflict_members,
    described,
    errors_of,
    key_of,
)
from web.schemas.contests import ContestSimSchema
from web.schemas.optimize import LeverageSchema
from web.schemas.ownership import OwnershipSchema
from web.schemas.uploads import EntriesFilesSchema, SlateFilesSchema

REQUESTS = (
    ContestSimSchema,
    EntriesFilesSchema,
    LeverageSchema,
    OwnershipSchema,
    SlateFilesSchema,
)
OUT_OF_REACH = {
    "read by the command line alone": {
        *("before", "contest_id", "contests", "data_dir", "first_date", "fit", "ownership_model"),
        *("prize_pool", "races", "standings", "tickets"),
    },
    "fitted, and shipped or stored by the project": {"spec", "team_share", "version", "weight"},
    "given by a plan or another room, never by a request": {
        *(
            "at_most_percent",
            "concentration",
            "appetite",
            "fall",
            "costs_points",
            "driver_overrides",
        ),
        *("engine", "knowledge", "left_usd", "limits", "min_tail_samples", "n"),
        *("n_top", "odds", "offsets", "percent", "racing", "resamples"),
        *("salaries_usd", "scenarios", "sources", "std_percent", "steps", "targets"),
        *("time_limit_seconds", "values", "laps_completed", "created_at"),
    },
    "of fitting and grading": {
        *("X", "y", "slates", "n_bootstrap", "random_state", "ladders", "curve"),
        *("alpha", "bins", "categories", "levels", "observed", "outcomes"),
        *("probabilities", "reach", "samples", "scores", "sd", "smoothing", "upto"),
        *("members", "prior", "window"),
    },
}
"""Arguments that no request sets, by why; a new one is labelled or belongs to one of these."""


def names_of(schema: Schema, path: str = "") -> Iterator[str]:
    """Fields as requests write them, and those of an object by their own name too."""
    for name, field in schema.fields.items():
        yield path + name
        inner: Any = field
        while isinstance(inner, fields.List):
            inner = inner.inner
        if isinstance(inner, fields.Nested):
            yield from names_of(inner.schema, f"{path}{name}.")
            yield from names_of(inner.schema)


def keys_of(tree: ast.Module) -> Iterator[str]:
    """Literal keys of the errors that a module's source raises."""
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def written(node: ast.expr | None) -> Iterator[str]:
        value = node.value if isinstance(node, ast.Constant) else None
        value = named.get(node.id) if isinstance(node, ast.Name) else value
        if isinstance(value, str):
            yield value

    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="InvalidInput"), args=[ast.Dict(keys=keys)]):
                for key in keys:
                    yield from written(key)
            case ast.Call(func=ast.Name(id="Problem" | "BrokenRule"), args=[key, *_]):
                yield from written(key)
            case ast.Subscript(value=ast.Name(id="problems"), slice=key):
                yield from written(key)


def raised() -> set[str]:
    sources = Path(core.__file__).parent.rglob("*.py")
    return {key for path in sources for key in keys_of(ast.parse(path.read_text("utf-8")))}


REQUEST_KEYS = {name for schema in REQUESTS for name in names_of(schema())}


def test_every_key_that_core_raises_is_a_requests_field_or_out_of_its_reach() -> None:
    known = KEYS.keys() | DRIVER_KEYS.keys() | REQUEST_KEYS
    assert raised() - known == set().union(*OUT_OF_REACH.values())


def test_every_label_is_the_field_of_a_request() -> None:
    assert set(KEYS.values()) <= REQUEST_KEYS
    drivers = {name.removeprefix("drivers.") for name in REQUEST_KEYS}
    assert {field for key, field in DRIVER_KEYS.items() if key != "tilt"} <= drivers


def test_no_name_of_a_requests_own_is_taken_for_an_argument_of_core() -> None:
    outermost = {name for schema in REQUESTS for name in schema().fields}
    assert not KEYS.keys() & outermost


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (Problem("alphas", "2.0."), "cvar_alphas"),
        (Problem("skill", "2.0.", subject="d3"), "drivers.d3.skill"),
        (Problem("ownership_percent", "-1.", subject="d3"), "drivers.d3.ownership_percent"),
        (Problem("ownership_percent", "sums to 1."), "ownership_estimates"),
        (Problem("vetoes", "slow.", subject="d3"), "drivers.d3.veto_rules"),
        (Problem("min_laps_led", "sum to 400."), "min_laps_led"),
        (Problem("salaries", "'x'.", at="line 7"), "salaries line 7"),
        (Problem("groups.0.at_least", "4."), "groups.0.at_least"),
    ],
)
def test_problems_stand_under_the_fields_of_the_request(problem: Problem, field: str) -> None:
    assert errors_of(InvalidInput(problem)) == {field: [problem.message]}


CONFLICT = Infeasible(
    "No lineup obeys every rule.",
    rules=[
        BrokenRule("salary_cap_usd", limit=50_000),
        BrokenRule("locks", "Ann (of Team, 1)"),
        BrokenRule("locks", "Bob"),
        BrokenRule("stacks.0", "Ford of Dearborn"),
    ],
    largest=0,
)


def test_a_conflict_stands_under_each_of_its_fields_with_all_its_rules() -> None:
    said = (
        "No lineup obeys every rule. Rules in conflict: salary_cap, locks of Ann (of Team, 1), "
        "locks of Bob and stacks.0 of Ford of Dearborn."
    )
    assert conflict_errors(CONFLICT) == {
        "salary_cap": [said],
        "locks": [said],
        "stacks.0": [said],
    }
    assert conflict_errors(Infeasible("No.")) == {"body": ["No."]}


def test_a_conflict_is_listed_in_words_and_as_records() -> None:
    members = conflict_members(CONFLICT)
    assert members["limits"] == [
        "salary_cap",
        "locks of Ann (of Team, 1)",
        "locks of Bob",
        "stacks.0 of Ford of Dearborn",
    ]
    assert members["largest"] == 0
    assert members["conflict"][:2] == [
        {"field": "salary_cap", "subject": None, "limit": 50_000},
        {"field": "locks", "subject": "Ann (of Team, 1)", "limit": None},
    ]


def test_a_drivers_veto_is_a_rule_of_the_driver() -> None:
    assert key_of("may_not_win", "d3") == "drivers.d3.veto_rules"
    vetoed = Infeasible("Too few races.", rules=[BrokenRule("may_not_win", "d3")])
    assert conflict_members(vetoed)["limits"] == ["may_not_win of d3"]


@pytest.mark.parametrize(
    ("error", "document"),
    [
        (
            InvalidInput({"alphas": ["2.0.", "0.0."], "n_scenarios": "9."}),
            {
                "reason": "cvar_alphas: 2.0. 0.0.; n_scenarios: 9.",
                "errors": {"cvar_alphas": ["2.0.", "0.0."], "n_scenarios": ["9."]},
            },
        ),
        (CONFLICT, {"reason": CONFLICT.reason, **conflict_members(CONFLICT)}),
        (AxiomaticError("It took too long."), {"reason": "It took too long."}),
    ],
)
def test_a_failed_job_is_described_in_the_words_of_the_api(
    error: AxiomaticError, document: dict[str, Any]
) -> None:
    assert described(error) == document


@pytest.mark.parametrize(
    ("error", "messages"),
    [
        (InvalidInput({"ownership_percent": ["-1.", "101."]}), ["-1.", "101."]),
        (InvalidInput(Problem("track_id", "no known track.", at="line 1")), ["no known track."]),
        (CONFLICT, [CONFLICT.reason]),
    ],
)
def test_whatever_is_refused_can_be_put_on_one_field(
    error: AxiomaticError, messages: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused, blamed_on("drivers.ownership_percent"):
        raise error
    assert refused.value.messages == {"drivers.ownership_percent": messages}
