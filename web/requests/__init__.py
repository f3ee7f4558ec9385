"""From what a schema has read to what a job takes; every refusal names the request's field.

Nothing here knows Flask: what a request refers to comes in as :class:`Sources`.
"""

from web.requests.jobs import contest_sim_request, encode, leverage_request, optimize_request
from web.requests.ownership import ownership_request
from web.requests.sources import Sources

__all__ = [
    "Sources",
    "contest_sim_request",
    "encode",
    "leverage_request",
    "optimize_request",
    "ownership_request",
]
