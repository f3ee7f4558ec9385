import numpy as np
import pulp
import pytest

from core.errors import Infeasible, InvalidInput
from core.portfolio import solvers
from core.portfolio.solvers import (
    SolverFailed,
    SolverMissing,
    TimedOut,
    available_solvers,
    choose_solver,
    solve,
)


@pytest.fixture(params=["highs", pytest.param("cbc", marks=pytest.mark.slow)])
def solver(request):
    if request.param not in available_solvers():
        pytest.skip(f"{request.param} is not installed here")
    return request.param


def knapsack(size=6, rows=1, sense=pulp.LpMaximize):
    """A knapsack program of made-up values and weights; with some dozens it takes a while."""
    rng = np.random.default_rng(0)
    program = pulp.LpProblem("knapsack", sense)
    things = [program.add_variable(f"thing_{i}", 0, 1, "Integer") for i in range(size)]
    worth = rng.integers(10, 1_000, size).tolist()
    program += pulp.lpSum(value * thing for value, thing in zip(worth, things, strict=True))
    for row in range(rows):
        weights = rng.integers(10, 1_000, size).tolist()
        total = pulp.lpSum(weight * thing for weight, thing in zip(weights, things, strict=True))
        program += total <= sum(weights) // 2, f"weight_{row}"
    return program


def split(size=40, rows=5):
    """Split numbers into halves of the same sum, five ways at once: a solution is hard to find."""
    rng = np.random.default_rng(0)
    program = pulp.LpProblem("split", pulp.LpMaximize)
    things = [program.add_variable(f"thing_{i}", 0, 1, "Integer") for i in range(size)]
    program += pulp.lpSum(things)
    for row in range(rows):
        numbers = rng.integers(0, 100, size).tolist()
        total = pulp.lpSum(number * thing for number, thing in zip(numbers, things, strict=True))
        program += total == sum(numbers) // 2, f"half_{row}"
    return program


def values_of(program):
    return [variable.varValue for variable in program.variables()]


def test_the_optimum_is_the_best_of_all_that_is_allowed(solver):
    program = knapsack(size=10)
    worth = [program.objective[v] for v in program.variables()]
    [weight] = program._constraints.values()
    weights, room = [weight[v] for v in program.variables()], -weight.constant
    every = ((np.arange(1 << 10)[:, None] >> np.arange(10)) & 1).astype(bool)
    fits = every[(every * weights).sum(axis=1) <= room]
    assert solve(program, solver=solver) == (fits * worth).sum(axis=1).max()
    assert set(values_of(program)) <= {0.0, 1.0}


def test_least_and_most_are_not_mistaken_for_each_other(solver):
    program = pulp.LpProblem("both", pulp.LpMinimize)
    x = program.add_variable("x", 2, 9, "Integer")
    program += 3 * x + 1
    assert solve(program, solver=solver) == 7
    program.sense = pulp.LpMaximize
    assert solve(program, solver=solver) == 28


def test_values_far_closer_than_a_cent_are_told_apart(solver):
    program = pulp.LpProblem("close", pulp.LpMaximize)
    things = [program.add_variable(f"thing_{i}", 0, 1, "Integer") for i in range(4)]
    worth = (100.0, 100.000004, 100.000002, 100.000001)
    program += pulp.lpSum(value * thing for value, thing in zip(worth, things, strict=True))
    program += pulp.lpSum(things) == 1, "one"
    assert solve(program, solver=solver) == 100.000004


def test_a_program_without_solution_is_infeasible(solver):
    program = knapsack()
    program += pulp.lpSum(2 * v for v in program.variables()) == 3, "odd"
    with pytest.raises(Infeasible, match="knapsack"):
        solve(program, solver=solver)
    assert values_of(program) == [None] * 6


def test_time_that_runs_out_with_a_solution_in_hand_is_no_optimum(solver):
    program = knapsack(size=200, rows=10)
    with pytest.raises(TimedOut) as refused:
        solve(program, solver=solver, time_limit_seconds=0.1)
    ended = refused.value
    assert ended.limit_seconds == 0.1
    assert "0.1 seconds" in str(ended)
    assert ended.best is not None
    assert f"worth {ended.best:.10g}" in str(ended)
    # some weights fit under the bound, and the best found is not above it
    assert ended.bound >= ended.best > 0
    assert values_of(program) == [None] * 200


def test_time_that_runs_out_without_a_solution_says_so(solver):
    with pytest.raises(TimedOut, match="without a solution") as refused:
        solve(split(), solver=solver, time_limit_seconds=0.2)
    assert refused.value.best is None


def test_a_time_limit_of_next_to_nothing_is_still_an_answer(solver):
    with pytest.raises(TimedOut, match="1e-06 seconds"):
        solve(split(), solver=solver, time_limit_seconds=1e-6)


def test_the_bound_of_a_smallest_sum_is_below_it(solver):
    program = knapsack(size=200, rows=10, sense=pulp.LpMinimize)
    for constraint in program._constraints.values():
        constraint.sense = pulp.LpConstraintGE
    with pytest.raises(TimedOut) as refused:
        solve(program, solver=solver, time_limit_seconds=0.1)
    assert refused.value.best is not None
    assert 0 < refused.value.bound <= refused.value.best


def test_a_time_limit_that_is_none_is_refused(solver):
    with pytest.raises(InvalidInput, match="time_limit_seconds"):
        solve(knapsack(), solver=solver, time_limit_seconds=0.0)


def test_a_solver_that_fails_is_not_taken_for_an_answer(solver, monkeypatch):
    def breaks_off(self, program):
        raise pulp.PulpSolverError("broke off")

    kind = pulp.HiGHS if solver == "highs" else pulp.COIN_CMD
    monkeypatch.setattr(kind, "actualSolve", breaks_off)
    with pytest.raises(SolverFailed, match="broke off"):
        solve(knapsack(), solver=solver)


def test_solving_prints_nothing_and_leaves_no_file(solver, capfd, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(solvers.tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    solve(knapsack(size=30, rows=2), solver=solver)
    with pytest.raises(Infeasible):
        solve(split(size=3), solver=solver)
    with pytest.raises(TimedOut):
        solve(split(), solver=solver, time_limit_seconds=0.05)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_same_program_has_the_same_solution_every_time(solver):
    once, again = knapsack(size=30, rows=2), knapsack(size=30, rows=2)
    solve(once, solver=solver)
    solve(again, solver=solver)
    assert values_of(once) == values_of(again)


def test_highs_is_preferred_and_cbc_stands_in_for_it(monkeypatch):
    assert choose_solver() == available_solvers()[0]
    monkeypatch.setattr(solvers, "available_solvers", lambda: ("highs", "cbc"))
    assert choose_solver() == "highs"
    assert choose_solver("cbc") == "cbc"
    monkeypatch.setattr(solvers, "available_solvers", lambda: ("cbc",))
    assert choose_solver() == "cbc"


@pytest.mark.parametrize("name", [None, "highs", "cbc"])
def test_without_a_solver_it_is_said_what_to_install(monkeypatch, name):
    monkeypatch.setattr(solvers, "available_solvers", lambda: ())
    with pytest.raises(SolverMissing, match="pip install highspy"):
        choose_solver(name)


def test_cbc_that_does_not_come_with_pulp_is_not_made_up(monkeypatch):
    monkeypatch.setattr(pulp.COIN_CMD, "available", lambda self: False)
    assert "cbc" not in available_solvers()
