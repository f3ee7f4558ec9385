"""Odds to probabilities: without the margin, none above 1, some left for drivers without odds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.race import fair_probabilities

ODDS = st.lists(st.floats(1.01, 500.0), min_size=6, max_size=40)
NAN = float("nan")


@given(odds=ODDS, top=st.sampled_from([1, 5]))
def test_a_whole_market_sums_to_the_places_and_keeps_its_order(odds, top):
    chances = fair_probabilities(odds, top)
    assert chances.sum() == pytest.approx(top, abs=1e-9)
    assert ((chances >= 0.0) & (chances <= 1.0)).all()
    order = np.argsort(odds, kind="stable")
    assert (np.diff(chances[order]) <= 1e-12).all()


def test_one_power_serves_the_whole_market():
    odds = np.array([3.0, 4.0, 6.0, 9.0, 15.0, 15.0, 40.0])
    chances = fair_probabilities(odds)
    powers = np.log(chances) / np.log(1.0 / odds)
    assert powers == pytest.approx(powers[0], rel=1e-12)
    # and so takes a larger part of a long shot's chance than of a favourite's
    assert chances[-1] * odds[-1] < chances[0] * odds[0] < 1.0


@pytest.mark.parametrize("top", [1, 5])
@pytest.mark.parametrize("least", [1.0000001, 1.0 + 1e-12, np.nextafter(1.0, 2.0)])
def test_odds_a_hair_above_one_share_the_places_evenly(least, top):
    assert fair_probabilities([least] * 14, top) == pytest.approx(top / 14)


def test_one_long_shot_among_certain_winners_has_next_to_nothing():
    chances = fair_probabilities([*[1.0000001] * 13, 50.0])
    assert chances[:13] == pytest.approx(1 / 13)
    assert chances[13] == pytest.approx(0.0, abs=1e-12)


def test_odds_without_a_margin_stand():
    assert fair_probabilities([2.0, 4.0, 8.0, 8.0]) == pytest.approx([0.5, 0.25, 0.125, 0.125])


def test_of_a_few_odds_the_inverses_stand():
    chances = fair_probabilities([4.0, NAN, 10.0, NAN, NAN, NAN, NAN, NAN])
    assert chances[[0, 2]] == pytest.approx([0.25, 0.1])
    assert np.isnan(chances[[1, 3, 4, 5, 6, 7]]).all()


@given(odds=ODDS, without=st.integers(1, 20), top=st.sampled_from([1, 5]))
def test_of_a_part_of_a_market_something_is_left_for_the_others(odds, without, top):
    chances = fair_probabilities([*odds, *[NAN] * without], top)[: len(odds)]
    drivers = len(odds) + without
    least = without * min(1.0 / max(odds), top / drivers) / 4
    assert chances.sum() <= top - least + 1e-9
    if (1.0 / np.array(odds)).sum() <= top - least:
        assert chances == pytest.approx(1.0 / np.array(odds))


def test_who_cannot_win_has_no_part_in_the_market():
    chances = fair_probabilities([2.0, 2.0, 2.0, 2.0], 1, [True, True, False, True])
    assert chances[[0, 1, 3]] == pytest.approx(1 / 3)
    assert np.isnan(chances[2])


def test_where_everybody_is_in_the_top_five_odds_say_nothing():
    assert np.isnan(fair_probabilities([1.5] * 5, 5)).all()


@pytest.mark.parametrize("wrong", [1.0, 0.5, -3.0, 0.0, float("inf")])
def test_what_is_no_decimal_odds_is_refused(wrong):
    with pytest.raises(InvalidInput, match="above 1"):
        fair_probabilities([2.0, wrong])
