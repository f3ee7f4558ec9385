"""Whether the process answers, and whether the installation can run a job."""

from typing import Any

from flask_smorest import Blueprint
from redis.exceptions import RedisError

from web import VERSION
from web.problems import RETRY_SECONDS, Problem
from web.schemas.jobs import HealthSchema, ReadySchema
from web.services import jobs
from workers.app import app as celery
from workers.connection import connect

blueprint = Blueprint("health", __name__, description="Liveness and readiness.")

PING_SECONDS = 2.0


@blueprint.get("/health")
@blueprint.response(200, HealthSchema)
def health() -> dict[str, Any]:
    """Say that the process answers."""
    return {"status": "healthy", "version": VERSION}


@blueprint.get("/health/ready")
@blueprint.response(200, ReadySchema)
def ready() -> dict[str, Any]:
    """Say whether Redis and at least one worker answer."""
    missing = []
    workers = 0
    try:
        connect(jobs().settings.redis_url).ping()
        workers = len(celery.control.ping(timeout=PING_SECONDS, limit=1) or [])
        if not workers:
            missing.append("workers")
    except RedisError:
        missing = ["redis", "workers"]
    if missing:
        raise Problem(
            503,
            f"Not ready: no answer from {' and '.join(missing)}.",
            headers={"Retry-After": str(RETRY_SECONDS)},
            missing=missing,
        )
    return {"status": "ready", "redis": True, "workers": workers}
