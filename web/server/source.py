"""A client's socket read against a deadline that no trickle of bytes moves."""

import time
from typing import Protocol

from gunicorn.http.errors import LimitRequestHeaders

MOST_HEAD_BYTES = 64 * 1024
"""Bytes of a request's line and headers together."""


class Socket(Protocol):
    """What is used of a socket."""

    def recv(self, size: int, /) -> bytes:
        """Some bytes; none at the end of the stream."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Set how long a call may wait."""


class Source:
    """What gunicorn's parser reads a connection from.

    Parameters
    ----------
    socket
        The client's.
    """

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._deadline = 0.0
        self._left = 0
        self.received = 0

    def begin_head(self, seconds: float) -> None:
        """Read a request's line and headers, and all of them within ``seconds``."""
        self._deadline = time.monotonic() + seconds
        self._left = MOST_HEAD_BYTES
        self.received = 0

    def begin_body(self, seconds: float) -> None:
        """Read a request's body, and all of it within ``seconds``."""
        self._deadline = time.monotonic() + seconds
        self._left = 0

    def recv(self, size: int) -> bytes:
        """Some bytes; none at the end of the stream.

        Raises
        ------
        TimeoutError
            The deadline has passed.
        LimitRequestHeaders
            The headers do not end.
        """
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._socket.settimeout(seconds)
        data = self._socket.recv(size)
        self.received += len(data)
        if self._left:
            self._left -= len(data)
            if self._left <= 0:
                raise LimitRequestHeaders("limit of all headers")
        return data
