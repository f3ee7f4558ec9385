"""Playing lineups in a contest."""

from typing import Any

from flask import Response

from web.api.openapi import starts_job
from web.bodies import Blueprint
from web.requests import contest_sim_request, encode
from web.schemas.contests import ContestSimSchema
from web.schemas.results import ContestSimResultSchema
from web.services import sources
from web.submission import start

blueprint = Blueprint("contest_sim", __name__, url_prefix="/api/v1", description="Contests.")


@starts_job(blueprint, "/contest-sim", ContestSimSchema, ContestSimResultSchema)
def contest_sim(body: dict[str, Any]) -> Response:
    """Start a job that plays the caller's own lineups in every simulated race."""
    request, attachments = contest_sim_request(body, sources())
    return start("contest-sim", encode(request), attachments)
