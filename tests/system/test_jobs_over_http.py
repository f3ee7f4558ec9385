"""The API with a worker behind it, from the salary file to the upload file."""

import csv
import io
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.race import load_known_drivers
from tests.faults.harness import until
from tests.system.described import Description, client_of
from web.app import create_app
from workers.app import open_jobs
from workers.engine.connection import connect
from workers.installation.processes import Process
from workers.installation.settings import Settings

SALARY = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"


def salary_file(drivers: int = 16) -> bytes:
    rows = [
        f"D,Car {i:02d} ({700 + i}),Car {i:02d},{700 + i},D,{10_400 - 400 * i},Test 400,Nasca,30.5"
        for i in range(drivers)
    ]
    return "\r\n".join([SALARY, *rows]).encode()


@pytest.fixture
def slate_id(client: FlaskClient) -> str:
    return str(upload(client)["slate_id"])


def upload(client: FlaskClient, **parts: Any) -> dict[str, Any]:
    form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": "Phoenix"}
    response = client.post("/api/v1/slates", data={**form, **parts})
    assert response.status_code == 201, response.json
    return dict(response.json)


def asked(slate_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "slate_id": slate_id,
        "n_lineups": 8,
        "scenario_config": {"n_scenarios": 1_500},
        "contest": {"field_size": 300, "contest_buyin": 5},
        **changes,
    }


def finished(client: FlaskClient, kind: str, request: dict[str, Any]) -> dict[str, Any]:
    response = client.post(f"/api/v1/{kind}", json=request, headers={"Prefer": "wait=60"})
    assert response.status_code == 200, response.json
    assert response.headers["Preference-Applied"] == "wait=60"
    return dict(response.json)


def test_a_slate_comes_back_with_its_drivers_and_what_it_leaves_open(client: FlaskClient) -> None:
    slate = upload(client)
    assert slate["track_id"] == "phoenix_post_2018f"
    assert slate["race_name"] == "Test 400"
    assert [driver["salary"] for driver in slate["drivers"]][:2] == [10_400, 10_000]
    assert any("No grid" in warning for warning in slate["warnings"])
    again = client.get(f"/api/v1/slates/{slate['slate_id']}")
    assert again.json == slate
    assert slate["slate_id"] in [s["slate_id"] for s in client.get("/api/v1/slates").json["slates"]]


def test_a_drivers_file_is_laid_over_the_salaries(client: FlaskClient) -> None:
    drivers = b"driver,start_position,team\nCar 00,3,Red\nCAR 01,1,Blue\nNobody,9,Red\n"
    slate = upload(client, drivers=(io.BytesIO(drivers), "drivers.csv"))
    assert slate["drivers"][0]["start_position"] == 3
    assert slate["drivers"][1]["team"] == "Blue"
    assert any("Nobody" in warning for warning in slate["warnings"])


def test_a_slate_shows_the_cars_of_past_races_and_its_jobs_are_limited_by_them(
    client: FlaskClient, worker: Process
) -> None:
    known = load_known_drivers().find("Kyle Larson")
    assert known is not None
    named = salary_file().replace(b"Car 00", b"Kyle Larson").replace(b"Car 01", b"Chase Elliott")
    drivers = b"driver,team\nChase Elliott,Mine\n"
    slate = upload(
        client,
        salaries=(io.BytesIO(named), "DKSalaries.csv"),
        drivers=(io.BytesIO(drivers), "drivers.csv"),
    )
    assert [driver["team"] for driver in slate["drivers"]][:3] == [known.team, "Mine", None]
    assert client.get(f"/api/v1/slates/{slate['slate_id']}").json == slate
    request = asked(slate["slate_id"], max_team_exposure={known.team: 0.0, "Mine": 0.25})
    exposure = finished(client, "optimize", request)["exposure"]
    larson, elliott = (driver["driver_id"] for driver in slate["drivers"][:2])
    assert exposure[larson] == 0.0
    assert 0.0 < exposure[elliott] <= 0.25


def test_a_deleted_slate_is_gone(client: FlaskClient, slate_id: str) -> None:
    assert client.delete(f"/api/v1/slates/{slate_id}").status_code == 204
    assert client.get(f"/api/v1/slates/{slate_id}").status_code == 404
    assert client.delete(f"/api/v1/slates/{slate_id}").status_code == 404


