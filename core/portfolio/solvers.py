"""Integer programs solved to proof: HiGHS through PuLP where it is installed, CBC otherwise.

A run ends in one of four ways: with a proven optimum, with the proof that there is no solution, out
of time, or with a failure of the solver. Only the first returns a value; the others are errors.
PuLP by itself calls a solution "Optimal" even if the time ran out before that was proven.
"""

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulp

from core.errors import AxiomaticError, Infeasible, InvalidInput

SolverName = Literal["highs", "cbc"]

# CBC reads a limit of zero as no limit
_SHORTEST_SECONDS = 0.001


class SolverMissing(AxiomaticError):
    """The solver that was named is not installed, or none is."""


class SolverFailed(AxiomaticError):
    """A solver ended without an answer, or its answer breaks a rule."""


class TimedOut(AxiomaticError):
    """The time ran out before the optimum was proven.

    Parameters
    ----------
    limit_seconds
        The limit that was set.
    best
        The best value found until then; ``None`` if no solution was found.
    bound
        Upper bound of every solution's value; ``None`` if the solver reports none.
    during
        The name of what was being solved, for the message.
    """

    def __init__(
        self,
        limit_seconds: float,
        best: float | None,
        bound: float | None,
        during: str = "the program",
    ) -> None:
        self.limit_seconds = limit_seconds
        self.best = best
        self.bound = bound
        self.during = during
        outcome = "without a solution" if best is None else f"with a solution worth {best:.10g}"
        proven = "" if bound is None else f"; no solution is worth more than {bound:.10g}"
        super().__init__(
            f"The time limit of {limit_seconds:g} seconds ended {during} {outcome}{proven}. "
            "Raise the limit."
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a run ended. ``has_solution`` and ``bound`` are set for runs that were stopped."""

    kind: Literal["optimal", "infeasible", "stopped", "failed"]
    bound: float | None = None
    has_solution: bool = False
    reason: str = ""


def available_solvers() -> tuple[SolverName, ...]:
    """The installed solvers, the preferred one first."""
    installed: list[SolverName] = []
    if pulp.HiGHS(msg=False).available():
        installed.append("highs")
    if _cbc_command() is not None:
        installed.append("cbc")
    return tuple(installed)


def choose_solver(name: SolverName | None = None) -> SolverName:
    """The solver to use: the one named; by default HiGHS, else CBC.

    Raises
    ------
    SolverMissing
        The solver is not installed. The message says what to install.
    """
    installed = available_solvers()
    if name is None and installed:
        return installed[0]
    if name in installed:
        return name
    wanted = {"highs": "HiGHS", "cbc": "CBC"}.get(name or "", "A solver of integer programs")
    raise SolverMissing(
        f"{wanted} is not installed; `pip install highspy` installs HiGHS, `pip install pulp[cbc]` "
        "CBC."
    )


def solve(
    program: pulp.LpProblem,
    *,
    solver: SolverName | None = None,
    time_limit_seconds: float | None = None,
) -> float:
    """Solve a program on one thread, without output, and return the value of its proven optimum.

    The program's variables then hold the solution, the integer ones as whole numbers. After any
    error they hold ``None``. A solver cannot tell values apart that differ by less than about 1e-6.

    Parameters
    ----------
    program
        Each of its variables has a lower and an upper bound.
    solver
        One of :func:`available_solvers`; the first of them by default.
    time_limit_seconds
        Wall time; unlimited by default.

    Raises
    ------
    Infeasible
        Proven: no solution obeys every constraint.
    TimedOut
        The optimum was not proven in time, whether or not a solution was found.
    SolverMissing, SolverFailed
        There is no solver, or it failed.
    """
    if time_limit_seconds is not None and not time_limit_seconds > 0.0:
        raise InvalidInput({"time_limit_seconds": f"{time_limit_seconds}; give more than 0."})
    name = choose_solver(solver)
    outcome = _run(program, name, time_limit_seconds)
    if outcome.kind == "optimal":
        return _settle(program)
    best = float(pulp.value(program.objective) or 0.0) if outcome.has_solution else None
    for variable in program.variables():
        variable.varValue = None
    if outcome.kind == "stopped" and time_limit_seconds is not None:
        raise TimedOut(time_limit_seconds, best, outcome.bound, f"the program {program.name}")
    if outcome.kind == "infeasible":
        raise Infeasible(f"No solution obeys every rule of the program {program.name}.")
    raise SolverFailed(
        f"{name} ended the program {program.name} without an answer: {outcome.reason}"
    )


def _settle(program: pulp.LpProblem) -> float:
    """Round the integer variables to whole numbers; return the objective."""
    for variable in program.variables():
        if variable.cat == pulp.LpInteger and variable.varValue is not None:
            variable.varValue = float(round(variable.varValue))
    return float(pulp.value(program.objective) or 0.0)


def _run(program: pulp.LpProblem, name: SolverName, limit: float | None) -> _Outcome:
    try:
        if name == "highs":
            return _run_highs(program, limit)
        return _run_cbc(program, limit)
    # PuLP looks up a solver's status in incomplete tables, hence the KeyError
    except (pulp.PulpSolverError, KeyError, OSError) as error:
        return _Outcome("failed", reason=f"{type(error).__name__}: {error}")


def _run_highs(program: pulp.LpProblem, limit: float | None) -> _Outcome:
    command = pulp.HiGHS(
        msg=False,
        threads=1,
        gapRel=0.0,
        gapAbs=0.0,
        timeLimit=limit,
        parallel="off",
        random_seed=0,
    )
    program.solve(command)
    # read from HiGHS itself: PuLP calls a run that ended at its time limit optimal
    model: Any = program.solverModel
    status, info = model.getModelStatus().name, model.getInfo()
    # frees the solver's memory
    program.solverModel = None
    if status == "kOptimal":
        return _Outcome("optimal")
    # all variables are bounded, so the program cannot be unbounded
    if status in {"kInfeasible", "kUnboundedOrInfeasible"}:
        return _Outcome("infeasible")
    if status == "kTimeLimit":
        sign = -1.0 if program.sense == pulp.LpMaximize else 1.0
        bound = sign * float(info.mip_dual_bound)
        if program.objective is not None:
            bound += float(program.objective.constant)
        known = program.isMIP() and math.isfinite(bound)
        # 2: HiGHS's number for a primal solution that obeys all constraints
        return _Outcome("stopped", bound if known else None, info.primal_solution_status == 2)
    if status == "kNotset":
        status = "HiGHS does not start: this process has used it on several threads before"
    return _Outcome("failed", reason=status)


def _cbc_command(**options: Any) -> Any | None:
    """PuLP's command for CBC: the one on the machine, else the one that comes with PuLP."""
    command = pulp.COIN_CMD(msg=False, **options)
    if command.available():
        return command
    bundled = getattr(getattr(pulp, "PULP_CBC_CMD", None), "pulp_cbc_path", None)
    if bundled:
        command = pulp.COIN_CMD(msg=False, path=bundled, **options)
    return command if bundled and command.available() else None


def _run_cbc(program: pulp.LpProblem, limit: float | None) -> _Outcome:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="axiomatic-cbc-") as folder:
        log = Path(folder, "cbc.log")
        # CBC uses one thread by default; its default increment overlooks gains below 1e-5
        command = _cbc_command(
            gapRel=0.0,
            gapAbs=0.0,
            timeLimit=None if limit is None else max(limit, _SHORTEST_SECONDS),
            logPath=str(log),
            options=["increment 0"],
        )
        if command is None:
            return _Outcome("failed", reason="CBC is no longer installed")
        command.tmpDir = folder
        program.solve(command)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    late = limit is not None and time.monotonic() - began >= limit
    results = [line.removeprefix("Result - ") for line in lines if line.startswith("Result - ")]
    stopped = any(result.startswith("Stopped on time") for result in results)
    has_solution = program.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}
    # the log has no result for a program that CBC's presolve solves by itself
    proven = all(result.startswith("Optimal solution found") for result in results)
    proven = proven and (bool(results) or not late)
    if program.sol_status == pulp.LpSolutionOptimal and proven:
        return _Outcome("optimal")
    # a presolve that runs out of time may report "infeasible" without proof
    if stopped or late:
        return _Outcome("stopped", _bound_in(lines), has_solution)
    if program.status == pulp.LpStatusInfeasible:
        return _Outcome("infeasible")
    return _Outcome("failed", reason="; ".join(results) or "no result in its log")


def _bound_in(log: list[str]) -> float | None:
    for line in log:
        if line.startswith(("Upper bound:", "Lower bound:")):
            return float(line.partition(":")[2])
    return None
