"""What the installation does, for Prometheus."""

import hmac
from http import HTTPStatus

from flask import Response, request
from flask_smorest import Blueprint
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from web.accounts import OPEN_USER
from web.api.openapi import refuses
from web.installation_metrics import InstallationCollector
from web.loopback import is_loopback
from web.measuring import add_requests
from web.problems import Problem
from web.services import accounts, jobs, settings

blueprint = Blueprint("metrics", __name__, description="Metrics.")

_FORWARDING = ("forwarded", "via", "x-forwarded", "x-real-ip")


@blueprint.get("/metrics")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="Prometheus' text format: requests by route and how long they took, the queue and "
    "its age, how long pieces of each stage took, retries, lost leases, the store, the cache.",
)
@refuses(blueprint, HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE)
def metrics() -> Response:
    """Show counts and times; on loopback, or with the token of AXIOMATIC_METRICS_TOKEN."""
    if not (_is_near() or _has_token()):
        raise Problem(
            401,
            "From another machine or through a proxy /metrics needs the token that "
            "AXIOMATIC_METRICS_TOKEN sets: Authorization: Bearer TOKEN.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    registry = CollectorRegistry()
    add_requests(registry)
    registry.register(InstallationCollector(jobs(), _classes()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _classes() -> dict[str, str]:
    """The class of each user."""
    every = accounts().every()
    if not every:
        return {OPEN_USER.user_id: "everyone"}
    return {each.user_id: "administrator" if each.admin else "user" for each in every}


def _is_near() -> bool:
    """Whether a program of this machine asks, and for nobody else."""
    if any(name.lower().startswith(_FORWARDING) for name, _ in request.headers):
        return False
    # a unix socket has no address, and only those whom its permissions allow reach it
    return not request.remote_addr or is_loopback(request.remote_addr)


def _has_token() -> bool:
    token = settings().metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return (
        token is not None
        and scheme.lower() == "bearer"
        and hmac.compare_digest(given.strip().encode(), token.encode())
    )
