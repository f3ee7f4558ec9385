"""A client that holds every answer of the API against the API's own description."""

import re
from functools import cached_property
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

JSON = ("application/json", "application/problem+json")
HEADERS = ("Content-Disposition", "Location", "Preference-Applied", "Retry-After")

Json = dict[str, Any]


class Description:
    """The OpenAPI document of an application."""

    def __init__(self, application: Flask) -> None:
        self._application = application

    @cached_property
    def document(self) -> Json:
        """The document, as it is served."""
        return dict(self._application.test_client().get("/openapi.json").json)

    def errors(self, schema: Json, value: Any) -> list[str]:
        """Where a value is not as a schema says."""
        standing = {**schema, "components": self.document["components"]}
        validator = Draft202012Validator(standing, format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def check(self, response: TestResponse) -> None:
        """Fail where an answer is not described, or not as it is described."""
        path, method = response.request.path, response.request.method.lower()
        if not path.startswith(("/api/v1/", "/health")) or path.startswith("/api/v1/docs"):
            return
        expected = self._response(self._operation(path, method), response)
        described = set(expected.get("headers", ()))
        undescribed = {name for name in HEADERS if name in response.headers} - described
        assert not undescribed, (method, path, response.status, undescribed)
        if response.status_code == 204:
            return
        assert response.mimetype in expected["content"], (method, path, response.status)
        if response.mimetype in JSON:
            schema = expected["content"][response.mimetype]["schema"]
            errors = self.errors(schema, response.json)
            assert not errors, (method, path, response.status, errors)

    def _operation(self, path: str, method: str) -> Json:
        try:
            rule, _ = self._application.url_map.bind("").match(path, method, return_rule=True)
        except HTTPException:
            return {}
        named = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        return dict(self.document["paths"][named][method])

    def _response(self, operation: Json, response: TestResponse) -> Json:
        responses = self.document["components"]["responses"]
        described = operation.get("responses", {}).get(str(response.status_code))
        if described is None:
            assert response.mimetype == "application/problem+json", response.status
            return dict(responses["DEFAULT_ERROR"])
        if "$ref" in described:
            return dict(responses[described["$ref"].rpartition("/")[2]])
        return dict(described)


class DescribedClient(FlaskClient):
    """A client whose every answer has to be as the document describes it."""

    description: Description

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        response = super().open(*args, **kwargs)
        self.description.check(response)
        return response


def client_of(application: Flask, description: Description) -> DescribedClient:
    """A client of an application, held to its description."""
    client = DescribedClient(application, application.response_class, use_cookies=True)
    client.description = description
    # what a test sends again is to be computed again
    client.environ_base["HTTP_CACHE_CONTROL"] = "no-cache"
    return client
