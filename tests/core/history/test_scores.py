import math
from fractions import Fraction
from itertools import product

import numpy as np
import properscoring
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from core.errors import InvalidInput
from core.history.scores import (
    brier_score,
    compute_coverage,
    compute_crps,
    compute_kernel_log_score,
    compute_log_score,
    compute_pit,
    covered_shares,
    crps_normal,
    energy_score,
    pit_histogram,
    pit_uniformity,
    reliability,
    variogram_score,
)

LEVELS = (0.5, 0.8, 0.95)
TYPES = [np.bool_, np.uint8, np.int8, np.int16, np.uint16, np.int64, np.float32, np.float64]

# few values so that they tie, and halves so that an outcome also falls between them
ticks = st.integers(-9, 9).map(lambda half: half / 2)
ensembles = st.lists(ticks, min_size=1, max_size=25)
weighted = st.lists(st.tuples(ticks, st.integers(0, 4)), min_size=1, max_size=15).filter(
    lambda pairs: any(weight for _, weight in pairs)
)
pits = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted), min_size=1, max_size=12
)
plenty = settings(max_examples=100, deadline=None)


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


def plain_pit(samples, y, weights=None):
    pairs = list(zip(samples, weights or [1] * len(samples), strict=True))
    total = sum(w for _, w in pairs)
    return (
        Fraction(sum(w for x, w in pairs if x < y), total),
        Fraction(sum(w for x, w in pairs if x <= y), total),
    )


def plain_share(low, high, left, right):
    """How much of [low, high] lies in [left, right]; of a point, whether it is inside."""
    if low == high:
        return Fraction(left <= low <= right)
    return max(min(high, right) - max(low, left), 0) / (high - low)


def plain_histogram(pairs, bins):
    """Spread each outcome over the bins; a point on an inner edge is halved."""
    masses = [Fraction(0)] * bins
    for low, high in pairs:
        for part in range(bins):
            left, right = Fraction(part, bins), Fraction(part + 1, bins)
            share = plain_share(low, high, left, right)
            if low == high and low in {left, right} and low not in {0, 1}:
                share /= 2
            masses[part] += share / len(pairs)
    return [float(mass) for mass in masses]


def plain_energy(samples, y, weights):
    shares = weights / weights.sum()
    pairs = sum(
        a * b * math.dist(v, w)
        for (v, a), (w, b) in product(zip(samples, shares, strict=True), repeat=2)
    )
    return sum(a * math.dist(v, y) for v, a in zip(samples, shares, strict=True)) - pairs / 2


def plain_variogram(samples, y, p, pair_weights, weights):
    return sum(
        pair_weights[a, b]
        * (
            abs(y[a] - y[b]) ** p
            - np.average(abs(samples[:, a] - samples[:, b]) ** p, weights=weights)
        )
        ** 2
        for a in range(len(y))
        for b in range(len(y))
    )


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
    pair = np.stack([samples, samples**2], axis=1), [y, 3.0]
    again = np.repeat(pair[0], weights, axis=0), pair[1]
    assert energy_score(*pair, weights) == pytest.approx(energy_score(*again), abs=1e-9)
    assert variogram_score(*pair, weights=weights) == pytest.approx(variogram_score(*again))


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
        assert energy_score(samples, y) == energy_score(wide, y)
        assert variogram_score(samples, y) == variogram_score(wide, y)


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
        compute_kernel_log_score,
        lambda x, y: compute_pit(x, y)[1],
    ):
        together = scored(samples, observed)
        assert together.shape == (4,)
        for k in range(4):
            alone = scored(samples[:, k], observed[k])
            assert alone.shape == ()
            assert float(alone) == pytest.approx(together[k], rel=1e-12)


def test_crps_is_that_of_scoringrules_and_properscoring(rng):
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


def test_crps_of_a_normal_is_that_of_scoringrules_and_properscoring(rng):
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


def test_the_kernel_log_score_is_that_of_scoringrules(rng):
    samples, observed = rng.gamma(2.0, size=(150, 5)), rng.gamma(2.0, size=5)
    theirs = scoringrules.logs_ensemble(observed, samples, m_axis=0)
    np.testing.assert_allclose(compute_kernel_log_score(samples, observed), theirs, rtol=1e-10)
    width = np.linspace(0.2, 1.0, 5)
    theirs = scoringrules.logs_ensemble(observed, samples, m_axis=0, bw=width)
    ours = compute_kernel_log_score(samples, observed, bandwidth=width)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_the_kernel_log_score_is_of_a_density_that_integrates_to_1():
    samples = np.array([0.0, 1.0, 1.5, 8.0])
    grid = np.linspace(-40.0, 50.0, 20_001)
    scores = compute_kernel_log_score(np.tile(samples[:, None], (1, len(grid))), grid)
    assert np.trapezoid(np.exp(-scores), grid) == pytest.approx(1.0, rel=1e-9)


