"""What Prometheus reads, and who may read it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families as families

from tests.system.test_jobs_over_http import asked, finished, upload
from workers.installation.processes import Process
from workers.installation.settings import Settings

TOKEN = 2 * "01234567"
FAR = {"REMOTE_ADDR": "10.1.2.3"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def with_token(client: FlaskClient) -> Iterator[FlaskClient]:
    kept = client.application.extensions
    before: Settings = kept["axiomatic-settings"]
    kept["axiomatic-settings"] = replace(before, metrics_token=TOKEN)
    yield client
    kept["axiomatic-settings"] = before


def scraped(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families(answer.text)
        for sample in family.samples
    }


def gained(before: Samples, after: Samples, name: str, **labels: str) -> float:
    key = name, frozenset(labels.items())
    return after[key] - before.get(key, 0.0)


def test_a_job_is_counted_by_request_by_stage_and_by_how_it_ended(
    client: FlaskClient, worker: Process
) -> None:
    assert worker.running
    slate_id = upload(client)["slate_id"]
    before = scraped(client)
    finished(client, "optimize", asked(slate_id, random_seed=8_101))
    after = scraped(client)
    request = {"route": "/api/v1/optimize", "method": "POST", "status": "200"}
    assert gained(before, after, "axiomatic_http_request_seconds_count", **request) == 1
    ended = {"kind": "optimize", "outcome": "completed"}
    assert gained(before, after, "axiomatic_jobs_total", **ended) == 1
    for stage in ("field", "scenarios", "lineups", "portfolio", "contest"):
        labels = {"kind": "optimize", "stage": stage}
        pieces = gained(before, after, "axiomatic_chunk_seconds_count", **labels)
        assert pieces >= 1
        assert gained(before, after, "axiomatic_chunk_seconds_bucket", **labels, le="+Inf") == (
            pieces
        )
    assert after["axiomatic_worker_slots", frozenset()] >= 1
    assert after["axiomatic_queue_chunks", frozenset({("user_class", "everyone")})] == 0


def test_a_path_without_a_route_makes_no_series_of_its_own(client: FlaskClient) -> None:
    before = scraped(client)
    for path in ("/api/v1/one", "/api/v1/another"):
        assert client.get(path).status_code == 404
    count = {"route": "none", "method": "GET", "status": "404"}
    after = scraped(client)
    assert gained(before, after, "axiomatic_http_request_seconds_count", **count) == 2


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        (FAR, {}),
        (FAR, {"Authorization": f"Bearer {TOKEN}x"}),
        (FAR, {"Authorization": f"Basic {TOKEN}"}),
        ({}, {"X-Forwarded-For": "127.0.0.1"}),
        ({}, {"Forwarded": "for=127.0.0.1"}),
        ({}, {"X-Forwarded-Proto": "https"}),
        ({}, {"Via": "1.1 here"}),
        ({"REMOTE_ADDR": "nobody"}, {}),
    ],
)
def test_whoever_is_far_needs_the_token(
    with_token: FlaskClient, environ: dict[str, str], headers: dict[str, str]
) -> None:
    answer = with_token.get("/metrics", environ_overrides=environ, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "AXIOMATIC_METRICS_TOKEN" in answer.json["detail"]


@pytest.mark.parametrize("near", ["127.0.0.1", "127.9.9.9", "::1", ""])
def test_whoever_is_near_needs_none(client: FlaskClient, near: str) -> None:
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": near}).status_code == 200


def test_the_token_lets_in_from_afar(with_token: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "10.1.2.3"}
    answer = with_token.get("/metrics", environ_overrides=FAR, headers=headers)
    assert answer.status_code == 200


def test_where_no_token_is_set_none_lets_in(client: FlaskClient) -> None:
    headers = {"Authorization": "Bearer "}
    assert client.get("/metrics", environ_overrides=FAR, headers=headers).status_code == 401
