"""A store and workers of a benchmark's own."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from workers.app import open_jobs
from workers.engine.jobs import Job, Jobs
from workers.installation.embedded_store import EmbeddedStore
from workers.installation.processes import Process
from workers.installation.settings import Settings

_POLL_SECONDS = 0.002


@contextmanager
def store() -> Iterator[Jobs]:
    """Run a private store, and give its jobs."""
    with EmbeddedStore() as running:
        os.environ["REDIS_URL"] = running.url
        # workers.app configures itself where the address is known when it is imported
        from workers.app import configure  # noqa: PLC0415

        settings = Settings.from_environment()
        configure(settings)
        yield open_jobs(settings)


@contextmanager
def workers(jobs: Jobs, count: int, children: int = 1) -> Iterator[None]:
    """Run worker processes until the block ends; begin when all of them have reported."""
    folder = Path(tempfile.mkdtemp(prefix="axiomatic-bench-"))
    with ExitStack() as stack:
        for number in range(count):
            command = [
                *(sys.executable, "-m", "celery", "--app", "benchmarks.sleeping", "worker"),
                *("--concurrency", str(children), "--hostname", f"bench-{number}@bench"),
                *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
            ]
            process = Process(command, folder / f"{number}.log", folder=folder)
            stack.callback(process.stop, 30.0)
        while jobs.load().slots < count * children:
            time.sleep(_POLL_SECONDS)
        yield


def ended(jobs: Jobs, run_id: str) -> Job:
    """Wait for a job and give it as it ended."""
    while not (job := jobs.get(run_id)).status.ended:
        time.sleep(_POLL_SECONDS)
    return job
