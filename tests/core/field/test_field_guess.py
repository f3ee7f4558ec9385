import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Infeasible, InvalidInput
from core.field import fit_field, guess_ownership
from tests.core.field.written_out import SALARIES


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000))
def test_the_guess_can_always_be_fitted_and_is_as_concentrated_as_fields_are(seed):
    points = np.random.default_rng(seed).normal(30.0, 12.0, 38)
    guess = guess_ownership(points, SALARIES, 6, 50_000)
    assert guess.sum() == pytest.approx(600.0, abs=1e-8)
    owned = guess / 100.0
    assert owned @ owned / 6.0 == pytest.approx(0.22, abs=1e-6)
    assert fit_field(SALARIES, guess, 6, 50_000).max_error <= 1e-6


def test_of_two_drivers_at_one_salary_the_better_is_owned_more():
    points = np.full(38, 20.0)
    points[10] = 45.0
    salaries = np.full(38, 8_000)
    guess = guess_ownership(points, salaries, 6, 50_000)
    assert guess[10] > 1.5 * guess[11]
    assert guess[11] == pytest.approx(guess[12])


def test_who_does_not_race_is_in_no_lineup_and_needs_no_projection():
    points = np.linspace(60.0, 10.0, 38)
    points[5] = np.nan
    racing = np.arange(38) != 5
    guess = guess_ownership(points, SALARIES, 6, 50_000, racing)
    assert guess[5] == 0.0
    assert guess[racing].min() > 0.0
    with pytest.raises(InvalidInput, match="projected_points"):
        guess_ownership(points, SALARIES, 6, 50_000)


def test_equal_projections_leave_lineups_drawn_blindly():
    guess = guess_ownership(np.zeros(12), np.full(12, 8_000), 6, 50_000)
    assert guess == pytest.approx(np.full(12, 50.0))


def test_a_slate_without_a_legal_lineup_has_no_guess():
    with pytest.raises(Infeasible):
        guess_ownership(np.ones(8), np.full(8, 9_000), 6, 50_000)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from([34_000, 45_000, 50_000]))
def test_the_average_entry_of_the_guess_spends_nearly_all_of_the_cap(seed, cap):
    points = np.random.default_rng(seed).normal(30.0, 12.0, 38)
    guess = guess_ownership(points, SALARIES, 6, cap)
    assert guess @ SALARIES / 100.0 >= 0.99 * cap - 0.01


def test_where_even_the_dearest_lineup_costs_less_the_guess_is_of_dear_lineups():
    points = np.random.default_rng(3).normal(30.0, 12.0, 38)
    dearest = np.sort(SALARIES)[-6:].sum()
    guess = guess_ownership(points, SALARIES, 6, 100_000)
    assert 0.9 * dearest < guess @ SALARIES / 100.0 <= dearest
    assert fit_field(SALARIES, guess, 6, 100_000).max_error <= 1e-6
