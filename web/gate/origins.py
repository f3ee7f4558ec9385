"""Which pages may send requests that change something, and which may read answers.

A browser sends a page's requests wherever the page says, and tells where the page is from
(Sec-Fetch-Site, Origin). Programs that are no browser tell nothing, and are no page's.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request

from web.audit import note
from web.problems import Problem

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN = {"same-origin", "none"}
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Prefer, "
    "X-Request-ID, Last-Event-ID, Cache-Control",
    "Access-Control-Max-Age": "600",
}
_SHOWN = "Location, Retry-After, X-Request-ID, Content-Disposition, Preference-Applied"


def register(app: Flask, named: Collection[str]) -> None:
    """Refuse changes that a foreign page asks for, and let named origins read answers.

    Parameters
    ----------
    app
        The application.
    named
        Origins that may do both, as ``https://lineups.example``.
    """

    @app.before_request
    def _require_own_page() -> Response | None:
        origin = request.headers.get("Origin")
        if origin in named:
            is_preflight = "Access-Control-Request-Method" in request.headers
            return Response(status=204) if request.method == "OPTIONS" and is_preflight else None
        if request.method in _SAFE or _is_own(origin):
            return None
        note("refused", status=403, origin=origin or "")
        raise Problem(
            403,
            "A page of another site asked for this; AXIOMATIC_ORIGINS names those that may.",
        )

    @app.after_request
    def _let_read(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if named:
            response.headers.add("Vary", "Origin")
        if origin in named:
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Access-Control-Expose-Headers"] = _SHOWN
            if request.method == "OPTIONS":
                response.headers.update(_ALLOWED)
        return response


def _is_own(origin: str | None) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OWN:
        return False
    if origin is None:
        return True
    # a proxy that ends TLS may hide the scheme, so hosts are compared
    return origin != "null" and urlsplit(origin).netloc == request.host
