"""Integer programs solved to proof: HiGHS through PuLP where it is installed, CBC otherwise.

What a program can come to is told apart: an optimum that is proven, no solution, no bound, out of
time, a solver that failed. Only the first is a value; the others are errors. PuLP by itself reports
a solution that was merely found before the time ran out with the status "Optimal".
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

# CBC takes a limit of zero for none
_SHORTEST_SECONDS = 0.001


class SolverMissing(AxiomaticError):
    """No solver of integer programs is installed, or not the one asked for."""


class SolverFailed(AxiomaticError):
    """A solver broke off, or said nothing that can be relied on."""


class Unbounded(AxiomaticError):
    """The objective of a program has no bound: a rule that should bound it is missing."""


class TimedOut(AxiomaticError):
    """The time ran out before the optimum was proven.

    Parameters
    ----------
    limit_seconds
        The limit that was asked for.
    best
        The best value found until then; ``None`` if no solution was found.
    bound
        The value that no solution can better; ``None`` if the solver gave none.
    during
        What was solved, for the message.
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
        found = "without a solution" if best is None else f"with a solution worth {best:.10g}"
        proven = "" if bound is None else f"; nothing is better than {bound:.10g}"
        super().__init__(
            f"The time limit of {limit_seconds:g} seconds ended {during} {found}{proven}. "
            "A longer limit lets it be proven."
        )

    @property
    def gap(self) -> float | None:
        """By how much the best found may fall short of the optimum; ``None`` if not known."""
        return None if self.best is None or self.bound is None else abs(self.bound - self.best)


@dataclass(frozen=True, slots=True)
class _Outcome:
    kind: Literal["optimal", "infeasible", "unbounded", "either", "stopped", "failed"]
    bound: float | None = None
    found: bool = False
    said: str = ""


def available_solvers() -> tuple[SolverName, ...]:
    """Give the solvers that are installed, the preferred first."""
    found: list[SolverName] = []
    if pulp.HiGHS(msg=False).available():
        found.append("highs")
    if _cbc_command() is not None:
        found.append("cbc")
    return tuple(found)


