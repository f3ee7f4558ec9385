"""A slate of which several versions are equally likely: the mean of their estimates."""

from dataclasses import replace

import numpy as np
import pytest

from core.field.estimators import HybridOwnershipEstimator, ownership_features
from core.field.estimators.versions import percent_in_turn
from tests.core.field.made_up_contests import DRIVERS, made_up_contests, made_up_slate

PARTS = ("percent", "lower_5", "upper_95", "std")


@pytest.fixture(scope="module")
def model():
    contests = made_up_contests()
    return HybridOwnershipEstimator(n_bootstrap=7).fit(*contests.rows)


def versions_of(slate, count, seed=4):
    rng = np.random.default_rng(seed)
    return [
        replace(
            slate,
            projected_points=slate.projected_points + rng.normal(0.0, 8.0, DRIVERS),
            start_position=1.0 + rng.permutation(DRIVERS),
        )
        for _ in range(count)
    ]


def test_one_version_is_forecast_as_the_slate_is_to_the_bit(model):
    slate = made_up_slate(3)
    one, other = model.forecast(slate), model.forecast_mean([slate])
    assert all((getattr(one, part) == getattr(other, part)).all() for part in PARTS)


def test_versions_that_are_the_same_change_nothing(model):
    slate = versions_of(made_up_slate(3), 1)[0]
    one, many = model.forecast(slate), model.forecast_mean([slate] * 7)
    for part in PARTS:
        assert getattr(many, part) == pytest.approx(getattr(one, part), abs=1e-9)


def test_the_estimate_is_the_mean_of_the_versions_estimates(model):
    versions = versions_of(made_up_slate(3, racing=np.arange(16) != 4), 5)
    mean = model.forecast_mean(versions)
    each = np.array([model.forecast(version).percent for version in versions])
    assert mean.percent == pytest.approx(each.mean(axis=0))
    assert mean.total == pytest.approx(600.0)
    assert mean.percent[4] == mean.lower_5[4] == mean.upper_95[4] == mean.std[4] == 0.0
    assert (mean.lower_5 <= mean.percent).all()
    assert (mean.percent <= mean.upper_95).all()


def test_intervals_are_wider_for_what_the_versions_differ_by(model):
    versions = versions_of(made_up_slate(3), 40)
    mean = model.forecast_mean(versions)
    alone = [model.forecast(version) for version in versions]
    width = np.mean([one.upper_95 - one.lower_5 for one in alone])
    assert (mean.upper_95 - mean.lower_5).mean() > 1.1 * width
    assert (mean.std**2).mean() > np.mean([one.std**2 for one in alone])


def test_what_is_known_stays_in_every_version(model):
    known = np.full(DRIVERS, np.nan)
    known[:3] = [71.5, 0.0, 100.0]
    mean = model.forecast_mean(versions_of(made_up_slate(3, ownership_percent=known), 6))
    assert mean.percent[:3].tolist() == [71.5, 0.0, 100.0]
    assert mean.std[:3].tolist() == [0.0, 0.0, 0.0]
    assert mean.total == pytest.approx(600.0)


@pytest.mark.parametrize("versions", [3, 11])
def test_each_replicate_meets_a_version_in_turn(model, versions):
    slates = versions_of(made_up_slate(3), versions)
    x = np.array([ownership_features(slate) for slate in slates])
    for name, estimator in model.estimators().items():
        fit = model.members_[name]
        drawn = percent_in_turn(estimator.terms, fit.fitted, fit.replicates, x, 6)
        assert len(drawn) == max(versions, 7)
        for turn, percent in enumerate(drawn):
            estimator.fitted_ = replace(fit.fitted, weights=fit.replicates[turn % 7])
            assert percent == pytest.approx(estimator.predict(x[turn % versions]))
