import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.lineups import (
    TailTarget,
    adaptive_scenario_count,
    compute_cvar,
    compute_tail_metrics,
    value_at_risk,
)

ALPHAS = ["0.99", "0.95", "0.9", "0.75", "0.5", "0.333", "0.01"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-3_000, 12_000), min_size=1, max_size=60), st.sampled_from(ALPHAS))
def test_cvar_is_the_mean_of_the_best_races_with_the_boundary_counted_in_part(plain, scores, alpha):
    exact = plain.cvar(scores, alpha)
    assert compute_cvar(scores, float(alpha)) == pytest.approx(float(exact), rel=1e-9, abs=1e-6)


def test_the_boundary_scenario_counts_with_its_fraction():
    # the best 30% of five races is a race and a half: all of 50 and half of 40
    assert compute_cvar([10, 20, 30, 40, 50], 0.7) == pytest.approx((50 + 0.5 * 40) / 1.5)


def test_less_than_a_race_of_tail_is_the_best_race():
    assert compute_cvar([3.0, 8.0], 0.99) == pytest.approx(8.0)
    assert compute_cvar([3.0, 8.0], math.nextafter(1.0, 0.0)) == 8.0


@pytest.mark.parametrize("alpha", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_cvar_of_evenly_spread_scores_is_the_closed_form(alpha):
    # the best n of 1..N have the mean N - (n - 1) / 2
    n = round((1 - alpha) * 10_000)
    assert compute_cvar(np.arange(1, 10_001), alpha) == 10_000 - (n - 1) / 2


@pytest.mark.parametrize("alpha", [0.9, 0.95, 0.99])
def test_cvar_of_an_exponential_is_its_var_and_its_mean_above(alpha):
    # quantiles in place of draws: VaR = -ln(1 - a), CVaR = VaR + 1
    scores = -np.log1p(-(np.arange(200_000) + 0.5) / 200_000)
    assert value_at_risk(scores, alpha) == pytest.approx(-math.log(1 - alpha), abs=1e-3)
    assert compute_cvar(scores, alpha) == pytest.approx(1 - math.log(1 - alpha), abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.sampled_from(ALPHAS))
def test_var_is_the_smallest_score_that_a_share_of_the_races_does_not_exceed(scores, alpha):
    reached = [
        value
        for value in scores
        if Fraction(sum(score <= value for score in scores), len(scores)) >= Fraction(alpha)
    ]
    assert value_at_risk(scores, float(alpha)) == min(reached)


def test_a_lineups_metrics_agree_with_each_other():
    scores = np.arange(1.0, 1_001.0)
    metrics = compute_tail_metrics(scores)
    assert (metrics.mean, metrics.var_95, metrics.var_99) == (500.5, 950.0, 990.0)
    assert (metrics.cvar_95, metrics.cvar_99) == (975.5, 995.5)
    assert metrics.top_1pct == metrics.var_99
    assert metrics.conditional_upside == 995.5 - 500.5
    assert metrics.std == pytest.approx(math.sqrt((1_000**2 - 1) / 12))


@pytest.mark.parametrize(
    ("alpha", "samples", "scenarios"),
    [(0.99, 100, 10_000), (0.95, 100, 2_000), (0.999, 100, 100_000), (0.9, 1, 10), (0.7, 1, 4)],
)
def test_so_many_scenarios_put_the_samples_into_the_tail(alpha, samples, scenarios):
    assert adaptive_scenario_count(alpha, samples) == scenarios


def test_a_hundred_tail_samples_are_the_default():
    assert adaptive_scenario_count(0.99) == 10_000


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5, 1.5, math.nan])
def test_a_level_outside_0_and_1_is_refused(alpha):
    for asked in (
        lambda: compute_cvar([1.0], alpha),
        lambda: value_at_risk([1.0], alpha),
        lambda: adaptive_scenario_count(alpha),
    ):
        with pytest.raises(InvalidInput, match="alpha"):
            asked()


@pytest.mark.parametrize("scores", [[], [math.nan], [1.0, math.inf], [[1.0, 2.0]], 3.0])
def test_scores_that_are_no_races_are_refused(scores):
    with pytest.raises(InvalidInput, match="scores"):
        compute_tail_metrics(scores)


def test_no_tail_samples_are_refused():
    with pytest.raises(InvalidInput, match="min_tail_samples"):
        adaptive_scenario_count(0.99, 0)


@pytest.mark.parametrize(
    ("alphas", "weights", "field"),
    [
        ((0.0,), (1.0,), "alphas"),
        ((1.0,), (1.0,), "alphas"),
        ((math.nan,), (1.0,), "alphas"),
        ((0.9, 0.8), (1.0,), "weights"),
        ((0.9, 0.8), (0.5, 0.6), "weights"),
        ((0.9, 0.8), (1.5, -0.5), "weights"),
        ((0.9,), (math.nan,), "weights"),
    ],
)
def test_a_target_that_is_none_is_refused_by_field(alphas, weights, field):
    with pytest.raises(InvalidInput) as refused:
        TailTarget(alphas, weights)
    assert set(refused.value.messages) == {field}


def test_a_target_without_a_level_is_refused():
    with pytest.raises(InvalidInput, match="alphas"):
        TailTarget((), ())


@pytest.mark.parametrize(("alpha", "enough"), [(0.99, 100), (0.9, 10), (0.95, 20), (0.999, 1_000)])
def test_a_tail_of_less_than_one_scenario_is_refused_with_how_many_would_do(alpha, enough):
    target = TailTarget((alpha,), (1.0,))
    target.require_scenarios(enough)
    with pytest.raises(InvalidInput, match=f"; {enough} would give one"):
        target.require_scenarios(enough - 1)
