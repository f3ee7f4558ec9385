"""Security headers on every answer of the application, and the policy of its one page."""

import base64
import hashlib
import re

from flask import Flask, Response, request

from web.security_headers import OF_DATA, OF_EVERY_ANSWER

# Swagger's page sets styles as it runs
_OF_DOCS = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
_DOCS = "/api/v1/docs"
_INLINE_SCRIPT = re.compile(rb"<script(?:\s[^>]*)?>(.*?)</script>", re.DOTALL)


def register(app: Flask) -> None:
    """Put the headers on every answer of ``app``."""

    @app.after_request
    def _add(response: Response) -> Response:
        response.headers.update(OF_EVERY_ANSWER)
        if request.path.startswith(_DOCS) and response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = _OF_DOCS.format(
                scripts=_hashes(response.get_data())
            )
        else:
            response.headers["Content-Security-Policy"] = OF_DATA
        if request.path.startswith("/api/") and not request.path.startswith(_DOCS):
            # what one user is answered is nobody else's, and changes
            response.headers.setdefault("Cache-Control", "no-store")
        if request.headers.get("Origin") is None or "Access-Control-Allow-Origin" not in (
            response.headers
        ):
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _hashes(page: bytes) -> str:
    """The scripts that stand in a page, as a policy names them."""
    scripts = [script for script in _INLINE_SCRIPT.findall(page) if script]
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    return "".join(f" 'sha256-{digest}'" for digest in digests)
