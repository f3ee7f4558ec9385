"""Errors as problem+json (RFC 9457): one place that turns what went wrong into an answer."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Flask, Response, json, request
from kombu.exceptions import OperationalError
from redis.exceptions import BusyLoadingError, OutOfMemoryError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

from core.errors import Infeasible, InvalidInput
from web.audit import note
from web.labels import conflict_errors, conflict_members, errors_of
from web.stored_slates import NoRoomForSlate, UnknownSlate
from workers.engine.job_arrays import StoreFull
from workers.engine.jobs import JobGone, UnknownJob
from workers.engine.submission import KeyTaken, NoSuchWorkers

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
MOST_FIELDS = 20
_LONGEST_NAME, _LONGEST_MESSAGE = 100, 400
_NO_ROUTE = {
    404: "Nothing is at {path}; /openapi.json lists what there is.",
    405: "{path} takes no {method}; the header Allow names what it takes.",
}


class Problem(Exception):
    """An answer that is an error.

    Parameters
    ----------
    status
        The HTTP status.
    detail
        One sentence for the user.
    headers
        Extra headers.
    members
        Extra members of the problem document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


def answer(problem: Problem) -> Response:
    """The problem+json response of a problem."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    response = Response(
        json.dumps(document), status=problem.status, mimetype="application/problem+json"
    )
    response.headers.update(problem.headers)
    return response


def flatten(messages: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[str, list[str]]]:
    """Nested messages of marshmallow as (``drivers.3.salary``, what is wrong)."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            # webargs names the location first, and marshmallow a whole object "_schema"
            location = not path and key in {"json", "query", "files", "form"}
            hidden = location or key == "_schema"
            yield from flatten(value, path if hidden else (*path, str(key)))
    else:
        # of an object's entry, marshmallow says whether its key or its value is wrong
        field = path[:-1] if path[1:] and path[-1] in {"key", "value"} else path
        yield ".".join(field) or "body", [str(message) for message in messages]


def refused(errors: Mapping[str, list[str]]) -> Problem:
    """The 422 that names each field and what is wrong with it, of many fields the first."""
    count = len(errors)
    shown = {
        _cut(name, _LONGEST_NAME): [_cut(each, _LONGEST_MESSAGE) for each in messages[:MOST_FIELDS]]
        for name, messages in islice(errors.items(), MOST_FIELDS)
    }
    names = ", ".join(shown) + (f" and {count - MOST_FIELDS} more" if count > MOST_FIELDS else "")
    return Problem(
        422,
        f"{count} field{'s' if count > 1 else ''} cannot be used: {names}.",
        errors=shown,
    )


def _cut(text: str, longest: int) -> str:
    """A text that a request may have filled, no longer than a refusal needs."""
    return text if len(text) <= longest else text[: longest - 2] + ".."


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if isinstance(error.response, Response):
        # made where more is known, as the limit of submissions is
        return error.response
    if status == 422 and messages:
        return answer(refused(dict(flatten(messages))))
    detail = error.description or HTTPStatus(status).phrase
    if request.routing_exception is error and status in _NO_ROUTE:
        detail = _NO_ROUTE[status].format(path=request.path[:80], method=request.method)
    if isinstance(messages, Mapping):
        detail = " ".join(" ".join(wrong) for _, wrong in flatten(messages))
    response = answer(Problem(status, detail))
    allow = error.get_response().headers.get("Allow")
    if allow:
        response.headers["Allow"] = allow
    return response


def register(app: Flask) -> None:
    """Answer every error of ``app`` with a problem document."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _http)

    @app.errorhandler(InvalidInput)
    def _invalid(error: InvalidInput) -> Response:
        return answer(refused(errors_of(error)))

    @app.errorhandler(Infeasible)
    def _infeasible(error: Infeasible) -> Response:
        errors, members = conflict_errors(error), conflict_members(error)
        return answer(Problem(422, error.reason, errors=errors, **members))

    @app.errorhandler(UnknownJob)
    @app.errorhandler(UnknownSlate)
    def _unknown(error: UnknownJob | UnknownSlate) -> Response:
        return answer(Problem(404, str(error)))

    @app.errorhandler(JobGone)
    def _gone(error: JobGone) -> Response:
        return answer(Problem(410, str(error)))

    @app.errorhandler(NoRoomForSlate)
    def _no_room(error: NoRoomForSlate) -> Response:
        note("refused", status=429)
        return answer(Problem(429, str(error), headers={"Retry-After": str(error.seconds)}))

    @app.errorhandler(KeyTaken)
    def _taken(error: KeyTaken) -> Response:
        return answer(Problem(422, str(error)))

    @app.errorhandler(StoreFull)
    @app.errorhandler(NoSuchWorkers)
    def _later(error: StoreFull | NoSuchWorkers) -> Response:
        log.warning("refused for now: %s", error)
        retry = {"Retry-After": str(6 * RETRY_SECONDS)}
        return answer(Problem(503, str(error), headers=retry))

    @app.errorhandler(OutOfMemoryError)
    def _full(error: Exception) -> Response:
        log.error("Redis is full: %s", error)
        return answer(
            Problem(
                503,
                "Redis is full; nothing was started. Try again when running jobs have ended.",
                headers={"Retry-After": str(10 * RETRY_SECONDS)},
            )
        )

    @app.errorhandler(BusyLoadingError)
    @app.errorhandler(RedisConnectionError)
    @app.errorhandler(RedisTimeoutError)
    @app.errorhandler(OperationalError)
    def _away(error: Exception) -> Response:
        log.warning("Redis is away: %s", error)
        return answer(
            Problem(
                503,
                "Redis cannot be reached; nothing was started. Try again shortly.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        )

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        log.exception("unexpected error", exc_info=error)
        return answer(Problem(500, "An unexpected error; the server's log has it."))
