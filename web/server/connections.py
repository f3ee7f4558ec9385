"""The connections of one process, and which of them has to go where there are too many.

A connection is unfinished while the server waits for its client: for the rest of a request, for the
next one, or until an answer is fetched. Only unfinished connections are told to leave, the oldest
first, so a client who sends a whole request at once is never kept waiting by those who do not.
"""

from collections.abc import Callable
from enum import Enum, auto
from itertools import chain

MOST_CONNECTIONS = 512
"""Connections of one process at once."""
MOST_UNFINISHED = 256
"""Unfinished connections of one client address; those of a unix socket are one client's."""
MOST_BYTES = 192 * 1024 * 1024
"""Bytes of bodies and answers that unfinished and waiting connections hold together."""
LARGE_BYTES = 256 * 1024
"""A connection that holds less than this does not leave for the bytes that it holds."""


class TooMany(Exception):
    """There is no room: every connection is at work."""


class Stage(Enum):
    """What a connection waits for."""

    IDLE = auto()
    """The first byte of a request."""
    READING = auto()
    """The rest of a request."""
    WORKING = auto()
    """The server."""
    FETCHING = auto()
    """The client, who fetches an answer."""


class Connection:
    """A client's connection.

    Parameters
    ----------
    address
        Of the client; empty for a unix socket.
    leave
        Ends the connection soon; called once at the most, and only while it is unfinished.
    """

    __slots__ = ("address", "held", "leave", "leaving", "stage")

    def __init__(self, address: str, leave: Callable[[], None]) -> None:
        self.address = address
        self.leave = leave
        self.held = 0
        self.leaving = False
        self.stage = Stage.IDLE


class Connections:
    """The connections of one process.

    Parameters
    ----------
    most, most_unfinished, most_bytes
        As :data:`MOST_CONNECTIONS`, :data:`MOST_UNFINISHED` and :data:`MOST_BYTES`.
    """

    def __init__(
        self,
        most: int = MOST_CONNECTIONS,
        most_unfinished: int = MOST_UNFINISHED,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._most, self._most_unfinished, self._most_bytes = most, most_unfinished, most_bytes
        self._all: set[Connection] = set()
        # by address; a dict keeps the order in which they came, and finds one at once
        self._unfinished: dict[str, dict[Connection, None]] = {}
        self._held = 0

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, connection: Connection) -> None:
        """Take in a new connection, which is unfinished.

        Raises
        ------
        TooMany
            All connections that there may be are at work.
        """
        if len(self._all) >= self._most:
            crowd = max(self._unfinished.values(), key=len, default=None)
            if not crowd:
                raise TooMany
            self._dismiss(next(iter(crowd)))
        self._all.add(connection)
        self.wait_for_client(connection, Stage.IDLE)

    def wait_for_client(self, connection: Connection, stage: Stage) -> None:
        """Note that the client has to do something next."""
        if connection.leaving:
            return
        connection.stage = stage
        waiting = self._unfinished.setdefault(connection.address, {})
        waiting.pop(connection, None)
        waiting[connection] = None
        if len(waiting) > self._most_unfinished:
            self._dismiss(next(iter(waiting)))

    def work(self, connection: Connection) -> bool:
        """Note that the server has to do something next; False if the connection leaves."""
        if not connection.leaving:
            connection.stage = Stage.WORKING
            self._forget(connection)
        return not connection.leaving

    def hold(self, connection: Connection, count: int) -> None:
        """Note that a connection holds so many bytes more, or fewer.

        Raises
        ------
        TooMany
            There is no room for more.
        """
        connection.held += count
        self._held += count
        while count > 0 and self._held > self._most_bytes:
            others = (
                other
                for other in chain.from_iterable(self._unfinished.values())
                if other is not connection and other.held >= LARGE_BYTES
            )
            oldest = next(others, None)
            if oldest is None:
                raise TooMany
            self._dismiss(oldest)

    def exit(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._forget(connection)
        self._all.discard(connection)
        self.hold(connection, -connection.held)

    def dismiss_idle(self) -> None:
        """End the connections whose clients have begun no request."""
        for connection in list(chain.from_iterable(self._unfinished.values())):
            if connection.stage is Stage.IDLE:
                self._dismiss(connection)

    def _forget(self, connection: Connection) -> None:
        waiting = self._unfinished.get(connection.address, {})
        waiting.pop(connection, None)
        if not waiting:
            self._unfinished.pop(connection.address, None)

    def _dismiss(self, connection: Connection) -> None:
        connection.leaving = True
        self._forget(connection)
        self._all.discard(connection)
        self.hold(connection, -connection.held)
        connection.leave()
