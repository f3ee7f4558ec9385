"""A Redis and workers of a test's own, to be killed, held up and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from redis import Redis
from redis.exceptions import RedisError

from tests.faults.probe import KIND, Probe
from workers.app import app as celery
from workers.app import configure, open_jobs
from workers.engine.jobs import Job
from workers.engine.submission import submit
from workers.installation.embedded_store import find_server
from workers.installation.processes import Process
from workers.installation.settings import Settings

STAGES = (
    "scenarios",
    "field",
    "prizes",
    "opening",
    "lineups",
    "second_look",
    "portfolio",
    "validation",
    "contest",
)
"""Of the job that tests of faults disturb, in order."""

PATIENCE_SECONDS = 90.0
"""How long to wait for what must come, however loaded the machine.

``python -m benchmarks.recovery`` measures how soon it comes.
"""

START_SECONDS = 180.0
"""How long a process may take to start: the first worker of a new checkout compiles."""

POLL_SECONDS = 0.01

Value = TypeVar("Value")


def until(condition: Callable[[], Value], seconds: float, reason: Callable[[], object]) -> Value:
    """The value of a condition once it holds; a failure with the reason if that takes too long."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, reason()
        time.sleep(POLL_SECONDS)
    return value


def holds(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until a condition holds, and say whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


class Store:
    """A Redis that keeps an append-only file, on a unix socket.

    Parameters
    ----------
    folder
        Where it lives; it is the same Redis however often it is started.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process | None = None
        self.url = f"unix://{folder / 'redis.sock'}"
        self.redis: Redis = Redis.from_url(self.url)

    def start(self) -> None:
        """Start it on the data it has, and wait until it answers."""
        command = [
            find_server(),
            *("--port", "0"),
            *("--unixsocket", str(self._folder / "redis.sock")),
            *("--dir", str(self._folder)),
            *("--save", ""),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--maxmemory-policy", "noeviction"),
            # notifications of every string that is set, results among them
            *("--notify-keyspace-events", "K$"),
        ]
        self._process = Process(command, self._folder / "redis.log")
        until(self._answers, START_SECONDS, (self._folder / "redis.log").read_text)

    def _answers(self) -> bool:
        with suppress(RedisError):
            return bool(self.redis.ping())
        return False

    def kill(self) -> None:
        """SIGKILL it."""
        assert self._process is not None
        self._process.kill()
        self._process.stop(0.0)

    def restart(self, away_seconds: float) -> None:
        """SIGKILL the server, and start it again after a while."""
        self.kill()
        time.sleep(away_seconds)  # the fault itself, not a wait for something
        self.start()

    def stall(self, seconds: float) -> None:
        """Suspend the server for a while, so that it does not answer."""
        assert self._process is not None
        os.killpg(self._process.group, signal.SIGSTOP)
        try:
            time.sleep(seconds)  # the fault itself, not a wait for something
        finally:
            os.killpg(self._process.group, signal.SIGCONT)

    def close(self) -> None:
        """Stop it."""
        self.redis.close()
        if self._process is not None:
            self.kill()


class Worker:
    """A worker: a pool's parent and its children, in a process group of their own.

    Parameters
    ----------
    name
        Of its node.
    folder
        For its log.
    environment
        Variables, ``REDIS_URL`` among them.
    application, children
        What it runs.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: dict[str, str],
        application: str,
        children: int,
    ) -> None:
        self.node = f"{name}@faults"
        command = [
            *(sys.executable, "-m", "celery", "--app", application, "worker"),
            *("--concurrency", str(children), "--hostname", self.node),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        ]
        self._process = Process(command, folder / f"{name}.log", environment)

    @property
    def log(self) -> str:
        """The worker's log."""
        return self._process.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether the worker still runs."""
        return self._process.running

    def _members(self) -> list[tuple[int, int, str]]:
        columns = ["-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "stat=", "-o", "comm="]
        listed = subprocess.run(["ps", "-A", *columns], capture_output=True, text=True, check=True)
        rows = (line.split(None, 4) for line in listed.stdout.splitlines())
        return [
            (int(pid), int(parent), command)
            for pid, parent, group, state, command in rows
            if int(group) == self._process.group and not state.startswith("Z")
        ]

    def _parents(self) -> list[int]:
        return [
            pid
            for pid, above, command in self._members()
            if above == self._process.group and not command.endswith("sh")
        ]

    @property
    def parent(self) -> int:
        """The pool's parent."""
        return self._parents()[0]

    @property
    def children(self) -> list[int]:
        """The pool's children."""
        parents = self._parents()
        return [pid for pid, above, _ in self._members() if above in parents]

    @property
    def processes(self) -> list[int]:
        """Every process of the worker, whatever its parent is by now."""
        return [pid for pid, _, command in self._members() if not command.endswith(("sh", "cat"))]

    def kill(self) -> None:
        """SIGKILL the worker and its children, if they still run."""
        self._process.kill()
        self._process.stop(0.0)

    def kill_child(self) -> None:
        """SIGKILL one of the pool's children, once there is one."""
        children = until(lambda: self.children, PATIENCE_SECONDS, lambda: self.log)
        os.kill(children[0], signal.SIGKILL)

    def kill_parent(self) -> None:
        """SIGKILL the pool's parent alone."""
        os.kill(self.parent, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal to the worker and all its children."""
        os.killpg(self._process.group, number)

    def tell_to_stop(self) -> None:
        """SIGTERM to the pool's parent: a warm stop."""
        os.kill(self.parent, signal.SIGTERM)

    def stop(self) -> None:
        """Stop it, warm."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
        self._process.stop(30.0)


class House:
    """A Redis, its workers, and its jobs as their sender sees them.

    Parameters
    ----------
    folder
        For its files.
    environment
        Variables of its workers beside ``REDIS_URL``.
    application, children
        What its workers run, and how many children each.
    """

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        application: str = "tests.faults.faulty_app",
        children: int = 1,
    ) -> None:
        self.store = Store(folder)
        self.redis = self.store.redis
        self.workers: list[Worker] = []
        self._folder = folder
        # killed processes leave temporary files behind
        own = {"REDIS_URL": self.store.url, "TMPDIR": str(folder)}
        self._environment = {**own, **(environment or {})}
        self._runs = (application, children)
        self._started = 0
        self.settings = Settings(self.store.url)
        self.jobs = open_jobs(self.settings)

    def start_workers(self, count: int, *, ready: bool = True) -> list[Worker]:
        """Start more workers, all at once, and wait until they have reported."""
        new = []
        for _ in range(count):
            self._started += 1
            name = f"worker-{self._started}"
            new.append(Worker(name, self._folder, self._environment, *self._runs))
        self.workers += new
        if ready:
            for worker in new:
                self.await_ready(worker)
        return new

    def await_ready(self, worker: Worker) -> None:
        """Wait until a worker has reported."""
        until(lambda: self._reported(worker), START_SECONDS, lambda: worker.log)

    def _reported(self, worker: Worker) -> bool:
        assert worker.running, worker.log
        with suppress(RedisError):
            return self.redis.zscore("axiomatic:nodes-seen", worker.node) is not None
        return False

    def mend(self, count: int, *, ready: bool = True) -> None:
        """Start workers until this number runs."""
        for dead in [worker for worker in self.workers if not worker.running]:
            dead.kill()
            self.workers.remove(dead)
        self.start_workers(count - len(self.workers), ready=ready)

    def hold_workers(self) -> None:
        """SIGSTOP all workers."""
        for worker in self.workers:
            worker.signal(signal.SIGSTOP)

    def let_workers_go(self) -> None:
        """SIGCONT all workers."""
        for worker in self.workers:
            worker.signal(signal.SIGCONT)

    def probe(self, request: Probe, owner: str = "tester", chunk_units: int | None = 1) -> str:
        """Start a probe."""
        return submit(self.jobs, KIND, request.document(), owner, chunk_units)

    def arm(self, owner: str, point: str, stage: int, victim: str = "child") -> None:
        """Let whoever comes to a point of an owner's job first die: ``child`` or ``worker``."""
        self.redis.set(f"fault:{owner}:{point}:{stage}", victim)

    def armed(self, owner: str, point: str, stage: int) -> bool:
        """Whether no worker has reached the point yet."""
        return self.redis.exists(f"fault:{owner}:{point}:{stage}") == 1

    def somebody_is_held_up(self) -> bool:
        """Whether a worker is held up at a point."""
        return self.redis.exists("fault:held up") == 1

    def let_go(self) -> None:
        """Let the worker that is held up continue."""
        self.redis.delete("fault:held up")

    def done(self, run_id: str, seconds: float) -> Job:
        """Wait for a job's end; fail where it has not ended in time."""
        return until(
            lambda: job if (job := self.jobs.get(run_id)).status.ended else None,
            seconds,
            lambda: f"{self.jobs.get(run_id)}\n{self.state(run_id)}",
        )  # type: ignore[return-value]

    def state(self, run_id: str) -> str:
        """What the ledger has of a job, and the workers' logs: for the reader of a failure."""
        work = cast("dict[bytes, bytes]", self.redis.hgetall(f"axiomatic:work:{run_id}"))
        leases = self.redis.zrange("axiomatic:leases", 0, -1, withscores=True)
        logs = "\n".join(f"--- {worker.node}\n{worker.log[-3000:]}" for worker in self.workers)
        return f"{work}\n{leases}\n{logs}"

    def stored_result(self, run_id: str) -> bytes:
        """The result exactly as it is kept, less what the result backend adds around it."""
        document = self.redis.get(f"celery-task-meta-{run_id}")
        assert isinstance(document, bytes)
        assert json.loads(document)["status"] == "SUCCESS"
        start, end = document.index(b'"result": ') + 10, document.rindex(b', "traceback"')
        return document[start:end]

    def taken(self, run_id: str) -> int:
        """How many pieces of a job were taken."""
        return int(cast("bytes | None", self.redis.hget("fault:taken", run_id)) or 0)

    def finished(self, run_id: str) -> int:
        """How many times a job was completed."""
        return int(cast("bytes | None", self.redis.hget("fault:finished", run_id)) or 0)

    def leases(self) -> set[str]:
        """The pieces that somebody holds."""
        leases = cast("list[bytes]", self.redis.zrange("axiomatic:leases", 0, -1))
        return {lease.decode() for lease in leases}

    def keys_of(self, run_id: str) -> set[str]:
        """The keys of a job."""
        return {key.decode() for key in self.redis.scan_iter(f"*{run_id}*", count=10_000)}

    def close(self) -> None:
        """Stop everything."""
        for worker in self.workers:
            worker.kill()
        self.store.close()


@contextmanager
def open_house(folder: Path, **options: Any) -> Iterator[House]:
    """Run a Redis of one's own, with the Celery application of this process pointed at it."""
    house = House(folder, **options)
    before = {name: celery.conf[name] for name in house.settings.celery_configuration()}
    try:
        house.store.start()
        configure(house.settings)
        _forget_connections()
        yield house
    finally:
        house.close()
        celery.conf.update(before)
        _forget_connections()


def _forget_connections() -> None:
    """Let the application connect anew, to what it is configured for now."""
    application: Any = celery
    application._after_fork()
    application._backend_cache = None
    with suppress(AttributeError):
        del application._local.backend
