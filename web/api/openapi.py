"""The OpenAPI document: what flask-smorest does not say of our schemas, headers and errors."""

from collections.abc import Callable
from functools import reduce
from http import HTTPStatus
from inspect import cleandoc
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask_smorest import Api, Blueprint
from flask_smorest.spec.plugins import FlaskPlugin
from marshmallow import Schema, fields, validate

from core.slate.prices import LARGEST
from core.text import PATTERN
from web.schemas.jobs import JobSchema
from web.schemas.problems import ProblemSchema
from web.schemas.values import Fractions, Price, Text

View = Callable[..., Any]
Decorator = Callable[[View], View]

PROBLEM_TYPE = "application/problem+json"

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to send the request again; only where that may help.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
JOB_HEADERS = {
    "Location": {
        "description": "Path of the job, `/api/v1/jobs/{run_id}`.",
        "schema": {"type": "string"},
    },
    "Preference-Applied": {
        "description": "`wait=N`: how many seconds the server was ready to wait for the result, "
        "where the request preferred that.",
        "schema": {"type": "string"},
    },
}
FILE_HEADERS = {
    "Content-Disposition": {
        "description": "An attachment, with the name to save it under.",
        "schema": {"type": "string"},
    }
}
PATH_PARAMETERS = {
    "run_id": "Id of the job, as `run_id` of the answer that it was started with.",
    "slate_id": "Id of the stored slate.",
    "kind": "Kind of the job.",
}
PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=N`: wait up to N seconds, at most 60, and answer with the result if it "
    "is ready by then. Where many callers wait already the answer comes at once.",
    "schema": {"type": "string"},
    "example": "wait=30",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text of your own. The same request sent again under the same key answers "
    "with the first one's job; another request under that key is a 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
CACHE_CONTROL = {
    "name": "Cache-Control",
    "in": "header",
    "description": "`no-cache`: compute the result anew. Otherwise the result of the same request, "
    "of the same slate and seed, that you have sent before may be the answer (`cached`). A request "
    "with an `Idempotency-Key` has a job of its own.",
    "schema": {"type": "string"},
    "example": "no-cache",
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Id of the last event that the client has; the stream goes on after it.",
    "schema": {"type": "string"},
}

PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON object, or a header cannot be used.",
    HTTPStatus.UNAUTHORIZED: "The request needs a key, or the one it has is none.",
    HTTPStatus.NOT_FOUND: "There is no such thing, it is another caller's, or its time is over.",
    HTTPStatus.GONE: "The job was there; its time is over, or it was removed.",
    HTTPStatus.CONFLICT: "There is no result: the job failed, was cancelled or has not ended.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than the server takes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body has another media type.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request cannot be used; `errors` says what is wrong with "
    "which of its fields. Rules that no lineups obey together stand in `limits`.",
    HTTPStatus.TOO_MANY_REQUESTS: "The caller has as many of these going on as one may have.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Redis cannot be reached or has no room, or workers run "
    "another version. Nothing was started.",
}
_WITH_RETRY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT}


def refuses(blueprint: Blueprint, *statuses: HTTPStatus) -> Decorator:
    """The decorator that describes the refusals of a route; any other is described as well."""

    def describe(view: View) -> View:
        for status in statuses:
            view = blueprint.alt_response(status.value, status.name)(view)
        return view

    return describe


def starts_job(
    blueprint: Blueprint, path: str, request: type[Schema], result: type[Schema]
) -> Decorator:
    """The decorator of a view that starts a job: its route, its schemas, headers and refusals.

    Parameters
    ----------
    blueprint, path
        Where the route stands.
    request, result
        Schemas of what the job takes and of what it answers.
    """
    described = (
        blueprint.alt_response(
            HTTPStatus.OK,
            schema=result,
            description="The result, ready within the time that `Prefer` gives, or stored "
            "before (`cached`).",
            headers=JOB_HEADERS,
            success=True,
        ),
        blueprint.response(
            HTTPStatus.ACCEPTED,
            JobSchema,
            description="The job, started or still running; also one that failed meanwhile.",
            headers=JOB_HEADERS,
        ),
        refuses(
            blueprint,
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        blueprint.doc(parameters=[PREFER, IDEMPOTENCY_KEY, CACHE_CONTROL]),
        blueprint.arguments(request),
        blueprint.post(path),
    )
    return lambda view: reduce(lambda so_far, add: add(so_far), described, view)


class _Converter(OpenAPIConverter):
    """Adds what a schema says beside its fields: its docstring, and which fields exclude others.

    ``exactly_one`` on a schema names fields of which a request has one, ``at_most_one`` fields of
    which it has one or none.
    """

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """The JSON schema of a marshmallow schema."""
        document: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        document["description"] = " ".join(cleandoc(schema.__doc__).split())
        if one := getattr(schema, "exactly_one", ()):
            document["oneOf"] = [{"required": [name]} for name in one]
        if excluding := getattr(schema, "at_most_one", ()):
            document["not"] = {"required": list(excluding)}
        return document


class _Paths(FlaskPlugin):  # type: ignore[misc]
    """Adds what the parts of a path mean."""

    def rule_to_params(self, rule: Any) -> list[dict[str, Any]]:
        """The parameters of a path."""
        parameters: list[dict[str, Any]] = super().rule_to_params(rule)
        return [
            {**parameter, "description": PATH_PARAMETERS[parameter["name"]]}
            for parameter in parameters
        ]


class _Schemas(MarshmallowPlugin):
    Converter = _Converter


def _bounds(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """Bounds of a number that are excluded, as JSON schema writes them."""
    del converter
    exclusive = {}
    for validator in field.validators:
        if isinstance(validator, validate.Range):
            if not validator.min_inclusive:
                exclusive["exclusiveMinimum"] = ret.pop("minimum")
            if not validator.max_inclusive:
                exclusive["exclusiveMaximum"] = ret.pop("maximum")
    return exclusive


def _lengths(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """How long a text may be, and which characters it may have."""
    del converter, ret
    if isinstance(field, Text):
        return {"minLength": Text.SHORTEST, "maxLength": Text.LONGEST, "pattern": PATTERN}
    return {}


def _keys(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """The keys that an object may have, where they are known."""
    del ret
    if isinstance(field, fields.Dict) and field.key_field is not None:
        keys = converter.field2property(field.key_field)
        return {"propertyNames": {name: keys[name] for name in keys if name != "type"}}
    return {}


def _fractions(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """One fraction, or an object of them."""
    del ret
    if not isinstance(field, Fractions):
        return {}
    fraction = converter.field2property(field.FRACTION)
    return {"oneOf": [fraction, {"type": "object", "additionalProperties": fraction}]}


def _prices(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """A price as a number or as a text with a sign."""
    del converter, ret
    if not isinstance(field, Price):
        return {}
    kinds: list[dict[str, Any]] = [
        {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
        {"type": "string", "maxLength": Price.LONGEST},
    ]
    return {"oneOf": [*kinds, {"type": "null"}] if field.allow_none else kinds}


def _defaults(converter: Any, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """Defaults that are lists, which a schema makes anew for every request."""
    del converter, ret
    return {"default": field.load_default()} if callable(field.load_default) else {}


class DescribedApi(Api):  # type: ignore[misc]
    """The API and its OpenAPI document; errors are answered by :mod:`web.problems` alone."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Any) -> None:
        super().__init__(
            app, spec_kwargs={"flask_plugin": _Paths(), "marshmallow_plugin": _Schemas()}
        )
        self.spec.components.security_scheme(
            "key",
            {
                "type": "http",
                "scheme": "bearer",
                "description": "A user's key, as axiomatic users add shows it. An installation "
                "without users asks for none.",
            },
        )
        # none is needed where there are no users
        self.spec.options["security"] = [{}, {"key": []}]
        for describe in (_bounds, _lengths, _keys, _fractions, _prices, _defaults):
            self.ma_plugin.converter.add_attribute_function(describe)

    def _register_error_handlers(self) -> None:
        """Register none."""

    def _register_responses(self) -> None:
        """Describe every refusal as a problem document."""
        content = {PROBLEM_TYPE: {"schema": ProblemSchema}}
        for status, meaning in PROBLEMS.items():
            response = {"description": meaning, "content": content}
            if status in _WITH_RETRY:
                response["headers"] = RETRY_AFTER
            self.spec.components.response(status.name, response)
        self.spec.components.response(
            self.DEFAULT_ERROR_RESPONSE_NAME,
            {"description": "Any other error.", "content": content},
        )
