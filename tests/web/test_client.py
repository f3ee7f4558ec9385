"""The command line's client beside a server that is busy, restarts, or loses a job."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.errors import InvalidInput
from web import client as module
from web.client import Client, ServerAway, open_http

Answer = tuple[int, dict[str, str], bytes]
JOB = b'{"run_id": "r1", "status": "running", "progress": 0.5, "stage": "walk"}'
DONE = b'{"run_id": "r1", "status": "completed", "progress": 1.0, "stage": null}'


class _Script(ThreadingHTTPServer):
    """A server that gives prepared answers in order, and keeps what it was asked.

    An answer of ``None`` breaks the connection off, as a server that is killed does.
    """

    daemon_threads = True

    def __init__(self, answers: list[Answer | None]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Script

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key")
        self.server.asked.append((self.command, self.path, key))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.connection.close()
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815  (their library's names)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@contextmanager
def serving(*answers: Answer | None) -> Iterator[_Script]:
    with _Script(list(answers)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ok(body: bytes) -> Answer:
    return 200, {}, body


def later(status: int, seconds: str = "0") -> Answer:
    return status, {"Retry-After": seconds}, b'{"detail": "too many jobs at once"}'


def nothing(_: Any) -> None:
    """Show nothing."""


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says_so(status: int) -> None:
    with serving(later(status), later(status), ok(JOB)) as server, open_http(server.url) as http:
        assert Client(http).start("optimize", {}) == "r1"
    keys = {key for _, _, key in server.asked}
    assert len(server.asked) == 3
    assert len(keys) == 1
    assert None not in keys


def test_a_server_that_is_too_busy_for_too_long_is_given_up_with_its_reason() -> None:
    wait = str(int(module.BUSY_SECONDS) + 1)
    with (
        serving(later(429, wait)) as server,
        open_http(server.url) as http,
        pytest.raises(ServerAway, match="429: too many jobs at once"),
    ):
        Client(http).start("optimize", {})


def test_a_server_that_restarts_while_a_job_is_followed_is_found_again() -> None:
    answers = (ok(JOB), None, None, ok(JOB), (502, {}, b""), ok(DONE), ok(b'{"run_id": "r1"}'))
    with serving(*answers) as server, open_http(server.url) as http:
        assert Client(http, lasting=True).follow("r1", nothing) == {"run_id": "r1"}
    assert not server.answers


def test_a_job_that_the_server_has_lost_is_started_again_under_its_key() -> None:
    unknown: Answer = (404, {}, b'{"detail": "No job r1."}')
    again = JOB.replace(b"r1", b"r2")
    answers = (ok(JOB), unknown, ok(again), ok(DONE), ok(b'{"run_id": "r2"}'))
    with serving(*answers) as server, open_http(server.url) as http:
        client = Client(http)
        assert client.follow(client.start("optimize", {}), nothing) == {"run_id": "r2"}
    posts = [key for method, _, key in server.asked if method == "POST"]
    assert len(posts) == 2
    assert posts[0] == posts[1]


def test_giving_up_says_that_the_job_runs_on_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.0)
    with serving(ok(JOB), ok(JOB), None) as server, open_http(server.url) as http:
        client = Client(http, lasting=True)
        run_id = client.start("optimize", {})
        with pytest.raises(ServerAway, match="The job runs on: ") as given_up:
            client.follow(run_id, nothing)
    assert f"{server.url}/api/v1/jobs/r1/lineups.csv" in str(given_up.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_PROXY": "http://127.0.0.1:9"},
        {"http_proxy": "http://127.0.0.1:9"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "localhost,[::1]"},
    ],
)
def test_no_proxy_stands_between_the_client_and_this_machine(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving(ok(JOB)) as server, open_http(server.url) as http:
        assert Client(http).start("optimize", {}) == "r1"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "ALL_PROXY: a SOCKS proxy"),
        ({"NO_PROXY": "localhost,[::1]"}, "NO_PROXY: cannot be read"),
    ],
)
def test_a_proxy_that_cannot_be_used_for_another_machine_is_named(
    variables: dict[str, str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    clean_proxies: None,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as refused:
        open_http("http://axiomatic.example:8000")
    assert named in str(refused.value)


@pytest.fixture
def clean_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
