"""Making lineups."""

from typing import Any

from flask import Response

from web.api.openapi import starts_job
from web.bodies import Blueprint
from web.requests import encode, leverage_request, optimize_request
from web.schemas.optimize import LeverageSchema, OptimizeSchema
from web.schemas.results import LeverageResultSchema, OptimizeResultSchema
from web.services import sources
from web.submission import start

blueprint = Blueprint("optimize", __name__, url_prefix="/api/v1", description="Lineups.")


@starts_job(blueprint, "/optimize", OptimizeSchema, OptimizeResultSchema)
def optimize(body: dict[str, Any]) -> Response:
    """Start a job that simulates the race and picks the lineups."""
    return start("optimize", encode(optimize_request(body, sources())))


@starts_job(blueprint, "/optimize-with-leverage", LeverageSchema, LeverageResultSchema)
def optimize_with_leverage(body: dict[str, Any]) -> Response:
    """Start a job that picks lineups others do not play, under limits on their ownership."""
    return start("optimize-with-leverage", encode(leverage_request(body, sources())))
