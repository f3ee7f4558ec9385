"""The scenario cache with real workers behind it: later jobs use what earlier ones simulated."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast

import msgspec
import pytest
from flask.testing import FlaskClient

from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler
from core.slate import Slate
from tests.system.conftest import START_SECONDS
from tests.system.test_same_bits import stored_result
from workers.app import open_jobs
from workers.engine.connection import connect
from workers.engine.jobs import CacheUse, Job, JobStatus
from workers.engine.planning import pace_key
from workers.engine.submission import submit
from workers.installation.processes import Process
from workers.installation.settings import Settings
from workers.plans.requests.optimize import OptimizeRequest

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]

SEED = 20_260_308
"""Of no other test's jobs: they share this session's Redis."""

LINEUP = [f"c{i}" for i in (0, 4, 6, 8, 10, 12)]


@pytest.fixture(scope="module", autouse=True)
def _alone(worker: Process, settings: Settings) -> None:
    """Let the worker finish jobs that other tests left on this Redis, as they count blocks too."""
    deadline = time.monotonic() + START_SECONDS
    while (load := open_jobs(settings).load()).promised_bytes > 0:
        assert time.monotonic() < deadline, load
        time.sleep(0.02)


def asked(**changes: Any) -> dict[str, Any]:
    drivers = [
        {"driver_id": f"c{i}", "salary": 10_400 - 400 * i, "start_position": i + 1, "skill": 0.5}
        for i in range(14)
    ]
    return {
        "drivers": drivers,
        "n_lineups": 6,
        "scenario_config": {"n_scenarios": 2_000, "track_id": "kansas"},
        "contest": {"field_size": 200, "contest_buyin": 5},
        "random_seed": SEED,
        **changes,
    }


def done(client: FlaskClient, request: dict[str, Any], kind: str = "optimize") -> str:
    """Have a job done, computed anew whatever was asked before, and give its id."""
    headers = {"Prefer": "wait=60", "Cache-Control": "no-cache"}
    response = client.post(f"/api/v1/{kind}", json=request, headers=headers)
    assert response.status_code == 200, response.json
    return str(response.json["run_id"])


def used(client: FlaskClient, run_id: str) -> Any:
    """The scenario cache's counts in the job's document."""
    job = client.get(f"/api/v1/jobs/{run_id}").json
    assert job == client.get(f"/api/v1/{job['kind']}/{run_id}/status").json
    return job["scenario_cache"]


def totals(client: FlaskClient) -> dict[str, int]:
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    return dict(ready.json["scenario_cache"])


def test_the_same_job_again_simulates_nothing_and_gives_the_same_bytes(
    client: FlaskClient, worker: Process, settings: Settings
) -> None:
    before = totals(client)
    first = done(client, asked())
    assert used(client, first) == {"hits": 0, "misses": 8}
    pace = open_jobs(settings).pace()[pace_key("optimize", "scenarios")]
    again = done(client, asked())
    assert used(client, again) == {"hits": 8, "misses": 0}
    assert stored_result(settings, again) == stored_result(settings, first)
    # a recalled block takes no time and must not count as simulated in the pace
    assert open_jobs(settings).pace()[pace_key("optimize", "scenarios")] == pace
    after = totals(client)
    assert after["hits"] == before["hits"] + 8
    assert after["misses"] == before["misses"] + 8
    assert after["blocks"] == before["blocks"] + 8
    assert before["stored_bytes"] < after["stored_bytes"] <= after["limit_bytes"]
    assert after["limit_bytes"] == settings.cache_bytes
    # no result contains it
    assert b"cache" not in stored_result(settings, first)


def test_the_installation_is_ready_whatever_became_of_its_cache(
    client: FlaskClient, worker: Process, settings: Settings
) -> None:
    done(client, asked(random_seed=SEED + 8))
    redis = connect(settings)
    key = "axiomatic:scenarios:sizes"
    redis.rename(key, "aside")
    redis.set(key, "somebody else's")
    try:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json["scenario_cache"]) == (200, None)
        assert used(client, done(client, asked(random_seed=SEED + 9))) == {"hits": 0, "misses": 8}
    finally:
        redis.rename("aside", key)
    assert totals(client)["blocks"] > 0


def test_another_seed_or_another_skill_is_another_race(
    client: FlaskClient, worker: Process, settings: Settings
) -> None:
    first = done(client, asked(random_seed=SEED + 1))
    for request in (asked(random_seed=SEED + 2), asked(random_seed=SEED + 1)):
        request["drivers"][3]["skill"] += 0.01 * (request["random_seed"] == SEED + 1)
        other = done(client, request)
        assert used(client, other) == {"hits": 0, "misses": 8}
        assert stored_result(settings, other) != stored_result(settings, first)


def test_more_races_and_other_kinds_of_job_use_the_blocks_that_are_there(
    client: FlaskClient, worker: Process
) -> None:
    # at one's own view, as ownership is estimated for a contest's size
    done(client, asked(random_seed=SEED + 3, conviction=1))
    config = {"n_scenarios": 3_500, "track_id": "kansas"}
    longer = done(client, asked(random_seed=SEED + 3, conviction=1, scenario_config=config))
    assert used(client, longer) == {"hits": 8, "misses": 6}
    request = asked(random_seed=SEED + 3)
    contest = {
        "drivers": request["drivers"],
        "scenario_config": {"track_id": "kansas"},
        "n_scenarios": 3_000,
        "random_seed": SEED + 3,
        "conviction": 1,
        "lineups": [LINEUP],
        "field_size": 100,
        "contest_buyin": 5,
    }
    assert used(client, done(client, contest, "contest-sim")) == {"hits": 6, "misses": 0}


def test_a_job_without_races_of_its_own_says_nothing_of_the_cache(
    client: FlaskClient, worker: Process
) -> None:
    scores = [[10.0 * i for i in range(14)]] * 20
    request = {
        "drivers": asked()["drivers"],
        "lineups": [LINEUP],
        "field_size": 50,
        "contest_buyin": 1,
        "scenario_driver_scores": scores,
    }
    assert used(client, done(client, request, "contest-sim")) is None


def request_of(slate: Slate) -> OptimizeRequest:
    return OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate),
        n_scenarios=4_200,
        seed=SEED,
        rules=LineupRules(tuple(driver.salary_usd for driver in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 8),
    )


def test_blocks_are_shared_by_all_workers_however_a_job_is_cut(
    settings: Settings,
    worker: Process,
    run_workers: RunWorkers,
    await_end: Callable[[str], Job],
    slate: Slate,
) -> None:
    jobs = open_jobs(settings)
    redis = connect(settings)
    document = msgspec.json.encode(request_of(slate))

    def run(chunk_units: int) -> tuple[CacheUse | None, bytes]:
        run_id = submit(jobs, "optimize", document, "tester", chunk_units=chunk_units)
        job = await_end(run_id)
        assert job.status is JobStatus.COMPLETED
        return job.scenario_cache, stored_result(settings, run_id)

    with run_workers(1):
        simulated, first = run(1)
        assert simulated == CacheUse(0, 10)
        for chunk_units in (1, 2, 4, 1_000):
            assert run(chunk_units) == (CacheUse(10, 0), first)
        for key in cast("list[bytes]", redis.keys("axiomatic:scenarios:block:*")):
            redis.setrange(key, 0, b"spoilt")
        assert run(2) == (CacheUse(0, 10), first)
