"""Callers who wait for a result hold half of a web process' threads at the most."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.system.served import served
from tests.system.test_bad_input import optimize
from web.submission import MOST_WAITING
from workers.installation.settings import Settings


def test_where_many_wait_the_next_is_answered_at_once(settings: Settings, tmp_path: Path) -> None:
    # no worker runs: a caller who waits does so until the job is cancelled
    with (
        served(settings.redis_url, tmp_path / "api.log") as port,
        ThreadPoolExecutor(MOST_WAITING) as callers,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client,
    ):

        def wait(seed: int) -> httpx.Response:
            body = optimize(random_seed=seed)
            prefer = {"Prefer": "wait=60"}
            url = f"http://127.0.0.1:{port}/api/v1/optimize"
            return httpx.post(url, json=body, headers=prefer, timeout=90)

        def started() -> set[str]:
            page = client.get("/jobs", params={"status": "pending", "limit": 100}).json()
            return {job["run_id"] for job in page["jobs"]}

        before = started()
        waiting = [callers.submit(wait, seed) for seed in range(MOST_WAITING)]
        deadline = time.monotonic() + 30
        while len(started() - before) < MOST_WAITING:
            assert time.monotonic() < deadline
        body = optimize(random_seed=MOST_WAITING)
        at_once = client.post("/optimize", json=body, headers={"Prefer": "wait=60"})
        assert at_once.status_code == 202
        assert "Preference-Applied" not in at_once.headers
        assert client.get(f"http://127.0.0.1:{port}/health").status_code == 200
        for run_id in started() - before:
            assert client.delete(f"/jobs/{run_id}").is_success
        assert {each.result().status_code for each in waiting} == {202}
