"""Whether the process answers, and whether the installation can run a job."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from web import VERSION
from web.api.openapi import refuses
from web.problems import RETRY_SECONDS, Problem
from web.schemas.health import HealthSchema, ReadySchema
from web.services import jobs, settings
from workers.installation.readiness import store_problem
from workers.installation.versions import VERSION as CODE_VERSION

blueprint = Blueprint("health", __name__, description="Liveness and readiness.")


@blueprint.get("/health")
@blueprint.response(200, HealthSchema)
def health() -> dict[str, Any]:
    """Whether the process answers."""
    return {"status": "healthy", "version": VERSION}


@blueprint.get("/health/ready")
@blueprint.response(200, ReadySchema)
@refuses(blueprint, HTTPStatus.SERVICE_UNAVAILABLE)
def ready() -> dict[str, Any]:
    """Whether a job would be run: a sound Redis, and at least one worker of this version."""
    try:
        unsound = store_problem(jobs().redis, settings())
        load = jobs().load()
        cache = jobs().cache.stats()
    except (RedisConnectionError, RedisTimeoutError):
        raise _not_ready("no answer from Redis", ["redis", "workers"]) from None
    if unsound is not None:
        raise _not_ready(unsound, ["redis"])
    if not load.slots:
        others = ", ".join(load.other_versions)
        mismatch = f"the workers run version {others}, this server {CODE_VERSION}"
        raise _not_ready(mismatch if others else "no worker has reported", ["workers"])
    return {
        "status": "ready",
        "redis": True,
        **asdict(load),
        "scenario_cache": cache and asdict(cache),
    }


def _not_ready(reason: str, missing: list[str]) -> Problem:
    return Problem(
        503,
        f"Not ready: {reason}.",
        headers={"Retry-After": str(RETRY_SECONDS)},
        missing=missing,
    )