def test_an_outcome_far_from_every_scenario_still_has_a_finite_score():
    # its density is exp(-500,000), which no float holds
    assert compute_kernel_log_score([0.0], 1_000.0, bandwidth=1.0) == pytest.approx(
        500_000 + 0.5 * math.log(2 * math.pi)
    )


def test_where_half_of_the_scenarios_tie_the_bandwidth_is_of_the_standard_deviation():
    samples = np.array([0.0] * 8 + [-1.0, 1.0])
    width = 1.06 * samples.std(ddof=1) * 10**-0.2
    assert compute_kernel_log_score(samples, 0.7) == compute_kernel_log_score(
        samples, 0.7, bandwidth=width
    )


# ---- PIT and coverage


@plenty
@given(weighted, ticks)
def test_the_pit_is_the_chance_of_less_and_of_at_most_the_outcome(pairs, y):
    samples, weights = (list(part) for part in zip(*pairs, strict=True))
    assert compute_pit(samples, y) == tuple(float(end) for end in plain_pit(samples, y))
    assert compute_pit(samples, y, weights) == pytest.approx(
        [float(end) for end in plain_pit(samples, y, weights)], abs=1e-12
    )


@plenty
@given(weighted, ticks)
def test_an_outcome_counts_with_the_part_of_its_chance_inside_the_interval(pairs, y):
    samples, weights = (list(part) for part in zip(*pairs, strict=True))
    low, high = plain_pit(samples, y, weights)
    for level in LEVELS:
        half = Fraction(str(level)) / 2
        share = plain_share(low, high, Fraction(1, 2) - half, Fraction(1, 2) + half)
        found = compute_coverage(samples, y, (level,), weights)
        assert found == {level: pytest.approx(float(share), abs=1e-9)}


@plenty
@given(weighted, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4, unique=True))
def test_a_calibrated_forecast_covers_exactly_its_level_however_outcomes_tie(pairs, levels):
    # every outcome the forecast holds possible, with its chance
    samples, weights = (np.array(part) for part in zip(*pairs, strict=True))
    outcomes = np.unique(samples)
    chances = np.array([weights[samples == y].sum() for y in outcomes]) / weights.sum()
    each = np.tile(samples[:, None], (1, len(outcomes)))
    shares = covered_shares(*compute_pit(each, outcomes, weights), levels)
    np.testing.assert_allclose(shares @ chances, levels, atol=1e-9)


@plenty
@given(ensembles, st.integers(1, 12))
def test_the_pit_of_a_calibrated_forecast_is_exactly_uniform_however_outcomes_tie(samples, bins):
    each = np.tile(np.array(samples)[:, None], (1, len(samples)))
    pair = compute_pit(each, samples)
    np.testing.assert_allclose(pit_histogram(*pair, bins), 1 / bins, atol=1e-9)
    found = pit_uniformity(*pair)
    assert found.mean == pytest.approx(1 / 2)
    assert found.variance == pytest.approx(1 / 12)
    assert found.distance == pytest.approx(0.0, abs=1e-9)


def test_coverage_is_the_mean_over_the_outcomes():
    # of a hundred equally likely values the central half is 26..75
    samples = np.tile(np.arange(1, 101)[:, None], (1, 5))
    observed = [1, 26, 50, 75, 100]
    assert compute_coverage(samples, observed) == {
        0.5: pytest.approx(3 / 5),
        0.8: pytest.approx(3 / 5),
        0.95: pytest.approx(3 / 5),
    }
    found = covered_shares(*compute_pit(samples, observed), [0.5, 0.97])
    np.testing.assert_allclose(found, [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], atol=1e-12)
    # of the chances of 3 and 98, 2.5% to 97.5% holds a half each
    assert covered_shares(*compute_pit(samples[:, :2], [3, 98]), [0.95]).tolist() == [
        pytest.approx([0.5, 0.5])
    ]


@pytest.mark.parametrize("level", [0.3, 0.5, 0.6, 0.8, 0.86, 0.95])
def test_an_outcome_between_scenarios_on_the_intervals_edge_is_inside_at_either_end(level):
    samples = np.tile(np.arange(1, 1_001)[:, None], (1, 4))
    edge = round(500 * (1 - level))
    observed = [edge + 0.5, 1_000 - edge + 0.5, edge - 0.5, 1_000 - edge + 1.5]
    assert covered_shares(*compute_pit(samples, observed), [level]).tolist() == [[1, 1, 0, 0]]


