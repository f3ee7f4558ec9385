"""A Redis with a password behind TLS, for redis-py, Celery, a worker and Flower alike."""

import asyncio
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import trustme
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.connection import connect
from workers.processes import Process
from workers.settings import Settings
from workers.store import find_server

# every character that an address, a shell or a Redis command might stumble over
PASSWORD = "p@ss:w/ord?#%20 é"  # noqa: S105

NO_ENTRY = "invalid username-password|Authentication required|HELLO must be called"

SEND = """
from workers.app import QUEUE, app
app.backend.store_result("1" * 32, {"kept": True}, "SUCCESS")
assert app.backend.get_result("1" * 32) == {"kept": True}
app.send_task("axiomatic.nothing", queue=QUEUE, retry=False)
with app.connection_for_read() as connection:
    print(connection.default_channel.client.llen(QUEUE))
    connection.default_channel.client.delete(QUEUE)
"""

Given = dict[str, str]


class Terminator:
    """TLS in front of a unix socket: what stands before a Redis that cannot do it itself."""

    def __init__(self, context: ssl.SSLContext, path: Path) -> None:
        self._context = context
        self._path = str(path)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.port = 0

    async def _open(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_unix_connection(self._path)
        ways = [self._pass(reader, inner[1]), self._pass(inner[0], writer)]
        await asyncio.gather(*ways)

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def __enter__(self) -> "Terminator":
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Path]:
    """A real server that asks for the password, on a socket."""
    path = folder / "redis.sock"
    command = [find_server(), "--port", "0", "--unixsocket", str(path), "--dir", str(folder)]
    running = Process([*command, "--save", "", "--requirepass", PASSWORD], folder / "redis.log")
    deadline = time.monotonic() + 30
    with Redis(unix_socket_path=str(path), password=PASSWORD) as redis:
        while True:
            with suppress(RedisConnectionError):
                redis.ping()
                break
            assert running.running, running.log.read_text()
            assert time.monotonic() < deadline
    yield path
    running.stop(10)


@pytest.fixture(scope="module")
def authority(folder: Path) -> trustme.CA:
    return _written(trustme.CA(), folder / "ca.pem")


def _written(authority: trustme.CA, path: Path) -> trustme.CA:
    authority.cert_pem.write_to_path(str(path))
    return authority


@contextmanager
def secured(
    server: Path, authority: trustme.CA, name: str = "localhost", *, ask: bool = False
) -> Iterator[str]:
    """Serve with a certificate for ``name``, asking for one where told; give the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if ask:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    with Terminator(context, server) as front:
        yield f"rediss://localhost:{front.port}/0"


@pytest.fixture(scope="module")
def given(server: Path, authority: trustme.CA, folder: Path) -> Iterator[Given]:
    """What is right to set for the module's own server behind TLS."""
    with secured(server, authority) as url:
        yield {
            "REDIS_URL": url,
            "AXIOMATIC_REDIS_PASSWORD": PASSWORD,
            "AXIOMATIC_REDIS_CA_FILE": str(folder / "ca.pem"),
        }


def ping(given: Given) -> bool:
    redis = connect(Settings.from_environment(given))
    try:
        return bool(redis.ping())
    finally:
        redis.close()


def send(given: Given) -> subprocess.CompletedProcess[str]:
    """Send a message and keep a result through the application, as another process does."""
    command = [sys.executable, "-c", SEND]
    return subprocess.run(
        command, check=False, env={**os.environ, **given}, capture_output=True, text=True
    )


def test_with_the_right_password_and_authority_all_is_well(given: Given) -> None:
    assert ping(given)
    done = send(given)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_without_tls_too_the_password_is_taken_as_it_is(server: Path, folder: Path) -> None:
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    given = {
        "REDIS_URL": f"unix://{server}",
        "AXIOMATIC_REDIS_PASSWORD_FILE": str(folder / "password"),
    }
    assert ping(given)
    done = send(given)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_said_at_once_and_not_tried_again(given: Given, password: str) -> None:
    wrong = {**given, "AXIOMATIC_REDIS_PASSWORD": password}
    with pytest.raises(AuthenticationError, match=NO_ENTRY):
        ping(wrong)
    done = send(wrong)
    assert done.returncode
    assert re.search(NO_ENTRY, done.stderr), done.stderr
    assert PASSWORD not in done.stderr


