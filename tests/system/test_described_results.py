"""Results of every kind, objective and option hold what their schemas describe, and no more."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.system.described import Description, Json, client_of
from web.app import create_app
from web.schemas.results import RESULTS
from workers.app import configure
from workers.installation.processes import Process
from workers.installation.settings import Settings
from workers.plans.objectives import OBJECTIVES

CONFIG = {"n_scenarios": 1_000, "track_id": "phoenix", "race_length": 60}
MAKES = ("Ford", "Toyota", "Chevrolet")


def drivers(**first: Any) -> list[Json]:
    rows: list[Json] = [
        {
            "driver_id": f"e{i}",
            "salary": 10_400 - 400 * i,
            "start_position": i + 1,
            "team": f"Team {i % 5}",
            "manufacturer": MAKES[i % 3],
        }
        for i in range(14)
    ]
    rows[0] |= first
    return rows


def ruled() -> list[Json]:
    rows = drivers(veto_rules=["may_not_win"])
    rows[1] |= {"min_laps_led": 1, "start_position": None}
    rows[2] |= {"starts_from_rear": True}
    rows[13] |= {"veto_rules": ["out"]}
    return rows


KNOWN = drivers(win_odds=6.0, projected_points=45.0, top5_odds=1.9, finish_median=4.0)
CONTEST = {"field_size": 300, "contest_buyin": 5}
WINNER_TAKES_ALL = {
    "field_size": 50,
    "contest_buyin": 1,
    "payouts": [{"from": 1, "to": 1, "prize": 40.0}],
}
FREE = WINNER_TAKES_ALL | {"contest_buyin": 0}


def optimize(**changes: Any) -> Json:
    return {"drivers": drivers(), "n_lineups": 4, "scenario_config": CONFIG, **changes}


def leverage(**changes: Any) -> Json:
    return optimize(
        ownership_estimates={f"e{i}": 600 / 14 for i in range(14)},
        max_ownership_per_driver=1,
        min_low_ownership_drivers=0,
        **changes,
    )


LINEUP = [f"e{i}" for i in (0, 4, 6, 8, 10, 12)]


def contest_sim(**changes: Any) -> Json:
    return {
        "drivers": drivers(),
        "scenario_config": {"track_id": "phoenix", "race_length": 60},
        "lineups": [LINEUP, LINEUP[::-1], [f"e{i}" for i in (1, 3, 6, 9, 10, 12)]],
        "n_scenarios": 1_000,
        **CONTEST,
        **changes,
    }


def scored(races: int, **changes: Any) -> Json:
    scores = [[10.0 * i for i in range(14)]] * races
    return contest_sim(n_scenarios=races, scenario_driver_scores=scores, **changes)


PROJECTED = [
    {"driver_id": f"c{i}", "salary": 10_400 - 300 * i, "projected_points": 50.0 - 1.5 * i}
    for i in range(20)
]

CASES: dict[str, tuple[str, Json]] = {
    "as little as possible": ("optimize", optimize()),
    "projections and odds": ("optimize", optimize(drivers=KNOWN)),
    "prices of pairs": (
        "optimize",
        optimize(
            drivers=KNOWN,
            matchups=[
                {"driver_a": "e2", "driver_b": "e3", "odds_a": -125, "odds_b": "+105"},
                {"driver_a": "e4", "driver_b": "e2", "odds_a": 1.9, "taken": "closing"},
            ],
        ),
    ),
    "rules on drivers and lineups": (
        "optimize",
        optimize(
            drivers=ruled(),
            groups=[{"drivers": ["e1", "e2"], "at_least": 1}],
            stacks=[{"manufacturer": "Ford", "at_least": 1}],
            locks=["e3"],
        ),
    ),
    "a single lineup": (
        "optimize",
        optimize(
            n_lineups=1,
            drivers=KNOWN,
            scenario_config={**CONFIG, "calibration_enabled": False},
        ),
    ),
    "a contest": ("optimize", optimize(contest=CONTEST)),
    "a contest that is free": ("optimize", optimize(contest=FREE)),
    "neither calibration nor validation": (
        "optimize",
        optimize(include_calibration=False, validate_tail_objective=False),
    ),
    "randomness": ("optimize", optimize(objective="mean", randomness=0.2)),
    "leverage by regime": (
        "optimize-with-leverage",
        leverage(drivers=KNOWN, use_regime_allocation=True, contest=CONTEST),
    ),
    "own lineups": ("contest-sim", contest_sim()),
    "own lineups and odds": ("contest-sim", contest_sim(drivers=KNOWN)),
    "own scores": ("contest-sim", scored(40, **WINNER_TAKES_ALL)),
    "one own score": ("contest-sim", scored(1, **FREE)),
    "ownership from projections": (
        "ownership",
        {
            "driver_data": PROJECTED,
            "race_data": {
                "track_archetype": "intermediate",
                "race_id": "r1",
                "race_date": "2026-03-01",
            },
        },
    ),
    "ownership of simulated races": ("ownership", {"drivers": KNOWN, "scenario_config": CONFIG}),
    "ownership without intervals": (
        "ownership",
        {
            "driver_data": PROJECTED,
            "race_data": {"track_archetype": "road_course"},
            "include_uncertainty": False,
            "normalize_to": "share",
            "n_recent_races": 3,
        },
    ),
}
for _objective in OBJECTIVES:
    _body = {"objective": _objective, "contest": WINNER_TAKES_ALL}
    CASES[f"objective {_objective}"] = ("optimize", optimize(**_body))
    CASES[f"leverage, objective {_objective}"] = (
        "optimize-with-leverage",
        leverage(**_body, leverage_penalty=0),
    )
# answered with what is stored
for _kind in RESULTS:
    CASES[f"{_kind}, again"] = next(case for case in CASES.values() if case[0] == _kind)


@pytest.fixture(scope="module")
def results(application: Flask, worker: Process) -> dict[str, Json]:
    """The results of all cases."""
    client = application.test_client()
    by_case: dict[str, Json] = {}
    for name, (kind, body) in CASES.items():
        headers = {"Prefer": "wait=60"}
        response = client.post(f"/api/v1/{kind}", json=body, headers=headers)
        assert response.status_code == 200, (name, response.json)
        by_case[name] = response.json
    return by_case


def schema_of(kind: str) -> Json:
    name = RESULTS[kind].__name__.removesuffix("Schema")
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize("name", CASES)
def test_a_result_holds_what_its_schema_describes_and_nothing_else(
    name: str, results: dict[str, Json], description: Description
) -> None:
    kind, _ = CASES[name]
    # marshmallow refuses what a schema does not know, at every level
    assert RESULTS[kind]().validate(results[name]) == {}
    assert description.errors(schema_of(kind), results[name]) == []


def described_keys(document: Json, schema: Json, path: str = "") -> Iterator[str]:
    """Every key that a schema describes, by its path."""
    schema = schema | document["components"]["schemas"].get(
        schema.get("$ref", "").rpartition("/")[2], {}
    )
    for each in schema.get("anyOf", []):
        yield from described_keys(document, each, path)
    if "items" in schema:
        yield from described_keys(document, schema["items"], f"{path}[]")
    for key, value in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        yield from described_keys(document, value, f"{path}.{key}")


def keys_of(value: Any, path: str = "") -> Iterator[str]:
    """Every key that a result has, by its path."""
    if isinstance(value, list):
        for each in value:
            yield from keys_of(each, f"{path}[]")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield f"{path}.{key}"
            yield from keys_of(each, f"{path}.{key}")


@pytest.mark.parametrize("kind", RESULTS)
def test_every_described_key_is_in_some_result(
    kind: str, results: dict[str, Json], description: Description
) -> None:
    described = set(described_keys(description.document, schema_of(kind)))
    present = {
        key
        for name, (of_kind, _) in CASES.items()
        if of_kind == kind
        for key in keys_of(results[name])
    }
    assert described - present == set()
    assert len(described) > 20


def test_a_key_too_many_or_too_few_or_of_another_kind_fails(
    results: dict[str, Json], description: Description
) -> None:
    result = results["a contest"]
    lineup = {**result["lineups"][0], "top1pct": 1.0}
    del lineup["cvar_95"]
    changed = {**result, "lineups": [lineup, *result["lineups"][1:]], "exposure": {"e0": "all"}}
    errors = RESULTS["optimize"]().validate(changed)
    assert errors == {
        "lineups": {
            0: {"top1pct": ["Unknown field."], "cvar_95": ["Missing data for required field."]}
        },
        "exposure": {"e0": {"value": ["'all' is no finite number."]}},
    }
    assert len(description.errors(schema_of("optimize"), changed)) == 3


def test_a_job_and_a_failure_are_as_described(client: FlaskClient, worker: Process) -> None:
    # the client itself holds every answer against the document
    impossible = leverage(use_regime_allocation=True, regime_weights={"fuel_mileage": 1})
    impossible["scenario_config"] = {"n_scenarios": 1_000, "track_id": "martinsville"}
    headers = {"Prefer": "wait=60"}
    failed = client.post("/api/v1/optimize-with-leverage", json=impossible, headers=headers)
    assert failed.json["status"] == "failed"
    for path in ("", "/result", "/events", "/lineups.csv"):
        client.get(f"/api/v1/jobs/{failed.json['run_id']}{path}")
    assert failed.json["run_id"] in [
        job["run_id"] for job in client.get("/api/v1/jobs").json["jobs"]
    ]
    assert client.get("/health").status_code == client.get("/health/ready").status_code == 200


def test_an_answer_that_is_not_described_fails_whatever_test_asks_for_it(
    application: Flask, description: Description, settings: Settings
) -> None:
    lacking = Description(application)
    lacking.document = copy.deepcopy(description.document)
    del lacking.document["components"]["schemas"]["Health"]["properties"]["version"]
    del lacking.document["components"]["responses"]["SERVICE_UNAVAILABLE"]["headers"]
    client = client_of(application, lacking)
    with pytest.raises(AssertionError, match="Additional properties are not allowed"):
        client.get("/health")
    away = create_app(Settings("unix:///nowhere/redis.sock"))
    try:
        with pytest.raises(AssertionError, match="Retry-After"):
            client_of(away, lacking).get("/health/ready")
    finally:
        configure(settings)
