"""Loading the compiled code that checks requests before the first request needs it."""

import threading

import numpy as np

from core.lineups import LineupRules
from core.portfolio import portfolio_limits, require_possible
from core.portfolio.repair import repaired
from core.slate import Driver, Slate

_DRIVERS = 12


def _check_a_tiny_request() -> None:
    slate = Slate(tuple(Driver(str(i), f"Driver {i}", 1_000) for i in range(_DRIVERS)))
    size, salaries = slate.rules.roster_size, tuple(driver.salary_usd for driver in slate.drivers)
    rules = LineupRules(salaries, size, size * 1_000)
    limits = portfolio_limits(slate, 2)
    require_possible(rules, limits)
    pool = np.array([range(i, i + size) for i in range(_DRIVERS - size)], dtype=np.uint8)
    repaired(pool, np.ones(len(pool)), limits)


def warm_in_background() -> None:
    """Load the code in a thread of its own; the first start of a checkout compiles it.

    A request that needs the code meanwhile waits for it; others are answered.
    """
    threading.Thread(target=_check_a_tiny_request, name="warming", daemon=True).start()
