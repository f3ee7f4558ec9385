"""While no worker runs jobs wait; a job cancelled then is never computed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient

from workers.app import app as celery
from workers.engine.connection import connect
from workers.engine.jobs import Job, JobStatus
from workers.installation.processes import Process
from workers.installation.settings import Settings

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]


def request(**changes: Any) -> dict[str, Any]:
    drivers = [
        {"driver_id": f"w{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(14)
    ]
    return {
        "drivers": drivers,
        "n_lineups": 10,
        "scenario_config": {"n_scenarios": 1_000, "track_id": "kansas"},
        **changes,
    }


@pytest.fixture(autouse=True)
def _empty_queue(settings: Settings) -> None:
    celery.control.purge()


def test_readiness_names_what_is_missing(client: FlaskClient) -> None:
    assert client.get("/health").json["status"] == "healthy"
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json["missing"] == ["workers"]
    assert int(ready.headers["Retry-After"]) > 0


def test_a_job_waits_for_a_worker_and_then_runs(
    client: FlaskClient, run_workers: RunWorkers, await_end: Callable[[str], Job]
) -> None:
    run_id = client.post("/api/v1/optimize", json=request()).json["run_id"]
    job = client.get(f"/api/v1/jobs/{run_id}").json
    assert (job["status"], job["progress"]) == ("pending", 0.0)
    assert client.get(f"/api/v1/jobs/{run_id}/result").status_code == 202
    assert client.get(f"/api/v1/jobs/{run_id}/lineups.csv").status_code == 409
    with run_workers(1):
        assert await_end(run_id).status is JobStatus.COMPLETED
    assert client.get(f"/api/v1/jobs/{run_id}").json["status"] == "completed"


def test_a_cancelled_job_stays_cancelled_and_computes_nothing(
    client: FlaskClient,
    run_workers: RunWorkers,
    settings: Settings,
    await_end: Callable[[str], Job],
) -> None:
    run_id = client.post("/api/v1/optimize", json=request()).json["run_id"]
    assert client.delete(f"/api/v1/jobs/{run_id}").json["status"] == "cancelled"
    after = client.post("/api/v1/optimize", json=request(random_seed=3)).json["run_id"]
    with run_workers(1):
        # one worker takes messages in order: when the later job is done, the cancelled one was met
        assert await_end(after).status is JobStatus.COMPLETED
    assert client.get(f"/api/v1/jobs/{run_id}").json["status"] == "cancelled"
    gone = client.get(f"/api/v1/jobs/{run_id}/result")
    assert gone.status_code == 409
    assert "cancelled" in gone.json["detail"]
    record = connect(settings).hkeys(f"axiomatic:job:{run_id}")
    assert b"started_at" not in record
    assert not [key for key in record if key.startswith(b"facts:")]


def test_a_job_that_ended_is_removed_and_says_that_it_is_gone(
    client: FlaskClient, run_workers: RunWorkers
) -> None:
    with run_workers(1):
        headers = {"Prefer": "wait=60"}
        done = client.post("/api/v1/optimize", json=request(), headers=headers).json
        path = f"/api/v1/jobs/{done['run_id']}"
        kept = client.get("/health/ready").json["kept_bytes"]
        assert client.delete(path).json["status"] == "completed"
        assert client.get("/health/ready").json["kept_bytes"] < kept
    for call, where in (("get", ""), ("get", "/result"), ("get", "/lineups.csv"), ("delete", "")):
        gone = client.open(f"{path}{where}", method=call)
        assert gone.status_code == 410
        assert gone.mimetype == "application/problem+json"
    assert done["run_id"] not in {job["run_id"] for job in client.get("/api/v1/jobs").json["jobs"]}
