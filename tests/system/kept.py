"""``axiomatic up`` on a state folder of a test's own: started, killed, and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

COMMAND = [sys.executable, "-c", "from web.cli import main; main()", "up"]

START_SECONDS = 240.0
"""How long a start may take: the first of a new checkout compiles."""

STOP_SECONDS = 60.0
_POLL_SECONDS = 0.05


def until(condition: Callable[[], Any], seconds: float, reason: Callable[[], object]) -> Any:
    """The value of a condition once it holds; a failure with the reason if that takes too long."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, reason()
        time.sleep(_POLL_SECONDS)
    return value


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One state folder, and the installation that runs on it now.

    Parameters
    ----------
    folder
        Folder of all its files.
    variables
        Of its environment, beside this process's.
    """

    def __init__(self, folder: Path, **variables: str) -> None:
        self.state = folder / "state"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        temporary = folder / "tmp"
        temporary.mkdir()
        own = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        self.environment = {**own, "TMPDIR": str(temporary), **variables}
        self._log = folder / "up.out"
        self._running: subprocess.Popen[bytes] | None = None

    def command(self, *options: str) -> list[str]:
        """The command line of another ``up`` on the same folder and port."""
        own = ["--state", str(self.state), "--port", str(self.port), "--workers", "2"]
        return [*COMMAND, *own, *options]

    def start(self, *options: str) -> None:
        """Start it, and wait until it says where it answers."""
        with self._log.open("wb") as output:
            self._running = subprocess.Popen(
                self.command(*options),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._is_up, START_SECONDS, lambda: self.output)

    def _is_up(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, self.output
        return "Ctrl-C" in self.output

    @property
    def output(self) -> str:
        """What it has printed since it was started."""
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> dict[str, Any]:
        """What it has written of itself into its folder."""
        return dict(json.loads((self.state / "running.json").read_text()))

    def log(self, part: str) -> str:
        """The log of a part."""
        return (self.state / "logs" / f"{part}.log").read_text(errors="replace")

    def kill_part(self, name: str) -> None:
        """SIGKILL a part and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(int(self.running["parts"][name]), signal.SIGKILL)

    def await_mended(self, name: str, before: int) -> None:
        """Wait until a part whose process group was ``before`` runs as another one."""
        until(lambda: self.running["parts"][name] != before, STOP_SECONDS, lambda: self.output)

    def kill(self) -> None:
        """SIGKILL the command itself, and none of its parts."""
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def stop(self) -> int:
        """Stop it as Ctrl-C does; its exit code."""
        assert self._running is not None
        self._running.send_signal(signal.SIGTERM)
        return self._running.wait(STOP_SECONDS)

    def close(self) -> None:
        """Stop it, if it still runs."""
        if self._running is not None and self._running.poll() is None:
            self.stop()

    def ready(self) -> dict[str, Any] | None:
        """What ``/health/ready`` answers, or ``None`` while it refuses."""
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{self.url}/health/ready", trust_env=False)
            return dict(answer.json()) if answer.is_success else None
        return None
