"""Programs end: by a count that shapes their answer, or by a clock that fails them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint

import core
from core.portfolio import programs
from core.portfolio.programs import ProgramTooLong, solve_integer, solve_linear


def hard_rows(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 100, (10, 60)).astype(np.float64)


def test_no_program_is_solved_but_where_it_has_an_end() -> None:
    root = Path(str(core.__file__)).parent
    solving = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        if any(name in file.read_text(encoding="utf-8") for name in ("milp(", "linprog("))
    }
    assert solving == {"portfolio/programs.py"}


def test_a_program_that_passes_the_clock_fails_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a market split (Cornuejols and Dawande, 1998): no solver proves it infeasible in seconds
    rows = hard_rows(1)
    monkeypatch.setattr(programs, "LONGEST_SECONDS", 0.2)
    with pytest.raises(ProgramTooLong, match="min_unique"):
        solve_integer(
            np.ones(60),
            gap=0.0,
            constraints=LinearConstraint(rows, rows.sum(axis=1) // 2, rows.sum(axis=1) // 2),
            integrality=np.ones(60),
            bounds=Bounds(0, 1),
        )


def test_nodes_end_a_program_that_nothing_is_proven_about() -> None:
    rows = hard_rows(2)
    solved = solve_integer(
        np.ones(60),
        gap=0.0,
        most_nodes=10,
        constraints=LinearConstraint(rows, rows.sum(axis=1) // 2, rows.sum(axis=1) // 2),
        integrality=np.ones(60),
        bounds=Bounds(0, 1),
    )
    infeasible = 2
    assert solved.x is None
    assert solved.status != infeasible


def test_iterations_end_a_linear_program_without_a_solution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = np.random.default_rng(3).random((200, 400))
    monkeypatch.setattr(programs, "_MOST_ITERATIONS", 5)
    solved = solve_linear(-np.ones(400), A_ub=rows, b_ub=np.ones(200), bounds=(0.0, 1.0))
    assert solved.status == 1
    assert solved.x is None
