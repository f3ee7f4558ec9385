"""The server over a real socket: bad requests, slow clients, bodies that are too large."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.system.served import send, served
from workers.installation.settings import Settings


@pytest.fixture(scope="module")
def port(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(settings.redis_url, tmp_path_factory.mktemp("web") / "api.log") as port:
        yield port


def url(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


def head_and_problem(answer: bytes) -> tuple[bytes, dict[str, object]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, json.loads(body)


LONG = b"a" * 9_000
UNREADABLE = {
    "no request line": (b"nonsense\r\n\r\n", 400),
    "a method in small letters": (b"get / HTTP/1.1\r\n\r\n", 400),
    "another protocol": (b"GET / HTTP/3.0\r\n\r\n", 505),
    "a long line": (b"GET /" + LONG + b" HTTP/1.1\r\n\r\n", 414),
    "a long header": (b"GET / HTTP/1.1\r\nA: " + LONG + b"\r\n\r\n", 431),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 15_000, 431),
    "a header without a name": (b"GET / HTTP/1.1\r\n: b\r\n\r\n", 400),
    "an unknown transfer coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n", 501),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400),
    "a length that is none": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "an unknown expectation": (b"POST / HTTP/1.1\r\nExpect: tea\r\n\r\n", 417),
    "chunks that are none": (
        b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_request_that_cannot_be_read_gets_a_problem_document(port: int, name: str) -> None:
    request, status = UNREADABLE[name]
    head, problem = head_and_problem(send(port, request))
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Content-Type-Options: nosniff" in head
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"OPTIONS * HTTP/1.1", b"404"),
        (b"OPTIONS /health HTTP/1.1", b"200"),
        (b"HEAD /health HTTP/1.1", b"200"),
        (b"BREW /health HTTP/1.1", b"405"),
        (b"TRACE /health HTTP/1.1", b"405"),
        (b"CONNECT a:80 HTTP/1.1", b"404"),
    ],
)
def test_other_methods_are_answered_in_order(port: int, request_line: bytes, status: bytes) -> None:
    answer = send(port, request_line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert not (body and request_line.startswith(b"HEAD"))


def test_headers_of_a_forwarder_change_no_path(port: int) -> None:
    for name in ("SCRIPT_NAME", "PATH_INFO", "Script-Name", "X-Forwarded-Prefix"):
        assert httpx.get(url(port, "/health"), headers={name: "/x"}).status_code == 200


def test_requests_on_one_connection_are_answered_one_after_the_other(port: int) -> None:
    get = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert send(port, get + get + last).count(b'"healthy"') == 3


def test_a_body_in_chunks_is_read_whole(port: int) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"n_line'
        yield b'ups": 0}'

    reply = httpx.post(
        url(port, "/api/v1/optimize"),
        content=pieces(),
        headers={"Content-Type": "application/json"},
    )
    assert reply.status_code == 422
    assert "n_lineups" in reply.json()["errors"]


def test_a_client_that_waits_for_a_word_is_told_to_go_on(port: int) -> None:
    head = (
        b"POST /api/v1/optimize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(head)
        assert client.recv(1_000).startswith(b"HTTP/1.1 100 Continue\r\n")
        client.sendall(b"{}")
        assert b" 422 " in client.recv(1_000)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_who_sends_too_large_a_body_reads_the_refusal(port: int, chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 30000000"
    head = (
        b"POST /api/v1/optimize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + framing
        + b"\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(head)
        # all of it is sent before anything is read, as simple clients do
        for _ in range(30):
            piece = b" " * 1_000_000
            client.sendall(b"F4240\r\n" + piece + b"\r\n" if chunked else piece)
        answer = b""
        while data := client.recv(65_536):
            answer += data
    head, problem = head_and_problem(answer)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert "2 MiB" in str(problem["detail"])


def test_a_whole_request_gets_through_a_crowd_of_unfinished_ones(port: int) -> None:
    with ExitStack() as crowd:
        clients = [
            crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(600)
        ]
        for client in clients[::2]:
            client.sendall(b"GET /health HTTP/1.1\r\nX-Slow: a")
        assert httpx.get(url(port, "/health")).status_code == 200
        # the oldest have left, with a word to those that had begun
        try:
            first = clients[0].recv(1_000)
        except ConnectionResetError:  # it left before what it had sent was read
            first = b""
        assert first == b"" or b" 429 " in first


def test_an_unfinished_request_ends_at_its_deadline_however_it_trickles(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.settimeout(0.2)
        client.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        answer = b""
        deadline = time.monotonic() + 30
        while not answer:
            assert time.monotonic() < deadline
            client.sendall(b"a")
            try:
                answer = client.recv(1_000)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")