def test_the_pairs_of_several_races_may_be_joined(rng):
    races = [compute_pit(rng.integers(0, 9, (30, k)), rng.integers(0, 9, k)) for k in (3, 5)]
    below, upto = (np.concatenate(part) for part in zip(*races, strict=True))
    joined = (3 * pit_histogram(*races[0]) + 5 * pit_histogram(*races[1])) / 8
    np.testing.assert_allclose(pit_histogram(below, upto), joined)
    apart = np.concatenate([covered_shares(*race) for race in races], axis=1)
    np.testing.assert_array_equal(covered_shares(below, upto), apart)


@plenty
@given(pits, st.integers(1, 10))
def test_the_pit_histogram_spreads_each_outcome_evenly_over_its_chance(pairs, bins):
    exact = [(Fraction(low, 20), Fraction(high, 20)) for low, high in pairs]
    low, high = np.array(pairs).T / 20
    found = pit_histogram(low, high, bins)
    np.testing.assert_allclose(found, plain_histogram(exact, bins), atol=1e-12)
    assert found.sum() == pytest.approx(1.0)


@plenty
@given(pits)
def test_uniformity_is_measured_on_the_mean_distribution_of_the_pits(pairs):
    low, high = np.array(pairs).T / 20
    # stand-ins for the draws between each pair, evenly spread
    draws = np.sort((low + (high - low) * (np.arange(2_000)[:, None] + 0.5) / 2_000).ravel())
    found = pit_uniformity(low, high)
    assert found.mean == pytest.approx(draws.mean(), abs=1e-9)
    assert found.variance == pytest.approx(draws.var(), abs=1e-6)
    reached = np.arange(len(draws) + 1) / len(draws)
    distance = max(np.abs(reached[1:] - draws).max(), np.abs(reached[:-1] - draws).max())
    assert found.distance == pytest.approx(distance, abs=2e-3)


def test_an_outcome_of_next_to_no_chance_counts_as_a_point():
    sliver, point = ([0.0, 0.25], [1e-310, 0.75]), ([0.0, 0.25], [0.0, 0.75])
    np.testing.assert_allclose(covered_shares(*sliver), covered_shares(*point))
    np.testing.assert_allclose(pit_histogram(*sliver), pit_histogram(*point))
    assert pit_uniformity(*sliver).distance == pit_uniformity(*point).distance == 0.5


def test_the_pit_tells_low_and_narrow_forecasts():
    # 100 outcomes from 0.5 to 99.5; the forecasts hold 0..79, and 31..70
    outcomes = np.arange(0.5, 100.0)
    low = compute_pit(np.tile(np.arange(80)[:, None], (1, 100)), outcomes)
    narrow = compute_pit(np.tile(np.arange(31, 71)[:, None], (1, 100)), outcomes)
    assert pit_uniformity(*low).mean == pytest.approx((sum(range(1, 81)) / 80 + 20) / 100)
    assert pit_uniformity(*narrow).mean == pytest.approx(0.5, abs=0.01)
    assert pit_uniformity(*narrow).variance > 2 / 12
    # 31 of the outcomes are below every scenario of the narrow one, and 30 above
    assert pit_uniformity(*narrow).distance == pytest.approx(0.31)
    assert pit_histogram(*narrow, 40)[[0, -1]] == pytest.approx([0.315, 0.305])


# ---- joint forecasts


@pytest.mark.parametrize("scenarios", [1, 2, 127, 128, 129, 300])
def test_the_energy_score_is_over_all_pairs(rng, scenarios):
    samples, observed = rng.normal(size=(scenarios, 3)), rng.normal(size=3)
    weights = rng.random(scenarios) + 0.1
    assert energy_score(samples, observed, weights) == pytest.approx(
        plain_energy(samples, observed, weights), rel=1e-9
    )


@plenty
@given(weighted, ticks)
def test_of_one_quantity_the_energy_score_is_the_crps(pairs, y):
    samples, weights = (np.array(part) for part in zip(*pairs, strict=True))
    assert energy_score(samples[:, None], [y], weights) == pytest.approx(
        compute_crps(samples, y, weights), abs=1e-12
    )


