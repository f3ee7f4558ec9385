"""Linear and integer programs by SciPy's HiGHS, each with an end.

Work is counted in iterations and nodes, so that what comes out of a program depends on no machine.
The clock is a fence behind the counts: a program that passes it has no answer, and fails.
"""

import time
from collections.abc import Callable
from typing import Any

from scipy.optimize import linprog, milp

from core.errors import AxiomaticError

LONGEST_SECONDS = 60.0
"""A program that takes longer fails; the counts end all but the strangest in a few seconds."""

_MOST_ITERATIONS = 200_000
# SciPy's number for a program that was stopped: by its clock or, a linear one, by its iterations
_STOPPED = 1


class ProgramTooLong(AxiomaticError):
    """A program over lineups took longer than any should."""

    def __init__(self) -> None:
        super().__init__(
            f"A program over lineups took more than {LONGEST_SECONDS:g} seconds and was given up. "
            "Lower min_unique or n_lineups, or exclude drivers who matter little."
        )


def solve_linear(cost: Any, **program: Any) -> Any:
    """Solution of a linear program; arguments are those of ``scipy.optimize.linprog``.

    ``status`` of the solution is 1 where the iterations were used up.

    Raises
    ------
    ProgramTooLong
        The clock ended it.
    """
    options = {"maxiter": _MOST_ITERATIONS, "time_limit": LONGEST_SECONDS}
    return _in_time(
        lambda: linprog(cost, method="highs", options=options, **program),
        lambda solved: bool(solved.status == _STOPPED and solved.nit < _MOST_ITERATIONS),
    )


def solve_integer(cost: Any, *, gap: float, most_nodes: int | None = None, **program: Any) -> Any:
    """Solution of an integer program; other arguments are those of ``scipy.optimize.milp``.

    Parameters
    ----------
    cost
        What is minimised.
    gap
        Share of the solution's cost by which a better one may be missed.
    most_nodes
        Nodes after which the search ends with the best solution so far; ``None`` = no end but the
        proof's.

    Raises
    ------
    ProgramTooLong
        The clock ended it.
    """
    options: dict[str, float] = {"mip_rel_gap": gap, "time_limit": LONGEST_SECONDS}
    if most_nodes is not None:
        options["node_limit"] = most_nodes
    return _in_time(
        # SciPy empties the options that it is handed
        lambda: milp(cost, options=dict(options), **program),
        lambda solved: bool(solved.status == _STOPPED),
    )


def _in_time(solve: Callable[[], Any], stopped: Callable[[Any], bool]) -> Any:
    """Solve; once more where the solver's clock, which is the system's, was put forward."""
    while True:
        began = time.monotonic()
        solved = solve()
        if not stopped(solved):
            return solved
        if time.monotonic() - began >= LONGEST_SECONDS:
            raise ProgramTooLong
