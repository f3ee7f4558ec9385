"""One connection from its first request to its last, in a greenlet of its own."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any

import gevent
from gevent import socket as waiting
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.parser import RequestParser

from web.bodies.limits import BodyLimits
from web.server.answers import Sink, Stream, Wsgi, answer, log_access
from web.server.connections import Connection, Connections, Stage, TooMany
from web.server.refusals import Refusal, response_bytes, unreadable
from web.server.source import Source

HEAD_SECONDS = 10.0
"""How long the line and the headers of a request may take."""
BODY_SECONDS, BODY_BYTES_A_SECOND = 20.0, 32 * 1024
"""How long a body may take: so many seconds, and its size at this rate."""
ANSWER_SECONDS, ANSWER_BYTES_A_SECOND = 20.0, 32 * 1024
"""How long a client may take to fetch an answer."""
DRAIN_SECONDS, DRAIN_BYTES = 20.0, 128 * 1024 * 1024
"""How much of a refused body is thrown away, so that its sender comes to read the answer."""
LARGE_BODY_BYTES, LARGE_BODY_SECONDS = 4 * 1024 * 1024, 60.0
"""Bodies from this size on are worked on one at a time, after waiting this long at the most."""
_IN_MEMORY_BYTES = 1024 * 1024
_STEP_BYTES = 64 * 1024


class Dismissed(gevent.GreenletExit):  # type: ignore[misc]
    """The connection has to go: there are too many unfinished ones."""


@dataclass
class Service:
    """What all connections of a process share.

    Parameters
    ----------
    config, log
        gunicorn's.
    application
        The WSGI application.
    limits
        How large a body may be.
    connections
        Those there are.
    threads
        The threads that the application runs in.
    """

    config: Any
    log: Any
    application: Wsgi
    limits: BodyLimits
    connections: Connections
    threads: ThreadPool
    stopping: bool = False

    def __post_init__(self) -> None:
        self.large = BoundedSemaphore(1)
        self.ending = Event()
        """Set when the process stops: streams end, so that their clients go elsewhere."""


def serve(service: Service, listening: Any, client: Any, address: Any) -> None:
    """Answer a client's requests until one of the two has enough; then close the connection."""
    greenlet = gevent.getcurrent()
    connection = Connection(
        address[0] if isinstance(address, tuple) else "",
        lambda: greenlet.kill(Dismissed, block=False),
    )
    try:
        service.connections.enter(connection)
    except TooMany:
        refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy; try again.", 1)
        _send(client, response_bytes(refusal))
        client.close()
        return
    talk = _Talk(service, listening, client, address, connection)
    try:
        talk.run()
    except (Dismissed, OSError):
        pass  # it is gone, or has to go; what could be said was said
    except Exception:
        service.log.exception("a connection ended with an error of the server")
    finally:
        service.connections.exit(connection)
        client.close()


