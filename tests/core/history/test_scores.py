import math
from fractions import Fraction
from itertools import product

import numpy as np
import properscoring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from core.errors import InvalidInput
from core.history.grading.events import brier_score
from core.history.grading.pit import compute_pit
from core.history.grading.scores import compute_crps, compute_log_score, crps_normal
from tests.core.history.ensembles import ensembles, plenty, refused, ticks, weighted

TYPES = [np.bool_, np.uint8, np.int8, np.int16, np.uint16, np.int64, np.float32, np.float64]


def plain_crps(samples, y, weights=None, *, fair=False):
    """All pairs, in whole numbers and their ratios."""
    weights = [Fraction(w) for w in weights or [1] * len(samples)]
    x, y, total = [Fraction(value) for value in samples], Fraction(y), sum(weights)
    error = sum(w * abs(a - y) for a, w in zip(x, weights, strict=True)) / total
    pairs = sum(
        weights[i] * weights[j] * abs(x[i] - x[j]) for i in range(len(x)) for j in range(len(x))
    )
    itself = sum(w * w for w in weights) if fair else 0
    return float(error - pairs / (total * total - itself) / 2)


@pytest.fixture
def rng():
    return np.random.default_rng(20260802)


# ---- CRPS


@plenty
@given(weighted, ticks)
def test_crps_is_the_mean_distance_to_the_outcome_less_half_that_of_all_pairs(pairs, y):
    samples, weights = (list(part) for part in zip(*pairs, strict=True))
    plain = compute_crps(samples, y)
    assert plain == pytest.approx(plain_crps(samples, y), abs=1e-12)
    assert plain >= 0.0
    assert compute_crps(samples, y, weights) == pytest.approx(
        plain_crps(samples, y, weights), abs=1e-12
    )


@plenty
@given(st.lists(ticks, min_size=2, max_size=20), ticks, st.data())
def test_the_fair_crps_leaves_a_scenarios_distance_to_itself_out(samples, y, data):
    assert compute_crps(samples, y, fair=True) == pytest.approx(
        plain_crps(samples, y, fair=True), abs=1e-12
    )
    weights = data.draw(
        st.lists(st.integers(1, 5), min_size=len(samples), max_size=len(samples)), label="weights"
    )
    assert compute_crps(samples, y, weights, fair=True) == pytest.approx(
        plain_crps(samples, y, weights, fair=True), abs=1e-12
    )


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_fair_crps_of_small_ensembles_expects_that_of_the_distribution(size):
    # every ensemble that can be drawn from four equally likely values, each once
    values = [0.0, 1.0, 1.0, 5.0]
    draws = np.array(list(product(values, repeat=size))).T
    for y in (-1.0, 0.0, 2.5, 7.0):
        observed = np.full(draws.shape[1], y)
        whole = float(compute_crps(values, y))
        assert compute_crps(draws, observed, fair=True).mean() == pytest.approx(whole)
        assert compute_crps(draws, observed).mean() > whole + 0.1


@plenty
@given(ticks, ticks)
def test_of_one_scenario_crps_is_its_distance_from_the_outcome(x, y):
    assert compute_crps([x], y) == abs(x - y)


@plenty
@given(ensembles, ticks, st.randoms(use_true_random=False))
def test_the_order_of_the_scenarios_does_not_matter(samples, y, random):
    shuffled = random.sample(samples, len(samples))
    assert compute_crps(shuffled, y) == compute_crps(samples, y)


@plenty
@given(ensembles, ticks, st.floats(-50, 50), st.floats(-50, 50))
def test_crps_has_the_unit_of_the_quantity_and_no_origin(samples, y, factor, shift):
    moved = compute_crps(np.array(samples) * factor + shift, y * factor + shift)
    assert moved == pytest.approx(abs(factor) * float(compute_crps(samples, y)), abs=1e-9)


