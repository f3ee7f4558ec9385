"""The names by which the server may be called.

A page of another site can let its own name point to 127.0.0.1 and then read what a server there
answers (DNS rebinding). It cannot choose the Host header, which has its name.
"""

from collections.abc import Collection

from flask import Flask, request

from web.audit import note
from web.problems import Problem

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def register(app: Flask, others: Collection[str]) -> None:
    """Refuse requests that call the server by another name than loopback's and these.

    Parameters
    ----------
    app
        The application.
    others
        Names without ports, in small letters.
    """
    known = {*_LOOPBACK, *others}

    @app.before_request
    def _require_known() -> None:
        # whoever comes over a unix socket called no host
        if not request.remote_addr:
            return
        name = _without_port(request.host)
        if name not in known:
            note("refused", status=421, host=name)
            raise Problem(
                421,
                f"This server is not called {name[:80]!r}; AXIOMATIC_HOSTS names what it is called "
                "besides localhost.",
            )


def _without_port(host: str) -> str:
    head, colon, port = host.rpartition(":")
    bare = head if colon and port.isdecimal() else host
    return bare.lower().removesuffix(".")
