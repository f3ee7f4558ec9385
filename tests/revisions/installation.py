"""An installation of any revision of this project, started from a checkout of its own.

Only what every revision keeps is used: ``axiomatic up``, ``axiomatic run`` and the HTTP contract.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.revisions.slates import ROOT

# a new checkout compiles the hot loops first, perhaps beside other work
START_SECONDS = 900.0
STOP_SECONDS = 90.0
_POLL_SECONDS = 0.2
_AXIOMATIC = [sys.executable, "-c", "from web.cli import main; main()"]

Json = dict[str, Any]


class InstallationFailed(Exception):
    """The installation did not start, or stopped."""


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """The folder of a temporary worktree of a revision; of none, this working tree as it is."""
    if not revision:
        yield ROOT
        return
    with tempfile.TemporaryDirectory(prefix="revision-") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def commit_of(tree: Path) -> str:
    """The commit of a checkout, ``+`` behind it where files differ from it."""
    commit = _git("rev-parse", "HEAD", folder=tree).strip()
    return commit + ("+" if _git("status", "--porcelain", folder=tree).strip() else "")


def _git(*arguments: str, folder: Path = ROOT) -> str:
    done = subprocess.run(
        ["git", *arguments], check=False, cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise InstallationFailed(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Installation:
    """A running installation.

    Parameters
    ----------
    http
        A client of its API.
    folder
        A folder of its own, removed with it.
    environment
        What its processes, and commands that talk to it, run with.
    process
        ``axiomatic up``.
    """

    http: httpx.Client
    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to a call; one that the server defers is made again when it says so."""
        while True:
            answer = self.http.request(method, path, **options)
            later = answer.headers.get("Retry-After")
            if answer.status_code not in {429, 503} or later is None:
                return answer
            time.sleep(float(later))

    def await_end(self, run_id: str) -> None:
        """Follow a job to its end."""
        path = f"/api/v1/jobs/{run_id}"
        while self.call("GET", path).json()["status"] in {"pending", "running"}:
            with self.http.stream("GET", f"{path}/events") as events:
                # the stream ends with the job
                for _ in events.iter_lines():
                    pass

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run ``axiomatic`` with arguments, against this installation."""
        return subprocess.run(
            [*_AXIOMATIC, *arguments, "--server", str(self.http.base_url)],
            check=False,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
        )


@contextmanager
def running(tree: Path) -> Iterator[Installation]:
    """Run the installation of a checkout on a free port until the block ends."""
    with tempfile.TemporaryDirectory(prefix="installation-") as name:
        folder = Path(name)
        environment = _environment(tree, folder)
        _require_code_of(tree, folder, environment)
        port = _free_port()
        log = folder / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_AXIOMATIC, "up", "--port", str(port)],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120.0) as http:
                installation = Installation(http, folder, environment, process)
                _await_ready(installation, log)
                yield installation
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(tree: Path, folder: Path) -> dict[str, str]:
    """Our environment, but the checkout's code, no settings, and nothing kept from earlier runs."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if name != "REDIS_URL" and not name.startswith(("AXIOMATIC_", "XDG_", "FLOWER_"))
    }
    temporary = folder / "tmp"
    temporary.mkdir()
    return plain | {
        "PYTHONPATH": str(tree),
        "TMPDIR": str(temporary),
        "HOME": str(folder),
        "COLUMNS": "200",
    }


def _require_code_of(tree: Path, folder: Path, environment: dict[str, str]) -> None:
    """Refuse to record another checkout's answers under this one's name."""
    done = subprocess.run(
        [sys.executable, "-c", "import web; print(web.__file__)"],
        check=False,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if not Path(done.stdout.strip()).is_relative_to(tree):
        raise InstallationFailed(f"not the code of {tree}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(installation: Installation, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if installation.http.get("/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        if installation.process.poll() is not None or time.monotonic() > deadline:
            raise InstallationFailed(log.read_text(errors="replace")[-4_000:])
        time.sleep(_POLL_SECONDS)
