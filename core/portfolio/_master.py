"""The program over chosen columns: lineups, every driver's count, and what is missing.

Its linear relaxation gives prices, its whole solutions are portfolios;
:mod:`core.portfolio.column_generation` decides which lineups are columns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from core.lineups.board import Lineups
from core.portfolio.choosing import Draft
from core.portfolio.feasibility import presence, sets_of_one
from core.portfolio.limits import PortfolioLimits

Scores = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

# what a missing lineup costs, in the largest score and what sharing can cost a lineup: more than
# any trade can be worth
_DEAR = 100.0
_NODES = 20
_GAP = 1e-5
# A share of a lineup this near to 0 or 1 is whole; with more broken ones than that they are dived
# for, so many at a time.
_WHOLE = 1e-6
_BROKEN = 30
_DIVE = 8


@dataclass(frozen=True, slots=True)
class Program:
    """Lineups ``[C, R]`` as columns beside every driver's count, ready for either solver.

    Objective to be minimised ``[C + Z + D + 1]``; rows that hold exactly and rows that are bounded
    above. The drivers' counts are variables in steps, each dearer than the one before; the last
    ``D + 1`` are lineups that a driver lacks and lineups that are missing, at a price that leaves
    them at 0 once there are columns enough. Costs are divided by ``scale``: solvers' tolerances are
    absolute, so costs belong near 1.
    """

    columns: Lineups
    scores: Scores
    scale: float
    cost: Scores
    lower: Scores
    upper: Scores
    exact: csr_array
    exact_at: Scores
    above: csr_array
    above_at: Scores
    sets: csr_array


def program_of(
    columns: Lineups, scores: Scores, limits: PortfolioLimits, pair_cost: float, scale: float
) -> Program:
    """Lay out the program over these columns.

    Parameters
    ----------
    columns, scores
        u8 ``[C, R]`` and what each is worth, f64 ``[C]``.
    limits
        What the portfolio holds to.
    pair_cost
        What it costs that two lineups share a driver.
    scale
        About the largest score.
    """
    held = presence(columns, limits)
    drivers, count = len(limits.drivers), len(columns)
    if pair_cost > 0.0:
        steps = limits.most
        driver = np.repeat(np.arange(drivers), steps)
        step = np.concatenate([np.arange(most) for most in steps])
        # each step is dearer than the one before, so they fill in order; the first have to
        lower, upper = (step < limits.fewest[driver]).astype(np.float64), np.ones(len(step))
        step_cost = pair_cost * step
    else:
        driver = np.arange(drivers)
        lower, upper = limits.fewest.astype(np.float64), limits.most.astype(np.float64)
        step_cost = np.zeros(drivers)
    counted = csr_array(
        (np.ones(len(driver)), (driver, np.arange(len(driver)))), (drivers, len(driver))
    )
    sets = sets_of_one(columns, limits.min_unique)
    above = vstack([csr_array(held[drivers:]), sets])
    sharing = pair_cost * limits.n_lineups * columns.shape[1]
    missing = np.full(drivers + 1, _DEAR * (scale + sharing))
    return Program(
        columns=columns,
        scores=scores,
        scale=scale,
        cost=np.concatenate([-scores, step_cost, missing]) / scale,
        lower=np.concatenate([np.zeros(count), lower, np.zeros(drivers + 1)]),
        upper=np.concatenate([np.ones(count), upper, np.full(drivers + 1, np.inf)]),
        exact=csr_array(
            hstack(
                [
                    vstack([csr_array(held[:drivers]), np.ones((1, count))]),
                    vstack([-counted, csr_array((1, len(driver)))]),
                    eye_array(drivers + 1),
                ]
            )
        ),
        exact_at=np.concatenate([np.zeros(drivers), [float(limits.n_lineups)]]),
        above=csr_array(hstack([above, csr_array((above.shape[0], len(driver) + drivers + 1))])),
        above_at=np.concatenate([limits.team_most.astype(np.float64), np.ones(sets.shape[0])]),
        sets=sets,
    )


def relaxed(program: Program, lower: Scores | None = None, upper: Scores | None = None) -> Any:
    """Solve the linear program, with other bounds where they are given.

    Raises
    ------
    ArithmeticError
        The solver gave up: something is always allowed to be missing, so there is a solution.
    """
    bounded = len(program.above_at) > 0
    solved = linprog(
        program.cost,
        A_ub=program.above if bounded else None,
        b_ub=program.above_at if bounded else None,
        A_eq=program.exact,
        b_eq=program.exact_at,
        bounds=np.column_stack(
            (program.lower if lower is None else lower, program.upper if upper is None else upper)
        ),
        method="highs",
    )
    if solved.status != 0:
        raise ArithmeticError(f"the linear program was not solved: {solved.message}")
    return solved


def whole(program: Program, limits: PortfolioLimits) -> Chosen | None:
    """Choose whole columns, bool ``[C]``, or ``None`` where that finds none."""
    shares = relaxed(program).x[: len(program.columns)]
    broken = int(((shares > _WHOLE) & (shares < 1.0 - _WHOLE)).sum())
    if program.sets.shape[0] and broken > _BROKEN:
        return _dive(program, limits)
    picked = _solve(program)
    return _dive(program, limits) if picked is None else picked


def _solve(program: Program) -> Chosen | None:
    """Choose columns by integer program."""
    constraints = [LinearConstraint(program.exact, program.exact_at, program.exact_at)]
    if len(program.above_at):
        constraints.append(LinearConstraint(program.above, -np.inf, program.above_at))
    count = len(program.columns)
    solved = milp(
        program.cost,
        constraints=constraints,
        integrality=np.concatenate([np.ones(count), np.zeros(len(program.cost) - count)]),
        # nothing may be missing now
        bounds=Bounds(program.lower, np.where(np.isinf(program.upper), 0.0, program.upper)),
        options={"mip_rel_gap": _GAP, "node_limit": _NODES},
    )
    return None if solved.x is None else np.round(solved.x[:count]) == 1


def _dive(program: Program, limits: PortfolioLimits) -> Chosen | None:
    """Choose columns a few at a time, those the linear program has most of, solving it again.

    Where many sets of drivers are priced, an integer program's root alone takes its solver longer
    than the whole of this does.
    """
    count = len(program.columns)
    draft = Draft(program.columns, limits)
    while draft.chosen.sum() < limits.n_lineups:
        open_now = draft.allowed() | draft.chosen
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[:count], upper[:count] = draft.chosen, open_now
        shares = relaxed(program, lower, upper).x[:count]
        taken = 0
        while draft.chosen.sum() < limits.n_lineups:
            fits = draft.allowed()
            if not fits.any():
                break
            place = int(np.argmax(np.where(fits, shares, -1.0)))
            if taken >= _DIVE and shares[place] < 1.0 - _WHOLE:
                break
            draft.change(place, 1)
            taken += 1
        if taken == 0:
            return None
    return draft.chosen
