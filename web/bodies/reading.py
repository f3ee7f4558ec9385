"""Reading a request's body once: its size, its media type, its JSON."""

from json import JSONDecodeError
from typing import Any

from flask import Flask, g, json, request

from core.wording import many
from web.bodies.limits import ANY, LIMITS, REQUEST, BodyLimit
from web.problems import Problem

_TAKE_FILES = {"slates.upload", "jobs.entries"}
MOST_LISTS = 120_000
"""Lists and objects of a body above the size of an ordinary request: a row for every race."""
MOST_COMMAS = 5_500_000
"""Commas of such a body: 100,000 races of 50 drivers, and what else there is."""
MOST_QUOTES = 100_000
"""Quotation marks of such a body."""


class _TwiceNamed(Exception):
    """A key stands twice in an object."""


def register(app: Flask) -> None:
    """Read every body before its view, and refuse what no view can use."""
    app.before_request(_check_body)


def _check_body() -> None:
    if request.routing_exception is not None:
        return
    limit = LIMITS.get(request.endpoint or "", ANY)
    # where the server does not know the limit, and the body's length is not told beforehand
    request.max_content_length = limit.most_bytes
    if (request.content_length or 0) > limit.most_bytes:
        raise Problem(413, limit.refusal(request.content_length))
    if request.method not in {"POST", "PUT", "PATCH"} or request.mimetype == "multipart/form-data":
        return
    if not request.is_json and request.content_length:
        wanted = "multipart/form-data" if request.endpoint in _TAKE_FILES else "application/json"
        shown = request.mimetype[:80] or "no media type"
        raise Problem(415, f"{shown}; send {wanted}.")
    if request.endpoint in _TAKE_FILES:
        raise Problem(415, "Nothing was sent; send multipart/form-data with a file in it.")
    g.document = _json_object(request.get_data(cache=False), limit)


def _json_object(body: bytes, limit: BodyLimit) -> dict[str, Any]:
    if not body.strip():
        raise Problem(400, "The body is empty; send a JSON object.")
    if len(body) > REQUEST.most_bytes:
        _require_modest(body)
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and len(body) > REQUEST.most_bytes:
        raise Problem(400, "The body is not a JSON object.")
    try:
        document = json.loads(body, object_pairs_hook=_once)
    except RecursionError:
        raise Problem(400, "The body is nested too deeply; send a JSON object.") from None
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8; send a JSON object in UTF-8.") from None
    except JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"The body is not JSON; it cannot be read at {where}.") from None
    except ValueError:  # a number of thousands of digits
        raise Problem(400, "The body has a number too long to be read.") from None
    except _TwiceNamed as error:
        raise Problem(400, f"The body has the key {error} twice in one object.") from None
    if not isinstance(document, dict):
        raise Problem(400, "The body is not a JSON object.")
    large = len(body) > REQUEST.most_bytes
    if large and not isinstance(document.get("scenario_driver_scores"), list):
        raise Problem(413, f"{REQUEST.refusal(len(body))[:-1]}, {limit.purpose} more.")
    return document


def _require_modest(body: bytes) -> None:
    """Refuse a large body that would become far larger when it is read."""
    for count, most, noun in (
        (body.count(b"[") + body.count(b"{"), MOST_LISTS, "list"),
        (body.count(b","), MOST_COMMAS, "comma"),
        (body.count(b'"'), MOST_QUOTES, "quotation mark"),
    ):
        if count > most:
            detail = f"The body has {many(count, noun)}; above {REQUEST.most_bytes:,} bytes"
            raise Problem(413, f"{detail} it may have {most:,}.")
    if not body.isascii():
        detail = f"A body above {REQUEST.most_bytes:,} bytes is ASCII; write other characters"
        raise Problem(413, f"{detail} as \\uXXXX.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys each stand there once."""
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _TwiceNamed(json.dumps(name[:60]))
            seen.add(name)
    return document
