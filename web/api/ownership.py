"""Asking what the field will own."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from web.requests import encode, ownership_request
from web.schemas.jobs import JobSchema
from web.schemas.ownership import OwnershipSchema
from web.schemas.results import ResultSchema
from web.submission import start

blueprint = Blueprint("ownership", __name__, url_prefix="/api/v1", description="Ownership.")


@blueprint.post("/ownership")
@blueprint.arguments(OwnershipSchema)
@blueprint.doc(parameters=[{"name": "Prefer", "in": "header", "schema": {"type": "string"}}])
@blueprint.response(202, JobSchema)
@blueprint.alt_response(200, schema=ResultSchema, success=True)
def ownership(given: dict[str, Any]) -> Response:
    """Start a job that estimates the share of the entries that will hold each driver."""
    return start("ownership", encode(ownership_request(given)))
