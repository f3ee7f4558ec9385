"""Refusals of the server itself: requests that cannot be read, and those that come too slowly."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidHTTPVersion,
    InvalidRequestLine,
    InvalidRequestMethod,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)

from web.security_headers import OF_DATA, OF_EVERY_ANSWER

SECURITY_HEADERS = {
    **OF_EVERY_ANSWER,
    "Content-Security-Policy": OF_DATA,
    "Cache-Control": "no-store",
}
"""Headers of every answer that the application has no part in."""

_UNREADABLE: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, "The request line is too long."),
    (
        LimitRequestHeaders,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are too many or too long; 60 of 8,190 bytes, 64 KiB together, are read.",
    ),
    (
        UnsupportedTransferCoding,
        HTTPStatus.NOT_IMPLEMENTED,
        "The only Transfer-Encoding that is read is chunked.",
    ),
    (
        ExpectationFailed,
        HTTPStatus.EXPECTATION_FAILED,
        "The only Expect that is met is 100-continue.",
    ),
    (
        InvalidHTTPVersion,
        HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
        "Only HTTP/1.1 and HTTP/1.0 are spoken here.",
    ),
    (
        InvalidRequestMethod,
        HTTPStatus.BAD_REQUEST,
        "The method cannot be read; it is written in capitals.",
    ),
    (InvalidRequestLine, HTTPStatus.BAD_REQUEST, "The request line cannot be read."),
)


class Refusal(Exception):
    """A request that the server answers without the application.

    Parameters
    ----------
    status
        The HTTP status.
    detail
        One sentence for the client.
    retry_seconds
        After how many seconds the same request may do; ``None`` = it never will.
    """

    def __init__(self, status: HTTPStatus, detail: str, retry_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_seconds = retry_seconds


def unreadable(error: ParseException) -> Refusal:
    """The refusal of a request that gunicorn's parser cannot read."""
    for kind, status, detail in _UNREADABLE:
        if isinstance(error, kind):
            return Refusal(status, detail)
    return Refusal(HTTPStatus.BAD_REQUEST, "A header or the chunks of the body cannot be read.")


def response_bytes(refusal: Refusal, headers: Mapping[str, str] = SECURITY_HEADERS) -> bytes:
    """The whole response of a refusal, a problem document; the connection closes after it."""
    document = {
        "type": "about:blank",
        "title": refusal.status.phrase,
        "status": refusal.status.value,
        "detail": refusal.detail,
    }
    body = json.dumps(document).encode()
    lines = {
        "Connection": "close",
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        **headers,
    }
    if refusal.retry_seconds is not None:
        lines["Retry-After"] = str(refusal.retry_seconds)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    first = f"HTTP/1.1 {refusal.status.value} {refusal.status.phrase}\r\n"
    return f"{first}{head}\r\n".encode("latin-1") + body
