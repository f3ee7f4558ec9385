"""Loading the compiled code before the first job: tiny jobs done in this process."""

import numpy as np

from core.contest import typical_payouts
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.portfolio.repair import repaired
from core.race import ConstraintCompiler
from core.slate import DRAFTKINGS_CLASSIC, Driver, Slate, find_track
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here
from workers.plans import optimize
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest


def _tiny(objective: str) -> OptimizeRequest:
    drivers = tuple(
        Driver(f"{i}", f"Driver {i}", 6_000 + 500 * i, start_position=i + 1) for i in range(10)
    )
    slate = Slate(drivers, track=find_track("martinsville"))
    return OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=50),
        n_scenarios=1_000,
        seed=0,
        rules=LineupRules(
            tuple(driver.salary_usd for driver in drivers),
            DRAFTKINGS_CLASSIC.roster_size,
            DRAFTKINGS_CLASSIC.salary_cap_usd,
        ),
        limits=portfolio_limits(slate, 4, max_driver_exposure=1.0),
        objective=objective,
        contest=ContestTerms(typical_payouts(20, 1_000)),
    )


def warm() -> None:
    """Compile, or load from disk, everything that a job runs."""
    for objective in OBJECTIVES:
        run_here(optimize.PLAN, _tiny(objective), Memory())
    pool = np.array([range(i, i + 6) for i in range(5)], dtype=np.uint8)
    repaired(pool, np.ones(len(pool)), _tiny("").limits)
