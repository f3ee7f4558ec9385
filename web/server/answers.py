"""Running the application: a whole request in, a whole answer out, in a thread of its own."""

from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol, runtime_checkable

from gunicorn.http.wsgi import Response

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@runtime_checkable
class Stream(Protocol):
    """An answer that goes on: the server asks it for more whenever it wakes the server.

    It is what the application returns, iterable as well, so that any other server can send it.
    """

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake``, from whatever thread, whenever there may be something to take."""

    def take(self) -> tuple[bytes, bool]:
        """What there is to send now, and whether there will be more."""

    def close(self) -> None:
        """Stop: the client has gone, or has everything."""


class Sink:
    """Bytes that gunicorn's response writes to a socket, kept."""

    def __init__(self) -> None:
        self._written = BytesIO()

    def sendall(self, data: bytes) -> None:
        """Keep some bytes."""
        self._written.write(data)

    def take(self) -> bytes:
        """All bytes kept so far, which are forgotten."""
        written, self._written = self._written, BytesIO()
        return written.getvalue()


def answer(application: Wsgi, environ: dict[str, Any], response: Response) -> Stream | None:
    """Run the application and write its whole answer; the stream itself, where it is one.

    Parameters
    ----------
    application
        The WSGI application.
    environ
        The request, with its whole body.
    response
        Writes to a :class:`Sink`.
    """
    pieces = application(environ, response.start_response)
    if isinstance(pieces, Stream) and environ["REQUEST_METHOD"] != "HEAD":
        return pieces
    try:
        for piece in pieces:
            response.write(piece)
        response.close()
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return None


def log_access(log: Any, response: Response, request: Any, environ: Any, begun: datetime) -> None:
    """Write gunicorn's access log, where it is on."""
    log.access(response, request, environ, datetime.now() - begun)
