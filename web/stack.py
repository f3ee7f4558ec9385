"""A whole installation on this machine: store, workers, API and, if wanted, Flower."""

import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import httpx

from core.errors import AxiomaticError
from web.ownership_model import read_own_model
from workers.installation.embedded_store import EmbeddedStore
from workers.installation.environment import VARIABLES
from workers.installation.processes import Process
from workers.installation.settings import Settings

# the first start ever compiles the hot loops; every later one loads them
START_SECONDS = 240.0
# what a part may take to leave once its work is done
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


class StackFailed(AxiomaticError):
    """A part of the installation did not start."""


def core_count() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


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
    ) -> None:
        self._count = workers or core_count()
        self._port = port
        self._flower_port = flower_port
        self._flower_login = flower_login
        self._parts = ExitStack()
        self._running: dict[str, Process] = {}

    def __enter__(self) -> "Stack":
        with ExitStack() as started:
            self._folder = Path(tempfile.mkdtemp(prefix="axiomatic-"))
            started.callback(shutil.rmtree, self._folder, ignore_errors=True)
            environment = {} if os.environ.get("REDIS_URL") else self._own_store(started)
            settings = Settings.from_environment({**os.environ, **environment})
            # raises here, so that a bad file is not reported in the API's log alone
            read_own_model(settings.ownership_model_file)
            # stopped last, so it removes the folder, even if this process is gone
            self._start(
                started,
                "worker",
                self._worker(),
                # on SIGTERM it finishes its piece of work, within the seconds of the settings
                {**environment, "REMAP_SIGTERM": "SIGQUIT"},
                self._folder,
                settings.stop_seconds + STOP_SECONDS,
            )
            self._start(started, "api", self._api(), environment)
            if self._flower_port is not None:
                self._start(started, "flower", self._flower(), {**environment, **self._login()})
            self._await_ready()
            self._parts = started.pop_all()
        return self

    @staticmethod
    def _own_store(started: ExitStack) -> dict[str, str]:
        # it has no password and no certificates, whatever another Redis has
        environment = {variable.name: "" for variable in VARIABLES if "_REDIS_" in variable.name}
        environment["REDIS_URL"] = started.enter_context(EmbeddedStore()).url
        # its jobs end with it: nothing is worth finishing
        environment["AXIOMATIC_STOP_SECONDS"] = "1"
        return environment

    def _start(
        self,
        started: ExitStack,
        name: str,
        command: list[str],
        environment: dict[str, str],
        folder: Path | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        process = Process(command, self._folder / f"{name}.log", environment, folder)
        self._running[name] = process
        started.callback(process.stop, stop_seconds)

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
            *("--worker-class", "gthread", "--threads", "16", "--log-level", "warning"),
            *("--no-control-socket",),
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
        """A client of the API."""
        if self._port is not None:
            return httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=60.0)
        transport = httpx.HTTPTransport(uds=str(self._socket))
        return httpx.Client(transport=transport, base_url="http://axiomatic", timeout=60.0)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with self.client() as api, httpx.Client() as others:
            waited = [(api, "/health/ready")]
            if self._flower_port is not None:
                waited.append((others, f"http://127.0.0.1:{self._flower_port}/healthcheck"))
            while True:
                self.check()
                try:
                    while waited and waited[0][0].get(waited[0][1]).is_success:
                        waited.pop(0)
                except httpx.TransportError:
                    pass
                if not waited:
                    return
                if time.monotonic() > deadline:
                    raise StackFailed(f"not ready after {START_SECONDS:.0f} s")
                time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Check that every part runs.

        Raises
        ------
        StackFailed
            A part has died; its name and the end of its log.
        """
        for name, process in self._running.items():
            if not process.running:
                log = process.log.read_text(errors="replace").strip()[-2_000:]
                raise StackFailed(f"{name} stopped: {log or 'its log is empty'}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts.close()
