"""Every line of the Procfile, started and stopped as a supervisor does it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from workers.installation.embedded_store import EmbeddedStore

LOGIN = ("axiomatic", "of-this-test")
AWHILE_SECONDS = 240
HEALTHY = [sys.executable, "-m", "workers.installation.healthcheck"]


class Supervised:
    """A line of the Procfile in a shell and a process group of its own."""

    def __init__(self, line: str, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                ["sh", "-c", line],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Signal the whole group, children too, as honcho does; give the exit code."""
        os.killpg(self.process.pid, signal.SIGTERM)
        return self.process.wait(AWHILE_SECONDS)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


Start = Callable[[str], Supervised]


@pytest.fixture
def ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in (one, other)]


@pytest.fixture
def environment(ports: list[int]) -> Iterator[dict[str, str]]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AXIOMATIC_")}
    with EmbeddedStore() as store:
        yield {
            **own,
            "PATH": f"{Path(sys.executable).parent}:{own['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "REDIS_URL": store.url,
            "AXIOMATIC_BIND": f"127.0.0.1:{ports[0]}",
            "AXIOMATIC_WEB_WORKERS": "1",
            "AXIOMATIC_WORKERS": "1",
            "AXIOMATIC_STOP_SECONDS": "10",
            "FLOWER_PORT": str(ports[1]),
            "FLOWER_BASIC_AUTH": ":".join(LOGIN),
        }


@pytest.fixture
def start(procfile: dict[str, str], environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    running: list[Supervised] = []

    def begin(name: str) -> Supervised:
        log = tmp_path / f"{name}-{len(running)}.log"
        running.append(Supervised(procfile[name], environment, log))
        return running[-1]

    yield begin
    for supervised in running:
        supervised.kill()


def wait(supervised: Supervised, healthy: Callable[[], bool]) -> None:
    deadline = time.monotonic() + AWHILE_SECONDS
    while True:
        with suppress(httpx.TransportError):
            if healthy():
                return
        assert supervised.process.poll() is None, supervised.said()
        assert time.monotonic() < deadline, supervised.said()
        time.sleep(0.05)


def test_the_api_and_flower_start_answer_and_stop(start: Start, ports: list[int]) -> None:
    web, flower = start("web"), start("flower")
    api, dashboard = (f"http://127.0.0.1:{port}" for port in ports)
    wait(web, lambda: httpx.get(f"{api}/health").is_success)
    assert httpx.get(f"{api}/health/ready").json()["missing"] == ["workers"]
    wait(flower, lambda: httpx.get(f"{dashboard}/healthcheck").is_success)
    assert httpx.get(f"{dashboard}/workers").status_code == 401
    assert httpx.get(f"{dashboard}/workers", auth=LOGIN).status_code == 200
    assert "/healthcheck and /metrics answer without one" in flower.said()
    assert (web.stop(), flower.stop()) == (0, 0)


def test_a_worker_is_healthy_while_it_runs_and_finishes_what_it_is_on(
    start: Start, ports: list[int], environment: dict[str, str]
) -> None:
    def present() -> bool:
        done = subprocess.run(HEALTHY, check=False, env=environment, capture_output=True)
        return done.returncode == 0

    web, api = start("web"), f"http://127.0.0.1:{ports[0]}"
    wait(web, lambda: httpx.get(f"{api}/health").is_success)
    assert not present()
    worker = start("worker")
    wait(worker, present)
    accepted = httpx.post(f"{api}/api/v1/optimize", json=request())
    job = f"{api}/api/v1/jobs/{accepted.json()['run_id']}"
    wait(worker, lambda: httpx.get(job).json()["status"] == "running")
    # the signal reaches the pool's children as well: they must not die of it
    assert worker.stop() == 0
    said = worker.said()
    assert "WorkerLostError" not in said, said
    assert "Traceback" not in said, said
    successor = start("worker")
    wait(successor, lambda: httpx.get(job).json()["status"] not in {"pending", "running"})
    assert httpx.get(job).json()["status"] == "completed", httpx.get(job).json()
    assert (successor.stop(), web.stop()) == (0, 0)


def request() -> dict[str, Any]:
    drivers = [
        {"driver_id": f"w{i}", "salary": 10_400 - 250 * i, "start_position": i + 1}
        for i in range(24)
    ]
    return {
        "drivers": drivers,
        "n_lineups": 20,
        "scenario_config": {"n_scenarios": 20_000, "track_id": "kansas"},
    }
