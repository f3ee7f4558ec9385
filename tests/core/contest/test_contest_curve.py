import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import PayoutCurveFitter, Payouts, PrizeTier, typical_payouts
from core.errors import InvalidInput


def falling(height, places=200):
    tiers = tuple(PrizeTier(k, k, round(height(k))) for k in range(1, places + 1))
    return Payouts(1_000, 1_000, tiers)


def test_a_power_law_is_found_again():
    fitted = PayoutCurveFitter().fit(falling(lambda k: 9e7 * k**-1.1))
    assert fitted.curve_ == "power"
    assert fitted.rate_ == pytest.approx(1.1, abs=1e-4)
    assert fitted.scale_usd_ == pytest.approx(9e5, rel=1e-4)
    assert fitted.r2_ > 0.999999


def test_an_exponential_is_found_again():
    fitted = PayoutCurveFitter().fit(falling(lambda k: 9e7 * np.exp(-0.03 * (k - 1))))
    assert fitted.curve_ == "exponential"
    assert fitted.rate_ == pytest.approx(0.03, abs=1e-5)
    assert fitted.rmse_usd_ < 1.0


def test_of_two_curves_the_best_has_the_smaller_error():
    table = typical_payouts(10_000, 1_000)
    power, exponential, best = (
        PayoutCurveFitter(curve).fit(table) for curve in ("power", "exponential", "best")
    )
    assert power.rmse_usd_ < exponential.rmse_usd_
    assert (best.curve_, best.rmse_usd_) == ("power", power.rmse_usd_)
    assert power.r2_ > 0.8 > exponential.r2_


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 200_000),
    st.integers(1, 10_000),
    st.sampled_from(["power", "exponential"]),
    st.integers(2, 50_000),
)
def test_a_fitted_curve_pays_any_contest_its_pool_exactly(size, fee, curve, fitted_on):
    fitter = PayoutCurveFitter(curve).fit(typical_payouts(fitted_on, 500))
    pool = max(1, size * fee * 8 // 10)
    payouts = fitter.payouts(size, fee, pool)
    assert payouts.prize_pool_cents == pool
    assert payouts.label == f"{curve} curve fitted to another contest"


def test_without_a_pool_the_fitted_share_of_the_fees_is_paid():
    fitter = PayoutCurveFitter().fit(typical_payouts(1_000, 1_000))
    assert fitter.payouts(5_000, 2_000).prize_pool_cents == 8_500_000
    with pytest.raises(InvalidInput, match="prize_pool"):
        fitter.payouts(5_000, 0)


def test_a_winner_takes_all_table_is_fitted_flat():
    fitter = PayoutCurveFitter().fit(Payouts(100, 2, (PrizeTier(1, 1, 180),)))
    assert (fitter.rate_, fitter.rmse_usd_, fitter.r2_) == (0.0, 0.0, 1.0)
    assert fitter.payouts(2, 1_000).prize_cents(1) == 1_800


def test_an_unknown_curve_is_refused():
    with pytest.raises(InvalidInput, match="curve"):
        PayoutCurveFitter("straight").fit(typical_payouts(100, 100))
