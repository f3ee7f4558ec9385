"""Invalid input is refused with its key and a reason, and starts no job."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.app import create_app
from workers.app import QUEUE
from workers.engine.connection import connect
from workers.installation.settings import Settings

HEADER = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"


def drivers(count: int = 14, **first: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"driver_id": f"b{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(count)
    ]
    made[0] |= first
    return made


def optimize(**changes: Any) -> dict[str, Any]:
    return {"drivers": drivers(), "scenario_config": {"track_id": "kansas"}, **changes}


def contest_sim(**changes: Any) -> dict[str, Any]:
    lineups = [[f"b{i}" for i in (0, 5, 6, 8, 10, 12)]]
    return {**optimize(), "lineups": lineups, **changes}


@pytest.fixture
def nothing_started(client: FlaskClient, settings: Settings) -> Iterator[None]:
    redis = connect(settings)

    def jobs_and_messages() -> tuple[set[bytes], int]:
        stored = {*redis.keys("axiomatic:job*"), *redis.keys("axiomatic:blob:*")}
        return stored, redis.llen(QUEUE)

    before = jobs_and_messages()
    yield
    assert jobs_and_messages() == before


OPTIMIZE = [
    (optimize(n_lineups=200), "n_lineups", "1 to 150"),
    (optimize(n_lineups=0), "n_lineups", "1 to 150"),
    (optimize(n_lineups="20"), "n_lineups", "no whole number"),
    (optimize(n_lineups=True), "n_lineups", "no whole number"),
    (optimize(n_lineups=2.5), "n_lineups", "no whole number"),
    (optimize(n_lineups=float("nan")), "n_lineups", "no whole number"),
    (optimize(drivers=drivers(5)), "drivers", "5 drivers; give 6 to 50"),
    (optimize(drivers=drivers(14) + drivers(1)), "driver_id", "more than one driver: b0"),
    (optimize(drivers=drivers(salary="9800")), "drivers.0.salary", "'9800' is no whole number"),
    (optimize(drivers=drivers(salary=float("nan"))), "drivers.0.salary", "no whole number"),
    (optimize(drivers=drivers(salary=-1)), "drivers.0.salary", "give 1"),
    (optimize(drivers=drivers(start_position=2)), "start_position", "more than one driver: 2"),
    (optimize(drivers=drivers(skill=1.2)), "drivers.0.skill", "0 to 1"),
    (optimize(drivers=drivers(projected_points=float("inf"))), "drivers.0.projected_points", "fin"),
    (optimize(drivers=drivers(veto_rules=["slow"])), "drivers.0.veto_rules.0", "; give "),
    (
        optimize(drivers=[{**d, "salary": 9_000} for d in drivers()]),
        "salary_cap",
        "the cheapest lineup costs 54000 USD",
    ),
    (optimize(salary_cap=30_000), "salary_cap", "cheapest lineup"),
    (optimize(min_salary=60_000), "min_salary", "above the salary cap"),
    (optimize(scenario_config={"track_id": "kansos"}), "scenario_config.track_id", "kansas"),
    (optimize(scenario_config={}), "scenario_config.track_id", "names no track"),
    (
        optimize(scenario_config={"track_id": "kansas", "n_scenarios": 999}),
        "scenario_config.n_scenarios",
        "1000 to 100000",
    ),
    (
        optimize(scenario_config={"track_id": "kansas", "race_length": 5}),
        "scenario_config.race_length",
        "20 to 600",
    ),
    (
        optimize(objective="points"),
        "objective",
        "'points'; give multi_cvar, mean, dollars, risk_adjusted.",
    ),
    (optimize(n_linups=3), "n_linups", "no such field; the nearest is n_lineups."),
    (
        optimize(drivers=drivers(salry=3)),
        "drivers.0.salry",
        "no such field; the nearest is salary.",
    ),
    (optimize(objective="dollars"), "contest", "needs the contest"),
    (optimize(objective="risk_adjusted"), "contest", "needs the contest"),
    (optimize(risk_aversion=2.0), "risk_aversion", "is for the objective 'risk_adjusted'"),
    (optimize(risk_aversion=10.5), "risk_aversion", "0 to 10"),
    (optimize(cvar_alphas=[0.99, 1.0]), "cvar_alphas.1", "between 0 and 1"),
    (optimize(cvar_alphas=[0.99]), "cvar_weights", "2 weights for 1 levels"),
    (optimize(cvar_weights=[0.5, 0.4]), "cvar_weights", "sum to 1"),
    (optimize(cvar_alphas=[0.99999, 0.95]), "cvar_alphas", "less than one"),
    (optimize(max_driver_exposure=1.5), "max_driver_exposure", "0 to 1"),
    (optimize(max_driver_exposure={"nobody": 0.5}), "max_driver_exposure", "'nobody'"),
    (optimize(max_team_exposure={"nobody": 0.5}), "max_team_exposure", "nobody"),
    (
        optimize(max_driver_exposure=0.2, min_driver_exposure={"b1": 0.4}),
        "min_driver_exposure",
        "above the maximum",
    ),
    (optimize(locks=["b1"], excludes=["b1"]), "locks", "locks of b1 and excludes of b1"),
    (optimize(locks=[f"b{i}" for i in range(7)]), "locks", "salary_cap, locks of b0, locks of b1"),
    (optimize(excludes=["x"]), "excludes", "'x'"),
    (optimize(min_stack=2), "min_stack", "has no team"),
    (optimize(random_seed=-1), "random_seed", "give 0"),
    (optimize(lineups=3), "lineups", "no such field"),
    (optimize(slate_id="abc"), "slate_id", "either slate_id or drivers"),
    (optimize(drivers=drivers(projected_points=1e13)), "drivers.0.projected_points", "1000"),
    (optimize(drivers=drivers(team="\ud800")), "drivers.0.team", "U+D800 at 1"),
    (optimize(drivers=drivers(name="x" * 81)), "drivers.0.name", "81 characters"),
    (optimize(drivers=drivers(starts_from_rear="yes")), "drivers.0.starts_from_rear", "neither"),
    (optimize(random_seed=10**400), "random_seed", "no whole number"),
    (optimize(correlation_weight=10**400), "correlation_weight", "no finite number"),
    (optimize(groups=[{"drivers": ["b1", "b1"]}]), "groups.0.drivers", "twice"),
    (
        optimize(groups=[{"drivers": ["b1", "b2"], "at_least": 3}]),
        "groups.0.at_least",
        "holds 2 of them at most",
    ),
    (
        optimize(
            groups=[
                {"drivers": ["b1", "b2", "b3"], "at_least": 2},
                {"drivers": ["b0", "b9"], "at_least": 1},
                {"drivers": ["b1", "b2", "b3"], "at_most": 1},
            ]
        ),
        "groups.0",
        "conflict: groups.0 and groups.2",
    ),
    (
        optimize(contest={"field_size": 500_000, "n_contest_sims": 1_000}),
        "n_scenarios",
        "2 x 10,000 races x 1,000 fields of 500,000 entries; give at most 50 fields",
    ),
    (
        optimize(
            scenario_config={"track_id": "kansas", "n_scenarios": 100_000},
            contest={"field_size": 500_000, "n_contest_sims": 20},
        ),
        "n_scenarios",
        "give at most 25,000 races or 5 fields",
    ),
    (
        optimize(contest={"ownership_estimates": {"json": 1}}),
        "contest.ownership_estimates",
        "'json'",
    ),
    (
        optimize(contest={"ownership_estimates": {"json": "a"}}),
        "contest.ownership_estimates.json",
        "no finite number",
    ),
    (optimize(contest={"field_size": 20}), "contest.field_size", "no opponent"),
    (optimize(contest={"contest_buyin": 9.999}), "contest.contest_buyin", "cent"),
    (
        optimize(contest={"payouts": [{"from": 2, "to": 3, "prize": 5}]}),
        "contest.payouts",
        "starts at place 2",
    ),
    (
        optimize(contest={"ownership_estimates": {"b0": 50.0}}),
        "contest.ownership_estimates",
        "sum",
    ),
    (
        optimize(contest={"ownership_estimates": {f"b{i}": 100.0 for i in range(6)}}),
        "contest.ownership_estimates",
        "No legal lineup",
    ),
]


@pytest.mark.parametrize(("body", "field", "said"), OPTIMIZE)
def test_an_optimize_request_that_cannot_be_used_is_refused(
    client: FlaskClient, nothing_started: None, body: dict[str, Any], field: str, said: str
) -> None:
    response = client.post("/api/v1/optimize", json=body)
    assert response.status_code == 422, response.json
    assert response.mimetype == "application/problem+json"
    assert field in response.json["errors"], response.json
    assert said in " ".join(response.json["errors"][field]), response.json


CONTEST_SIM = [
    (contest_sim(lineups=[]), "lineups", "1 to 150"),
    (contest_sim(lineups=[["b0", "b1"]]), "lineups.0", "2 drivers; a lineup has 6"),
    (contest_sim(lineups=[["b0"]]), "lineups.0", "1 driver; a lineup has 6"),
    (
        contest_sim(lineups=[["b0", "b5", "b5", "b8", "b10", "b12"]]),
        "lineups.0",
        "'b5' stands in it more than once; give 6 different drivers",
    ),
    (contest_sim(lineups=[[f"b{i}" for i in range(6)]]), "lineups.0", "above the salary cap"),
    (contest_sim(lineups=[["b0", "b5", "b6", "b8", "b10", "zz"]]), "lineups.0", "'zz'"),
    (contest_sim(field_size=1), "field_size", "2 to 500000"),
    (contest_sim(n_contest_sims=0), "n_contest_sims", "1 to 1000"),
    (
        contest_sim(scenario_driver_scores=[[1.0] * 14, [1.0, 2.0]]),
        "scenario_driver_scores",
        "row 1: 2 numbers; give one for each of the slate's 14 drivers",
    ),
    (
        contest_sim(scenario_driver_scores=[[1.0] * 14] * 500, n_scenarios=2_000),
        "n_scenarios",
        "2,000, but scenario_driver_scores has 500 rows; leave it out.",
    ),
    (contest_sim(n_scenarios=999), "n_scenarios", "999; give 1000 to 100000"),
    (contest_sim(n_scenarios=100_001), "n_scenarios", "100001; give 1 to 100000"),
    (contest_sim(scenario_driver_scores=[["1"] * 14]), "scenario_driver_scores", "row 0, driver 0"),
    (contest_sim(scenario_driver_scores=[[1e9] * 14]), "scenario_driver_scores", "-1000 to 1000"),
    (contest_sim(scenario_driver_scores=[1.0]), "scenario_driver_scores", "list of lists"),
    (
        contest_sim(scenario_driver_scores=[[1.0] * 14], contest_buyin=0.001),
        "contest_buyin",
        "cent",
    ),
    (
        contest_sim(scenario_config={"track_id": "kansas", "n_scenarios": 2_000}),
        "scenario_config.n_scenarios",
        "no such field",
    ),
    (
        contest_sim(ownership_estimates={f"b{i}": 6 / 14 for i in range(14)}),
        "ownership_estimates",
        "These are fractions: give 100 times as much.",
    ),
    (contest_sim(drivers=drivers(1)), "drivers", "1 driver; give 6 to 50"),
    (contest_sim(contest_size_tier="huge"), "contest_size_tier", "; give "),
]


@pytest.mark.parametrize(("body", "field", "said"), CONTEST_SIM)
def test_a_contest_sim_that_cannot_be_used_is_refused(
    client: FlaskClient, nothing_started: None, body: dict[str, Any], field: str, said: str
) -> None:
    response = client.post("/api/v1/contest-sim", json=body)
    assert response.status_code == 422, response.json
    assert field in response.json["errors"], response.json
    assert said in " ".join(response.json["errors"][field]), response.json


FILES = [
    (b"", "salaries", "empty"),
    (b"\x00\x01\x02", "salaries", "not a text file"),
    (b"<html><body>Sign in</body></html>", "salaries", "header lacks"),
    (b"Name,Salary\nA,9000\n", "salaries", "header lacks ID"),
    ((HEADER + "\nD,A (1),A,1,D,abc,R,Nasca,30\n").encode(), "salaries line 2", "'abc'"),
    ((HEADER + "\nD,A (1),A,1,D,9000,R,Nasca,nan\n").encode(), "salaries line 2", "'nan'"),
    ((HEADER + "\nD,A (1),A,1,CPT,9000,R,Nasca,3\n").encode(), "salaries line 2", "'CPT'"),
    ((HEADER + "\nD,A (1),A,1,D,9000,R,Nasca,3\n").encode(), "drivers", "1 driver cannot fill"),
]


@pytest.mark.parametrize(("data", "field", "said"), FILES)
def test_a_salary_file_that_is_none_is_refused(
    client: FlaskClient, data: bytes, field: str, said: str
) -> None:
    before = client.get("/api/v1/slates").json
    response = client.post("/api/v1/slates", data={"salaries": (io.BytesIO(data), "s.csv")})
    assert response.status_code == 422, response.json
    assert said in " ".join(response.json["errors"][field]), response.json
    assert client.get("/api/v1/slates").json == before


PARTS = [
    ({"track": "kansas"}, "track", "no such part; the nearest is track_id."),
    ({"foo": "1"}, "foo", "no such part."),
    ({"driver": (io.BytesIO(b"driver"), "d.csv")}, "driver", "the nearest is drivers."),
    ({"site": ["draftkings", "fanduel"]}, "site", "2 parts have this name; send one."),
    ({"drivers": "driver,skill"}, "drivers", "sent as text; send the file itself: curl -F drivers"),
    ({"track_id": (io.BytesIO(b"kansas"), "t.txt")}, "track_id", "sent as a file; send text."),
]


@pytest.mark.parametrize(("more", "field", "said"), PARTS)
def test_a_part_of_an_upload_that_means_nothing_is_refused(
    client: FlaskClient, more: dict[str, Any], field: str, said: str
) -> None:
    rows = [f"D,A{i} ({i}),A{i},{i},D,7000,R,Nascar,3" for i in range(1, 8)]
    salaries = (io.BytesIO("\n".join([HEADER, *rows]).encode()), "s.csv")
    response = client.post("/api/v1/slates", data={"salaries": salaries, **more})
    assert response.status_code == 422, response.json
    assert said in " ".join(response.json["errors"][field])


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"n_lineups":\n 20,}', "The body is not JSON; it cannot be read at line 2, column 5."),
        (b"[" * 100_000, "The body is nested too deeply; send a JSON object."),
        (b'{"random_seed": ' + b"1" * 5_000 + b"}", "The body has a number too long to be read."),
        (b"[]", "The body is not a JSON object."),
        (b"", "The body is empty; send a JSON object."),
        (b'{"site": "\xff"}', "The body is not UTF-8; send a JSON object in UTF-8."),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(
    client: FlaskClient, body: bytes, detail: str
) -> None:
    response = client.post("/api/v1/optimize", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json["detail"] == detail


def test_a_misspelt_file_is_named_beside_the_one_that_is_missing(client: FlaskClient) -> None:
    response = client.post("/api/v1/slates", data={"salaires": (io.BytesIO(b"a"), "s.csv")})
    assert response.json["errors"] == {
        "salaires": ["no such part; the nearest is salaries."],
        "salaries": ["missing; send the file as a part of this name."],
    }


def test_an_upload_of_nothing_says_what_to_send(client: FlaskClient) -> None:
    response = client.post("/api/v1/slates")
    assert response.status_code == 415
    said = response.json["detail"]
    assert said == "Nothing was sent; send multipart/form-data with a file in it."


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused_as_such(client: FlaskClient, kind: str) -> None:
    response = client.post("/api/v1/optimize", data="a=1", content_type=kind)
    assert response.status_code == 415
    assert response.mimetype == "application/problem+json"


def test_a_refusal_of_many_fields_names_the_first_and_counts_the_rest(client: FlaskClient) -> None:
    lineups = [["b0"]] * 150
    response = client.post("/api/v1/contest-sim", json=contest_sim(lineups=lineups))
    assert response.status_code == 422
    assert len(response.json["errors"]) == 20
    response = client.post("/api/v1/optimize", json=dict.fromkeys("abcdefghijklmnopqrstuvwxyz", 1))
    assert len(response.json["errors"]) == 20
    assert "and 6 more" in response.json["detail"]


@pytest.mark.parametrize("run_id", ["0" * 32, f"{'0' * 32}:1", "any", "..", "0" * 31 + "G"])
def test_what_is_no_run_id_is_not_found(client: FlaskClient, run_id: str) -> None:
    assert client.get(f"/api/v1/jobs/{run_id}").status_code == 404
    assert client.delete(f"/api/v1/jobs/{run_id}").status_code == 404


@pytest.mark.parametrize("cursor", ["nan", "inf", "x"])
def test_what_is_no_cursor_is_refused(client: FlaskClient, cursor: str) -> None:
    assert client.get(f"/api/v1/jobs?cursor={cursor}").status_code == 422


def test_ownership_of_the_drivers_file_outlives_a_withdrawal(client: FlaskClient) -> None:
    owned = [{**d, "ownership_percent": 600 / 14} for d in drivers()]
    owned[3] |= {"veto_rules": ["out"]}
    response = client.post("/api/v1/optimize", json=optimize(drivers=owned, contest={}))
    assert response.status_code == 202, response.json


def test_ownership_of_the_drivers_file_that_adds_up_to_nothing_is_named_as_such(
    client: FlaskClient, nothing_started: None
) -> None:
    owned = [{**d, "ownership_percent": 1.0} for d in drivers()]
    response = client.post("/api/v1/optimize", json=optimize(drivers=owned, contest={}))
    assert response.status_code == 422
    assert list(response.json["errors"]) == ["drivers.ownership_percent"]


def test_a_path_and_a_method_that_do_not_exist_are_problems_too(client: FlaskClient) -> None:
    nothing = client.get("/api/v1/nothing")
    assert nothing.mimetype == "application/problem+json"
    assert nothing.json["detail"].startswith("Nothing is at /api/v1/nothing;")
    wrong = client.put("/api/v1/optimize")
    assert wrong.json["detail"].startswith("/api/v1/optimize takes no PUT;")
    assert wrong.status_code == 405
    assert wrong.mimetype == "application/problem+json"
    assert "POST" in wrong.headers["Allow"]


def test_a_body_too_large_is_a_413(settings: Settings) -> None:
    app = create_app(settings)
    response = app.test_client().post("/api/v1/optimize", json={"slate_id": "x" * 2_100_000})
    assert response.status_code == 413
    assert "a request may have 2 MiB" in response.json["detail"]
    assert response.mimetype == "application/problem+json"


def test_an_unknown_slate_is_not_found(client: FlaskClient, nothing_started: None) -> None:
    response = client.post("/api/v1/optimize", json={"slate_id": "nothing"})
    assert response.status_code == 404


def test_while_redis_is_away_nothing_is_lost_and_the_answer_says_so(
    application: Flask, settings: Settings
) -> None:
    app = create_app(Settings("unix:///nowhere/redis.sock"))
    try:
        response = app.test_client().get(f"/api/v1/jobs/{'0' * 32}")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        ready = app.test_client().get("/health/ready")
        assert ready.status_code == 503
        assert ready.json["missing"] == ["redis", "workers"]
        assert app.test_client().get("/health").status_code == 200
    finally:
        create_app(settings)


def test_every_path_is_described_and_the_description_opens_offline(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert {"/api/v1/optimize", "/api/v1/contest-sim", "/api/v1/jobs/{run_id}/lineups.csv"} <= set(
        document["paths"]
    )
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    links = re.findall(rb'(?:src|href)="([^"]+)"', page.data)
    assert len(links) > 2
    assert not [link for link in links if b"//" in link]


def test_limits_without_a_portfolio_are_refused_at_the_door_with_all_that_would_help(
    client: FlaskClient, nothing_started: None
) -> None:
    body = optimize(n_lineups=150, max_driver_exposure=0.2, locks=["b3"])
    response = client.post("/api/v1/optimize", json=body)
    assert response.status_code == 422
    assert response.json["limits"] == ["n_lineups", "max_driver_exposure"]
    assert set(response.json["errors"]) == {"n_lineups", "max_driver_exposure"}
    assert response.json["largest"] == 0
    assert "room for none" in response.json["detail"]


def test_leverage_that_cannot_be_used_is_refused_by_field(
    client: FlaskClient, nothing_started: None
) -> None:
    for changes, field in (
        ({"ownership_estimates": {"b0": 50.0}}, "ownership_estimates"),
        ({"leverage_penalty": 2}, "leverage_penalty"),
        ({"regime_weights": {"rain": 1}}, "regime_weights.rain"),
        ({"max_total_ownership": "3"}, "max_total_ownership"),
    ):
        response = client.post("/api/v1/optimize-with-leverage", json=optimize(**changes))
        assert response.status_code == 422
        assert field in response.json["errors"], response.json
