"""The rules as integer programs that can be read: one lineup, and the choice of a portfolio.

A second statement of the rules, which shares no code with the walk that searches them exactly
(:func:`core.lineups.best_by_value`). Variables and constraints carry the drivers' and rules' names,
so that a program written to a file says what was asked.
"""

import math
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pulp

from core.errors import BrokenRule, Infeasible, InvalidInput
from core.lineups.board import Lineups
from core.lineups.legality import Budget, Group, LineupRules, is_legal
from core.portfolio.limits import PortfolioLimits
from core.portfolio.solvers import SolverFailed, SolverName, TimedOut, solve
from core.wording import many

Values = npt.NDArray[np.float64] | npt.NDArray[np.int64]

_LONGEST_LABEL = 40
# a rounding of a millionth of so many units is far from a unit
_DIGIT = 10_000
_SHORTEST_SECONDS = 0.001


def lineup_program(
    rules: LineupRules, values: Values, names: Sequence[str] | None = None
) -> pulp.LpProblem:
    """Give the program whose solutions are the legal lineups and whose objective is their value.

    Parameters
    ----------
    rules
        What is legal.
    values
        What each driver adds, ``[D]``.
    names
        The drivers' names, ``[D]``, for those of the variables (``pick_kyle_larson``) and
        constraints; numbers by default.

    Raises
    ------
    InvalidInput
        Not one finite value a driver.
    """
    program, _ = _one_lineup(rules, values, names)
    return program


def best_lineups(
    rules: LineupRules,
    values: Values,
    k: int,
    *,
    most_shared: int | None = None,
    earlier: Iterable[Sequence[int] | npt.NDArray[np.uint8]] = (),
    solver: SolverName | None = None,
    time_limit_seconds: float | None = None,
) -> tuple[Lineups, npt.NDArray[np.float64]]:
    """Give the k legal lineups with the largest sum of ``values``, one program after the other.

    Each program leaves out the lineups found before it or, with ``most_shared``, all that share
    more drivers with any of them, so that every lineup is the best that those before it allow. Each
    is proven best to within 1e-6 of values of the size of points; which of equal ones comes first
    is the solver's choice.

    Parameters
    ----------
    rules
        What is legal.
    values
        What each driver adds, ``[D]``.
    k
        How many to give.
    most_shared
        How many drivers a lineup may share with any earlier one, 0 to R - 1.
    earlier
        Lineups (driver indices) that count as found before.
    solver
        Of :func:`core.portfolio.solvers.available_solvers`; the first of them by default.
    time_limit_seconds
        For all k together; none by default.

    Returns
    -------
    Lineups u8 ``[k, R]``, drivers in slate order, and their values f64 ``[k]``, falling.

    Raises
    ------
    Infeasible
        Fewer than k lineups can be had; its ``largest`` says how many, where that is certain.
    TimedOut
        Not all k were proven in time.
    InvalidInput
        ``k``, ``most_shared`` or the time limit out of range, not one finite value a driver.
    """
    roster = rules.roster_size
    problems: dict[str, str] = {}
    if k < 1:
        problems["k"] = f"{k}; give at least 1."
    if most_shared is not None and not 0 <= most_shared < roster:
        problems["most_shared"] = f"{most_shared}; give 0 to {roster - 1}."
    if time_limit_seconds is not None and not time_limit_seconds > 0.0:
        problems["time_limit_seconds"] = f"{time_limit_seconds}; give more than 0."
    if problems:
        raise InvalidInput(problems)
    began = time.monotonic()
    shared = roster - 1 if most_shared is None else most_shared
    program, picks = _one_lineup(rules, values, None)
    before = list(earlier)
    for number, lineup in enumerate(before, 1):
        held = _held(picks, map(int, lineup))
        program.addConstraint(held <= shared, f"differs_from_earlier_{number}")
    found: list[list[int]] = []
    while len(found) < k:
        left = None
        if time_limit_seconds is not None:
            left = max(time_limit_seconds - (time.monotonic() - began), _SHORTEST_SECONDS)
        try:
            solve(program, solver=solver, time_limit_seconds=left)
        except TimedOut as ended:
            raise TimedOut(
                time_limit_seconds or 0.0,
                ended.best,
                ended.bound,
                f"the search for lineup {len(found) + 1} of {k}",
            ) from ended
        except Infeasible as proven:
            raise _too_few(len(found), most_shared, bool(before)) from proven
        picked = _picked(picks)
        if not is_legal(rules, picked):
            raise SolverFailed(f"The lineup {picked} was called a solution and breaks a rule.")
        found.append(picked)
        program.addConstraint(_held(picks, picked) <= shared, f"differs_from_{len(found)}")
    lineups = np.array(found, dtype=np.uint8).reshape(k, roster)
    return lineups, np.asarray(values, dtype=np.float64)[lineups].sum(axis=1)


