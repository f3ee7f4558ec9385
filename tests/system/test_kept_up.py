"""``axiomatic up`` on a state folder: what it keeps, what it refuses, and what it survives."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.up_soak import bytes_of, request_of, result_of, soak
from tests.system.kept import Up, until
from web.client import Client, open_http
from workers.installation.state_folder import running_store

SLATE = Path(__file__).parents[2] / "web" / "example" / "DKSalaries.csv"
AXIOMATIC = [sys.executable, "-c", "from web.cli import main; main()"]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    # a proxy stands between nothing on this machine
    installation = Up(tmp_path, HTTP_PROXY="http://127.0.0.1:9")
    yield installation
    installation.close()


def result(up: Up, run_id: str) -> Any:
    answer = httpx.get(f"{up.url}/api/v1/jobs/{run_id}/result", trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_it_has_is_there_again_after_a_stop_and_after_a_kill(up: Up) -> None:
    up.start()
    assert f"Logs      {up.state / 'logs'}" in up.output
    with open_http(up.url) as http:
        client = Client(http)
        slate_id = client.add_slate(SLATE, None, "las_vegas")["slate_id"]
        first = result_of(client, 1)
        # the longest job that is here, on its way when the end comes
        longer = {**request_of(2), "scenario_config": {"n_scenarios": 20_000, "track_id": "kansas"}}
        under_way = client.start("optimize", longer)
    assert running_store(up.state) == f"unix://{up.state / 'redis.sock'}"
    assert up.stop() == 143
    assert running_store(up.state) is None
    up.start()
    assert result(up, first["run_id"]) == first
    up.kill()
    # its store, workers and port may still be ending
    up.start()
    assert result(up, first["run_id"]) == first
    slates = httpx.get(f"{up.url}/api/v1/slates/{slate_id}", trust_env=False)
    assert slates.status_code == 200
    with open_http(up.url) as http:
        done = Client(http).follow(under_way, lambda _: None)
        assert bytes_of(result_of(Client(http), 1)) == bytes_of(first)
    assert done["status"] == "completed"
    # a worker that had ended with the run before does not count as there
    assert up.ready() is not None


def test_a_second_one_on_the_same_folder_is_refused_and_fresh_says_what_it_removes(up: Up) -> None:
    up.start()
    pid = up.running["pid"]
    second = subprocess.run(
        up.command(), env=up.environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    said = " ".join(second.stderr.split())
    assert f"{up.state} is in use by process {pid} (port {up.port})" in said
    assert up.ready() is not None
    with open_http(up.url) as http:
        Client(http).add_slate(SLATE, None, "las_vegas")
    up.stop()
    up.start("--fresh")
    assert re.search(r"--fresh: removing .*store \([0-9.]+ MB, last written ", up.output)
    assert httpx.get(f"{up.url}/api/v1/slates", trust_env=False).json()["slates"] == []


def test_parts_that_are_killed_at_random_cost_no_job_and_no_bit(tmp_path: Path) -> None:
    report = soak(tmp_path, kills=1, restarts=1, seed=3, gap_seconds=2.0)
    assert sum(report.kills.values()) == 4
    assert report.jobs > 0
    assert not report.problems, report.line()


def test_leaving_a_run_on_a_server_says_that_the_job_runs_on_and_where(
    up: Up, tmp_path: Path
) -> None:
    up.start()
    command = [*AXIOMATIC, "run", str(SLATE), "--track", "las_vegas", "--server", up.url]
    environment = {**up.environment, "NO_PROXY": "[::1]"}
    # a shell without job control lets what it starts in the background ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--scenarios", "20000"],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        jobs = f"{up.url}/api/v1/jobs"

        def started() -> Any:
            assert running.poll() is None, running.communicate()
            return httpx.get(jobs, trust_env=False).json()["jobs"]

        run_id = until(started, 60, lambda: "no job")[0]["run_id"]
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        assert running.returncode == 130, errors
    # the second where the answer with its id was still on its way
    told = (f"The job runs on: {jobs}/{run_id} says", f"was started, runs on: {jobs} lists it")
    assert any(words in errors for words in told), errors
    assert httpx.get(f"{jobs}/{run_id}", trust_env=False).json()["status"] in {
        *("pending", "running", "completed"),
    }


HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "NO_PROXY": "localhost,[::1]",
    "PYTHONIOENCODING": "ascii",
    "CELERY_BROKER_URL": "redis://127.0.0.1:9/0",
    "BROKER_URL": "redis://127.0.0.1:9/0",
    "CELERY_RESULT_BACKEND": "redis://127.0.0.1:9/0",
    "CELERY_CONFIG_MODULE": "theirs",
    "CELERY_LOADER": "theirs",
    "GUNICORN_CMD_ARGS": "--nonsense",
    "WEB_CONCURRENCY": "x",
}


def test_a_run_in_a_hostile_environment_and_folder_is_as_any_other(tmp_path: Path) -> None:
    folder = tmp_path / "slates"
    for name in ("web", "workers", "core"):
        (folder / name).mkdir(parents=True)
    for name in ("redis", "celery", "numpy", "gunicorn.conf", "celeryconfig"):
        (folder / f"{name}.py").write_text("raise SystemExit('mine')")
    long = tmp_path / ("a" * 100)
    long.mkdir()
    own = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    root = str(Path(__file__).parents[2])
    # the installed command has no working folder on its path either
    command = [sys.executable, "-P", *AXIOMATIC[1:], "run", "/dev/stdin", "--track", "las_vegas"]
    done = subprocess.run(
        [*command, "--workers", "1", "--scenarios", "1000", "--lineups", "3"],
        cwd=folder,
        env={**own, "TMPDIR": str(long), "PYTHONPATH": root, **HOSTILE},
        input=SLATE.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"+/-" in done.stdout
    assert json.loads((folder / "out" / "result.json").read_text())["status"] == "completed"


def test_a_redis_that_does_not_answer_is_named_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [*AXIOMATIC, "run", str(SLATE), "--track", "las_vegas", "--out", str(tmp_path)],
        env={**os.environ, "REDIS_URL": "redis://:secret@127.0.0.1:9/0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "no answer from Redis at redis://:***@127.0.0.1:9/0, the address in REDIS_URL" in (
        done.stderr
    )
