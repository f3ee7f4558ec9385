"""The description names all that a result says of its races, and nothing that it does not say."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from workers.installation.processes import Process

TYPES = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
PARTS = (
    "scenario_diagnostics",
    "kernel_stats",
    "calibration_metrics",
    "proof",
    "tail_validation",
    "ownership_metrics",
    "portfolio_metrics",
)
LINEUP = [f"e{i}" for i in (0, 4, 6, 8, 10, 12)]


def asked(**changes: Any) -> dict[str, Any]:
    drivers: list[dict[str, Any]] = [
        {"driver_id": f"e{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(14)
    ]
    drivers[1] |= {"win_odds": 6.0, "projected_points": 45.0}
    config = {"n_scenarios": 1_000, "track_id": "phoenix", "race_length": 60}
    return {"drivers": drivers, "n_lineups": 4, "scenario_config": config, **changes}


def unlike(schemas: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> list[str]:
    """Where a value is not as described, undescribed, or described and absent."""
    for each in schema.get("anyOf", []):
        if (each.get("type") == "null") == (value is None):
            return unlike(schemas, each, value, where)
    if "$ref" in schema:
        return unlike(schemas, schemas[schema["$ref"].rpartition("/")[2]], value, where)
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, TYPES[kind]) for kind in types):
        return [f"{where} is {value!r}, no {types}"]
    if isinstance(value, list):
        parts = enumerate(value)
        return [
            w for i, part in parts for w in unlike(schemas, schema["items"], part, f"{where}.{i}")
        ]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties")
    if known is None:
        known = dict.fromkeys(value, schema["additionalProperties"])
    wrong = [f"{where}.{name}" for name in sorted(known.keys() ^ value.keys())]
    for name in sorted(known.keys() & value.keys()):
        wrong += unlike(schemas, known[name], value[name], f"{where}.{name}")
    return wrong


@pytest.fixture
def schemas(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get("/openapi.json").json["components"]["schemas"])


def result(client: FlaskClient, kind: str, request: dict[str, Any]) -> dict[str, Any]:
    response = client.post(f"/api/v1/{kind}", json=request, headers={"Prefer": "wait=60"})
    assert response.status_code == 200, response.json
    return dict(response.json)


def test_what_an_optimize_job_says_of_its_races_is_as_described(
    client: FlaskClient, worker: Process, schemas: dict[str, Any]
) -> None:
    told = result(client, "optimize", asked())
    assert told["scenario_diagnostics"]["knowledge"]["drivers"][0]["targets"]
    for name in PARTS[:5]:
        assert unlike(schemas, schemas["Result"]["properties"][name], told[name], name) == []
    # the comparison sees what is too much, absent or of another kind
    diagnostics = {**told["scenario_diagnostics"], "n_valid": "all", "more": 1}
    del diagnostics["regime_shares"]
    wrong = unlike(schemas, schemas["Diagnostics"], diagnostics, "it")
    assert [where.split()[0] for where in wrong] == ["it.more", "it.regime_shares", "it.n_valid"]


def test_what_may_be_null_is_described_as_such(
    client: FlaskClient, worker: Process, schemas: dict[str, Any]
) -> None:
    request = asked(include_calibration=False)
    request["scenario_config"]["calibration_enabled"] = False
    told = result(client, "optimize", request)
    assert told["calibration_metrics"] is told["scenario_diagnostics"]["knowledge"] is None
    scored = {
        "drivers": asked()["drivers"],
        "lineups": [LINEUP],
        "field_size": 50,
        "contest_buyin": 1,
        "scenario_driver_scores": [[10.0 * i for i in range(14)]] * 20,
    }
    given = result(client, "contest-sim", scored)
    assert given["scenario_diagnostics"] is None
    for answer in (told, given):
        for name in sorted({*PARTS} & answer.keys()):
            part = schemas["Result"]["properties"][name]
            assert unlike(schemas, part, answer[name], name) == []


def test_what_a_leverage_job_says_of_ownership_is_as_described(
    client: FlaskClient, worker: Process, schemas: dict[str, Any]
) -> None:
    owned = {f"e{i}": 600 / 14 for i in range(14)}
    rules = {"max_ownership_per_driver": 1, "min_low_ownership_drivers": 0}
    request = asked(ownership_estimates=owned, use_regime_allocation=True, **rules)
    for changes in ({}, {"objective": "mean", "use_regime_allocation": False}):
        told = result(client, "optimize-with-leverage", request | changes)
        for name in PARTS:
            assert unlike(schemas, schemas["Result"]["properties"][name], told[name], name) == []
        assert (told["proof"]["portfolio"] is None) == (not changes)