def _too_few(found: int, most_shared: int | None, after_earlier: bool) -> Infeasible:
    if most_shared is not None and found:
        # other lineups at the start might have left room for more
        return Infeasible(
            f"After {many(found, 'lineup')} none is left that shares at most "
            f"{many(most_shared, 'driver')} with each.",
            rules=[BrokenRule("most_shared", limit=most_shared)],
        )
    said = f"Only {many(found, 'lineup')} can obey" if found else "No lineup can obey"
    apart = " and differ as asked from the earlier ones" if after_earlier else ""
    return Infeasible(f"{said} every rule{apart}.", largest=found)


def portfolio_program(
    lineups: Lineups, scores: npt.NDArray[np.float64], limits: PortfolioLimits
) -> pulp.LpProblem:
    """Give the program that chooses exactly ``limits.n_lineups`` of these for the largest sum.

    Two lineups differ in ``min_unique`` drivers exactly if they share no set of R - min_unique + 1;
    so of all lineups that hold such a set one may be chosen.

    Parameters
    ----------
    lineups
        u8 ``[C, R]``.
    scores
        What each lineup adds, ``[C]``.
    limits
        Exposures and what must differ.

    Raises
    ------
    InvalidInput
        Not one finite score a lineup.
    """
    program, _ = _portfolio(lineups, scores, limits)
    return program


def choose_lineups(
    lineups: Lineups,
    scores: npt.NDArray[np.float64],
    limits: PortfolioLimits,
    *,
    solver: SolverName | None = None,
    time_limit_seconds: float | None = None,
    relative_gap: float = 0.0,
) -> npt.NDArray[np.intp]:
    """Choose exactly ``limits.n_lineups`` of these for the largest sum: their indices, rising.

    Parameters are those of :func:`portfolio_program` and :func:`core.portfolio.solvers.solve`.

    Raises
    ------
    Infeasible
        Proven: no such choice of these lineups exists.
    TimedOut
        The best was not proven in time.
    """
    program, picks = _portfolio(lineups, scores, limits)
    solve(
        program,
        solver=solver,
        time_limit_seconds=time_limit_seconds,
        relative_gap=relative_gap,
    )
    return np.array(_picked(picks), dtype=np.intp)


def write_lp(program: pulp.LpProblem, path: Path) -> None:
    """Write a program as text in the LP format, which people and all solvers read."""
    program.writeLP(str(path))


def _one_lineup(
    rules: LineupRules, values: Values, names: Sequence[str] | None
) -> tuple[pulp.LpProblem, list[Any]]:
    """Give the program and its variables in slate order, 1 where the driver is held."""
    drivers = len(rules.salaries_usd)
    worth = _finite(values, drivers, "values", "driver")
    labels = _labels([str(i) for i in range(drivers)] if names is None else names)
    program = pulp.LpProblem("lineup", pulp.LpMaximize)
    picks = [program.add_variable(f"pick_{label}", 0, 1, pulp.LpInteger) for label in labels]
    program.setObjective(_weighted(picks, worth))
    program.addConstraint(_held(picks, range(drivers)) == rules.roster_size, "roster")
    salary = _weighted(picks, rules.salaries_usd)
    program.addConstraint(salary <= rules.salary_cap_usd, "salary_cap")
    if rules.min_salary_usd > 0:
        program.addConstraint(salary >= rules.min_salary_usd, "min_salary")
    for driver in sorted(set(rules.locks)):
        program.addConstraint(_held(picks, [driver]) == 1, f"lock_{labels[driver]}")
    for driver in sorted(set(rules.excludes)):
        program.addConstraint(_held(picks, [driver]) == 0, f"exclude_{labels[driver]}")
    for group, label in zip(rules.groups, _labels([g.name for g in rules.groups]), strict=True):
        _add_group(program, picks, group, f"group_{label}", rules.roster_size)
    for budget, label in zip(rules.budgets, _labels([b.name for b in rules.budgets]), strict=True):
        _add_budget(program, picks, budget, f"budget_{label}", rules.roster_size)
    return program, picks