def test_the_joint_scores_are_those_of_scoringrules(rng):
    samples, observed = rng.normal(size=(60, 5)), rng.normal(size=5)
    pair_weights, weights = rng.random((5, 5)), rng.random(60)
    assert energy_score(samples, observed) == pytest.approx(
        float(scoringrules.es_ensemble(observed, samples, backend="numpy")), rel=1e-10
    )
    assert energy_score(samples, observed, weights) == pytest.approx(
        float(scoringrules.es_ensemble(observed, samples, ens_w=weights, backend="numpy")),
        rel=1e-10,
    )
    assert variogram_score(samples, observed) == variogram_score(samples, observed, 0.5)
    for p in (0.5, 1.0, 2.0):
        assert variogram_score(samples, observed, p) == pytest.approx(
            float(scoringrules.vs_ensemble(observed, samples, p=p, backend="numpy")), rel=1e-10
        )
        theirs = scoringrules.vs_ensemble(
            observed, samples, w=pair_weights, p=p, ens_w=weights, backend="numpy"
        )
        assert variogram_score(samples, observed, p, pair_weights, weights) == pytest.approx(
            float(theirs), rel=1e-10
        )


def test_the_variogram_score_sums_over_ordered_pairs(rng):
    samples, observed = rng.integers(0, 9, (20, 4)), rng.integers(0, 9, 4)
    pair_weights, weights = rng.random((4, 4)), rng.random(20)
    assert variogram_score(samples, observed, 0.7, pair_weights, weights) == pytest.approx(
        plain_variogram(samples, observed, 0.7, pair_weights, weights)
    )


def test_the_variogram_score_sees_a_wrong_correlation_where_every_crps_is_the_same():
    # two drivers of one team, who in truth score alike
    truth = np.array([[0, 0], [1, 1], [2, 2], [3, 3]])
    crossed = np.array([[0, 3], [1, 2], [2, 1], [3, 0]])
    for y in truth:
        np.testing.assert_array_equal(compute_crps(truth, y), compute_crps(crossed, y))
        assert variogram_score(truth, y) < variogram_score(crossed, y)


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

    def pairs(forecast):
        return np.array([[x, (x - 3) ** 2] for x in forecast])

    for score in (
        compute_crps,
        lambda x, y: compute_log_score(x, y, 5, smoothing=0.0),
        lambda x, y: brier_score(shares(x), np.arange(1, 6) == y).sum(),
        lambda x, y: energy_score(pairs(x), pairs([y])[0]),
        lambda x, y: variogram_score(pairs(x), pairs([y])[0]),
    ):
        assert expected(score, truth) <= expected(score, other) + 1e-12


def test_the_expected_log_score_of_the_truth_is_its_entropy():
    truth = [1, 1, 2, 3]
    scores = [float(compute_log_score(truth, y, 3, smoothing=0.0)) for y in truth]
    assert np.mean(scores) == pytest.approx(1.5 * math.log(2))


# ---- events


def test_the_brier_score_is_the_squared_error_of_each_chance(rng):
    chances, happened = rng.random(40), rng.random(40) < 0.3
    np.testing.assert_allclose(
        brier_score(chances, happened), scoringrules.brier_score(happened.astype(int), chances)
    )
    assert brier_score([0.2, 0.2], [1, 0]).tolist() == pytest.approx([0.64, 0.04])


def test_the_reliability_table_says_how_often_what_was_said_so_likely_happened():
    table = reliability([0.0, 0.1, 0.2, 0.5, 0.9, 1.0], [0, 1, 0, 1, 1, 0], [0.0, 0.2, 0.4, 0.6, 1])
    assert table.edges.tolist() == [0.0, 0.2, 0.4, 0.6, 1.0]
    assert table.count.tolist() == [2, 1, 1, 2]
    np.testing.assert_allclose(table.forecast, [0.05, 0.2, 0.5, 0.95])
    np.testing.assert_allclose(table.observed, [0.5, 0.0, 1.0, 0.5])


def test_an_empty_bin_has_no_frequency():
    table = reliability([[0.05, 0.95]], [[False, True]], 3)
    assert table.count.tolist() == [1, 0, 1]
    assert table.forecast.tolist() == [0.05, pytest.approx(math.nan, nan_ok=True), 0.95]
    assert table.observed.tolist() == [0.0, pytest.approx(math.nan, nan_ok=True), 1.0]


