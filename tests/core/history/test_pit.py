import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history.grading.pit import compute_coverage, compute_pit, covered_shares, pit_histogram
from tests.core.history.ensembles import ensembles, plenty, refused, ticks, weighted

LEVELS = (0.5, 0.8, 0.95)

pits = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted), min_size=1, max_size=12
)


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


@pytest.fixture
def rng():
    return np.random.default_rng(20260802)


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
        found = compute_coverage(*compute_pit(samples, y, weights), (level,))
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


def test_coverage_is_the_mean_over_the_outcomes():
    # of a hundred equally likely values the central half is 26..75
    samples = np.tile(np.arange(1, 101)[:, None], (1, 5))
    observed = [1, 26, 50, 75, 100]
    assert compute_coverage(*compute_pit(samples, observed)) == {
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


def test_an_outcome_of_next_to_no_chance_counts_as_a_point():
    sliver, point = ([0.0, 0.25], [1e-310, 0.75]), ([0.0, 0.25], [0.0, 0.75])
    np.testing.assert_allclose(covered_shares(*sliver), covered_shares(*point))
    np.testing.assert_allclose(pit_histogram(*sliver), pit_histogram(*point))


def test_the_pit_tells_low_and_narrow_forecasts():
    # 100 outcomes from 0.5 to 99.5; the forecasts hold 0..79, and 31..70
    outcomes = np.arange(0.5, 100.0)
    low = compute_pit(np.tile(np.arange(80)[:, None], (1, 100)), outcomes)
    narrow = compute_pit(np.tile(np.arange(31, 71)[:, None], (1, 100)), outcomes)
    assert np.mean(low) == pytest.approx((sum(range(1, 81)) / 80 + 20) / 100)
    assert np.mean(narrow) == pytest.approx(0.5, abs=0.01)
    # 31 of the outcomes are below every scenario of the narrow one, and 30 above
    assert pit_histogram(*narrow, 40)[[0, -1]] == pytest.approx([0.315, 0.305])


@pytest.mark.parametrize("levels", [[], [0.0], [1.0], [0.5, 1.5], [-0.5], [math.nan], [[0.5]], 0.5])
def test_levels_outside_0_and_1_are_refused(levels):
    assert refused("levels", compute_coverage, [0.1], [0.2], levels)


@pytest.mark.parametrize("measure", [compute_coverage, covered_shares, pit_histogram])
def test_a_pit_that_is_no_pair_of_chances_is_refused(measure):
    assert refused("upto", measure, [0.5], [0.4])
    assert refused("upto", measure, [0.5], [1.1])
    assert refused("upto", measure, [-0.1], [0.4])
    assert refused("upto", measure, [0.1, 0.2], [0.4])
    assert refused("below", measure, [math.nan], [0.4])
    assert refused("below", measure, [], [])


def test_a_histogram_without_bins_is_refused():
    assert refused("bins", pit_histogram, [0.1], [0.2], 0)
