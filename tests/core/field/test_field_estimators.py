import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.utils import estimator_checks

from core.errors import InvalidInput
from core.field.estimators import (
    FEATURES,
    MEMBERS,
    METHODS,
    HistoricalOwnership,
    HybridOwnershipEstimator,
    ProjectionValueOwnership,
    RecentFormOwnership,
    SalarySkillOwnership,
)
from core.field.estimators.fitting import training_rows
from core.field.estimators.folding import drawn_again, out_of_fold
from core.field.estimators.members import ESTIMATORS
from core.field.estimators.stacking import ErrorMoments, stacked
from tests.core.field.made_up_contests import DRIVERS, made_up_contests

CLASSES = (*ESTIMATORS.values(), HybridOwnershipEstimator)
AT = {name: place for place, name in enumerate(FEATURES)}
QUICK = 8


@pytest.fixture(scope="module")
def contests():
    return made_up_contests()


@pytest.fixture(scope="module")
def fitted(contests):
    return HybridOwnershipEstimator(n_bootstrap=QUICK).fit(*contests.rows)


def small(kind):
    return kind(n_bootstrap=QUICK) if kind is HybridOwnershipEstimator else kind()


# scikit-learn's checks of every estimator, except those with generated rows: X here is rows of
# named features, complete by contest, and a target without its contests means nothing.
@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_mixin_order,
    ],
)
def test_it_is_an_estimator_as_scikit_learn_means_it(kind, check):
    check(kind.__name__, kind())


@pytest.mark.parametrize("kind", CLASSES)
def test_fitting_keeps_parameters_gives_itself_and_the_same_bits_again(kind, contests):
    one = small(kind)
    before = one.get_params()
    assert one.fit(*contests.rows) is one
    assert one.get_params() == before
    assert one.n_features_in_ == len(FEATURES)
    first = one.predict(contests.x, contests.groups)
    again = clone(one).fit(*contests.rows).predict(contests.x, contests.groups)
    kept = pickle.loads(pickle.dumps(one)).predict(contests.x, contests.groups)  # noqa: S301
    assert (first == again).all()
    assert (first == kept).all()
    assert np.isfinite(one.score(contests.x, contests.truth))


@pytest.mark.parametrize("kind", CLASSES)
def test_predicting_before_learning_is_refused(kind, contests):
    with pytest.raises(NotFittedError):
        small(kind).predict(contests.x)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_contest_sums_to_the_rosters_and_who_is_withdrawn_has_none(kind, contests):
    x = contests.x.copy()
    x[::DRIVERS, AT["racing"]] = 0.0
    percent = small(kind).fit(*contests.rows).predict(x, contests.groups)
    sums = [percent[contests.groups == group].sum() for group in np.unique(contests.groups)]
    np.testing.assert_allclose(sums, 600.0, atol=1e-6)
    assert (percent[::DRIVERS] == 0.0).all()
    assert (percent >= 0.0).all()
    assert (percent <= 100.0).all()


@pytest.mark.parametrize("kind", CLASSES)
def test_rows_may_come_in_any_order(kind, contests):
    mixed = np.random.default_rng(1).permutation(len(contests.y))
    straight = small(kind).fit(*contests.rows).predict(contests.x, contests.groups)
    other = small(kind).fit(*(part[mixed] for part in contests.rows))
    np.testing.assert_allclose(
        other.predict(contests.x, contests.groups), straight, atol=2.0, rtol=0.05
    )


def test_the_rule_that_made_the_contests_is_learnt_from_their_most_owned_alone():
    contests = made_up_contests(slates=8, noise=0.0)
    member = ProjectionValueOwnership().fit(*contests.rows)
    missed = np.abs(member.predict(contests.x, contests.groups) - contests.truth)
    flat = np.abs(600.0 / DRIVERS - contests.truth)
    assert missed.mean() < 0.25 * flat.mean()
    # unknown drivers' ownership is never known one by one, but its sum is
    unknown = np.isnan(contests.y)
    assert missed[unknown].mean() < 0.3 * flat[unknown].mean()


