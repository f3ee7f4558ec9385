"""The program that chooses a portfolio among some lineups, its columns.

Its linear relaxation prices the limits; its whole solutions are portfolios.
:mod:`core.portfolio.column_generation` decides which lineups are columns.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import csr_array, eye_array, hstack, vstack

from core.lineups.board import Lineups
from core.portfolio.choosing import Draft
from core.portfolio.feasibility import presence, sets_of_one, too_alike
from core.portfolio.limits import PortfolioLimits
from core.portfolio.programs import solve_integer, solve_linear

Scores = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

# Cost of a missing lineup, as a multiple of the largest score plus the most that sharing can cost a
# lineup: no exchange of lineups can gain as much.
_MISSING_COST = 100.0
_NODES = 20
_GAP = 1e-5
# A share of a lineup this near to 0 or 1 counts as whole. Where sets of drivers are limited and
# more shares than ``_MANY_FRACTIONS`` are not whole, columns are chosen by dives, up to ``_DIVE``
# columns in each.
_WHOLE = 1e-6
_MANY_FRACTIONS = 30
_DIVE = 8
# Iterations of all linear programs of a dive before it is given up, some six seconds of them;
# ordinary dives take a few thousand.
_MOST_ITERATIONS = 40_000


@dataclass(frozen=True, slots=True)
class Program:
    """The program over the lineups ``[C, R]``, ready for the linear and the integer solver.

    It has ``C + Z + D + 1`` variables: each lineup's share; Z for the drivers' counts, in steps
    each of which costs more than the one before; for each driver the lineups that he lacks; and the
    number of missing lineups. The last ``D + 1`` cost so much that they are 0 once the columns hold
    a portfolio.

    ``cost`` is minimised within ``lower`` and ``upper``. The rows of ``exact`` equal ``exact_at``,
    those of ``above`` are at most ``above_at``; the last of these are ``sets``, sets of drivers
    that only one lineup may hold. Costs are divided by ``scale``: solvers' tolerances are absolute,
    so costs should be near 1.
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
    """The program over these columns.

    Parameters
    ----------
    columns, scores
        The lineups, u8 ``[C, R]``, and their scores, f64 ``[C]``.
    limits
        Limits on the portfolio.
    pair_cost
        Cost of each driver that two lineups share, for each pair of lineups.
    scale
        About the largest score.
    """
    held = presence(columns, limits)
    drivers, count = len(limits.drivers), len(columns)
    if pair_cost > 0.0:
        steps = limits.most
        driver = np.repeat(np.arange(drivers), steps)
        step = np.concatenate([np.arange(most) for most in steps])
        # each step costs more than the one before, so they fill in order; those up to the driver's
        # minimum have to be filled
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
    missing = np.full(drivers + 1, _MISSING_COST * (scale + sharing))
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
    """Solution of the linear program, within these bounds in place of its own where they are set.

    Raises
    ------
    ArithmeticError
        The solver gave up. It cannot be that there is no solution, as lineups may be missing.
    """
    bounded = len(program.above_at) > 0
    solved = solve_linear(
        program.cost,
        A_ub=program.above if bounded else None,
        b_ub=program.above_at if bounded else None,
        A_eq=program.exact,
        b_eq=program.exact_at,
        bounds=np.column_stack(
            (program.lower if lower is None else lower, program.upper if upper is None else upper)
        ),
    )
    if solved.status != 0:
        raise ArithmeticError(f"the linear program was not solved: {solved.message}")
    return solved


def whole(program: Program, limits: PortfolioLimits) -> Chosen | None:
    """Choose whole columns, bool ``[C]``; ``None`` where no portfolio is found."""
    shares = relaxed(program).x[: len(program.columns)]
    fractions = int(((shares > _WHOLE) & (shares < 1.0 - _WHOLE)).sum())
    many = program.sets.shape[0] and fractions > _MANY_FRACTIONS
    if many or too_alike(program.sets, limits):
        return _dive(program, limits)
    picked = _solve(program)
    return _dive(program, limits) if picked is None else picked


def _solve(program: Program) -> Chosen | None:
    """Choose columns by integer program."""
    constraints = [LinearConstraint(program.exact, program.exact_at, program.exact_at)]
    if len(program.above_at):
        constraints.append(LinearConstraint(program.above, -np.inf, program.above_at))
    count = len(program.columns)
    solved = solve_integer(
        program.cost,
        constraints=constraints,
        integrality=np.concatenate([np.ones(count), np.zeros(len(program.cost) - count)]),
        # no lineup and no driver may be missing here
        bounds=Bounds(program.lower, np.where(np.isinf(program.upper), 0.0, program.upper)),
        gap=_GAP,
        most_nodes=_NODES,
    )
    return None if solved.x is None else np.round(solved.x[:count]) == 1


def _dive(program: Program, limits: PortfolioLimits) -> Chosen | None:
    """Fix a few columns at a time, those with the largest shares, and solve the rest again.

    Where many sets of drivers are limited, the integer solver takes longer for its root node alone
    than this does altogether.
    """
    count = len(program.columns)
    draft = Draft(program.columns, limits)
    iterations = 0
    while draft.chosen.sum() < limits.n_lineups:
        if iterations > _MOST_ITERATIONS:
            return None
        open_now = draft.allowed() | draft.chosen
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[:count], upper[:count] = draft.chosen, open_now
        solved = relaxed(program, lower, upper)
        shares = solved.x[:count]
        iterations += solved.nit
        taken = 0
        while draft.chosen.sum() < limits.n_lineups:
            fits = draft.allowed()
            if not fits.any():
                break
            index = int(np.argmax(np.where(fits, shares, -1.0)))
            if taken >= _DIVE and shares[index] < 1.0 - _WHOLE:
                break
            draft.change(index, 1)
            taken += 1
        if taken == 0:
            return None
    return draft.chosen
