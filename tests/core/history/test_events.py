import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history.grading.events import brier_score, reliability
from tests.core.history.ensembles import plenty, refused


@pytest.fixture
def rng():
    return np.random.default_rng(20260802)


@pytest.mark.slow
def test_the_brier_score_is_the_squared_error_of_each_chance(rng, scoringrules):
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