def test_an_optimize_job_ends_with_lineups_and_their_upload_file(
    client: FlaskClient, worker: Process, slate_id: str
) -> None:
    accepted = client.post("/api/v1/optimize", json=asked(slate_id))
    assert accepted.status_code == 202
    run_id = accepted.json["run_id"]
    assert accepted.headers["Location"] == f"/api/v1/jobs/{run_id}"
    assert accepted.json["kind"] == "optimize"

    # the event stream ends when the job does, so reading it is waiting for it
    stream = client.get(f"/api/v1/jobs/{run_id}/events")
    assert stream.mimetype == "text/event-stream"
    first, *said = [
        event.split("\n") for event in stream.get_data(as_text=True).strip().split("\n\n")
    ]
    assert first == ["retry: 2000"]
    assert said[-1][:2] == ["id: end", "event: end"]
    assert json.loads(said[-1][2].removeprefix("data: "))["status"] == "completed"
    shares = [json.loads(e[2][6:])["progress"] for e in said if e[1:2] == ["event: progress"]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    job = client.get(f"/api/v1/jobs/{run_id}").json
    assert (job["status"], job["progress"], job["stage"]) == ("completed", 1.0, "done")
    assert job["timings"]["seconds"] > 0
    assert client.get(f"/api/v1/optimize/{run_id}/status").json == job

    result = client.get(f"/api/v1/jobs/{run_id}/result")
    assert result.status_code == 200
    assert result.json == client.get(f"/api/v1/optimize/{run_id}/result").json
    assert result.json["run_id"] == result.json["run_config"]["run_id"] == run_id
    assert len(result.json["lineups"]) == 8
    assert result.json["contest"]["n_simulations"] == 1_500

    upload_file = client.get(f"/api/v1/jobs/{run_id}/lineups.csv")
    assert upload_file.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(upload_file.get_data(as_text=True))))
    assert rows[0] == ["D"] * 6
    shown = [
        [f"{d['name']} ({d['driver_id']})" for d in lineup["drivers"]]
        for lineup in result.json["lineups"]
    ]
    assert rows[1:] == shown

    entries = (
        b"Entry ID,Contest Name,Contest ID,Entry Fee,D,D,D,D,D,D,,Instructions\n"
        b"4001,Big one,91,$4,,,,,,,,1. Column A lists your entries\n"
        b"4002,Other,92,$4,,,,,,,,\n"
        b"4003,Big one,91,$4,,,,,,,,\n"
        b",,,,,,,,,,,,Position,Name + ID\n"
    )
    response = client.post(
        f"/api/v1/jobs/{run_id}/entries",
        data={"entries": (io.BytesIO(entries), "DKEntries.csv"), "contest_ids": "91"},
    )
    assert response.status_code == 200, response.json
    filled = list(csv.reader(io.StringIO(response.get_data(as_text=True))))
    before = list(csv.reader(io.StringIO(entries.decode())))
    assert [row[4:10] for row in filled[1:4]] == [shown[0], [""] * 6, shown[1]]
    assert [row[:4] + row[10:] for row in filled] == [row[:4] + row[10:] for row in before]


def test_a_contest_sim_counts_duplicates_among_the_own_lineups(
    client: FlaskClient, worker: Process, slate_id: str
) -> None:
    lineup = [str(700 + i) for i in (0, 4, 6, 8, 10, 12)]
    other = [str(700 + i) for i in (1, 3, 6, 9, 10, 12)]
    result = finished(
        client,
        "contest-sim",
        {
            "slate_id": slate_id,
            "lineups": [lineup, lineup[::-1], other],
            "field_size": 200,
            "contest_buyin": 10,
            "n_scenarios": 1_000,
            "n_contest_sims": 3,
        },
    )
    assert result["n_simulations"] == 3_000
    first, twin, third = result["per_lineup"]
    assert first["roi"] == twin["roi"]
    assert first["expected_duplicates"] >= 1.0
    assert third["drivers"] == sorted(other)
    assert result["best_rank"] <= min(first["best_rank"], third["best_rank"])


def test_a_users_own_points_replace_the_simulation(
    client: FlaskClient, worker: Process, slate_id: str
) -> None:
    # car i scores 10 i points, always: the six cheapest cars of the field cannot be beaten
    scores = [[10.0 * i for i in range(16)]] * 40
    lineup = [str(700 + i) for i in range(10, 16)]
    result = finished(
        client,
        "contest-sim",
        {
            "slate_id": slate_id,
            "lineups": [lineup],
            "field_size": 50,
            "contest_buyin": 1,
            "payouts": [{"from": 1, "to": 1, "prize": 40.0}],
            "scenario_driver_scores": scores,
            "n_scenarios": 40,
            "ownership_estimates": {str(700 + i): 37.5 for i in range(16)},
        },
    )
    assert result["n_simulations"] == 40
    assert result["best_rank"] == result["worst_rank"] == 1
    assert result["cash_pct"] == 1.0


