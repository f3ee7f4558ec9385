"""A whole installation on this machine: store, workers, API and, if wanted, Flower."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import cast

import httpx
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from core.errors import AxiomaticError
from web.ownership_model import read_own_model
from workers.engine.connection import connect_briefly
from workers.engine.ledger import Ledger
from workers.engine.ledger.keys import NODES_SEEN
from workers.installation.child_environment import child_environment
from workers.installation.embedded_store import await_store, store_command
from workers.installation.environment import VARIABLES
from workers.installation.kept_part import KeptPart, Part, at_once
from workers.installation.redis_address import without_password
from workers.installation.settings import Settings
from workers.installation.socket_folder import make_socket_folder
from workers.installation.state_folder import Held
from workers.installation.versions import VERSION

# the first start ever compiles the hot loops; every later one loads them
START_SECONDS = 240.0
# an API loads no such code, and a Flower neither
API_SECONDS = 60.0
# what a part may take to leave once its work is done
STOP_SECONDS = 20.0
# when whoever waits is told which part has not answered yet
SLOW_SECONDS = 8.0
REDIS_SECONDS = 5.0
_POLL_SECONDS = 0.05
_COMPILES = (
    "its first start compiles the simulation, which takes a minute or two; later starts do not"
)


class StackFailed(AxiomaticError):
    """A part of the installation did not start, or has died."""


def core_count() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def _say_nothing(text: str) -> None:
    """Leave a message unsaid."""


class Stack:
    """Store, workers and API, started together and stopped in order.

    Parameters
    ----------
    workers
        Worker processes; one a core by default.
    port
        Loopback port of the API; a private unix socket if ``None``.
    flower_port
        Loopback port of Flower; no Flower if ``None``.
    flower_login
        ``user:password`` that Flower asks for; the environment's if ``None``.
    state
        The folder in which the store keeps what it has, and the parts their logs; nothing is kept
        if ``None``.

    Raises
    ------
    InvalidInput
        The environment holds a setting that is wrong.
    """

    def __init__(
        self,
        workers: int | None = None,
        port: int | None = None,
        flower_port: int | None = None,
        flower_login: str | None = None,
        state: Held | None = None,
    ) -> None:
        self._count = workers or core_count()
        self._port = port
        self._flower_port = flower_port
        self._flower_login = flower_login
        self._state = state
        self._stops = ExitStack()
        self._running: dict[str, KeptPart] = {}
        self.say: Callable[[str], None] = _say_nothing
        """Called with what is waited for, where a start takes long."""

    def __enter__(self) -> "Stack":
        with ExitStack() as started:
            self._folder = make_socket_folder()
            started.callback(shutil.rmtree, self._folder, ignore_errors=True)
            # nothing lies in it: no module and no configuration file of the user's
            self._work = self._folder / "work"
            self._work.mkdir()
            self._inherited = child_environment(os.environ, Path.cwd())
            own = not os.environ.get("REDIS_URL")
            environment = self._own_store(started) if own else {}
            settings = Settings.from_environment({**self._inherited, **environment})
            if not own:
                _require_answer(settings)
            # raises here, so that a bad file is not reported in the API's log alone
            read_own_model(settings.ownership_model_file)
            kept = own and self._state is not None
            if kept:
                # those of the run before this one
                _forgive_workers(settings)
            # stopped last, so it removes the folder, even if this process is gone
            self._start(
                started,
                "worker",
                self._worker(),
                # on SIGTERM it finishes its piece of work, within the seconds of the settings
                {**environment, "REMAP_SIGTERM": "SIGQUIT"},
                self._folder,
                settings.stop_seconds + STOP_SECONDS,
                partial(_forgive_workers, settings) if kept else at_once,
            )
            self._start(started, "api", self._api(), environment)
            if self._flower_port is not None:
                self._start(started, "flower", self._flower(), {**environment, **self._login()})
            self._await_ready()
            self._settings = settings
            self._note()
            self._stops = started.pop_all()
        return self

    def _own_store(self, started: ExitStack) -> dict[str, str]:
        # it has no password and no certificates, whatever another Redis has
        environment = {variable.name: "" for variable in VARIABLES if "_REDIS_" in variable.name}
        if self._state is None:
            folder, sockets = self._folder / "store", self._folder
            folder.mkdir()
            # its jobs end with it: nothing is worth finishing
            environment["AXIOMATIC_STOP_SECONDS"] = "1"
        else:
            folder, sockets = self._state.store, self._state.socket_folder(self._folder)
            # what is not finished is done again when it is started again
            short = os.environ.get("AXIOMATIC_STOP_SECONDS") or "1"
            environment["AXIOMATIC_STOP_SECONDS"] = short
        socket = sockets / "redis.sock"
        environment["REDIS_URL"] = f"unix://{socket}"
        command = store_command(folder, socket, keeps=self._state is not None)
        self._start(started, "store", command, {})
        await_store(environment["REDIS_URL"], self._running["store"].process)
        return environment

    def _start(
        self,
        started: ExitStack,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path | None = None,
        stop_seconds: float = STOP_SECONDS,
        may_start: Callable[[], bool] = at_once,
    ) -> None:
        state = self._state
        part = Part(
            name=name,
            command=command,
            environment={**self._inherited, **environment},
            working_folder=self._work,
            stop_seconds=stop_seconds,
            folder=folder,
            held=() if state is None else (state.parts_lock,),
            may_start=may_start,
        )
        self._running[name] = KeptPart(part, self._folder if state is None else state.logs)
        started.callback(self._running[name].stop)

    def _worker(self) -> list[str]:
        # heartbeats are for Flower as well
        events = ["--without-heartbeat"] if self._flower_port is None else ["--task-events"]
        return [
            *(sys.executable, "-m", "celery", "--app", "workers.app", "worker"),
            *("--concurrency", str(self._count)),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
            *events,
        ]

    def _api(self) -> list[str]:
        bind = f"unix:{self._socket}" if self._port is None else f"127.0.0.1:{self._port}"
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", bind),
            *("--config", "python:web.server.config", "--log-level", "warning"),
            "web.app:create_app()",
        ]

    @staticmethod
    def _flower() -> list[str]:
        return [sys.executable, "-m", "workers.installation.dashboard"]

    def _login(self) -> dict[str, str]:
        where = {"FLOWER_ADDRESS": "127.0.0.1", "FLOWER_PORT": str(self._flower_port)}
        login = {} if self._flower_login is None else {"FLOWER_BASIC_AUTH": self._flower_login}
        return where | login

    @property
    def _socket(self) -> Path:
        return self._folder / "api.sock"

    def client(self) -> httpx.Client:
        """A client of the API; no proxy of the environment stands between it and this machine."""
        if self._port is not None:
            address = f"http://127.0.0.1:{self._port}"
            return httpx.Client(base_url=address, timeout=60.0, trust_env=False)
        transport = httpx.HTTPTransport(uds=str(self._socket))
        return httpx.Client(
            transport=transport, base_url="http://axiomatic", timeout=60.0, trust_env=False
        )

    def _await_ready(self) -> None:
        with self.client() as api, httpx.Client(trust_env=False) as others:
            self._await("api", API_SECONDS, partial(_answers, api, "/health"))
            self._await("worker", START_SECONDS, partial(_answers, api, "/health/ready"), _COMPILES)
            if self._flower_port is not None:
                address = f"http://127.0.0.1:{self._flower_port}/healthcheck"
                self._await("flower", API_SECONDS, partial(_answers, others, address))

    def _await(
        self, name: str, seconds: float, answers: Callable[[], bool], reason: str = ""
    ) -> None:
        """Wait for one part, and say its name if that takes long."""
        begun, said = time.monotonic(), False
        while not answers():
            self.check()
            waited = time.monotonic() - begun
            if waited > SLOW_SECONDS and not said:
                why = f": {reason}" if reason else f"; its log: {self._running[name].log}"
                self.say(f"The {name} does not answer yet{why}.")
                said = True
            if waited > seconds:
                words = self._running[name].process.last_words()
                raise StackFailed(
                    f"the {name} does not answer after {seconds:.0f} s: {words or 'no word of it'}"
                )
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Check that every part runs.

        Raises
        ------
        StackFailed
            A part has died; its name and the end of its log.
        """
        for name, kept in self._running.items():
            if not kept.process.running:
                words = kept.process.last_words()
                raise StackFailed(
                    f"{name} stopped ({kept.process.ending}): {words or 'its log is empty'}"
                )

    def mend(self) -> None:
        """Start again what has died, when its time has come; call it about every second."""
        # the store comes first: whoever is started without it waits
        started_again = [kept.part.name for kept in self._running.values() if kept.mend()]
        if started_again:
            # on a full disk the process groups in it are the old ones, and no more
            with suppress(OSError):
                self._note()

    def _note(self) -> None:
        """Leave who runs, and where, for commands that are given the state folder."""
        if self._state is None:
            return
        self._state.write(
            pid=os.getpid(),
            port=self._port,
            version=VERSION,
            store=self._settings.redis_url if "store" in self._running else None,
            parts={name: kept.process.group for name, kept in self._running.items()},
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stops.close()


def _answers(client: httpx.Client, address: str) -> bool:
    try:
        return client.get(address, timeout=SLOW_SECONDS).is_success
    except httpx.TransportError:
        return False


def _require_answer(settings: Settings) -> None:
    """Refuse a Redis that does not answer, before anything waits for it.

    Raises
    ------
    StackFailed
        It does not; its address, without a password.
    """
    deadline = time.monotonic() + REDIS_SECONDS
    redis: Redis = connect_briefly(settings)
    try:
        while True:
            try:
                redis.ping()
            except RedisError as error:
                if isinstance(error, AuthenticationError) or time.monotonic() > deadline:
                    reason = str(error).rstrip(".")
                    raise StackFailed(
                        f"no answer from Redis at {without_password(settings.redis_url)}, the "
                        f"address in REDIS_URL: {reason}. Start that Redis, or unset REDIS_URL: "
                        "this command then starts one of its own."
                    ) from None
                time.sleep(_POLL_SECONDS)
            else:
                return
    finally:
        redis.close()


def _forgive_workers(settings: Settings) -> bool:
    """Sign off all workers of a store of our own, which have ended; whether the store answered.

    What they were on is handed out again, and does not count as tried: nothing of it ended them.
    """
    redis: Redis = connect_briefly(settings)
    ledger = Ledger(redis, VERSION)
    try:
        for node in cast("list[bytes]", redis.zrange(NODES_SEEN, 0, -1)):
            ledger.forgive(node.decode())
    except RedisError:
        return False
    finally:
        redis.close()
    return True
