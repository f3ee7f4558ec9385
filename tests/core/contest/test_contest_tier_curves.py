"""Curves by size tier: fitted back from their own prizes, sound for every contest, graded."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.payouts import document, grade, read_headlines, read_ladders
from core.contest import (
    Headline,
    PayoutCurveFitter,
    Payouts,
    PrizeTier,
    SizeTier,
    TierCurve,
    fit_tier_curves,
    load_tier_curves,
)
from core.contest.payouts import MAX_POOL_CENTS
from core.contest.tier_curves import CURVES_FILE
from core.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (DATA / "payouts_constructed.json").exists(),
    reason="the ladders are not part of the project",
)

CURVES = [
    TierCurve("power", 0.9, 0.18, 0.21, 1.65),
    TierCurve("power", 1.3, 0.3, 0.2, 1.5),
    TierCurve("exponential", 6.0, 0.1, 0.2, 1.5),
]


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_is_found_again_from_contests_of_several_sizes(curve: TierCurve) -> None:
    ladders = [
        curve.payouts(size, fee, round(0.85 * size * fee))
        for size, fee in ((900, 2_500), (2_000, 10_000), (4_500, 1_000))
    ]
    (tier, fit), *rest = fit_tier_curves(ladders).items()
    assert (tier, rest) == (SizeTier.SMALL, [])
    assert fit.curve.curve == curve.curve
    # prizes in whole cents and by ranges of places are not exactly on the curve
    assert fit.curve.rate == pytest.approx(curve.rate, rel=0.02)
    assert fit.curve.first_share == pytest.approx(curve.first_share, rel=0.01)
    assert fit.curve.paid_share == pytest.approx(curve.paid_share, rel=0.01)
    assert fit.curve.min_cash_fees == pytest.approx(curve.min_cash_fees, rel=0.01)
    assert fit.r2 > 0.999
    assert fit.rmse_pool_share < 1e-4


def test_errors_are_those_of_the_prizes_place_by_place() -> None:
    flat = Payouts(100, 100, (PrizeTier(1, 10, 850),))
    (fit,) = fit_tier_curves([flat]).values()
    # with one prize for all places there is no slope, and no error
    assert (fit.curve.rate, fit.rmse_usd, fit.r2) == (0.0, 0.0, 1.0)
    other = Payouts(100, 100, (PrizeTier(1, 1, 4_250), PrizeTier(2, 18, 250)))
    fit = fit_tier_curves([flat, other])[SizeTier.SMALL]
    errors = []
    for real in (flat, other):
        got = fit.curve.payouts(100, 100, real.prize_pool_cents)
        places = range(1, max(got.places_paid, real.places_paid) + 1)
        errors.append(sum((got.prize_cents(k) - real.prize_cents(k)) ** 2 for k in places))
        errors[-1] /= 100**2 * len(places)
    assert fit.rmse_usd == pytest.approx((sum(errors) / 2) ** 0.5, abs=0.005)


@pytest.mark.parametrize("curve", CURVES)
def test_of_two_curves_the_one_with_the_smaller_error_is_kept(curve: TierCurve) -> None:
    ladders = [curve.payouts(size, 1_000, 850 * size) for size in (1_000, 3_000)]
    power, exponential, best = (
        PayoutCurveFitter(name).fit(ladders) for name in ("power", "exponential", "best")
    )
    assert power.rmse_pool_share_ != exponential.rmse_pool_share_
    kept = min(power, exponential, key=lambda fit: fit.rmse_pool_share_)
    assert (best.curve_, best.rmse_usd_, best.r2_) == (kept.curve_, kept.rmse_usd_, kept.r2_)
    assert best.curve_.curve == curve.curve


def test_headlines_move_the_share_for_first_and_the_cut_off_of_their_own_tier() -> None:
    curve = CURVES[0]
    ladders = [curve.payouts(size, 1_000, 850 * size) for size in (1_000, 10_000)]
    told = fit_tier_curves(ladders, [Headline(400, 0.08, None), Headline(600, None, 0.15)])
    small, medium = told[SizeTier.SMALL], told[SizeTier.MEDIUM]
    assert small.curve.first_share == pytest.approx((0.18 * 0.08) ** 0.5, rel=0.01)
    assert small.curve.paid_share == pytest.approx((0.21 + 0.15) / 2)
    assert (small.ladders, small.headlines, medium.headlines) == (1, 2, 0)
    assert medium == fit_tier_curves(ladders)[SizeTier.MEDIUM]


def test_contests_that_no_curve_can_be_fitted_to_are_refused() -> None:
    with pytest.raises(InvalidInput, match="free"):
        fit_tier_curves([Payouts(0, 10, (PrizeTier(1, 1, 100),))])
    with pytest.raises(InvalidInput, match="ladders"):
        PayoutCurveFitter().fit([])
    with pytest.raises(InvalidInput, match="curve"):
        PayoutCurveFitter("straight").fit([CURVES[0].payouts(10, 100, 500)])  # type: ignore[arg-type]


def test_a_contest_without_a_pool_is_refused() -> None:
    with pytest.raises(InvalidInput, match="prize_pool"):
        CURVES[0].payouts(10, 100, 0)


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(1, 2_000) | st.integers(1, 1_000_000),
    fee=st.integers(0, 500) | st.integers(0, 2_000_000),
    share=st.floats(0.01, 1.5),
    curve=st.sampled_from([*CURVES, *(fit.curve for fit in load_tier_curves().values())]),
)
def test_every_contest_is_paid_its_pool_by_falling_prizes_within_its_field(
    size: int, fee: int, share: float, curve: TierCurve
) -> None:
    pool = min(max(1, round(size * fee * share)), MAX_POOL_CENTS)
    payouts = curve.payouts(size, fee, pool)
    assert payouts.prize_pool_cents == pool
    assert all(above.prize_cents > below.prize_cents for above, below in pairwise(payouts.tiers))
    assert 1 <= payouts.places_paid <= max(1, round(size * curve.paid_share))
    # a winner who takes the whole pool may get less than the lowest prize of the curve
    if payouts.places_paid > 1 or pool >= curve.min_cash_fees * fee + 1:
        assert payouts.tiers[-1].prize_cents >= curve.min_cash_fees * fee - 1e-3


def test_first_wins_his_share_where_the_curve_alone_would_give_him_less() -> None:
    alone = TierCurve("power", 0.9, 0.0, 0.21, 1.65).payouts(2_000, 1_000, 1_700_000)
    with_share = CURVES[0].payouts(2_000, 1_000, 1_700_000)
    assert alone.prize_cents(1) < 0.15 * 1_700_000
    assert with_share.prize_cents(1) == pytest.approx(0.18 * 1_700_000, abs=500)
    assert with_share.prize_cents(2) < alone.prize_cents(2)


def test_the_shipped_curves_say_what_they_rest_on() -> None:
    text = (ROOT / "core" / "contest" / CURVES_FILE).read_text(encoding="utf-8")
    label = json.loads(text)["label"]
    assert "8 constructed ladders" in label
    fits = load_tier_curves()
    assert list(fits) == list(SizeTier)
    assert sum(fit.ladders for fit in fits.values()) == 8
    assert sum(fit.headlines for fit in fits.values()) == 3


@needs_data
def test_the_shipped_curves_are_those_of_the_data() -> None:
    ladders = read_ladders(DATA)
    made = json.loads(document(ladders, read_headlines(DATA, ladders)))
    shipped = json.loads((ROOT / "core/contest" / CURVES_FILE).read_text(encoding="utf-8"))
    assert made["label"] == shipped["label"]
    for tier, fit in made["tiers"].items():
        known = shipped["tiers"][tier]
        assert fit.pop("curve") == pytest.approx(known.pop("curve"), abs=2e-4)
        assert fit == pytest.approx(known, rel=1e-2)


@needs_data
def test_curves_pay_ladders_they_did_not_see_better_than_the_rule_before_them() -> None:
    ladders = read_ladders(DATA)
    facts = read_headlines(DATA, ladders)
    curve, former = (grade(name, ladders, facts) for name in ("curve by tier", "former rule"))
    assert curve.log_prize_rmse < 0.26 < former.log_prize_rmse
    assert curve.pool_share_rmse < 0.022 < former.pool_share_rmse
