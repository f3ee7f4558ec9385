"""Jobs under ``axiomatic up`` while it is killed: ``python -m benchmarks.up_soak``.

Store, workers and API are killed (SIGKILL, the whole process group) at random times, then ``up``
itself, which is started again. Nobody does anything else. Every job must end with what it gives
undisturbed. Prints one line of JSON; leaves with 1 where that was not so.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.kept import Up
from web.client import Client, open_http

PARTS = ("store", "worker", "api")
MOST_GAP_SECONDS = 6.0
STREAMS = 3

_OF_THE_RUN = ("run_id", "created_at", "timings")


def request_of(seed: int) -> dict[str, Any]:
    """An optimize job of a made-up slate, with every kind of stage, told apart by its seed."""
    drivers = [
        {"driver_id": f"d{i}", "salary": 9_900 - 400 * i, "start_position": i + 1, "skill": 0.5}
        for i in range(10)
    ]
    return {
        "drivers": drivers,
        "n_lineups": 3,
        "scenario_config": {"n_scenarios": 1_000, "track_id": "kansas"},
        "contest": {"field_size": 50, "contest_buyin": 5},
        "max_driver_exposure": 1.0,
        "random_seed": seed,
    }


def bytes_of(result: dict[str, Any]) -> str:
    """A result without what differs between two runs of one request: id and times."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items() if key not in _OF_THE_RUN}
        return [plain(each) for each in value] if isinstance(value, list) else value

    return json.dumps(plain(result), sort_keys=True)


@dataclass
class Report:
    """What was seen."""

    kills: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    problems: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    seconds: float = 0.0

    def line(self) -> str:
        """The report as one line of JSON."""
        return json.dumps(
            {
                "sound": not self.problems,
                **{f"kills of {name}": count for name, count in sorted(self.kills.items())},
                "jobs": self.jobs,
                "problems": self.problems,
                "slowest_job_seconds": round(self.slowest_seconds, 1),
                "seconds": round(self.seconds, 1),
            }
        )


class Stream(threading.Thread):
    """Sends one job after another until :meth:`end`, each by a client as the command line's.

    Parameters
    ----------
    url
        Of the API.
    expected
        The undisturbed result by seed.
    report
        Where problems go.
    """

    def __init__(self, url: str, expected: dict[int, str], report: Report) -> None:
        super().__init__(name="stream", daemon=True)
        self._url, self._expected, self._report = url, expected, report
        self._ended = threading.Event()
        self.has_begun = threading.Event()

    def run(self) -> None:
        """Send jobs and compare what they give."""
        draw = random.Random(id(self))  # noqa: S311
        with open_http(self._url) as http:
            client = Client(http, lasting=True)
            # a client that has never had an answer takes a dead server for a wrong address
            try:
                result_of(client, 0)
            finally:
                self.has_begun.set()
            while not self._ended.is_set():
                seed = draw.choice(list(self._expected))
                begun = time.monotonic()
                try:
                    result = result_of(client, seed)
                except Exception as error:
                    self._report.problems.append(f"seed {seed}: {type(error).__name__}: {error}")
                    continue
                took = time.monotonic() - begun
                self._report.jobs += 1
                self._report.slowest_seconds = max(self._report.slowest_seconds, took)
                if bytes_of(result) != self._expected[seed]:
                    self._report.problems.append(f"seed {seed}: another result")

    def end(self) -> None:
        """Send no more, and wait for the last job."""
        self._ended.set()
        self.join()


def result_of(client: Client, seed: int) -> dict[str, Any]:
    """The result of a job that is computed now, whatever was asked before."""
    return client.follow(client.start("optimize", request_of(seed)), lambda _: None)


def soak(
    folder: Path, kills: int, restarts: int, seed: int = 1, gap_seconds: float = MOST_GAP_SECONDS
) -> Report:
    """Run jobs while parts, and then ``up`` itself, are killed.

    Parameters
    ----------
    folder
        For the state and the logs.
    kills
        How often each part is killed.
    restarts
        How often ``up`` is killed and started again.
    seed, gap_seconds
        The seed that draws the times, and the longest time between two kills.
    """
    draw = random.Random(seed)  # noqa: S311
    report = Report()
    up = Up(folder)
    # the first chunks of a job are not read from the cache, so that they can be lost
    up.environment["AXIOMATIC_CACHE_MB"] = "0"
    begun = time.monotonic()
    try:
        up.start()
        with open_http(up.url) as http:
            expected = {number: bytes_of(result_of(Client(http), number)) for number in range(4)}
        streams = [Stream(up.url, expected, report) for _ in range(STREAMS)]
        for stream in streams:
            stream.start()
        for stream in streams:
            stream.has_begun.wait()
        victims = [*PARTS] * kills
        draw.shuffle(victims)
        for number, name in enumerate(victims):
            time.sleep(draw.uniform(0.0, gap_seconds))  # the time between two faults
            group = int(up.running["parts"][name])
            up.kill_part(name)
            report.kills[name] += 1
            up.await_mended(name, group)
            print(f"{number + 1} kills, {report.jobs} jobs", file=sys.stderr, flush=True)
        for _ in range(restarts):
            time.sleep(draw.uniform(0.0, gap_seconds))  # the time between two faults
            up.kill()
            report.kills["up"] += 1
            up.start()
            print(f"up again, {report.jobs} jobs", file=sys.stderr, flush=True)
        for stream in streams:
            stream.end()
    finally:
        up.close()
    report.seconds = time.monotonic() - begun
    return report


def main() -> None:
    """Soak, print the report, and exit with 1 if a job is lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of each part")
    parser.add_argument("--restarts", type=int, default=10, help="of up itself")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiomatic-up-") as folder:
        report = soak(Path(folder), options.kills, options.restarts, options.seed)
    print(report.line())
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