@plenty
@given(
    st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 10),
)
def test_every_event_is_in_the_bin_that_starts_at_or_before_its_chance(events, bins):
    table = reliability([p / 10 for p, _ in events], [o for _, o in events], bins)
    for part in range(bins):
        held = [(p, o) for p, o in events if min(Fraction(p, 10) * bins // 1, bins - 1) == part]
        assert table.count[part] == len(held)
        if held:
            assert table.forecast[part] == pytest.approx(np.mean([p for p, _ in held]) / 10)
            assert table.observed[part] == pytest.approx(np.mean([o for _, o in held]))


# ---- what is refused

ENSEMBLE = np.arange(8.0).reshape(4, 2)
SAMPLED = {
    "crps": compute_crps,
    "log": lambda samples, observed, weights=None: compute_log_score(samples, observed, 9, weights),
    "kernel log": compute_kernel_log_score,
    "pit": compute_pit,
    "coverage": lambda samples, observed, weights=None: compute_coverage(
        samples, observed, weights=weights
    ),
    "energy": energy_score,
    "variogram": lambda samples, observed, weights=None: variogram_score(
        samples, observed, weights=weights
    ),
}
WEIGHED = [name for name in SAMPLED if name != "kernel log"]


def refused(field, call, *arguments, **options):
    with pytest.raises(InvalidInput) as caught:
        call(*arguments, **options)
    return list(caught.value.messages) == [field]


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


@pytest.mark.parametrize("score", WEIGHED)
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


@pytest.mark.parametrize("levels", [[], [0.0], [1.0], [0.5, 1.5], [-0.5], [math.nan], [[0.5]], 0.5])
def test_levels_outside_0_and_1_are_refused(levels):
    assert refused("levels", compute_coverage, ENSEMBLE, [1.0, 2.0], levels)


@pytest.mark.parametrize("smoothing", [-0.1, math.nan, math.inf])
def test_smoothing_that_is_no_count_is_refused(smoothing):
    assert refused("smoothing", compute_log_score, [1, 2], 1, 2, smoothing=smoothing)


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, math.nan, [1.0, 1.0, 1.0], [1.0, 0.0], []])
def test_a_bandwidth_that_is_none_is_refused(bandwidth):
    assert refused("bandwidth", compute_kernel_log_score, ENSEMBLE, [1.0, 2.0], bandwidth=bandwidth)


def test_scenarios_all_equal_have_no_bandwidth_of_their_own():
    assert refused("samples", compute_kernel_log_score, [[1.0, 2.0], [1.0, 3.0]], [1.0, 2.0])
    assert refused("samples", compute_kernel_log_score, [1.0], 1.0)
    assert compute_kernel_log_score([1.0, 1.0], 1.0, bandwidth=1.0) == pytest.approx(
        0.5 * math.log(2 * math.pi)
    )


def test_a_normal_that_is_none_is_refused():
    assert refused("sd", crps_normal, 0.0, [1.0, 0.0], 1.0)
    assert refused("mean", crps_normal, math.nan, 1.0, 1.0)
    assert refused("observed", crps_normal, 0.0, 1.0, math.nan)
    assert refused("observed", crps_normal, [0.0, 1.0], 1.0, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("measure", [covered_shares, pit_histogram, pit_uniformity])
def test_a_pit_that_is_no_pair_of_chances_is_refused(measure):
    assert refused("upto", measure, [0.5], [0.4])
    assert refused("upto", measure, [0.5], [1.1])
    assert refused("upto", measure, [-0.1], [0.4])
    assert refused("upto", measure, [0.1, 0.2], [0.4])
    assert refused("below", measure, [math.nan], [0.4])
    assert refused("below", measure, [], [])


def test_a_power_or_pair_weights_that_are_none_are_refused():
    for p in (0.0, -1.0, math.nan, math.inf):
        assert refused("p", variogram_score, ENSEMBLE, [1.0, 2.0], p)
    for pair_weights in (np.ones((3, 3)), [1.0, 1.0], [[1.0, -1.0], [1.0, 1.0]], math.nan):
        assert refused("pair_weights", variogram_score, ENSEMBLE, [1.0, 2.0], 0.5, pair_weights)


@pytest.mark.parametrize("table", [brier_score, reliability])
def test_events_without_a_chance_and_a_yes_or_no_are_refused(table):
    assert refused("probabilities", table, [0.5, 1.1], [0, 1])
    assert refused("probabilities", table, [0.5, -0.1], [0, 1])
    assert refused("probabilities", table, [0.5, math.nan], [0, 1])
    assert refused("probabilities", table, [], [])
    assert refused("outcomes", table, [0.5, 0.6], [0, 2])
    assert refused("outcomes", table, [0.5, 0.6], [0, 1, 1])
    assert refused("outcomes", table, [0.5, 0.6], [0, math.nan])


@pytest.mark.parametrize("bins", [0, -1, [0.0], [0.0, 0.5], [0.1, 1.0], [0.0, 0.6, 0.6, 1.0]])
def test_bins_that_do_not_part_0_to_1_are_refused(bins):
    assert refused("bins", reliability, [0.5], [1], bins)


def test_a_histogram_without_bins_is_refused():
    assert refused("bins", pit_histogram, [0.1], [0.2], 0)
