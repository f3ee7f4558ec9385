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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import trustme
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.engine.connection import connect
from workers.installation.embedded_store import find_server
from workers.installation.processes import Process
from workers.installation.settings import Settings

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
    """Correct settings for the module's own server behind TLS."""
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


Tried = dict[str, tuple[Given, Future[subprocess.CompletedProcess[str]]]]


@pytest.fixture(scope="module")
def tried(server: Path, authority: trustme.CA, given: Given, folder: Path) -> Iterator[Tried]:
    """Clients that must be rejected, all at once, as each waits for seconds before it gives up."""
    _written(trustme.CA(), folder / "other.pem")
    with ExitStack() as stack:
        other_host = stack.enter_context(secured(server, authority, "redis.example.org"))
        asks = stack.enter_context(secured(server, authority, ask=True))
        wrong = {
            "wrong password": {**given, "AXIOMATIC_REDIS_PASSWORD": "wrong"},
            "no password": {**given, "AXIOMATIC_REDIS_PASSWORD": ""},
            "another authority": {**given, "AXIOMATIC_REDIS_CA_FILE": str(folder / "other.pem")},
            "the system's authorities": {**given, "AXIOMATIC_REDIS_CA_FILE": ""},
            "another host": {**given, "REDIS_URL": other_host},
            "no certificate": {**given, "REDIS_URL": asks},
        }
        pool = stack.enter_context(ThreadPoolExecutor(len(wrong)))
        yield {name: (given, pool.submit(send, given)) for name, given in wrong.items()}


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


@pytest.mark.parametrize("name", ["wrong password", "no password"])
def test_a_wrong_password_is_said_at_once_and_not_tried_again(tried: Tried, name: str) -> None:
    wrong, sent = tried[name]
    with pytest.raises(AuthenticationError, match=NO_ENTRY):
        ping(wrong)
    done = sent.result()
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


def refused_by_tls(tried: Tried, name: str, said: str) -> None:
    given, sent = tried[name]
    with pytest.raises(RedisConnectionError, match=said):
        ping(given)
    done = sent.result()
    assert done.returncode
    assert said in done.stderr


def test_a_certificate_of_another_authority_is_refused(tried: Tried) -> None:
    refused_by_tls(tried, "another authority", "certificate verify failed")


def test_without_an_authority_the_systems_own_decide(tried: Tried) -> None:
    refused_by_tls(tried, "the system's authorities", "certificate verify failed")


def test_a_certificate_for_another_host_is_refused(tried: Tried) -> None:
    refused_by_tls(tried, "another host", "Hostname mismatch")


def test_a_server_that_asks_for_a_certificate_is_shown_ours(
    authority: trustme.CA, tried: Tried, folder: Path
) -> None:
    asked, without = tried["no certificate"]
    own = authority.issue_cert("worker.example.org")
    own.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    shown = {
        "AXIOMATIC_REDIS_CERT_FILE": str(folder / "cert.pem"),
        "AXIOMATIC_REDIS_KEY_FILE": str(folder / "key.pem"),
    }
    assert ping({**asked, **shown})
    done = send({**asked, **shown})
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert without.result().returncode


def test_a_worker_and_flower_work_through_it(given: Given, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    login = ("axiomatic", "of-this-test")
    environment = {**given, "FLOWER_BASIC_AUTH": ":".join(login), "FLOWER_PORT": str(port)}
    worker = [*(sys.executable, "-m", "celery", "--app", "workers.app", "worker")]
    options = ["--concurrency", "1", "--loglevel", "WARNING", "--task-events"]
    present = [sys.executable, "-m", "workers.installation.healthcheck"]
    flower = [sys.executable, "-m", "workers.installation.dashboard"]
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
