"""An id for every request: the client's own, or a new one."""

import re
import uuid

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"

_SOUND = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id() -> str:
    """The id of the request in hand; empty before it has one."""
    return str(g.get("request_id", ""))


def register(app: Flask) -> None:
    """Put an id on every request, and on its answer."""

    @app.before_request
    def _name() -> None:
        given = request.headers.get(HEADER, "")
        # what is no plain word could write lines into a log
        g.request_id = given if _SOUND.fullmatch(given) else uuid.uuid4().hex

    @app.after_request
    def _show(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        return response
