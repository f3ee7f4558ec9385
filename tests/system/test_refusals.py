"""Requests refused for lack of room or of workers, so that accepted jobs can be done."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from web.app import create_app
from workers.app import open_jobs
from workers.engine.connection import connect
from workers.engine.ledger import Ledger
from workers.installation.settings import Settings
from workers.installation.versions import VERSION

MEBIBYTE = 1024 * 1024


def request(**changes: Any) -> dict[str, Any]:
    drivers = [
        {"driver_id": f"r{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(14)
    ]
    config = {"n_scenarios": 20_000, "track_id": "kansas"}
    return {"drivers": drivers, "n_lineups": 10, "scenario_config": config, **changes}


def kept(settings: Settings) -> set[bytes]:
    return set(connect(settings).keys("axiomatic:*"))


@pytest.fixture
def narrow(settings: Settings) -> FlaskClient:
    """An installation that gives jobs' arrays little more room than one such job may take."""
    load = open_jobs(settings).ledger.load()
    taken = load.promised_bytes + load.kept_bytes  # what other tests have left
    return create_app(replace(settings, store_bytes=taken + 6 * MEBIBYTE)).test_client()


def test_a_job_without_room_beside_those_that_run_is_refused_until_they_end(
    narrow: FlaskClient, settings: Settings
) -> None:
    first = narrow.post("/api/v1/optimize", json=request())
    assert first.status_code == 202
    before = kept(settings)
    refused = narrow.post("/api/v1/optimize", json=request(random_seed=2))
    assert refused.status_code == 503
    assert refused.mimetype == "application/problem+json"
    assert int(refused.headers["Retry-After"]) > 0
    assert "AXIOMATIC_STORE_MB" in refused.json["detail"]
    assert kept(settings) == before
    narrow.delete(f"/api/v1/jobs/{first.json['run_id']}")
    again = narrow.post("/api/v1/optimize", json=request(random_seed=2))
    assert again.status_code == 202
    narrow.delete(f"/api/v1/jobs/{again.json['run_id']}")


def test_a_job_that_can_never_have_room_is_told_so(settings: Settings) -> None:
    narrow = create_app(replace(settings, store_bytes=6 * MEBIBYTE)).test_client()
    before = kept(settings)
    config = {"n_scenarios": 100_000, "track_id": "kansas"}
    refused = narrow.post("/api/v1/optimize", json=request(scenario_config=config))
    assert refused.status_code == 422
    assert "n_scenarios" in refused.json["errors"]
    assert "give fewer" in refused.json["errors"]["n_scenarios"][0]
    assert kept(settings) == before


@pytest.fixture
def other_workers(settings: Settings) -> Iterator[str]:
    """Workers of another version than this server's, as they report themselves."""
    version = "0.0.1-0123456789"
    ledger = Ledger(connect(settings), version)
    ledger.heartbeat("other@test", 2, 60.0, [])
    yield version
    ledger.leave("other@test")


def test_a_server_whose_workers_run_another_version_refuses_jobs_and_names_both(
    client: FlaskClient, settings: Settings, other_workers: str
) -> None:
    before = kept(settings)
    refused = client.post("/api/v1/optimize", json=request())
    assert refused.status_code == 503
    assert VERSION in refused.json["detail"]
    assert other_workers in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    assert kept(settings) == before
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert other_workers in ready.json["detail"]
    assert ready.json["missing"] == ["workers"]


def test_workers_of_ones_own_version_beside_others_are_enough(
    client: FlaskClient, settings: Settings, other_workers: str
) -> None:
    own = open_jobs(settings).ledger
    own.heartbeat("own@test", 1, 60.0, [])
    try:
        assert client.get("/health/ready").json["other_versions"] == [other_workers]
        accepted = client.post("/api/v1/optimize", json=request())
        assert accepted.status_code == 202
        client.delete(f"/api/v1/jobs/{accepted.json['run_id']}")
    finally:
        own.leave("own@test")


def test_a_redis_that_evicts_is_not_ready_and_says_what_to_set(
    client: FlaskClient, settings: Settings
) -> None:
    redis = connect(settings)
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json["missing"] == ["redis"]
        assert "Set maxmemory-policy noeviction" in ready.json["detail"]
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


def test_a_key_used_for_another_request_is_refused_and_for_the_same_gives_the_first_job(
    client: FlaskClient,
) -> None:
    headers = {"Idempotency-Key": "of the refusals"}
    first = client.post("/api/v1/optimize", json=request(), headers=headers)
    again = client.post("/api/v1/optimize", json=request(), headers=headers)
    assert first.json["run_id"] == again.json["run_id"]
    other = client.post("/api/v1/optimize", json=request(random_seed=9), headers=headers)
    assert other.status_code == 422
    client.delete(f"/api/v1/jobs/{first.json['run_id']}")