def _add_group(
    program: pulp.LpProblem, picks: list[Any], group: Group, label: str, roster_size: int
) -> None:
    """Add a group's bounds, which a binary puts in force where they depend on other drivers."""
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
    """Add a budget, large amounts as digits of a large base with a carry from each to the next.

    A solver calls 0.999999 of a driver whole. Where a driver takes millions of units that is some
    units too many, and solvers are then also seen to refuse what just fits.
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


def _portfolio(
    lineups: Lineups, scores: npt.NDArray[np.float64], limits: PortfolioLimits
) -> tuple[pulp.LpProblem, list[Any]]:
    """Give the program and its variables in the order of the lineups, 1 where one is chosen."""
    worth = _finite(scores, len(lineups), "scores", "lineup")
    rows = [sorted(map(int, lineup)) for lineup in lineups]
    program = pulp.LpProblem("portfolio", pulp.LpMaximize)
    digits = len(str(len(rows)))
    picks = [
        program.add_variable(f"lineup_{number:0{digits}}", 0, 1, pulp.LpInteger)
        for number in range(len(rows))
    ]
    program.setObjective(_weighted(picks, worth))
    everyone = range(len(rows))
    program.addConstraint(_held(picks, everyone) == limits.n_lineups, "n_lineups")
    holding: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        for driver in row:
            holding.setdefault(driver, []).append(number)
    labels = _labels([driver.name for driver in limits.drivers])
    bounds = zip(limits.fewest.tolist(), limits.most.tolist(), labels, strict=True)
    for driver, (least, most, label) in enumerate(bounds):
        count = _held(picks, holding.get(driver, ()))
        if least > 0:
            program.addConstraint(count >= least, f"min_driver_exposure_{label}")
        if most < min(limits.n_lineups, len(count)):
            program.addConstraint(count <= most, f"max_driver_exposure_{label}")
    for team, label, most in zip(
        limits.teams,
        _labels([t.name for t in limits.teams]),
        limits.team_most.tolist(),
        strict=True,
    ):
        of_team = {number for driver in team.members for number in holding.get(driver, ())}
        if most < min(limits.n_lineups, len(of_team)):
            program.addConstraint(_held(picks, of_team) <= most, f"max_team_exposure_{label}")
    sharing: dict[tuple[int, ...], list[int]] = {}
    for number, row in enumerate(rows):
        for members in combinations(row, len(row) - limits.min_unique + 1):
            sharing.setdefault(members, []).append(number)
    for members, numbers in sharing.items():
        if len(numbers) > 1:
            who = "_".join(map(str, members))
            program.addConstraint(_held(picks, numbers) <= 1, f"only_one_with_{who}")
    return program, picks


def _held(picks: list[Any], which: Iterable[int]) -> Any:
    """Give the count of these that are picked, as an expression."""
    return pulp.LpAffineExpression([(picks[i], 1) for i in sorted(which)])


def _weighted(picks: list[Any], weights: Iterable[float]) -> Any:
    return pulp.LpAffineExpression(list(zip(picks, weights, strict=True)))


def _picked(picks: list[Any]) -> list[int]:
    return [number for number, pick in enumerate(picks) if pick.varValue == 1.0]


def _finite(values: Values, count: int, field: str, each: str) -> list[float]:
    array = np.asarray(values)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise InvalidInput({field: f"give one finite number a {each}, {count} in all."})
    numbers: list[float] = array.tolist()
    return numbers


def _labels(names: Sequence[str]) -> list[str]:
    """Give each name as the LP format can write it: plain letters and digits, all different."""
    labels: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        label = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_LONGEST_LABEL] or "unnamed"
        same, number = label, 1
        while label in taken:
            number += 1
            label = f"{same}_{number}"
        taken.add(label)
        labels.append(label)
    return labels