def choose_solver(name: SolverName | None = None) -> SolverName:
    """Give the solver to use: the one named, or HiGHS, or CBC.

    Raises
    ------
    SolverMissing
        It is not installed; says what to install.
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
    relative_gap: float = 0.0,
) -> float:
    """Solve a program on one thread, in silence, and give the value of its proven optimum.

    The program's variables then hold the solution, the integer ones whole. After any error they
    hold nothing. A solver cannot tell values apart that differ by less than about 1e-6.

    Parameters
    ----------
    program
        Of the kind ``pulp.LpProblem``.
    solver
        Of :func:`available_solvers`; the first of them by default.
    time_limit_seconds
        Wall time; none by default.
    relative_gap
        Fraction of its value by which the solution may fall short of the optimum.

    Raises
    ------
    Infeasible
        Proven: no solution obeys every constraint.
    Unbounded
        Solutions of any value obey them.
    TimedOut
        The optimum was not proven in time, whether or not a solution was found.
    SolverMissing, SolverFailed
        There is no solver, or it failed.
    """
    if time_limit_seconds is not None and not time_limit_seconds > 0.0:
        raise InvalidInput({"time_limit_seconds": f"{time_limit_seconds}; give more than 0."})
    name = choose_solver(solver)
    began = time.monotonic()
    outcome = _run(program, name, time_limit_seconds, relative_gap)
    if outcome.kind == "optimal":
        return _settle(program)
    best = float(pulp.value(program.objective) or 0.0) if outcome.found else None
    for variable in program.variables():
        variable.varValue = None
    if outcome.kind == "stopped" and time_limit_seconds is not None:
        raise TimedOut(time_limit_seconds, best, outcome.bound, f"the program {program.name}")
    if outcome.kind == "either":
        left = None
        if time_limit_seconds is not None:
            left = max(time_limit_seconds - (time.monotonic() - began), _SHORTEST_SECONDS)
        outcome = _tell_apart(program, name, left)
    if outcome.kind == "infeasible":
        raise Infeasible(f"No solution obeys every rule of the program {program.name}.")
    if outcome.kind == "unbounded":
        raise Unbounded(f"Nothing bounds the objective of the program {program.name}.")
    raise SolverFailed(f"{name} ended the program {program.name} without an answer: {outcome.said}")


def _settle(program: pulp.LpProblem) -> float:
    """Round what is whole to within the solver's tolerance, and give the objective's value."""
    for variable in program.variables():
        if variable.cat == pulp.LpInteger and variable.varValue is not None:
            variable.varValue = float(round(variable.varValue))
    return float(pulp.value(program.objective) or 0.0)


def _run(
    program: pulp.LpProblem, name: SolverName, limit: float | None, relative_gap: float
) -> _Outcome:
    try:
        if name == "highs":
            return _run_highs(program, limit, relative_gap)
        return _run_cbc(program, limit, relative_gap)
    # PuLP looks up the solver's words in tables that are not complete
    except (pulp.PulpSolverError, KeyError, OSError) as error:
        return _Outcome("failed", said=f"{type(error).__name__}: {error}")


def _tell_apart(program: pulp.LpProblem, name: SolverName, limit: float | None) -> _Outcome:
    """Say which it is where a solver says "infeasible or unbounded": without an objective."""
    bare = program.copy()
    bare.objective = None
    outcome = _run(bare, name, limit, 0.0)
    if outcome.kind == "optimal":
        return _Outcome("unbounded")
    return _Outcome("infeasible") if outcome.kind in {"infeasible", "either"} else outcome


def _all_bounded(program: pulp.LpProblem) -> bool:
    return all(v.lowBound is not None and v.upBound is not None for v in program.variables())


def _run_highs(program: pulp.LpProblem, limit: float | None, relative_gap: float) -> _Outcome:
    command = pulp.HiGHS(
        msg=False,
        threads=1,
        gapRel=relative_gap,
        gapAbs=0.0,
        timeLimit=limit,
        parallel="off",
        random_seed=0,
    )
    program.solve(command)
    # PuLP's own reading of these calls a run that ended at its limit optimal
    model: Any = program.solverModel
    status, info = model.getModelStatus().name, model.getInfo()
    # the model is the solver's memory, and a program is to be copied and sent
    program.solverModel = None
    if status == "kOptimal":
        return _Outcome("optimal")
    if status == "kInfeasible":
        return _Outcome("infeasible")
    if status == "kUnbounded":
        return _Outcome("unbounded")
    if status == "kUnboundedOrInfeasible":
        return _Outcome("infeasible" if _all_bounded(program) else "either")
    if status == "kTimeLimit":
        sign = -1.0 if program.sense == pulp.LpMaximize else 1.0
        bound = sign * float(info.mip_dual_bound)
        if program.objective is not None:
            bound += float(program.objective.constant)
        known = program.isMIP() and math.isfinite(bound)
        # 2: HiGHS's word for a primal solution that obeys all constraints
        return _Outcome("stopped", bound if known else None, info.primal_solution_status == 2)
    if status == "kNotset":
        status = "HiGHS does not start, as it does where the process has used it on more threads"
    return _Outcome("failed", said=status)


def _cbc_command(**options: Any) -> Any | None:
    """Give PuLP's CBC: the one on the machine, else the one that comes with PuLP."""
    command = pulp.COIN_CMD(msg=False, **options)
    if command.available():
        return command
    bundled = getattr(getattr(pulp, "PULP_CBC_CMD", None), "pulp_cbc_path", None)
    if bundled:
        command = pulp.COIN_CMD(msg=False, path=bundled, **options)
    return command if bundled and command.available() else None


def _run_cbc(program: pulp.LpProblem, limit: float | None, relative_gap: float) -> _Outcome:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="axiomatic-cbc-") as folder:
        log = Path(folder, "cbc.log")
        # without threads named CBC uses one; by default it overlooks what is better by under 1e-5
        command = _cbc_command(
            gapRel=relative_gap,
            gapAbs=0.0,
            timeLimit=None if limit is None else max(limit, _SHORTEST_SECONDS),
            logPath=str(log),
            options=["increment 0"],
        )
        if command is None:
            return _Outcome("failed", said="CBC is gone")
        command.tmpDir = folder
        program.solve(command)
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
    late = limit is not None and time.monotonic() - began >= limit
    results = [line.removeprefix("Result - ") for line in said if line.startswith("Result - ")]
    stopped = any(result.startswith("Stopped on time") for result in results)
    found = program.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}
    # what its preparations alone have solved has no result in the log
    proven = all(result.startswith("Optimal solution found") for result in results)
    proven = proven and (bool(results) or not late)
    if program.sol_status == pulp.LpSolutionOptimal and proven:
        return _Outcome("optimal")
    # out of time in its preparations CBC may say infeasible, which is then not proven
    if stopped or late:
        return _Outcome("stopped", _bound_in(said), found)
    if program.status == pulp.LpStatusInfeasible:
        return _Outcome("infeasible" if _all_bounded(program) else "either")
    if program.status == pulp.LpStatusUnbounded:
        return _Outcome("either")
    return _Outcome("failed", said="; ".join(results) or "no result in its log")


def _bound_in(log: list[str]) -> float | None:
    for line in log:
        if line.startswith(("Upper bound:", "Lower bound:")):
            return float(line.partition(":")[2])
    return None
