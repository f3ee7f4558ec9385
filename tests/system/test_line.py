"""Of many jobs sent at once the first are done first, whoever sent them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from web.accounts import Accounts
from web.app import create_app
from workers.engine.jobs import Job, JobStatus
from workers.installation.processes import Process
from workers.installation.settings import Settings

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]


def request(seed: int) -> dict[str, Any]:
    drivers = [
        {"driver_id": f"w{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(14)
    ]
    return {
        "drivers": drivers,
        "n_lineups": 10,
        "random_seed": seed,
        "scenario_config": {"n_scenarios": 1_000, "track_id": "kansas"},
    }


@pytest.mark.parametrize("with_users", [False, True])
def test_no_job_begins_before_those_in_front_of_it_have_ended(
    settings: Settings,
    accounts: Accounts,
    run_workers: RunWorkers,
    await_end: Callable[[str], Job],
    with_users: bool,
) -> None:
    client = create_app(Settings(settings.redis_url, active_jobs=2)).test_client()
    headers = {"Cache-Control": "no-cache"}
    if with_users:
        headers["Authorization"] = f"Bearer {accounts.add('ann')[1]}"
    answers = [
        client.post("/api/v1/optimize", json=request(seed), headers=headers) for seed in range(1, 8)
    ]
    assert [answer.status_code for answer in answers] == [202] * 7, answers[-1].text
    sent = [answer.json["run_id"] for answer in answers]
    shown = [client.get(f"/api/v1/jobs/{run_id}", headers=headers).json for run_id in sent]
    assert [job["status"] for job in shown] == ["pending"] * 7
    with run_workers(2):
        jobs = [await_end(run_id) for run_id in sent]
    assert {job.status for job in jobs} == {JobStatus.COMPLETED}
    for place, job in enumerate(jobs[2:], 2):
        assert job.started_at is not None
        # all but one of those before it
        ended = sum(before.ended_at <= job.started_at for before in jobs[:place] if before.ended_at)
        assert ended >= place - 1