@plenty
@given(weighted, ticks)
def test_a_weight_of_2_is_a_scenario_that_happened_twice(pairs, y):
    samples, weights = (np.array(part) for part in zip(*pairs, strict=True))
    repeated = np.repeat(samples, weights)
    assert compute_crps(samples, y, weights) == pytest.approx(compute_crps(repeated, y), abs=1e-12)
    assert compute_crps(samples, y, weights * 0.3) == pytest.approx(
        compute_crps(repeated, y), abs=1e-12
    )
    assert compute_log_score(samples, y, 40, weights) == pytest.approx(
        compute_log_score(repeated, y, 40)
    )
    np.testing.assert_allclose(
        compute_pit(samples, y, weights), compute_pit(repeated, y), atol=1e-12
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_no_type_of_number_overflows(kind, rng):
    if kind is np.bool_:
        samples = rng.random((40, 3)) < 0.4
    elif np.issubdtype(kind, np.integer):
        ends = max(np.iinfo(kind).min, -(2**40)), min(np.iinfo(kind).max, 2**40)
        samples = rng.integers(*ends, (40, 3), dtype=kind, endpoint=True)
        samples[0], samples[1] = ends
    else:
        samples = rng.normal(size=(40, 3)).astype(kind)
    wide = samples.astype(np.float64)
    for y in (wide[0], wide[1], np.array([-3.0, 0.5, 300.0])):
        want = [plain_crps(column, at) for column, at in zip(wide.T, y, strict=True)]
        np.testing.assert_allclose(compute_crps(samples, y), want, rtol=1e-12)
        np.testing.assert_array_equal(compute_pit(samples, y), compute_pit(wide, y))
        np.testing.assert_array_equal(
            compute_log_score(samples, y, 41), compute_log_score(wide, y, 41)
        )


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("quantities", [1, 5])
def test_scoring_leaves_the_samples_as_they_were(rng, layout, quantities):
    samples = np.array(rng.normal(size=(30, quantities)), order=layout)
    before = samples.copy()
    observed = np.zeros(quantities)
    compute_crps(samples, observed)
    compute_crps(samples, observed, rng.random(30))
    compute_log_score(samples, observed, 40)
    np.testing.assert_array_equal(samples, before)


def test_one_quantity_by_itself_scores_as_in_company(rng):
    samples, observed = rng.integers(1, 9, (50, 4)), np.array([1, 4, 8, 12])
    for scored in (
        compute_crps,
        lambda x, y: compute_crps(x, y, np.arange(50), fair=True),
        lambda x, y: compute_log_score(x, y, 12),
        lambda x, y: compute_pit(x, y)[1],
    ):
        together = scored(samples, observed)
        assert together.shape == (4,)
        for k in range(4):
            alone = scored(samples[:, k], observed[k])
            assert alone.shape == ()
            assert float(alone) == pytest.approx(together[k], rel=1e-12)


@pytest.mark.slow
def test_crps_is_that_of_scoringrules_and_properscoring(rng, scoringrules):
    samples, observed = rng.normal(size=(200, 6)), rng.normal(size=6) * 3
    weights = rng.random(200)
    across = np.tile(weights, (6, 1))
    ours = compute_crps(samples, observed)
    for estimator in ("nrg", "int", "qd"):
        theirs = scoringrules.crps_ensemble(
            observed, samples, m_axis=0, estimator=estimator, backend="numpy"
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    np.testing.assert_allclose(
        ours, properscoring.crps_ensemble(observed, samples.T.copy()), rtol=1e-10
    )
    ours = compute_crps(samples, observed, fair=True)
    for estimator in ("fair", "pwm"):
        theirs = scoringrules.crps_ensemble(
            observed, samples, m_axis=0, estimator=estimator, backend="numpy"
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    ours = compute_crps(samples, observed, weights)
    theirs = properscoring.crps_ensemble(observed, samples.T.copy(), weights=across)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    for estimator, fair in (("nrg", False), ("fair", True)):
        theirs = scoringrules.crps_ensemble(
            observed, samples.T, ens_w=across, estimator=estimator, backend="numpy"
        )
        np.testing.assert_allclose(
            compute_crps(samples, observed, weights, fair=fair), theirs, rtol=1e-10
        )


@pytest.mark.slow
def test_crps_of_a_normal_is_that_of_scoringrules_and_properscoring(rng, scoringrules):
    mean, sd, observed = rng.normal(size=50), rng.random(50) + 0.1, rng.normal(size=50) * 5
    ours = crps_normal(mean, sd, observed)
    np.testing.assert_allclose(ours, scoringrules.crps_normal(observed, mean, sd), rtol=1e-10)
    np.testing.assert_allclose(ours, properscoring.crps_gaussian(observed, mean, sd), rtol=1e-10)


def test_crps_of_a_normals_quantiles_nears_its_closed_form():
    quantiles = 3.0 + 2.0 * ndtri((np.arange(4_000) + 0.5) / 4_000)
    for y in (-4.0, 3.0, 4.5, 12.0):
        assert compute_crps(quantiles, y) == pytest.approx(
            float(crps_normal(3.0, 2.0, y)), abs=1e-4
        )


def test_crps_of_a_normal_at_its_mean_is_known():
    # 2 phi(0) - 1 / sqrt(pi), and far off the distance less sd / sqrt(pi)
    at_mean = (math.sqrt(2) - 1) / math.sqrt(math.pi)
    assert crps_normal(7.0, [1.0, 2.0], 7.0) == pytest.approx([at_mean, 2 * at_mean])
    assert crps_normal(0.0, 2.0, 1e4) == pytest.approx(1e4 - 2 / math.sqrt(math.pi))


# ---- logarithmic scores


@plenty
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=20), st.integers(6, 9), st.floats(0.01, 2.0)
)
def test_the_chances_behind_the_log_score_are_smoothed_shares_that_sum_to_1(
    finishes, categories, smoothing
):
    chances = [
        math.exp(-float(compute_log_score(finishes, y, categories, smoothing=smoothing)))
        for y in range(1, categories + 1)
    ]
    assert sum(chances) == pytest.approx(1.0)
    for y, chance in enumerate(chances, start=1):
        assert chance == pytest.approx(
            (finishes.count(y) + smoothing) / (len(finishes) + smoothing * categories)
        )


def test_half_a_finish_is_what_each_counts_before_any_race():
    scores = compute_log_score(np.array([[1, 1], [1, 2], [2, 1]]), [1, 3], 3)
    np.testing.assert_allclose(scores, [-math.log(2.5 / 4.5), -math.log(0.5 / 4.5)])


def test_without_smoothing_an_outcome_no_scenario_has_scores_infinity():
    scores = compute_log_score([[1, 1], [2, 1]], [2, 2], 2, smoothing=0.0)
    assert scores.tolist() == [pytest.approx(math.log(2)), math.inf]


def test_more_outcomes_than_categories_are_refused():
    compute_log_score([1, 2, 2], 3, 3)
    with pytest.raises(InvalidInput, match="categories"):
        compute_log_score([1, 2, 2], 3, 2)
    with pytest.raises(InvalidInput, match="categories"):
        compute_log_score([[1, 1], [1, 2], [1, 3]], [1, 1], 2)


# ---- propriety


@plenty
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
)
def test_no_other_forecast_expects_a_better_score_than_the_truth(truth, other):
    def expected(score, forecast):
        return np.mean([float(score(forecast, y)) for y in truth])

    def shares(forecast):
        return np.array([forecast.count(value) for value in range(1, 6)]) / len(forecast)

    for score in (
        compute_crps,
        lambda x, y: compute_log_score(x, y, 5, smoothing=0.0),
        lambda x, y: brier_score(shares(x), np.arange(1, 6) == y).sum(),
    ):
        assert expected(score, truth) <= expected(score, other) + 1e-12


