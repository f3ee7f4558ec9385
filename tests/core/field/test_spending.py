"""Estimated ownership spends what real entries do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field import with_spending

SALARIES = np.array([11_000, 10_200, 9_500, 9_000, 8_400, 8_000, 7_500, 7_000, 6_400, 6_000, 5_200])


def estimate(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    percent = rng.uniform(5.0, 95.0, len(SALARIES))
    return percent * 600.0 / percent.sum() if percent.sum() > 600.0 else percent


@given(st.integers(0, 10_000), st.integers(-1_500, 1_500))
def test_the_mean_entry_spends_what_it_is_to_spend_and_the_sum_stays(seed: int, more: int) -> None:
    percent = estimate(seed)
    spent = float(percent @ SALARIES) / 100.0 + more
    moved = with_spending(percent, SALARIES, spent)
    assert float(moved @ SALARIES) / 100.0 == pytest.approx(spent, abs=0.01)
    assert moved.sum() == pytest.approx(percent.sum())
    assert ((moved >= 0.0) & (moved <= 100.0)).all()


def test_an_estimate_that_spends_it_already_stays() -> None:
    percent = estimate(3)
    assert with_spending(percent, SALARIES, float(percent @ SALARIES) / 100.0) == pytest.approx(
        percent
    )


def test_known_ownership_and_drivers_whom_nobody_holds_do_not_move() -> None:
    percent = estimate(5)
    percent[4] = 0.0
    free = np.arange(len(percent)) % 2 == 0
    moved = with_spending(percent, SALARIES, float(percent @ SALARIES) / 100.0 + 300.0, free)
    assert moved[~free] == pytest.approx(percent[~free])
    assert moved[4] == 0.0
    assert float((moved - percent) @ SALARIES) / 100.0 == pytest.approx(300.0, abs=0.01)


def test_spending_out_of_reach_comes_as_near_as_it_can() -> None:
    percent = estimate(7)
    dearest = with_spending(percent, SALARIES, 10.0**6)
    assert float(dearest @ SALARIES) > float(percent @ SALARIES)
    assert dearest.sum() == pytest.approx(percent.sum())
    same = np.full(len(SALARIES), 8_000)
    assert with_spending(percent, same, 50_000.0) == pytest.approx(percent)