def test_a_worker_with_a_wrong_password_says_so_and_leaves(given: Given) -> None:
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "worker"]
    environment = {**os.environ, **given, "AXIOMATIC_REDIS_PASSWORD": "wrong"}
    done = subprocess.run(
        [*command, "--concurrency", "1"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode
    assert "Redis refuses the password" in done.stderr


def refused_by_tls(given: Given, said: str) -> None:
    with pytest.raises(RedisConnectionError, match=said):
        ping(given)
    done = send(given)
    assert done.returncode
    assert said in done.stderr


def test_a_certificate_of_another_authority_is_refused(given: Given, folder: Path) -> None:
    _written(trustme.CA(), folder / "other.pem")
    other = {**given, "AXIOMATIC_REDIS_CA_FILE": str(folder / "other.pem")}
    refused_by_tls(other, "certificate verify failed")


def test_without_an_authority_the_systems_own_decide(given: Given) -> None:
    refused_by_tls({**given, "AXIOMATIC_REDIS_CA_FILE": ""}, "certificate verify failed")


def test_a_certificate_for_another_host_is_refused(
    server: Path, authority: trustme.CA, given: Given
) -> None:
    with secured(server, authority, "redis.example.org") as url:
        refused_by_tls({**given, "REDIS_URL": url}, "Hostname mismatch")


def test_a_server_that_asks_for_a_certificate_is_shown_ours(
    server: Path, authority: trustme.CA, given: Given, folder: Path
) -> None:
    own = authority.issue_cert("worker.example.org")
    own.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    shown = {
        "AXIOMATIC_REDIS_CERT_FILE": str(folder / "cert.pem"),
        "AXIOMATIC_REDIS_KEY_FILE": str(folder / "key.pem"),
    }
    with secured(server, authority, ask=True) as url:
        assert ping({**given, **shown, "REDIS_URL": url})
        done = send({**given, **shown, "REDIS_URL": url})
        assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
        without = send({**given, "REDIS_URL": url})
        assert without.returncode


def test_a_worker_and_flower_work_through_it(given: Given, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    login = ("axiomatic", "of-this-test")
    environment = {**given, "FLOWER_BASIC_AUTH": ":".join(login), "FLOWER_PORT": str(port)}
    worker = [*(sys.executable, "-m", "celery", "--app", "workers.app", "worker")]
    options = ["--concurrency", "1", "--loglevel", "WARNING", "--task-events"]
    present = [sys.executable, "-m", "workers.presence"]
    flower = [sys.executable, "-m", "workers.dashboard"]
    with ExitStack() as stack:
        processes = [
            Process([*worker, *options], folder / "worker.log", environment),
            Process(flower, folder / "flower.log", environment),
        ]
        for process in processes:
            stack.callback(process.stop, 60.0)

        def is_present() -> bool:
            done = subprocess.run(present, check=False, env={**os.environ, **environment})
            return done.returncode == 0

        def queues() -> list[object]:
            address = f"http://127.0.0.1:{port}/api/queues/length"
            found = httpx.get(address, auth=login)
            return list(found.json()["active_queues"]) if found.is_success else []

        await_true(is_present, processes)
        await_true(lambda: bool(queues()), processes)


def await_true(true: Callable[[], bool], processes: list[Process]) -> None:
    deadline = time.monotonic() + 240
    while True:
        with suppress(httpx.TransportError):
            if true():
                return
        for process in processes:
            assert process.running, process.log.read_text()
        assert time.monotonic() < deadline, [process.log.read_text() for process in processes]
        time.sleep(0.05)
