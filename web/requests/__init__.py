"""From what a schema has read to what the rooms take, every refusal naming the request's field."""

from web.requests.jobs import contest_sim_request, encode, leverage_request, optimize_request
from web.requests.ownership import ownership_request

__all__ = [
    "contest_sim_request",
    "encode",
    "leverage_request",
    "optimize_request",
    "ownership_request",
]
