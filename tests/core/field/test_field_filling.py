import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import InvalidInput
from core.field.estimators.filling import completed, fill_to, log_odds, shifted

percents = arrays.arrays(float, st.integers(7, 40), elements=st.floats(0.01, 100))
odds = arrays.arrays(
    float, st.tuples(st.integers(1, 3), st.integers(7, 40)), elements=st.floats(-25, 25)
)


@given(percents)
def test_filled_ownership_sums_to_the_rosters_within_0_and_100_in_the_same_order(percent):
    filled = fill_to(percent, 600.0)
    assert filled.sum() == pytest.approx(600.0, abs=1e-9)
    assert (filled >= 0.0).all()
    assert (filled <= 100.0).all()
    order = np.argsort(percent, kind="stable")
    assert (np.diff(filled[order]) >= -1e-12).all()


@given(percents)
def test_filling_what_is_filled_changes_nothing(percent):
    filled = fill_to(percent, 600.0)
    np.testing.assert_allclose(fill_to(filled, 600.0), filled, atol=1e-9)


def test_what_stands_above_100_is_handed_on_and_not_cut_off():
    filled = fill_to(np.array([90.0, 40.0, 20.0, 10.0]), 300.0)
    assert filled[0] == 100.0
    np.testing.assert_allclose(filled[1:], [100.0, 200 / 3, 100 / 3])


def test_more_than_everybody_can_hold_is_refused():
    with pytest.raises(InvalidInput, match="nobody is in more than 100%"):
        fill_to(np.array([50.0, 50.0, 0.0]), 300.0)


@given(odds)
def test_shifted_chances_sum_to_the_total_in_the_order_of_the_odds(odds):
    held = shifted(odds, np.ones(odds.shape, bool), np.full(len(odds), 6.0))
    np.testing.assert_allclose(held.sum(axis=1), 6.0, atol=1e-9)
    assert (held >= 0).all()
    assert (held <= 1).all()
    for row, chance in zip(odds, held, strict=True):
        assert (np.diff(chance[np.argsort(row, kind="stable")]) >= -1e-15).all()


@given(odds, st.integers(0, 2**32 - 1))
def test_completion_keeps_what_is_known_and_shares_the_rest(odds, seed):
    rng = np.random.default_rng(seed)
    truth = shifted(odds, np.ones(odds.shape, bool), np.full(len(odds), 6.0))
    known = np.where(rng.random(odds.shape) < 0.5, truth, np.nan)
    filled = completed(odds, np.ones(odds.shape, bool), known, 6.0, bounded=False)
    told = np.isfinite(known)
    assert (filled[told] == truth[told]).all()
    # the true ownership was made with one shift of log-odds, so the same shift must be found
    np.testing.assert_allclose(filled, truth, atol=1e-5)


def test_nobody_unknown_is_put_above_the_tenth_of_a_table_of_the_most_owned():
    odds = np.zeros((1, 30))
    odds[0, 29] = 6.0
    known = np.full((1, 30), np.nan)
    known[0, :10] = np.linspace(0.6, 0.25, 10)
    there = np.ones((1, 30), bool)
    free = completed(odds, there, known, 6.0, bounded=False)
    held = completed(odds, there, known, 6.0, bounded=True)
    assert free[0, 29] > 0.9
    assert held[0, 29] == pytest.approx(0.25)
    assert held.sum() == pytest.approx(6.0)


def test_log_odds_are_finite_at_the_ends():
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