def test_the_sum_of_the_unknown_is_learnt_from_and_not_dropped():
    contests = made_up_contests(slates=8, noise=0.0, known=9)
    left_out = contests.x.copy()
    left_out[np.isnan(contests.y), AT["racing"]] = 0.0
    used = ProjectionValueOwnership().fit(*contests.rows)
    dropped = ProjectionValueOwnership().fit(left_out, *contests.rows[1:])
    errors = [
        np.abs(one.predict(contests.x, contests.groups) - contests.truth).mean()
        for one in (used, dropped)
    ]
    assert errors[0] < 0.6 * errors[1]


def test_more_points_never_make_a_driver_less_owned(contests):
    y = contests.truth.copy()
    for group in np.unique(contests.groups):
        rows = np.flatnonzero(contests.groups == group)
        y[rows[np.argsort(-contests.x[rows, AT["points"]])]] = np.sort(contests.truth[rows])
    member = ProjectionValueOwnership().fit(contests.x, y, contests.groups, contests.slates)
    assert (member.fitted_.weights[[1, 2, 3]] >= 0.0).all()


def test_what_is_left_out_has_no_say_in_what_is_said_of_it(contests):
    members = list(HybridOwnershipEstimator().estimators().values())
    nothing = ErrorMoments(np.zeros((4, 4)), 0)

    def tested(y):
        training = training_rows(contests.x, y, contests.groups, contests.slates, 6)
        return out_of_fold(training, members, [None] * 4, nothing)

    changed = contests.y.copy()
    held = contests.slates == "s2"
    changed[held] = changed[held].reshape(2, -1)[:, ::-1].ravel()
    plain, other = tested(contests.y), tested(changed)
    assert (plain.each[held] == other.each[held]).all()
    assert (plain.mixed(stacked)[held] == other.mixed(stacked)[held]).all()
    # and a say in everything else
    assert (plain.each[~held] != other.each[~held]).any()


def test_contests_of_one_slate_are_left_out_together(contests):
    members = list(HybridOwnershipEstimator().estimators().values())
    nothing = ErrorMoments(np.zeros((4, 4)), 0)
    twin = contests.groups == "c2.1"
    changed = np.where(twin, np.nan, contests.y)
    changed[np.flatnonzero(twin)[:6]] = 90.0
    each = [
        out_of_fold(
            training_rows(contests.x, y, contests.groups, contests.slates, 6),
            members,
            [None] * 4,
            nothing,
        ).each[contests.groups == "c2.0"]
        for y in (contests.y, changed)
    ]
    assert (each[0] == each[1]).all()


def test_scikit_learns_own_cross_validation_leaves_out_the_same():
    # predict has no contests as an argument, so a fold that is left out must be one contest
    contests = made_up_contests(slates=4, each=1)
    with sklearn.config_context(enable_metadata_routing=True):
        member = SalarySkillOwnership()
        member.set_fit_request(groups="contest", slates="slate")
        theirs = cross_val_predict(
            member,
            contests.x,
            contests.y,
            cv=LeaveOneGroupOut().set_split_request(groups="slate"),
            params={"contest": contests.groups, "slate": contests.slates},
        )
    ours = out_of_fold(
        training_rows(*contests.rows, 6),
        [SalarySkillOwnership()],
        [None],
        ErrorMoments(np.zeros((1, 1)), 0),
    ).each[:, 0]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_the_bootstrap_draws_contests_slate_by_slate_and_never_rows():
    slates = np.array(["a", "a", "a", "b", "c", "c"], dtype=object)
    rng = np.random.default_rng(3)
    drawn = np.array([drawn_again(slates, rng) for _ in range(400)])
    assert drawn.shape == (400, 6)
    np.testing.assert_allclose(drawn.sum(axis=1), 3.0)
    thirds = drawn[:, :3].sum(axis=1)
    np.testing.assert_allclose(thirds, np.round(thirds))
    assert (drawn[:, 3] == 0).any()
    np.testing.assert_allclose(drawn.mean(axis=0), [1 / 3] * 3 + [1] + [0.5] * 2, atol=0.12)


