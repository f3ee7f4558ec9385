"""Real worker processes beside the session's own Redis."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.system.described import Description, client_of
from web.accounts import Accounts
from web.app import create_app
from workers.app import open_jobs
from workers.engine.connection import connect
from workers.engine.jobs import Job
from workers.engine.ledger.keys import JOBS_OF, NODES_SEEN
from workers.installation.processes import Process
from workers.installation.settings import Settings

_ACCOUNTS = ("axiomatic:accounts", "axiomatic:account-keys")

RunWorkers = Callable[[int], AbstractContextManager[list[Process]]]

START_SECONDS = 240.0
"""How long workers may take to start: the first of a new checkout compiles."""


@pytest.fixture(scope="session")
def run_workers(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> RunWorkers:
    """Run some worker processes, each of one child, until the block ends.

    Then they are killed, which takes no time, and signed off as the next worker would in a while.
    Of a test that stops them itself nothing is left to kill.
    """
    ledger = open_jobs(settings).ledger

    @contextmanager
    def run(count: int) -> Iterator[list[Process]]:
        folder = tmp_path_factory.mktemp("workers")
        names = [f"{folder.name}-{number}@test" for number in range(count)]
        with ExitStack() as stack:
            running = [_start(name, folder) for name in names]
            for name, process in zip(names, running, strict=True):
                stack.callback(ledger.leave, name)
                stack.callback(process.stop, 0.0)
            _await(settings, names, running)
            yield running

    return run


def _start(name: str, folder: Path) -> Process:
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "worker"]
    options = ["--concurrency", "1", "--hostname", name, "--loglevel", "WARNING"]
    return Process(
        [*command, *options, "--without-gossip", "--without-mingle"],
        folder / f"{name}.log",
        # who is killed leaves temporary files behind
        {"TMPDIR": str(folder)},
    )


def _await(settings: Settings, names: list[str], running: list[Process]) -> None:
    """Wait until every worker has reported."""
    redis = connect(settings)
    deadline = time.monotonic() + START_SECONDS
    while None in redis.zmscore(NODES_SEEN, names):
        for process in running:
            assert process.running, process.log.read_text()
        assert time.monotonic() < deadline, [process.log.read_text() for process in running]
        time.sleep(0.02)


@pytest.fixture(scope="session")
def await_end(settings: Settings) -> Callable[[str], Job]:
    """Wait for a job's end and give it."""
    jobs = open_jobs(settings)

    def wait(run_id: str) -> Job:
        deadline = time.monotonic() + 120
        while not (job := jobs.get(run_id)).status.ended:
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        return job

    return wait


@pytest.fixture
def accounts(settings: Settings) -> Iterator[Accounts]:
    """No users, before the test and after it, and no job left for a worker of another test."""
    jobs = open_jobs(settings)
    jobs.redis.delete(*_ACCOUNTS)
    yield Accounts(jobs.redis)
    for owner in jobs.redis.scan_iter(f"{JOBS_OF}*"):
        for run_id in jobs.redis.zrange(owner, 0, -1):
            jobs.cancel(run_id.decode())
    jobs.redis.delete(*_ACCOUNTS)


@pytest.fixture(scope="session")
def application(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture(scope="session")
def description(application: Flask) -> Description:
    return Description(application)


@pytest.fixture
def client(application: Flask, description: Description) -> FlaskClient:
    """A client whose every answer has to be as the OpenAPI document describes it."""
    return client_of(application, description)


@pytest.fixture(scope="module")
def worker(run_workers: RunWorkers) -> Iterator[Process]:
    """One worker for a whole module."""
    with run_workers(1) as running:
        yield running[0]
