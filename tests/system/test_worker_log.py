"""Every line that a worker writes of a job names it."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from tests.system.test_jobs_over_http import asked, upload
from workers.app import open_jobs
from workers.engine.jobs import Job
from workers.engine.ledger.keys import NODES_SEEN
from workers.installation.processes import Process
from workers.installation.settings import Settings

NODE = "json-log@test"


def test_a_worker_that_logs_json_names_the_job_in_each_line_of_it(
    client: FlaskClient, settings: Settings, await_end: Callable[[str], Job], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "worker"]
    options = ["--concurrency", "1", "--hostname", NODE, "--loglevel", "INFO"]
    log = tmp_path / "worker.log"
    jobs = open_jobs(settings)
    worker = Process(
        [*command, *options, "--without-gossip", "--without-mingle"],
        log,
        {"TMPDIR": str(tmp_path), "AXIOMATIC_LOG_FORMAT": "json"},
    )
    try:
        deadline = time.monotonic() + 240
        while jobs.redis.zscore(NODES_SEEN, NODE) is None:
            assert worker.running, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        request = asked(upload(client)["slate_id"], random_seed=77_001)
        run_id = client.post("/api/v1/optimize", json=request).json["run_id"]
        await_end(run_id)
    finally:
        worker.stop(0.0)
        jobs.ledger.leave(NODE)
    lines = [json.loads(text) for text in log.read_text().splitlines() if text.startswith("{")]
    about = [each for each in lines if "scenario_cache" in each["message"]]
    assert about
    assert {each["run_id"] for each in about} == {run_id}
    # and those of the worker itself name none
    assert any("run_id" not in each for each in lines)
