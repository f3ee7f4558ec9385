"""Asking for lineups."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from web.requests import encode, leverage_request, optimize_request
from web.schemas.jobs import JobSchema
from web.schemas.optimize import LeverageSchema, OptimizeSchema
from web.schemas.results import ResultSchema
from web.submission import start

blueprint = Blueprint("optimize", __name__, url_prefix="/api/v1", description="Lineups.")


@blueprint.post("/optimize")
@blueprint.arguments(OptimizeSchema)
@blueprint.doc(parameters=[{"name": "Prefer", "in": "header", "schema": {"type": "string"}}])
@blueprint.response(202, JobSchema)
@blueprint.alt_response(200, schema=ResultSchema, success=True)
def optimize(given: dict[str, Any]) -> Response:
    """Start a job that simulates the race and picks the lineups."""
    return start("optimize", encode(optimize_request(given)))


@blueprint.post("/optimize-with-leverage")
@blueprint.arguments(LeverageSchema)
@blueprint.doc(parameters=[{"name": "Prefer", "in": "header", "schema": {"type": "string"}}])
@blueprint.response(202, JobSchema)
@blueprint.alt_response(200, schema=ResultSchema, success=True)
def optimize_with_leverage(given: dict[str, Any]) -> Response:
    """Start a job that picks lineups others do not play, under limits on their ownership."""
    return start("optimize-with-leverage", encode(leverage_request(given)))
