"""Errors as problem+json (RFC 9457): one place that turns what went wrong into an answer."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from core.errors import Infeasible, InvalidInput
from workers.jobs import UnknownJob

log = logging.getLogger(__name__)

RETRY_SECONDS = 5


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
    """Give the problem+json response of a problem."""
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


def flatten(messages: Any, path: str = "") -> Iterable[tuple[str, list[str]]]:
    """Give marshmallow's nested messages as (``drivers.3.salary``, what is wrong)."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            # webargs names the location first and marshmallow a whole object "_schema"
            hidden = key in {"_schema", "json", "query", "files", "form"}
            yield from flatten(value, path if hidden else f"{path}.{key}".lstrip("."))
    else:
        yield path or "body", [str(message) for message in messages]


def refused(errors: Mapping[str, list[str]]) -> Problem:
    """Give the 422 that names each field and what is wrong with it."""
    count = len(errors)
    return Problem(
        422,
        f"{count} field{'s' if count > 1 else ''} cannot be used: {', '.join(errors)}.",
        errors=dict(errors),
    )


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if status == 422 and messages:
        return answer(refused(dict(flatten(messages))))
    detail = error.description or HTTPStatus(status).phrase
    if isinstance(messages, Mapping):
        detail = " ".join(" ".join(said) for _, said in flatten(messages))
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
        return answer(refused(error.problems))

    @app.errorhandler(Infeasible)
    def _infeasible(error: Infeasible) -> Response:
        errors = {limit: [error.reason] for limit in error.limits or ("body",)}
        return answer(Problem(422, error.reason, errors=errors, largest=error.largest))

    @app.errorhandler(UnknownJob)
    def _unknown(error: UnknownJob) -> Response:
        return answer(Problem(404, str(error)))

    @app.errorhandler(RedisError)
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
