"""Entropy tilting against closed forms and a generic optimiser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from core.errors import Infeasible, InvalidInput
from core.race import entropy_tilt


def divergence(weights):
    positive = weights[weights > 0]
    return float((positive * np.log(positive * len(weights))).sum())


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(20, 200),
    k=st.integers(1, 4),
    far=st.floats(0.0, 1.0),
)
@settings(max_examples=40, deadline=None)
def test_the_weights_are_those_a_generic_optimiser_finds(seed, n, k, far):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, k)) * rng.uniform(0.1, 50.0, k)
    # a mean that some positive weights have: between even ones and any others
    targets = (1.0 - far) * values.mean(axis=0) + far * (rng.dirichlet(np.ones(n)) @ values)
    found = entropy_tilt(values, targets)
    scale = values.std(axis=0)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.abs((found.weights @ values - targets) / scale).max() < 1e-8
    assert found.kl == pytest.approx(divergence(found.weights), abs=1e-8)
    assert found.effective_sample_size == pytest.approx(1.0 / (found.weights**2).sum())
    centred = (values - targets) / scale
    dual = minimize(lambda x: logsumexp(centred @ x) - np.log(n), np.zeros(k), method="BFGS")
    assert found.kl == pytest.approx(-dual.fun, abs=1e-6)


@given(share=st.floats(0.001, 0.999), before=st.integers(1, 99))
@settings(deadline=None)
def test_one_share_is_moved_by_weighing_both_sides_alike(share, before):
    values = np.zeros(100)
    values[:before] = 1.0
    found = entropy_tilt(values, share)
    assert found.weights[:before] == pytest.approx(share / before, rel=1e-6)
    assert found.weights[before:] == pytest.approx((1 - share) / (100 - before), rel=1e-6)
    p = before / 100
    kl = share * np.log(share / p) + (1 - share) * np.log((1 - share) / (1 - p))
    assert found.kl == pytest.approx(kl, abs=1e-8)


def test_means_that_are_there_already_cost_nothing():
    values = np.random.default_rng(1).normal(size=(500, 3))
    found = entropy_tilt(values, values.mean(axis=0))
    assert found.kl == 0.0
    assert found.effective_sample_size == pytest.approx(500)


def test_no_other_weights_with_these_means_are_nearer():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 2))
    found = entropy_tilt(values, [0.3, -0.2])
    # any change that keeps the sum and the means
    keeps = np.column_stack([np.ones(60), values])
    for _ in range(50):
        change = rng.normal(size=60)
        change -= keeps @ np.linalg.lstsq(keeps, change, rcond=None)[0]
        change *= 0.5 * found.weights.min() / np.abs(change).max()
        assert divergence(found.weights + change) > found.kl


def test_things_that_always_sum_to_the_same_are_no_trouble():
    finish = np.argsort(np.random.default_rng(3).normal(size=(400, 6)), axis=1) + 1.0
    targets = finish.mean(axis=0) + np.array([0.3, -0.3, 0.2, -0.2, 0.0, 0.0])
    found = entropy_tilt(finish, targets)
    assert found.weights @ finish == pytest.approx(targets, abs=1e-7)


@pytest.mark.parametrize(
    ("values", "targets"),
    [
        (np.arange(10.0), 9.5),  # beyond the best race
        (np.ones(10), 2.0),  # never anything else
        (np.column_stack([np.arange(10.0), -np.arange(10.0)]), [4.0, -5.0]),  # against each other
    ],
)
def test_means_that_no_weights_have_are_refused(values, targets):
    with pytest.raises(Infeasible, match="no weighting of 10 races"):
        entropy_tilt(values, targets)


@pytest.mark.parametrize(
    ("values", "targets", "field"),
    [
        (np.zeros((5, 2)), [1.0], "targets"),
        (np.zeros((0, 1)), [1.0], "targets"),
        ([1.0, np.nan], [1.0], "values"),
        ([1.0, 2.0], [np.inf], "targets"),
    ],
)
def test_what_cannot_be_weighed_is_refused(values, targets, field):
    with pytest.raises(InvalidInput) as error:
        entropy_tilt(values, targets)
    assert list(error.value.messages) == [field]
