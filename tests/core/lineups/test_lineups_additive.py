"""What each driver adds to the values of lineups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lineups.additive import additive_fit


def lineups_of(rng: np.random.Generator, count: int, drivers: int) -> np.ndarray:
    rows = [np.sort(rng.choice(drivers, 6, replace=False)) for _ in range(count)]
    return np.array(rows, dtype=np.uint8)


@given(st.integers(0, 2**32 - 1), st.integers(7, 15), st.integers(1, 60))
def test_the_fit_is_the_least_squares_solution_with_a_ridge(
    random: int, drivers: int, count: int
) -> None:
    rng = np.random.default_rng(random)
    lineups = lineups_of(rng, count, drivers)
    values = rng.normal(100.0, 30.0, count)
    holds = np.zeros((count, drivers))
    holds[np.arange(count)[:, None], lineups] = 1.0
    solved = np.linalg.solve(holds.T @ holds + np.eye(drivers), holds.T @ values)
    assert additive_fit(lineups, values, drivers) == pytest.approx(solved, abs=1e-7)


def test_the_order_of_the_lineups_changes_no_bit_of_it() -> None:
    rng = np.random.default_rng(3)
    lineups, values = lineups_of(rng, 500, 20), rng.normal(0.0, 5.0, 500)
    order = rng.permutation(500)
    fit = additive_fit(lineups, values, 20)
    assert (additive_fit(lineups[order], values[order], 20) == fit).all()


def test_a_driver_of_no_lineup_adds_nothing() -> None:
    rng = np.random.default_rng(4)
    lineups = lineups_of(rng, 50, 10)
    fit = additive_fit(lineups, rng.normal(0.0, 5.0, 50), 12)
    assert (fit[10:] == 0.0).all()
    assert (fit[:10] != 0.0).all()
