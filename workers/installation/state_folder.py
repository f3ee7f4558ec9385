"""The folder in which an installation that is kept running has its store and its logs.

One installation at a time: whoever runs it holds a lock on a file there, and so do all its
processes on another one, however it ends. ``running.json`` says who it is and where its store
answers; :func:`running_store` reads it for commands that are given a folder.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from core.errors import InvalidInput
from workers.installation.socket_folder import fits

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NAME = "axiomatic"
_LOCK, _PARTS_LOCK, _RUNNING = "axiomatic.lock", "parts.lock", "running.json"
_MEBIBYTE = 1024 * 1024
_POLL_SECONDS = 0.05
_ASKED_SECONDS = 0.5

LEAVE_SECONDS = 40.0
"""How long the processes of an installation that was killed may take to end."""


class FolderInUse(InvalidInput):
    """Another installation runs on the state folder."""


def default_folder(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> Path:
    """Where this user's state lies unless told otherwise.

    As the XDG base directory specification says, and in the user's library on macOS.

    Raises
    ------
    InvalidInput
        The user has no home folder.
    """
    try:
        home = Path.home()
    except RuntimeError:
        raise InvalidInput({"--state": "missing: this user has no home folder."}) from None
    if platform == "darwin":
        return home / "Library" / "Application Support" / _NAME
    state = environment.get("XDG_STATE_HOME", "")
    # the specification: a relative path there is to be ignored
    return (Path(state) if state.startswith("/") else home / ".local" / "state") / _NAME


@dataclass(frozen=True, slots=True)
class Held:
    """A state folder that this process holds.

    Parameters
    ----------
    path
        The folder.
    parts_lock
        An open file for all processes of the installation to inherit: the folder is in use until
        the last of them has ended.
    """

    path: Path
    parts_lock: int

    @property
    def store(self) -> Path:
        """The folder of the store's append-only file."""
        return self.path / "store"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.path / "logs"

    def socket_folder(self, otherwise: Path) -> Path:
        """The folder for the store's socket: this one, or another where its path does not do."""
        return self.path if fits(self.path) else otherwise

    def stored(self) -> str | None:
        """What is stored here in a few words, or ``None`` if there is nothing."""
        files = [path for path in self.store.rglob("*") if path.is_file()]
        if not files:
            return None
        size = sum(path.stat().st_size for path in files) / _MEBIBYTE
        written = datetime.fromtimestamp(max(path.stat().st_mtime for path in files)).astimezone()
        return f"{self.store} ({size:.1f} MB, last written {written:%Y-%m-%d %H:%M})"

    def empty(self) -> None:
        """Remove what is stored here: slates, jobs and users. Logs are kept."""
        shutil.rmtree(self.store)
        self.store.mkdir(mode=0o700)

    def write(self, **running: Any) -> None:
        """Write who runs here and where its store answers, whole or not at all."""
        written = self.path / f"{_RUNNING}.new"
        written.write_text(json.dumps(running, indent=1) + "\n", encoding="utf-8")
        written.replace(self.path / _RUNNING)


def running_store(folder: Path | None = None) -> str | None:
    """Address of the store of the installation that runs on a state folder.

    Parameters
    ----------
    folder
        The folder; the user's own if ``None``.

    Returns
    -------
    str or None
        An address for ``REDIS_URL``; ``None`` if no installation runs there.
    """
    path = folder or default_folder()
    try:
        with (path / _LOCK).open("rb") as lock:
            if _taken(lock):
                return None
        address = running(path).get("store")
    except OSError:
        return None
    return str(address) if address else None


def running(folder: Path) -> dict[str, Any]:
    """What the installation on a folder wrote last: its process, port, store and parts."""
    try:
        return dict(json.loads((folder / _RUNNING).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


@contextmanager
def hold(folder: Path, wait: Callable[[str], None]) -> Iterator[Held]:
    """Hold a state folder until the block ends, and make it first where there is none.

    Parameters
    ----------
    folder
        The folder.
    wait
        Called once with what is waited for, if processes of an installation that was killed are
        still ending.

    Raises
    ------
    FolderInUse
        Another process holds it.
    InvalidInput
        It cannot be used, or holds other files.
    """
    path = folder.absolute()
    with ExitStack() as held:
        try:
            _make(path)
            lock = held.enter_context((path / _LOCK).open("a+b"))
            parts = held.enter_context((path / _PARTS_LOCK).open("a+b"))
        except OSError as error:
            raise InvalidInput({"--state": f"{error.filename}: {error.strerror}."}) from None
        # whoever asks for the store's address tries the lock, for no time at all
        if not _taken_within(lock, _ASKED_SECONDS):
            raise _in_use(path)
        if not _taken(parts):
            wait("Waiting for processes of an installation that was killed to end ..")
            if not _taken_within(parts, LEAVE_SECONDS):
                raise _left_over(path)
        # until this installation's store answers nobody is to find the one before
        holder = Held(path, parts.fileno())
        holder.write(pid=os.getpid())
        held.callback((path / _RUNNING).unlink, missing_ok=True)
        yield holder


def _make(path: Path) -> None:
    if path.is_dir() and not (path / _LOCK).exists() and any(path.iterdir()):
        raise InvalidInput(
            {"--state": f"{path} holds other files; give a folder that is empty or new."}
        )
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    for name in ("store", "logs"):
        (path / name).mkdir(mode=0o700, exist_ok=True)


def _taken(file: IO[bytes]) -> bool:
    """Take the lock of an open file, and say whether it could be taken."""
    if fcntl is None:
        raise InvalidInput({"--state": "folders cannot be locked on this system."})
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken_within(file: IO[bytes], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _taken(file):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _in_use(path: Path) -> FolderInUse:
    other = running(path)
    process = f"process {other['pid']}" if "pid" in other else "a process that is starting"
    port = f" (port {other['port']})" if "port" in other else ""
    return FolderInUse(
        {
            "--state": f"{path} is in use by {process}{port}; stop that one, or give another "
            "folder and another --port."
        }
    )


def _left_over(path: Path) -> FolderInUse:
    groups = ", ".join(str(group) for group in running(path).get("parts", {}).values())
    return FolderInUse(
        {
            "--state": f"processes of an installation on {path} that was killed have not ended in "
            f"{LEAVE_SECONDS:.0f} s; end them (process groups {groups or 'unknown'})."
        }
    )
