"""Estimating what the field owns."""

from typing import Any

from flask import Response

from web.api.openapi import starts_job
from web.bodies import Blueprint
from web.requests import encode, ownership_request
from web.schemas.ownership import OwnershipSchema
from web.schemas.results import OwnershipResultSchema
from web.services import sources
from web.submission import start

blueprint = Blueprint("ownership", __name__, url_prefix="/api/v1", description="Ownership.")


@starts_job(blueprint, "/ownership", OwnershipSchema, OwnershipResultSchema)
def ownership(body: dict[str, Any]) -> Response:
    """Start a job that estimates the share of the entries that will hold each driver."""
    return start("ownership", encode(ownership_request(body, sources())))
