"""A stream of jobs under random kills: ``python -m benchmarks.soak [--kills N] [--seed N]``.

Children, whole workers, all workers and Redis are killed, and Redis is held up, at random times.
A supervisor starts again what died, as it would in production. Every job must be done, once, and
give what it gives undisturbed. Prints one line of JSON; leaves with 1 where that was not so.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from tests.faults.harness import House, Worker, open_house
from tests.faults.probe import Probe, expected
from workers.engine.jobs import JobStatus, UnknownJob

FAULTS = {"child": 50, "worker": 20, "all workers": 5, "redis": 15, "stall": 10}
"""What happens, and how often of a hundred times."""

WORKERS = 3
CHILDREN = 2
IN_FLIGHT = 8
OWNERS = 4
MOST_GAP_SECONDS = 2.0
MOST_AWAY_SECONDS = 1.5
MOST_STALL_SECONDS = 5.0
SETTLE_SECONDS = 60.0
_POLL_SECONDS = 0.02


@dataclass
class Report:
    """What a soak saw."""

    kills: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    lost: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether every job was done, once, and right."""
        return not (self.lost or self.failed or self.wrong or self.doubled)

    def line(self) -> str:
        """The report as one line of JSON."""
        return json.dumps(
            {
                "sound": self.sound,
                "kills": sum(self.kills.values()),
                **{f"kills of {name}": count for name, count in sorted(self.kills.items())},
                "jobs": self.jobs,
                "lost": self.lost,
                "failed": self.failed,
                "wrong": self.wrong,
                "doubled": self.doubled,
                "slowest_job_seconds": round(self.slowest_seconds, 1),
                "seconds": round(self.seconds, 1),
            }
        )


class Stream(threading.Thread):
    """Sends jobs, ``IN_FLIGHT`` at a time, until :meth:`end`; then waits for those under way.

    Parameters
    ----------
    house
        The installation that does them.
    seed
        Seed of the jobs.
    """

    def __init__(self, house: House, seed: int) -> None:
        super().__init__(name="stream", daemon=True)
        self._house = house
        self._draw = random.Random(seed)  # noqa: S311
        self._ended = threading.Event()
        self._requests: dict[str, Probe] = {}
        self._results: dict[str, Any] = {}
        self.error: BaseException | None = None
        self.report = Report()

    def run(self) -> None:
        """Send jobs and wait for them."""
        try:
            self._send()
        except BaseException as error:
            self.error = error

    def _send(self) -> None:
        under_way: set[str] = set()
        deadline = float("inf")
        while under_way or not self._ended.is_set():
            if self._ended.is_set():
                deadline = min(deadline, time.monotonic() + SETTLE_SECONDS)
            elif len(under_way) < IN_FLIGHT:
                under_way.add(self._begin())
            with suppress(RedisError):
                under_way -= {run_id for run_id in under_way if self._is_over(run_id)}
            if time.monotonic() > deadline:
                states = [f"{self._house.jobs.get(run_id)}" for run_id in under_way]
                self.report.lost += [f"not done: {state}" for state in states]
                return
            time.sleep(_POLL_SECONDS)

    def _begin(self) -> str:
        stages = self._draw.choice([(1,), (8,), (12, 6), (6, 70, 3), (4, 4, 4, 4)])
        request = Probe(
            stages, seconds=self._draw.choice([0.0, 0.02, 0.1]), seed=self._draw.randrange(10**6)
        )
        owner = f"user-{self._draw.randrange(OWNERS)}"
        run_id = self._house.probe(request, owner, chunk_units=self._draw.choice([1, 1, 3, None]))
        self._requests[run_id] = request
        self.report.jobs += 1
        return run_id

    def _is_over(self, run_id: str) -> bool:
        try:
            job = self._house.jobs.get(run_id)
        except UnknownJob:
            self.report.lost.append(f"unknown: {run_id}")
            return True
        if not job.status.ended:
            return False
        request = self._requests[run_id]
        took = (job.ended_at or job.created_at) - job.created_at
        self.report.slowest_seconds = max(self.report.slowest_seconds, took)
        if job.status is not JobStatus.COMPLETED:
            self.report.failed.append(f"{job}")
        elif self._house.jobs.result(run_id) != expected(request):
            self.report.wrong.append(f"{job}")
        return True

    def end(self) -> Report:
        """Send no more jobs, wait for those under way, check all results again, and report."""
        self._ended.set()
        self.join()
        if self.error is not None:
            raise self.error
        for run_id, request in self._requests.items():
            # a Redis that lost its last second may undo a job, but must not make it wrong
            if not self._is_over(run_id):
                self.report.lost.append(f"undone: {self._house.jobs.get(run_id)}")
            elif self._house.jobs.result(run_id) != expected(request):
                self.report.wrong.append(f"afterwards: {run_id}")
            if self._house.finished(run_id) > 1:
                self.report.doubled.append(run_id)
        return self.report


def _strike(house: House, draw: random.Random, kind: str) -> None:
    running: list[Worker] = [worker for worker in house.workers if worker.running]
    if kind == "child":
        children = [pid for worker in running for pid in worker.children]
        # there are none while all workers are still starting
        if children:
            with suppress(ProcessLookupError):
                os.kill(draw.choice(children), signal.SIGKILL)
    elif kind == "worker":
        draw.choice(running).kill()
    elif kind == "all workers":
        for worker in running:
            worker.kill()
    elif kind == "redis":
        house.store.restart(away_seconds=draw.uniform(0.1, MOST_AWAY_SECONDS))
    else:
        house.store.stall(draw.uniform(1.0, MOST_STALL_SECONDS))


def soak(folder: Path, kills: int, seed: int, gap_seconds: float = MOST_GAP_SECONDS) -> Report:
    """Run a stream of jobs under random kills, and report lost, failed and wrong jobs.

    Parameters
    ----------
    folder
        Folder of the store and the logs.
    kills, seed
        Number of kills, and the seed that draws them and the jobs.
    gap_seconds
        Longest time between two kills.
    """
    draw = random.Random(seed)  # noqa: S311
    started = time.monotonic()
    with open_house(folder, children=CHILDREN) as house:
        house.start_workers(WORKERS)
        stream = Stream(house, seed)
        stream.start()
        for number in range(kills):
            time.sleep(draw.uniform(0.0, gap_seconds))
            kind = draw.choices(list(FAULTS), list(FAULTS.values()))[0]
            _strike(house, draw, kind)
            stream.report.kills[kind] += 1
            # restarts workers as a supervisor does, without waiting until they are ready
            house.mend(WORKERS, ready=False)
            if stream.error is not None:
                break
            if number % 10 == 9:
                print(f"{number + 1} kills, {stream.report.jobs} jobs", file=sys.stderr, flush=True)
        report = stream.end()
        report.seconds = time.monotonic() - started
    return report


def main() -> None:
    """Soak, print the report, and exit with 1 if a job is lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiomatic-soak-") as folder:
        report = soak(Path(folder), options.kills, options.seed)
    print(report.line())
    sys.exit(0 if report.sound else 1)


if __name__ == "__main__":
    main()
