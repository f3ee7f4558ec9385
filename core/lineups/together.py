"""The best lineups together: the portfolio of the largest worth under its limits, with a bound.

What drivers are worth adds up, so the whole portfolio is one program over all legal lineups: a
linear program with column generation, whose duals price drivers and teams and whose new columns the
exact walk finds (Gilmore and Gomory, "A linear programming approach to the cutting-stock problem",
1961), then the integer program over the lineups that can matter. The walk's prices also bound every
portfolio there is, so the answer says how far from the best it can be at most.

The similarity of two lineups is the drivers they share; summed over all pairs it is a sum over
drivers of ``c (c - 1) / 2``, c being a driver's count: convex, so it is part of the program too.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from core.lineups.board import Lineups
from core.lineups.choosing import Draft
from core.lineups.feasibility import presence, sets_of_one
from core.lineups.legality import LineupRules
from core.lineups.limits import PortfolioLimits
from core.lineups.walk import best_by_value

Values = npt.NDArray[np.int64]
Prices = npt.NDArray[np.float64]

# prices are rounded to this share of the dearest driver's value: the walk adds whole numbers
_PRICE_STEPS = 1 << 40
_NEW_COLUMNS = 300
_FEW_NEW = 50
_MOST_COLUMNS = 12_000
# Lineups beside the asked for that an integer program sees: few, or many where those do not do.
_PROGRAM_COLUMNS = (200, 1_500)
_NODES = 20
_GAP = 1e-5
# A share of a lineup this near to 0 or 1 is whole; with more broken ones than that they are dived
# for, so many at a time.
_WHOLE = 1e-6
_BROKEN = 30
_DIVE = 15
# what a missing lineup costs, in lineups of the dearest driver: more than any trade can be worth
_DEAR = 100.0
_LACKING = 1e-6
# of the worth: far less than a hundredth of a point, more than what a linear program rounds
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Together:
    """Lineups chosen together for what their drivers are worth.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, the most valuable first.
    values
        i64 ``[n]``: the sum of each one's drivers.
    worth
        The sum of ``values`` less what sharing drivers costs.
    bound
        No portfolio within the limits is worth more.
    columns
        Lineups that the prices were found with.
    """

    lineups: Lineups
    values: Values
    worth: float
    bound: float
    columns: int

    @property
    def proven(self) -> bool:
        """Whether no portfolio within the limits is worth more, but for rounding."""
        return self.bound - self.worth <= 1e-7 * max(1.0, abs(self.worth))


@dataclass(frozen=True, slots=True)
class _Program:
    """Lineups ``[C, R]`` as columns beside every driver's count, ready for either solver.

    Objective to be minimised ``[C + Z + D + 1]``; rows that hold exactly and rows that are bounded
    above. The drivers' counts are variables in steps, each dearer than the one before; the last
    ``D + 1`` are lineups that a driver lacks and lineups that are missing, at a price that leaves
    them at 0 once there are columns enough.
    """

    columns: Lineups
    cost: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    exact: csr_array
    exact_at: npt.NDArray[np.float64]
    above: csr_array
    above_at: npt.NDArray[np.float64]
    sets: csr_array


def _program(
    values: Values,
    columns: Lineups,
    limits: PortfolioLimits,
    pair_cost: float,
    missing_cost: float,
) -> _Program:
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
    return _Program(
        columns=columns,
        cost=np.concatenate(
            [
                -values[columns].sum(axis=1).astype(np.float64),
                step_cost,
                np.full(drivers + 1, missing_cost),
            ]
        ),
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


@dataclass(frozen=True, slots=True)
class _Priced:
    """What the linear program's duals say of every legal lineup.

    Parameters
    ----------
    lineups, gains
        Columns and the walk's best, and what each would add to the worth at these prices.
    bound
        No portfolio is worth more.
    new
        How many of the lineups, the last ones, are no columns yet and would add something.
    lacking
        How much the columns still lack: lineups and drivers in them.
    """

    lineups: Lineups
    gains: Prices
    bound: float
    new: int
    lacking: float


def _count_worth(price: Prices, limits: PortfolioLimits, pair_cost: float) -> float:
    """Give the most that drivers' counts can earn at these prices, within their limits."""
    total = 0.0
    for paid, least, most in zip(price, limits.fewest, limits.most, strict=True):
        counts = np.arange(least, most + 1)
        total += float((paid * counts - pair_cost * counts * (counts - 1) / 2).max())
    return total


