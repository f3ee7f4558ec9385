"""A request sent again is answered with the result that is there, unless it is to be anew."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.system.described import Description, client_of
from tests.system.test_waiting_jobs import request
from web.accounts import Accounts
from workers.installation.processes import Process


@pytest.fixture
def plain(application: Flask, description: Description) -> FlaskClient:
    """A client that takes what is stored."""
    client = client_of(application, description)
    del client.environ_base["HTTP_CACHE_CONTROL"]
    return client


def post(client: FlaskClient, seed: int, **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    names["Prefer"] = "wait=60"
    return client.post("/api/v1/optimize", json=request(random_seed=seed), headers=names)


def test_the_same_request_is_answered_with_the_stored_result(
    plain: FlaskClient, worker: Process
) -> None:
    first, again = post(plain, 901), post(plain, 901)
    assert [first.status_code, again.status_code] == [200, 200]
    assert "cached" not in first.json
    assert again.json == {**first.json, "cached": True}
    assert again.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize(
    "header", [{"Cache_Control": "no-cache"}, {"Idempotency_Key": "its own job"}]
)
def test_it_is_computed_anew_where_that_is_asked_for(
    plain: FlaskClient, worker: Process, header: dict[str, str]
) -> None:
    first = post(plain, 902).json
    anew = post(plain, 902, **header).json
    assert anew["run_id"] != first["run_id"]
    assert "cached" not in anew
    assert anew["lineups"] == first["lineups"]


def test_another_seed_is_another_request(plain: FlaskClient, worker: Process) -> None:
    assert post(plain, 903).json["run_id"] != post(plain, 904).json["run_id"]


def test_nobody_is_answered_with_another_users_result(
    plain: FlaskClient, worker: Process, accounts: Accounts
) -> None:
    keys = [accounts.add(name)[1] for name in ("ann", "bob")]
    answers = [post(plain, 905, Authorization=f"Bearer {key}").json for key in keys]
    assert answers[0]["run_id"] != answers[1]["run_id"]
    assert all("cached" not in answer for answer in answers)


def test_a_job_that_has_not_ended_answers_for_no_other(plain: FlaskClient) -> None:
    sent = [plain.post("/api/v1/optimize", json=request(random_seed=906)) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [202, 202]
    runs = {answer.json["run_id"] for answer in sent}
    assert len(runs) == 2
    for run_id in runs:
        plain.delete(f"/api/v1/jobs/{run_id}")
