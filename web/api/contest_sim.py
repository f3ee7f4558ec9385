"""Asking what lineups earn in a contest."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from web.requests import contest_sim_request, encode
from web.schemas.contests import ContestSimSchema
from web.schemas.jobs import JobSchema
from web.schemas.results import ResultSchema
from web.submission import start

blueprint = Blueprint("contest_sim", __name__, url_prefix="/api/v1", description="Contests.")


@blueprint.post("/contest-sim")
@blueprint.arguments(ContestSimSchema)
@blueprint.doc(parameters=[{"name": "Prefer", "in": "header", "schema": {"type": "string"}}])
@blueprint.response(202, JobSchema)
@blueprint.alt_response(200, schema=ResultSchema, success=True)
def contest_sim(given: dict[str, Any]) -> Response:
    """Start a job that plays the caller's own lineups in every simulated race."""
    request, attached = contest_sim_request(given)
    return start("contest-sim", encode(request), attached)