def test_the_same_idempotency_key_gives_the_first_job(
    client: FlaskClient, worker: Process, slate_id: str
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = client.post("/api/v1/optimize", json=asked(slate_id), headers=headers)
    again = client.post("/api/v1/optimize", json=asked(slate_id), headers=headers)
    assert first.json["run_id"] == again.json["run_id"]
    other = client.post("/api/v1/optimize", json=asked(slate_id, random_seed=1), headers=headers)
    assert other.status_code == 422


def test_jobs_are_listed_newest_first_and_page_by_page(
    client: FlaskClient, worker: Process, slate_id: str
) -> None:
    made = [finished(client, "optimize", asked(slate_id, n_lineups=2))["run_id"] for _ in range(3)]
    first = client.get("/api/v1/jobs?limit=2&kind=optimize&status=completed").json
    assert [job["run_id"] for job in first["jobs"]] == made[:0:-1]
    rest = client.get(f"/api/v1/jobs?limit=2&kind=optimize&cursor={first['cursor']}").json
    assert rest["jobs"][0]["run_id"] == made[0]


def test_a_job_that_its_own_races_make_impossible_fails_with_the_reason(
    client: FlaskClient, worker: Process
) -> None:
    request = {
        "drivers": [
            {"driver_id": f"j{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
            for i in range(14)
        ],
        "scenario_config": {"n_scenarios": 1_000, "track_id": "martinsville"},
        "n_lineups": 2,
        "cvar_alphas": [0.999, 0.998],
        "ownership_estimates": {f"j{i}": 600 / 14 for i in range(14)},
        "max_ownership_per_driver": 1,
        "min_low_ownership_drivers": 0,
        "use_regime_allocation": True,
        "regime_weights": {"fuel_mileage": 1},
    }
    started = client.post(
        "/api/v1/optimize-with-leverage", json=request, headers={"Prefer": "wait=60"}
    )
    assert started.status_code == 202
    assert started.json["status"] == "failed"
    assert "too few for a tail" in started.json["error"]["errors"]["regime_weights"][0]
    result = client.get(f"/api/v1/jobs/{started.json['run_id']}/result")
    assert result.status_code == 409
    assert result.mimetype == "application/problem+json"
    assert "fuel_mileage" in result.json["detail"]
    assert client.get(f"/api/v1/jobs/{started.json['run_id']}/lineups.csv").status_code == 409


def test_a_user_follows_as_many_jobs_as_the_setting_allows(
    settings: Settings, description: Description, worker: Process, slate_id: str
) -> None:
    client = client_of(create_app(replace(settings, followers=3)), description)
    run_id = finished(client, "optimize", asked(slate_id, n_lineups=2))["run_id"]
    path = f"/api/v1/jobs/{run_id}/events"
    # a stream that is opened and never read holds its place; one that is closed gives it back
    opened = [client.get(path) for _ in range(3)]
    refused = client.get(path)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    for stream in opened:
        stream.close()
    again = client.get(path)
    assert "event: end" in again.get_data(as_text=True)


def test_sending_jobs_leaves_no_subscription_behind(
    client: FlaskClient, worker: Process, slate_id: str, settings: Settings
) -> None:
    redis = connect(settings)
    before = redis.pubsub_channels("celery-task-meta-*")
    for _ in range(3):
        finished(client, "optimize", asked(slate_id, n_lineups=2))
    assert redis.pubsub_channels("celery-task-meta-*") == before


def test_an_unknown_job_is_not_found(client: FlaskClient, worker: Process) -> None:
    for path in ("", "/result", "/events", "/lineups.csv"):
        response = client.get(f"/api/v1/jobs/nothing{path}")
        assert response.status_code == 404
        assert response.mimetype == "application/problem+json"
    assert client.delete("/api/v1/jobs/nothing").status_code == 404


def test_with_redis_and_a_worker_the_installation_is_ready(
    client: FlaskClient, worker: Process, settings: Settings
) -> None:
    jobs = open_jobs(settings)
    # a job that a test before this one asked for and did not wait for
    until(lambda: jobs.load().promised_bytes == 0, 60, jobs.load)
    ready = client.get("/health/ready")
    cache = jobs.cache.stats()
    assert ready.status_code == 200
    assert cache is not None
    assert ready.json == {
        "status": "ready",
        "redis": True,
        "slots": 1,
        "busy_slots": 0,
        "stuck_slots": 0,
        "free_slots": 1,
        "waiting_chunks": 0,
        "waiting_seconds": 0.0,
        "oldest_waiting_seconds": 0.0,
        "stored_bytes": 0,
        "promised_bytes": 0,
        # what the jobs before this one have left: their requests and results
        "kept_bytes": jobs.load().kept_bytes,
        "other_versions": [],
        "scenario_cache": asdict(cache),
    }