def test_a_driver_may_have_a_weight_of_his_own_and_the_oldest_races_are_forgotten():
    contests = made_up_contests(slates=4, noise=0.0)
    y = contests.truth.copy()
    hero = contests.x[0, AT["driver"]]
    y[contests.x[:, AT["driver"]] == hero] = 95.0
    for group in np.unique(contests.groups):
        rows = (contests.groups == group) & (contests.x[:, AT["driver"]] != hero)
        y[rows] *= (600.0 - y[(contests.groups == group) & ~rows].sum()) / y[rows].sum()
    y = np.minimum(y, 100.0)
    plain = HistoricalOwnership().fit(contests.x, y, contests.groups, contests.slates)
    own = HistoricalOwnership(driver_effects=True).fit(
        contests.x, y, contests.groups, contests.slates
    )
    rows = contests.x[:, AT["driver"]] == hero
    assert len(plain.fitted_.drivers) == 0
    assert own.predict(contests.x, contests.groups)[rows].min() > (
        plain.predict(contests.x, contests.groups)[rows].min()
    )
    last = RecentFormOwnership(driver_effects=True, n_recent_races=1)
    last.fit(contests.x, y, contests.groups, contests.slates)
    assert set(last.fitted_.drivers) == set(contests.x[contests.slates == "s3", AT["driver"]])


@pytest.mark.parametrize("method", METHODS)
def test_the_ensemble_mixes_the_four_and_keeps_its_estimate_between_its_bounds(
    method, fitted, contests
):
    model = clone(fitted).set_params(ensemble_method=method)
    model.__dict__.update({k: v for k, v in fitted.__dict__.items() if k.endswith("_")})
    weights = model.member_weights()
    assert tuple(weights) == MEMBERS
    assert sum(weights.values()) == pytest.approx(1.0)
    assert min(weights.values()) >= 0.0
    percent, lower, upper, std = model.predict_with_uncertainty(contests.x, contests.groups)
    assert (percent == model.predict(contests.x, contests.groups)).all()
    assert (lower <= percent).all()
    assert (percent <= upper).all()
    assert lower.min() >= 0.0
    assert upper.max() <= 100.0
    assert (std > 0.0).all()


def test_stacking_favours_the_one_that_knows_and_voting_does_not():
    contests = made_up_contests(slates=6, noise=0.0, points=2.5)
    model = HybridOwnershipEstimator("stacking", n_bootstrap=QUICK).fit(*contests.rows)
    assert max(model.member_weights(), key=model.member_weights().get) == "projection_value"
    assert model.error_["stacking"] < model.error_["voting"]
    assert model.error_["weighted"] < model.error_["voting"]
    moved = model.feature_importance_
    assert sum(moved.values()) == pytest.approx(1.0)
    assert moved["points"] + moved["points_surplus"] + moved["value"] > 0.3
    assert moved["driver"] == 0.0


def test_stacking_of_estimators_that_cannot_be_told_apart_is_voting():
    alike = ErrorMoments(np.full((4, 4), 5.0), 5)
    np.testing.assert_allclose(stacked(alike), 0.25, atol=1e-6)
    one_knows = ErrorMoments(np.diag([1.0, 100.0, 100.0, 100.0]) * 50, 50)
    assert stacked(one_knows)[0] > 0.9


def test_weights_may_be_given_in_order_or_by_name(contests, fitted):
    alone = HybridOwnershipEstimator(
        "weighted", custom_weights={"salary_skill": 1.0}, n_bootstrap=QUICK
    )
    ordered = clone(alone).set_params(custom_weights=(0, 0, 1, 0))
    percent = alone.fit(*contests.rows).predict(contests.x, contests.groups)
    member = SalarySkillOwnership().fit(*contests.rows).predict(contests.x, contests.groups)
    np.testing.assert_allclose(percent, member, atol=1e-9)
    np.testing.assert_allclose(
        ordered.fit(*contests.rows).predict(contests.x, contests.groups), percent
    )


