"""Real worker processes beside the session's own Redis."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.app import create_app
from workers.app import app as celery
from workers.jobs import Job, Jobs
from workers.processes import Process
from workers.settings import Settings

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]


@pytest.fixture(scope="session")
def run_workers(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> RunWorkers:
    """Run some worker processes, each of one child, until the block ends."""

    @contextmanager
    def run(count: int) -> Iterator[list[Process]]:
        folder = tmp_path_factory.mktemp("workers")
        names = [f"{folder.name}-{number}@test" for number in range(count)]
        with ExitStack() as stack:
            running = [_start(name, folder) for name in names]
            for process in running:
                stack.callback(process.stop, 30.0)
            _await(names, running)
            yield running

    return run


def _start(name: str, folder: Path) -> Process:
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "worker"]
    options = ["--concurrency", "1", "--hostname", name, "--loglevel", "WARNING"]
    return Process(
        [*command, *options, "--without-gossip", "--without-mingle"], folder / f"{name}.log"
    )


def _await(names: list[str], running: list[Process]) -> None:
    """Wait until every worker answers; each unanswered round takes the ping's own second."""
    for _ in range(240):
        answers = celery.control.ping(timeout=1.0, destination=names, limit=len(names)) or []
        if len(answers) == len(names):
            return
        for process in running:
            assert process.running, process.log.read_text()
    raise AssertionError(f"workers not ready: {[p.log.read_text() for p in running]}")


@pytest.fixture(scope="session")
def await_end(settings: Settings) -> Callable[[str], Job]:
    """Wait for a job's end and give it."""
    jobs = Jobs(settings)

    def wait(run_id: str) -> Job:
        deadline = time.monotonic() + 120
        while not (job := jobs.get(run_id)).status.ended:
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        return job

    return wait


@pytest.fixture(scope="session")
def application(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(application: Flask) -> FlaskClient:
    return application.test_client()


@pytest.fixture(scope="module")
def worker(run_workers: RunWorkers) -> Iterator[Process]:
    """One worker for a whole module."""
    with run_workers(1) as running:
        yield running[0]