class _Talk:
    def __init__(
        self, service: Service, listening: Any, client: Any, address: Any, connection: Connection
    ) -> None:
        self._service, self._listening, self._client = service, listening, client
        self._address, self._connection = address, connection
        self._source = Source(client)
        self._parser = RequestParser(service.config, self._source, address)

    def run(self) -> None:
        """Answer requests; a refusal ends the connection."""
        try:
            while self._one():
                self._service.connections.wait_for_client(self._connection, Stage.IDLE)
                if not self._await_request():
                    break
        except (Refusal, ParseException, TimeoutError, Dismissed) as error:
            problem = self._problem(error)
            if problem is None:
                raise
            self._service.log.debug("refused %s: %s", self._address, problem.detail)
            self._service.connections.wait_for_client(self._connection, Stage.FETCHING)
            _send(self._client, response_bytes(problem))
            if not isinstance(error, Dismissed):
                self._drain()
        except StopIteration:
            pass  # the client has sent all that it will

    def _problem(self, error: BaseException) -> Refusal | None:
        """What the client is told; ``None`` if it expects no answer, or has a part of one."""
        if isinstance(error, Refusal):
            return error
        if isinstance(error, ParseException):
            return unreadable(error)
        if self._connection.stage not in {Stage.IDLE, Stage.READING} or not self._source.received:
            return None
        if isinstance(error, TimeoutError):
            detail = "The request did not come in time; send it again, and faster."
            return Refusal(HTTPStatus.REQUEST_TIMEOUT, detail)
        detail = "Too many unfinished requests come from your address."
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, detail, 1)

    def _await_request(self) -> bool:
        """Wait for the next request's first byte; False if the client sends none in time."""
        if self._parser.unreader.buf.getvalue():
            return True
        try:
            waiting.wait_read(self._client.fileno(), timeout=self._service.config.keepalive)
        except TimeoutError:
            return False
        return True

    def _one(self) -> bool:
        """Answer one request; whether another may follow."""
        self._source.begin_head(HEAD_SECONDS)
        request = next(self._parser)
        self._service.connections.wait_for_client(self._connection, Stage.READING)
        begun = datetime.now()
        sink = Sink()
        expects = request._expected_100_continue
        request._expected_100_continue = False
        response, environ = wsgi.create(
            request, sink, self._address, self._listening, self._service.config
        )
        environ["wsgi.multithread"] = True
        # nothing is sent before the answer
        environ.pop("wsgi.early_hints", None)
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as body:
            whole = self._read_body(request, environ, body, expects)
            if not whole or self._service.stopping:
                response.force_close()
            stream = self._answer(environ, response)
        if stream is None:
            self._send_answer(sink.take())
        else:
            self._follow(stream, response, sink)
        log_access(self._service.log, response, request, environ, begun)
        if not whole:
            self._drain()
        return whole and not response.should_close() and not self._service.stopping

    def _read_body(self, request: Any, environ: dict[str, Any], body: Any, expects: bool) -> bool:
        """Read the whole body into a file; False, with no body at all, if it is too large.

        The application is told its size, or one above the limit, and refuses it.
        """
        most = self._service.limits.of(request.method, request.path)
        environ["wsgi.input"] = body
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        announced = most if chunked else int(environ.get("CONTENT_LENGTH") or 0)
        size = 0
        if announced <= most and (announced or chunked):
            self._source.begin_body(BODY_SECONDS + announced / BODY_BYTES_A_SECOND)
            if expects:
                self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while size <= most and (piece := request.body.read(_STEP_BYTES)):
                self._hold(len(piece))
                body.write(piece)
                size += len(piece)
            if not chunked and size < announced:
                raise NoMoreData
        whole = announced <= most and size <= most
        if not whole:
            body.truncate(0)
        if chunked:
            environ.pop("HTTP_TRANSFER_ENCODING")
            environ["CONTENT_LENGTH"] = str(size)
        body.seek(0)
        return whole

    def _hold(self, count: int) -> None:
        try:
            self._service.connections.hold(self._connection, count)
        except TooMany:
            detail = "The server has no room for more large bodies now."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, detail, 5) from None

    def _answer(self, environ: dict[str, Any], response: Any) -> Stream | None:
        if not self._service.connections.work(self._connection):
            raise Dismissed
        large = int(environ.get("CONTENT_LENGTH") or 0) >= LARGE_BODY_BYTES
        if large and not self._service.large.acquire(timeout=LARGE_BODY_SECONDS):
            detail = "Other large bodies are being read."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, detail, 5)
        try:
            stream: Stream | None = self._service.threads.apply(
                answer, (self._service.application, environ, response)
            )
        except Exception:
            self._service.log.exception("the application failed")
            raise Refusal(
                HTTPStatus.INTERNAL_SERVER_ERROR, "An unexpected error; the server's log has it."
            ) from None
        finally:
            if large:
                self._service.large.release()
            self._service.connections.hold(self._connection, -self._connection.held)
        return stream

    def _send_answer(self, data: bytes) -> None:
        self._hold(len(data))
        self._service.connections.wait_for_client(self._connection, Stage.FETCHING)
        self._client.settimeout(ANSWER_SECONDS + len(data) / ANSWER_BYTES_A_SECOND)
        self._client.sendall(data)
        self._service.connections.hold(self._connection, -len(data))

    def _follow(self, stream: Stream, response: Any, sink: Sink) -> None:
        """Send a stream until it ends, the client goes or the process stops."""
        more = Event()
        watcher = gevent.get_hub().loop.async_()
        watcher.start(more.set)
        response.force_close()
        try:
            stream.wake_with(watcher.send)
            response.send_headers()
            going = True
            while going and not self._service.ending.is_set():
                more.clear()
                data, going = stream.take()
                response.write(data)
                self._client.settimeout(ANSWER_SECONDS)
                self._client.sendall(sink.take())
                if going:
                    gevent.wait([more, self._service.ending], count=1)
            response.close()
            self._client.sendall(sink.take())
        finally:
            stream.close()
            watcher.close()

    def _drain(self) -> None:
        """Throw away what the client still sends, so that it comes to read the answer."""
        with suppress(OSError, Dismissed):
            self._client.shutdown(waiting.SHUT_WR)
            deadline = time.monotonic() + DRAIN_SECONDS
            left = DRAIN_BYTES
            while left > 0 and (seconds := deadline - time.monotonic()) > 0:
                self._client.settimeout(seconds)
                data = self._client.recv(_STEP_BYTES)
                if not data:
                    return
                left -= len(data)


def _send(client: Any, data: bytes) -> None:
    with suppress(OSError):
        client.settimeout(1.0)
        client.sendall(data)
