"""The HTTP API, one blueprint a subject."""

from flask_smorest import Blueprint

from web.api.contest_sim import blueprint as contest_sim
from web.api.health import blueprint as health
from web.api.jobs import blueprint as jobs
from web.api.metrics import blueprint as metrics
from web.api.optimize import blueprint as optimize
from web.api.ownership import blueprint as ownership
from web.api.slates import blueprint as slates

BLUEPRINTS: tuple[Blueprint, ...] = (
    health,
    metrics,
    slates,
    optimize,
    ownership,
    contest_sim,
    jobs,
)

__all__ = ["BLUEPRINTS"]
