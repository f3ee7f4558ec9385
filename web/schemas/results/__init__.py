"""The results of jobs, one schema for each kind, every key described.

Results are served as they are stored. The schemas describe them, and tests hold real results
against them: a key that is not described, or a described one that is absent, fails.
"""

from marshmallow import Schema

from web.schemas.results.contest_sim import ContestSimResultSchema
from web.schemas.results.optimize import LeverageResultSchema, OptimizeResultSchema
from web.schemas.results.ownership import OwnershipResultSchema

RESULTS: dict[str, type[Schema]] = {
    "optimize": OptimizeResultSchema,
    "optimize-with-leverage": LeverageResultSchema,
    "ownership": OwnershipResultSchema,
    "contest-sim": ContestSimResultSchema,
}
"""By kind of job."""

__all__ = [
    "RESULTS",
    "ContestSimResultSchema",
    "LeverageResultSchema",
    "OptimizeResultSchema",
    "OwnershipResultSchema",
]
