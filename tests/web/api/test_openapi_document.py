"""The OpenAPI document: everything is described, and what a request may not hold is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from web.app import create_app
from web.schemas.results import RESULTS
from workers.installation.settings import Settings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(settings: Settings) -> Json:
    application: Flask = create_app(settings)
    return dict(application.test_client().get("/openapi.json").json)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method, operation


def errors(document: Json, schema: str, value: Any) -> list[str]:
    named = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return [error.message for error in Draft202012Validator(named).iter_errors(value)]


def test_every_schema_is_one(document: Json) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_key_of_every_schema_is_described(document: Json) -> None:
    schemas = document["components"]["schemas"]
    silent = [
        f"{name}.{key}"
        for name, schema in schemas.items()
        # flask-smorest's own, of which nothing is used
        if name != "PaginationMetadata"
        for key, value in schema["properties"].items()
        if not value.get("description", "").endswith(".")
    ]
    assert silent == []
    assert len(schemas) > 50


def test_every_schema_says_what_it_is_and_whether_it_takes_other_keys(document: Json) -> None:
    schemas = dict(document["components"]["schemas"])
    del schemas["PaginationMetadata"]
    assert [name for name, schema in schemas.items() if not schema["description"]] == []
    assert [
        name for name, schema in schemas.items() if schema["additionalProperties"] is not False
    ] == ["Problem"]


def unbound(document: Json, schema: Json, path: str) -> Iterator[str]:
    """Where a schema has a number without a lower bound."""
    reference = str(schema.get("$ref", "")).rpartition("/")[2]
    schema = schema | document["components"]["schemas"].get(reference, {})
    kinds = schema.get("type", [])
    numeric = {"integer", "number"} & set([kinds] if isinstance(kinds, str) else kinds)
    if numeric and not {"minimum", "exclusiveMinimum"} & set(schema):
        yield path
    parts = [(path, each) for each in schema.get("oneOf", [])]
    parts += [(path, schema[key]) for key in ("items", "additionalProperties") if key in schema]
    parts += [(f"{path}.{name}", each) for name, each in schema.get("properties", {}).items()]
    for where, part in parts:
        if isinstance(part, dict):
            yield from unbound(document, part, where)


@pytest.mark.parametrize("name", ["Optimize", "Leverage", "Ownership", "ContestSim"])
def test_every_number_of_a_request_has_bounds(document: Json, name: str) -> None:
    schema = document["components"]["schemas"][name]
    assert list(unbound(document, schema, name)) == []
    assert list(unbound(document, {"properties": {"a": {"type": "number"}}}, "b")) == ["b.a"]


def test_keys_that_differ_by_an_underscore_alone_say_so(document: Json) -> None:
    pairs = 0
    for schema in document["components"]["schemas"].values():
        described = schema["properties"]
        for one in described:
            for other in described:
                if one < other and one.replace("_", "") == other.replace("_", ""):
                    assert f"`{one}`" in described[other]["description"]
                    assert f"`{other}`" in described[one]["description"]
                    pairs += 1
    # of a lineup, and of a lineup with leverage
    assert pairs == 2


def test_every_route_says_what_it_is_and_refuses_with_a_problem_document(document: Json) -> None:
    responses = document["components"]["responses"]
    for response in responses.values():
        assert list(response["content"]) == ["application/problem+json"]
        assert response["description"].endswith(".")
    assert "Retry-After" in responses["SERVICE_UNAVAILABLE"]["headers"]
    for path, method, operation in operations(document):
        assert operation["summary"].endswith("."), path
        for status, response in operation["responses"].items():
            refusal = status == "default" or int(status) >= 400
            assert ("$ref" in response) == refusal, (path, method, status)
        if "{" in path:
            assert "404" in operation["responses"], (path, method)
        if path != "/health":
            assert "503" in operation["responses"], (path, method)


def test_every_parameter_and_header_is_described(document: Json) -> None:
    for path, _, operation in operations(document):
        of_path = document["paths"][path].get("parameters", [])
        for parameter in [*of_path, *operation.get("parameters", [])]:
            assert parameter["description"].endswith("."), (path, parameter["name"])
        for response in operation["responses"].values():
            for name, header in response.get("headers", {}).items():
                assert header["description"].endswith("."), (path, name)


@pytest.mark.parametrize("kind", RESULTS)
def test_a_route_that_starts_a_job_names_its_headers_and_its_own_result(
    document: Json, kind: str
) -> None:
    operation = document["paths"][f"/api/v1/{kind}"]["post"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"Prefer", "Idempotency-Key", "Cache-Control"}
    for status in ("200", "202"):
        headers = operation["responses"][status]["headers"]
        assert set(headers) == {"Location", "Preference-Applied"}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    name = RESULTS[kind].__name__.removesuffix("Schema")
    assert schema == {"$ref": f"#/components/schemas/{name}"}
    of_any_kind = document["paths"]["/api/v1/jobs/{run_id}/result"]["get"]["responses"]["200"]
    assert schema in of_any_kind["content"]["application/json"]["schema"]["oneOf"]


DRIVERS = [{"driver_id": f"d{i}", "salary": 9_000} for i in range(6)]
LINEUPS = [[driver["driver_id"] for driver in DRIVERS]]


@pytest.mark.parametrize(
    ("schema", "request_", "right"),
    [
        ("Optimize", {"slate_id": "a"}, True),
        ("Optimize", {"drivers": DRIVERS}, True),
        ("Optimize", {"drivers": DRIVERS, "slate_id": "a"}, False),
        ("Optimize", {}, False),
        ("Optimize", {"drivers": DRIVERS[:5]}, False),
        ("Optimize", {"slate_id": "a", "lineups": 3}, False),
        ("Optimize", {"slate_id": "a", "cvar_alphas": [1.0]}, False),
        ("Optimize", {"slate_id": "a", "max_driver_exposure": 0.4}, True),
        ("Optimize", {"slate_id": "a", "max_driver_exposure": {"d1": 0.4, "default": 1}}, True),
        ("Optimize", {"slate_id": "a", "max_driver_exposure": 1.4}, False),
        ("Optimize", {"slate_id": "a", "max_driver_exposure": "most"}, False),
        ("Optimize", {"slate_id": "a", "stacks": [{"team": "A"}]}, True),
        ("Optimize", {"slate_id": "a", "stacks": [{"team": "A", "manufacturer": "B"}]}, False),
        ("Optimize", {"slate_id": "a", "contest": {"contest_size_tier": "small"}}, True),
        (
            "Optimize",
            {
                "slate_id": "a",
                "contest": {
                    "contest_size_tier": "small",
                    "payouts": [{"from": 1, "to": 1, "prize": 9}],
                },
            },
            False,
        ),
        ("Leverage", {"slate_id": "a", "regime_weights": {"chaos": 1}}, True),
        ("Leverage", {"slate_id": "a", "regime_weights": {"rain": 1}}, False),
        ("Ownership", {"slate_id": "a"}, True),
        ("Ownership", {"slate_id": "a", "driver_data": []}, False),
        ("ContestSim", {"slate_id": "a", "lineups": LINEUPS}, True),
        ("ContestSim", {"slate_id": "a", "lineups": []}, False),
        ("ContestSim", {"slate_id": "a"}, False),
    ],
)
def test_the_document_refuses_what_the_server_refuses(
    document: Json, schema: str, request_: Json, right: bool
) -> None:
    assert (errors(document, schema, request_) == []) == right