def test_the_expected_log_score_of_the_truth_is_its_entropy():
    truth = [1, 1, 2, 3]
    scores = [float(compute_log_score(truth, y, 3, smoothing=0.0)) for y in truth]
    assert np.mean(scores) == pytest.approx(1.5 * math.log(2))


# ---- what is refused

ENSEMBLE = np.arange(8.0).reshape(4, 2)
SAMPLED = {
    "crps": compute_crps,
    "log": lambda samples, observed, weights=None: compute_log_score(samples, observed, 9, weights),
    "pit": compute_pit,
}


@pytest.mark.parametrize("score", SAMPLED)
def test_samples_that_are_no_ensemble_are_refused(score):
    with_nan = ENSEMBLE.copy()
    with_nan[2, 1] = math.nan
    for samples in (
        with_nan,
        ENSEMBLE + math.inf,
        np.empty((0, 2)),
        np.empty((3, 0)),
        3.0,
        ENSEMBLE[None],
        [[1.0, 2.0], [1.0]],
        ENSEMBLE * 1j,
        [["a", "b"]],
        [[None, None]],
    ):
        assert refused("samples", SAMPLED[score], samples, [1.0, 2.0])


@pytest.mark.parametrize("score", SAMPLED)
def test_outcomes_that_do_not_go_with_the_samples_are_refused(score):
    for observed in ([1.0, math.nan], [1.0, math.inf], [1.0], [], 1.0, [[1.0, 2.0]], ["a", "b"]):
        assert refused("observed", SAMPLED[score], ENSEMBLE, observed)


@pytest.mark.parametrize("score", SAMPLED)
def test_weights_that_weigh_nothing_are_refused(score):
    for weights in (
        [1, 1, 1],
        [1, 1, 1, -0.5],
        [0, 0, 0, 0],
        [1, 1, 1, math.nan],
        [1e308] * 4,
        [[1], [1], [1], [1]],
        2.0,
        [],
    ):
        assert refused("weights", SAMPLED[score], ENSEMBLE, [1.0, 2.0], weights)


def test_a_fair_score_of_one_scenario_is_refused():
    assert refused("samples", compute_crps, [1.0], 2.0, fair=True)
    assert refused("samples", compute_crps, [1.0, 3.0], 2.0, [0.0, 1.0], fair=True)


@pytest.mark.parametrize("smoothing", [-0.1, math.nan, math.inf])
def test_smoothing_that_is_no_count_is_refused(smoothing):
    assert refused("smoothing", compute_log_score, [1, 2], 1, 2, smoothing=smoothing)


def test_a_normal_that_is_none_is_refused():
    assert refused("sd", crps_normal, 0.0, [1.0, 0.0], 1.0)
    assert refused("mean", crps_normal, math.nan, 1.0, 1.0)
    assert refused("observed", crps_normal, 0.0, 1.0, math.nan)
    assert refused("observed", crps_normal, [0.0, 1.0], 1.0, [1.0, 2.0, 3.0])
