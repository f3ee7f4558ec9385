"""The best lineup by integer program.

The program states a lineup's rules independently: it shares no code with the walk over every
lineup (:func:`core.lineups.best_by_value`), so each is checked against the other.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pulp

from core.errors import InvalidInput
from core.lineups.legality import Budget, Group, LineupRules, is_legal
from core.portfolio.solvers import SolverFailed, SolverName, solve

Values = npt.NDArray[np.float64] | npt.NDArray[np.int64]

# Solvers are accurate to about a millionth of a variable; amounts below this base are safe.
_DIGIT = 10_000


def best_lineup(
    rules: LineupRules,
    values: Values,
    *,
    solver: SolverName | None = None,
    time_limit_seconds: float | None = None,
) -> npt.NDArray[np.uint8]:
    """Find the legal lineup with the largest sum of ``values``.

    It is proven best to within 1e-6, for values of the size of points. Which of several equal
    lineups is returned is the solver's choice.

    Parameters
    ----------
    rules
        Rules of a legal lineup.
    values
        What each driver adds, ``[D]``.
    solver
        One of :func:`core.portfolio.solvers.available_solvers`; the first of them by default.
    time_limit_seconds
        Wall time; unlimited by default.

    Returns
    -------
    u8 ``[R]``, drivers in slate order.

    Raises
    ------
    Infeasible
        No lineup is legal.
    TimedOut
        The lineup was not proven best in time.
    InvalidInput
        ``values`` is not one finite number for each driver, or the time limit is 0 or less.
    SolverMissing, SolverFailed
        There is no solver, or it failed.
    """
    program, picks = _lineup_program(rules, values)
    solve(program, solver=solver, time_limit_seconds=time_limit_seconds)
    picked = [driver for driver, pick in enumerate(picks) if pick.varValue == 1.0]
    if not is_legal(rules, picked):
        raise SolverFailed(f"The solver's lineup {picked} breaks a rule.")
    return np.array(picked, dtype=np.uint8)


def _lineup_program(rules: LineupRules, values: Values) -> tuple[pulp.LpProblem, list[Any]]:
    """The program, and its variables in slate order: 1 where the lineup holds the driver."""
    drivers = len(rules.salaries_usd)
    worth = np.asarray(values)
    if worth.shape != (drivers,) or not np.isfinite(worth).all():
        raise InvalidInput({"values": f"give one finite number for each of {drivers} drivers."})
    program = pulp.LpProblem("lineup", pulp.LpMaximize)
    picks = [program.add_variable(f"pick_{i}", 0, 1, pulp.LpInteger) for i in range(drivers)]
    program.setObjective(_weighted(picks, worth.tolist()))
    program.addConstraint(_held(picks, range(drivers)) == rules.roster_size, "roster")
    salary = _weighted(picks, rules.salaries_usd)
    program.addConstraint(salary <= rules.salary_cap_usd, "salary_cap")
    if rules.min_salary_usd > 0:
        program.addConstraint(salary >= rules.min_salary_usd, "min_salary")
    for driver in sorted(set(rules.locks)):
        program.addConstraint(_held(picks, [driver]) == 1, f"lock_{driver}")
    for driver in sorted(set(rules.excludes)):
        program.addConstraint(_held(picks, [driver]) == 0, f"exclude_{driver}")
    for number, group in enumerate(rules.groups):
        _add_group(program, picks, group, f"group_{number}", rules.roster_size)
    for number, budget in enumerate(rules.budgets):
        _add_budget(program, picks, budget, f"budget_{number}", rules.roster_size)
    return program, picks


def _add_group(
    program: pulp.LpProblem, picks: list[Any], group: Group, label: str, roster_size: int
) -> None:
    """Add a group's bounds; where they depend on other drivers, a binary puts them in force."""
    members = set(group.members)
    held, most = _held(picks, members), min(len(members), roster_size)
    slack_below: Any = 0
    slack_above: Any = 0
    if group.when:
        others = set(group.when)
        others_most = min(len(others), roster_size)
        if others_most < group.when_at_least:
            return
        # the binary may be 0 only while too few of the others are held; at 1 the bounds hold
        in_force = program.add_variable(f"{label}_in_force", 0, 1, pulp.LpInteger)
        below = group.when_at_least - 1
        room = others_most - below
        program.addConstraint(_held(picks, others) <= below + room * in_force, f"{label}_in_force")
        slack_below = group.at_least * (1 - in_force)
        slack_above = max(most - group.at_most, 0) * (1 - in_force)
    if group.at_least > 0:
        program.addConstraint(held + slack_below >= group.at_least, f"{label}_at_least")
    if group.at_most < most:
        program.addConstraint(held - slack_above <= group.at_most, f"{label}_at_most")


def _add_budget(
    program: pulp.LpProblem, picks: list[Any], budget: Budget, label: str, roster_size: int
) -> None:
    """Add a budget; large amounts become digits of a large base, with a carry to the next digit.

    A solver takes 0.999999 of a driver for a whole one. Where a driver's amount is millions of
    units, that allows some units too many, and solvers also reject lineups that just fit.
    """
    unit = max(math.gcd(*budget.amounts), 1)
    amounts, room = [amount // unit for amount in budget.amounts], budget.at_most // unit
    if room >= sum(sorted(amounts)[-roster_size:]):
        return
    terms = list(zip(picks, amounts, strict=True))
    digit = 0
    while max(amount for _, amount in terms) > _DIGIT:
        carry = program.add_variable(f"{label}_carry_{digit}", 0, roster_size + 1, pulp.LpInteger)
        low = pulp.LpAffineExpression([(pick, amount % _DIGIT) for pick, amount in terms])
        room, rest = divmod(room, _DIGIT)
        program.addConstraint(low <= rest + _DIGIT * carry, f"{label}_digit_{digit}")
        terms = [*((pick, amount // _DIGIT) for pick, amount in terms), (carry, 1)]
        digit += 1
    program.addConstraint(pulp.LpAffineExpression(terms) <= room, label)


def _held(picks: list[Any], which: Iterable[int]) -> Any:
    """Expression for the number of these drivers in the lineup."""
    return pulp.LpAffineExpression([(picks[i], 1) for i in sorted(which)])


def _weighted(picks: list[Any], weights: Iterable[float]) -> Any:
    return pulp.LpAffineExpression(list(zip(picks, weights, strict=True)))
