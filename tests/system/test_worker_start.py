"""A worker starts on a sound Redis or says why it does not."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from workers.app import open_jobs
from workers.engine.connection import connect
from workers.installation.embedded_store import EmbeddedStore
from workers.installation.healthcheck import is_present
from workers.installation.processes import Process
from workers.installation.settings import Settings

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]


def refused(**environment: str) -> subprocess.CompletedProcess[str]:
    """Start a worker that must end by itself, and give what it left behind."""
    return subprocess.run(
        [sys.executable, "-m", "celery", "--app", "workers.app", "worker", "--concurrency", "1"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("maxmemory-policy", "allkeys-lru", "Set maxmemory-policy noeviction"),
        ("maxmemory", "100mb", "lower AXIOMATIC_STORE_MB"),
    ],
)
def test_a_worker_refuses_a_redis_that_would_lose_jobs(name: str, value: str, said: str) -> None:
    with EmbeddedStore() as store:
        connect(Settings(store.url)).config_set(name, value)
        worker = refused(REDIS_URL=store.url)
    assert worker.returncode == 1
    assert "This worker does not start" in worker.stderr
    assert said in worker.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"REDIS_URL": ""}, "REDIS_URL: not set"),
        ({"REDIS_URL": "redis://here:1", "AXIOMATIC_KEEP_HOURS": "0"}, "AXIOMATIC_KEEP_HOURS"),
    ],
)
def test_a_worker_refuses_wrong_settings_and_names_them(
    environment: dict[str, str], said: str
) -> None:
    worker = refused(**environment)
    assert worker.returncode != 0
    assert said in worker.stderr


def test_a_worker_is_present_while_it_runs_and_gone_when_it_has_stopped(
    settings: Settings, run_workers: RunWorkers
) -> None:
    assert not is_present(settings, "test")
    with run_workers(1) as (worker,):
        assert is_present(settings, "test")
        assert not is_present(settings, "est")
        assert open_jobs(settings).load().slots == 1
        worker.stop(30.0)
        assert not is_present(settings, "test")
        assert open_jobs(settings).load().slots == 0


def test_the_health_check_of_a_host_without_a_worker_fails(settings: Settings) -> None:
    command = [sys.executable, "-m", "workers.installation.healthcheck"]
    environment = {**os.environ, "REDIS_URL": settings.redis_url}
    assert not is_present(settings, socket.gethostname())
    assert subprocess.run(command, env=environment, check=False).returncode == 1
