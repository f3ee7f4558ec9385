"""What is kept of a user takes no more than the user's room."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from tests.system.described import Description, client_of
from tests.system.test_jobs_over_http import salary_file
from tests.system.test_waiting_jobs import request
from web.accounts import Accounts
from web.app import create_app
from workers.installation.processes import Process
from workers.installation.settings import Settings

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]


@pytest.fixture
def small(settings: Settings) -> Flask:
    """An application with room for some slates, and for a result or two."""
    return create_app(Settings(settings.redis_url, results_bytes=20_000, slates_bytes=20_000))


def key_of_a_second(accounts: Accounts) -> str:
    """The key of a user who has nothing yet: the first has what was there before."""
    accounts.add("ann")
    return accounts.add("bob")[1]


def test_a_slate_beyond_the_room_is_refused_until_another_is_deleted(
    small: Flask, description: Description, accounts: Accounts
) -> None:
    client = client_of(small, description)
    names = {"Authorization": f"Bearer {key_of_a_second(accounts)}"}
    kept = []
    for track in ("Phoenix", "Kansas", "Daytona", "Bristol", "Martinsville", "Las Vegas"):
        form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": track}
        answer = client.post("/api/v1/slates", data=form, headers=names)
        if answer.status_code == 429:
            break
        kept.append(answer.json["slate_id"])
    assert kept
    assert answer.status_code == 429, "no slate was refused"
    assert int(answer.headers["Retry-After"]) > 0
    assert "AXIOMATIC_SLATES_MB" in answer.json["detail"]
    # the same slate takes no more room, and a deleted one none at all
    form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": "Phoenix"}
    assert client.post("/api/v1/slates", data=form, headers=names).status_code == 201
    assert client.delete(f"/api/v1/slates/{kept[0]}", headers=names).status_code == 204
    form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": track}
    assert client.post("/api/v1/slates", data=form, headers=names).status_code == 201


def test_the_oldest_result_gives_way_and_says_so(
    small: Flask, description: Description, accounts: Accounts, run_workers: RunWorkers
) -> None:
    client = client_of(small, description)
    names = {"Authorization": f"Bearer {key_of_a_second(accounts)}", "Prefer": "wait=60"}
    with run_workers(1):
        runs = []
        for seed in range(3):
            answer = client.post("/api/v1/optimize", json=request(random_seed=seed), headers=names)
            assert answer.status_code == 200
            runs.append(answer.json["run_id"])
    # three of them are more than the room, whatever their size
    assert client.get(f"/api/v1/jobs/{runs[0]}/result", headers=names).status_code == 410
    assert client.get(f"/api/v1/jobs/{runs[2]}/result", headers=names).status_code == 200
    listed = client.get("/api/v1/jobs", headers=names).json["jobs"]
    assert runs[0] not in {job["run_id"] for job in listed}


def test_without_users_nothing_gives_way(
    small: Flask, description: Description, accounts: Accounts, run_workers: RunWorkers
) -> None:
    client = client_of(small, description)
    assert not accounts.exist()
    with run_workers(1):
        runs = [
            client.post(
                "/api/v1/optimize",
                json=request(random_seed=seed),
                headers={"Prefer": "wait=60"},
            ).json["run_id"]
            for seed in range(3)
        ]
    for run_id in runs:
        assert client.get(f"/api/v1/jobs/{run_id}/result").status_code == 200
