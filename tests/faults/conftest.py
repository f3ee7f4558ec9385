"""Fixtures of the tests of faults: the real job that they disturb, and its undisturbed result."""

import json

import msgspec
import pytest

from core.contest import typical_payouts
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler
from tests.conftest import small_slate
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here
from workers.plans import optimize
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest


@pytest.fixture(scope="session")
def request_document() -> bytes:
    """A job with every kind of stage, in several chunks wherever the stage can be cut.

    Its 66 units of lineups are more than are merged at once: that stage has merges of its own.
    """
    slate = small_slate(16)
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate),
        n_scenarios=1_700,
        seed=11,
        rules=LineupRules(tuple(driver.salary_usd for driver in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 5, max_driver_exposure=1.0),
        objective="dollars",
        contest=ContestTerms(typical_payouts(200, 1_000), fields_per_block=2),
    )
    return msgspec.json.encode(request)


@pytest.fixture(scope="session")
def undisturbed(request_document: bytes) -> bytes:
    """The stored result of the same job, done in one process without any fault."""
    request = optimize.PLAN.read(request_document)
    return json.dumps(run_here(optimize.PLAN, request, Memory())).encode()