def test_shares_are_the_field_by_roster_spot(contests, fitted):
    one = contests.groups == "c0.0"
    field = fitted.predict(contests.x[one])
    shares = clone(fitted).set_params(normalize_to="share").fit(*contests.rows)
    np.testing.assert_allclose(shares.predict(contests.x[one]), field / 6.0)


def test_what_is_not_known_of_a_driver_is_taken_for_the_slates_mean(contests, fitted):
    bare = contests.x[:DRIVERS].copy()
    for name in (
        "points",
        "points_rank",
        "value",
        "value_rank",
        "points_surplus",
        "skill",
        "skill_surplus",
        "average",
        "average_surplus",
        "start",
        "log_entries",
        "race_day",
    ):
        bare[:, AT[name]] = np.nan
    percent = fitted.predict(bare)
    assert percent.sum() == pytest.approx(600.0)
    order = np.argsort(bare[:, AT["salary"]])
    assert (np.diff(percent[order]) > 0).all()


def test_learning_on_starts_from_the_prior_and_leaves_it_as_it_was(contests, fitted):
    other = made_up_contests(slates=1, points=3.0)
    was = {name: member.fitted.weights.copy() for name, member in fitted.members_.items()}
    later = HybridOwnershipEstimator(n_bootstrap=QUICK).fit(*other.rows, prior=fitted)
    assert later.contests_ == fitted.contests_ + 2
    assert later.slates_ == fitted.slates_ + 1
    for name, weights in was.items():
        assert (fitted.members_[name].fitted.weights == weights).all()
    before = np.abs(fitted.predict(other.x, other.groups) - other.truth).mean()
    after = np.abs(later.predict(other.x, other.groups) - other.truth).mean()
    assert after < before


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"ensemble_method": "loudest"}, "ensemble_method"),
        ({"custom_weights": (1, 0, 0, 0)}, "custom_weights"),
        ({"ensemble_method": "weighted", "custom_weights": (1, 1, 0, 0)}, "custom_weights"),
        ({"ensemble_method": "weighted", "custom_weights": {"oracle": 1.0}}, "custom_weights"),
        ({"normalize_to": "one"}, "normalize_to"),
        ({"n_bootstrap": 0}, "n_bootstrap"),
        ({"n_recent_races": 0}, "n_recent_races"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused_by_name(parameters, field, contests):
    with pytest.raises(InvalidInput) as refused:
        HybridOwnershipEstimator(**parameters).fit(*contests.rows)
    assert list(refused.value.messages) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda c: (c.x[:, :5], c.y, c.groups, c.slates), "X"),
        (lambda c: (np.where(c.x == 0, np.inf, c.x), c.y, c.groups, c.slates), "X"),
        (lambda c: (c.x, c.y[1:], c.groups, c.slates), "y"),
        (lambda c: (c.x, np.full(len(c.y), np.nan), c.groups, c.slates), "y"),
        (lambda c: (c.x, c.y + 100.0, c.groups, c.slates), "y"),
        (lambda c: (c.x, np.full(len(c.y), 60.0), c.groups, c.slates), "y"),
        (lambda c: (c.x, c.y, c.groups[1:], c.slates), "groups"),
        (lambda c: (c.x, c.y, np.arange(len(c.y)), c.slates), "groups"),
        (lambda c: (c.x, c.y, c.groups, np.roll(c.slates, 1)), "slates"),
        (lambda c: (c.x, c.y, c.groups, np.full(len(c.y), "one")), "groups"),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_refused_by_name(change, field, contests):
    with pytest.raises(InvalidInput) as refused:
        HybridOwnershipEstimator(n_bootstrap=1).fit(*change(contests))
    assert list(refused.value.messages) == [field]
