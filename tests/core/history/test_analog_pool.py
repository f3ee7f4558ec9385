"""Weighted races meet the means of a pool, with as equal weights as can be."""

import numpy as np
import pytest

from benchmarks.analog_pool import pooled, weights_meeting

SAMPLES = np.random.default_rng(5).normal([10.0, 20.0, 30.0], [3.0, 5.0, 4.0], (4_000, 3))


def test_means_within_reach_are_met():
    means = SAMPLES.mean(axis=0) + np.array([0.5, -1.0, 0.8])
    weights = weights_meeting(SAMPLES, means)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ SAMPLES == pytest.approx(means, abs=0.02)


def test_weights_of_a_normal_are_those_of_the_moved_normal():
    # of unit variance moved by d, the weights are worth a share exp(-d^2) of the samples
    normals = np.random.default_rng(6).standard_normal((200_000, 1))
    weights = weights_meeting(normals, np.array([0.5]))
    assert 1.0 / np.square(weights).sum() / len(weights) == pytest.approx(np.exp(-0.25), rel=0.01)


def test_a_pool_without_analogs_is_the_races():
    observed = np.array([12.0, 15.0, 33.0])
    found = pooled(SAMPLES, np.full((5, 3), 99.0), observed, 0.0)
    assert found.mixture == pytest.approx(found.simulated)
    assert found.weighted == pytest.approx(found.simulated, abs=1e-6)
    assert found.races_left == pytest.approx(1.0, abs=1e-6)
    assert found.analogs > found.simulated