def _scale(values: Values) -> float:
    """Give what costs are divided by: solvers' tolerances are absolute, so costs belong near 1."""
    return max(1.0, float(np.abs(values).max()))


def _relaxed(
    values: Values,
    program: _Program,
    lower: npt.NDArray[np.float64] | None = None,
    upper: npt.NDArray[np.float64] | None = None,
) -> Any:
    """Solve the linear program, with other bounds where they are given."""
    bounded = len(program.above_at) > 0
    solved = linprog(
        program.cost / _scale(values),
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
        # something is always allowed to be missing, so there is a solution
        raise ArithmeticError(f"the linear program was not solved: {solved.message}")
    return solved


def _price(
    values: Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    pair_cost: float,
    program: _Program,
    look: int,
) -> tuple[float, _Priced]:
    """Solve the linear program over the columns, and let the walk look for what it lacks."""
    drivers, teams = len(limits.drivers), len(limits.teams)
    scale = _scale(values)
    unit = _PRICE_STEPS / scale
    solved = _relaxed(values, program)
    prices = np.rint(-solved.eqlin.marginals[:drivers] * _PRICE_STEPS).astype(np.int64)
    above = solved.ineqlin.marginals * scale if len(program.above_at) else np.zeros(0)
    charged = np.rint(np.maximum(-above[:teams], 0.0) * unit).astype(np.int64)
    shared = np.maximum(-above[teams:], 0.0)
    priced = np.rint(values * unit).astype(np.int64) - prices
    charges = [
        (team.members, int(charge)) for team, charge in zip(limits.teams, charged, strict=True)
    ]
    found = best_by_value(priced, rules, look, charges=charges)
    touched = presence(program.columns, limits)[drivers:]
    own = (priced[program.columns].sum(axis=1) - charged @ touched) / unit
    own -= program.sets.T @ shared
    known = {lineup.tobytes() for lineup in program.columns}
    fresh = np.array([row.tobytes() not in known for row in found.lineups], dtype=np.bool_)
    others = found.scores[fresh] / unit
    # beyond what the walk gave, every lineup may be worth as much as its last, and no more
    rest = found.scores[-1] / unit if len(found.scores) == look else None
    best = np.sort(np.concatenate([own, others]))[::-1][: limits.n_lineups]
    if rest is not None:
        best = np.maximum(best, rest)
    # a rounded value lost at most half a step a driver
    lost = limits.n_lineups * rules.roster_size / unit
    bound = (
        float(best.sum())
        + _count_worth(prices / unit, limits, pair_cost)
        + float(charged @ limits.team_most) / unit
        + float(shared.sum())
        + lost
    )
    each = -float(solved.eqlin.marginals[drivers]) * scale
    worth = -float(solved.fun) * scale
    tolerance = _CLOSE * max(1.0, abs(worth))
    adds = others > each + tolerance
    return worth, _Priced(
        np.concatenate([program.columns, found.lineups[fresh][adds]]),
        np.concatenate([own, others[adds]]) - each,
        bound,
        int(adds.sum()),
        float(solved.x[-drivers - 1 :].sum()),
    )


def best_together(
    values: Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    pair_cost: float = 0.0,
) -> Together | None:
    """Give the portfolio that is worth most, or ``None`` if none was found.

    ``None`` proves nothing; :func:`core.lineups.feasibility.relax` may.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to a lineup, in any whole unit.
    rules, limits
        What each lineup and the portfolio hold to.
    pair_cost
        What it costs, in the unit of ``values``, that two lineups share a driver; for each such
        driver of each pair.

    Raises
    ------
    ValueError
        ``limits.min_unique`` is above 2: lineups that far apart make a program of another size.
    """
    if limits.min_unique > 2:
        raise ValueError(f"min_unique {limits.min_unique} is above 2")
    columns = best_by_value(values, rules, limits.n_lineups + _NEW_COLUMNS).lineups
    if len(columns) == 0 or (limits.fewest > limits.most).any():
        return None
    bound = np.inf
    missing_cost = _DEAR * max(1.0, float(np.abs(values).max())) * rules.roster_size
    pairs = limits.n_lineups * (limits.n_lineups - 1) / 2
    least = limits.n_lineups * float(np.sort(values)[: rules.roster_size].sum())
    least -= pair_cost * pairs * rules.roster_size
    look = limits.n_lineups + _NEW_COLUMNS
    while True:
        program = _program(values, columns, limits, pair_cost, missing_cost)
        worth, priced = _price(values, rules, limits, pair_cost, program, look)
        bound = min(bound, priced.bound)
        columns = priced.lineups
        if bound < least:
            # the bound counts what is missing: too little, whatever is chosen
            return None
        close = bound - worth <= _CLOSE * max(1.0, abs(worth))
        if close or len(columns) > _MOST_COLUMNS:
            break
        if priced.new < _FEW_NEW:
            # the walk knows no prices of sets of drivers, so what it finds may be columns already
            if look > _MOST_COLUMNS:
                break
            look *= 2
    if priced.lacking > _LACKING:
        return None
    return _whole(values, limits, pair_cost, missing_cost, priced, bound)


def _whole(
    values: Values,
    limits: PortfolioLimits,
    pair_cost: float,
    missing_cost: float,
    priced: _Priced,
    bound: float,
) -> Together | None:
    """Choose whole lineups among those that the prices favour, the fewest that will do."""
    for width in _PROGRAM_COLUMNS:
        kept = np.sort(np.argsort(-priced.gains, kind="stable")[: width + limits.n_lineups])
        program = _program(values, priced.lineups[kept], limits, pair_cost, missing_cost)
        shares = _relaxed(values, program).x[: len(kept)]
        broken = int(((shares > _WHOLE) & (shares < 1.0 - _WHOLE)).sum())
        if program.sets.shape[0] and broken > _BROKEN:
            picked = _dive(values, limits, program)
        else:
            picked = _solve(values, program)
            if picked is None:
                picked = _dive(values, limits, program)
        if picked is not None:
            chosen = program.columns[picked]
            return _together(values, limits, pair_cost, chosen, bound, len(priced.lineups))
        if len(kept) == len(priced.lineups):
            break
    return None


def _solve(values: Values, program: _Program) -> npt.NDArray[np.bool_] | None:
    """Choose columns by integer program."""
    constraints = [LinearConstraint(program.exact, program.exact_at, program.exact_at)]
    if len(program.above_at):
        constraints.append(LinearConstraint(program.above, -np.inf, program.above_at))
    count = len(program.columns)
    solved = milp(
        program.cost / _scale(values),
        constraints=constraints,
        integrality=np.concatenate([np.ones(count), np.zeros(len(program.cost) - count)]),
        # nothing may be missing now
        bounds=Bounds(program.lower, np.where(np.isinf(program.upper), 0.0, program.upper)),
        options={"mip_rel_gap": _GAP, "node_limit": _NODES},
    )
    return None if solved.x is None else np.round(solved.x[:count]) == 1


def _dive(
    values: Values, limits: PortfolioLimits, program: _Program
) -> npt.NDArray[np.bool_] | None:
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
        shares = _relaxed(values, program, lower, upper).x[:count]
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


def _together(
    values: Values,
    limits: PortfolioLimits,
    pair_cost: float,
    chosen: Lineups,
    bound: float,
    columns: int,
) -> Together:
    sums = values[chosen].sum(axis=1)
    order = np.lexsort((*chosen.T[::-1], -sums))
    counts = np.bincount(chosen.ravel(), minlength=len(limits.drivers))
    worth = float(sums.sum()) - pair_cost * float((counts * (counts - 1) / 2).sum())
    if pair_cost == 0.0:
        # every portfolio is worth a multiple of what all values are multiples of
        grain = max(1, int(np.gcd.reduce(values)))
        bound = math.floor(bound / grain) * grain
    return Together(chosen[order], sums[order], worth, max(bound, worth), columns)
