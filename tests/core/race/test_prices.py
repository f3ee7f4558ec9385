"""Prices of pairs: what they imply, and how far races go towards it."""

from dataclasses import replace
from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.race import generate_scenarios, with_tilts
from core.race.constraints import MAX_TILT
from core.race.prices import (
    Matchup,
    Source,
    Taken,
    implied_moves,
    load_odds_weights,
    measure_pairs,
    part_way,
    weight_at,
)
from core.slate import TrackType


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"driver_b": 0}, "driver_b", "two drivers"),
        ({"odds_a": None, "odds_b": None}, "odds_a", "the price of one side"),
        ({"odds_a": 1.0}, "odds_a", "1.0; give decimal odds above 1"),
        ({"odds_b": float("inf")}, "odds_b", "inf; give"),
        ({"odds_a": 1.2, "odds_b": 1.2}, "odds_a", "sum to 167%"),
        ({"odds_a": 5.0, "odds_b": 5.0}, "odds_a", "sum to 40%"),
    ],
)
def test_what_are_no_prices_of_a_pair_is_refused(
    changes: dict[str, object], key: str, message: str
) -> None:
    fields: dict[str, object] = {"driver_a": 0, "driver_b": 1, "odds_a": 1.8, "odds_b": 2.0}
    with pytest.raises(InvalidInput, match=message) as refused:
        Matchup(**{**fields, **changes})  # type: ignore[arg-type]
    assert [problem.key for problem in refused.value.problems] == [key]


@given(st.floats(0.05, 0.95), st.floats(0.0, 0.09))
def test_the_margin_is_taken_out_of_both_prices(chance: float, margin: float) -> None:
    # a bookmaker whose margin is a power: the two chances are raised until they sum to more
    powers = np.linspace(0.5, 1.0, 2_001)
    sums = chance**powers + (1.0 - chance) ** powers
    power = float(powers[np.abs(sums - 1.0 - margin).argmin()])
    matchup = Matchup(0, 1, chance**-power, (1.0 - chance) ** -power)
    assert matchup.log_odds(0.055) == pytest.approx(log(chance / (1.0 - chance)), abs=1e-6)


@given(st.floats(1.05, 20.0), st.floats(0.0, 0.1))
def test_one_price_says_of_a_the_opposite_of_what_it_says_of_b(odds: float, margin: float) -> None:
    of_a, of_b = Matchup(0, 1, odds, None), Matchup(0, 1, None, odds)
    assert of_a.one_sided
    assert of_a.log_odds(margin) == pytest.approx(-of_b.log_odds(margin))
    # without the margin a chance is smaller than the price says
    assert of_a.log_odds(margin) <= log(1.0 / (odds - 1.0)) + 1e-9


def test_of_an_even_pair_with_the_usual_margin_one_price_says_even() -> None:
    assert Matchup(0, 1, 2 / 1.055, None).log_odds(0.055) == pytest.approx(0.0, abs=1e-9)


def test_one_pair_moves_both_drivers_half_the_way_each() -> None:
    moves = implied_moves([(0, 2)], [0.4], 4)
    assert moves == pytest.approx([0.2, 0.0, -0.2, 0.0], abs=2e-3)


@given(st.lists(st.floats(-0.8, 0.8), min_size=6, max_size=6), st.integers(0, 2**32 - 1))
def test_consistent_prices_are_met_and_move_no_group_as_a_whole(
    strengths: list[float], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(6).tolist()
    pairs = [*pairwise(order), (order[0], order[5]), (order[1], order[4])]
    wanted = [strengths[a] - strengths[b] for a, b in pairs]
    moves = implied_moves(pairs, wanted, 8)
    assert [moves[a] - moves[b] for a, b in pairs] == pytest.approx(wanted, abs=0.06)
    assert moves.sum() == pytest.approx(0.0, abs=1e-5)
    assert (moves[6:] == 0.0).all()


@given(
    st.lists(st.floats(-MAX_TILT, MAX_TILT), min_size=3, max_size=3),
    st.lists(st.none() | st.floats(-MAX_TILT, MAX_TILT), min_size=3, max_size=3),
    st.floats(0.0, 1.0),
)
def test_a_weight_goes_that_part_of_the_way(
    tilts: list[float], implied: list[float | None], weight: float
) -> None:
    towards = np.array(implied, dtype=np.float64)
    moved = part_way(tilts, towards, weight)
    for before, target, after in zip(tilts, implied, moved, strict=True):
        expected = before if target is None else before + weight * (target - before)
        assert after == pytest.approx(expected)
    assert part_way(tilts, towards, 0.0) == pytest.approx(tilts)


@given(st.floats(0.0, 1.0), st.floats(0.01, 0.99))
def test_prices_count_nothing_at_the_markets_view_and_in_full_at_ones_own(
    weight: float, fitted: float
) -> None:
    at = [weight_at(weight, conviction, fitted) for conviction in (0.0, fitted, 1.0)]
    assert at == pytest.approx([0.0, weight, 1.0])
    line = [weight_at(weight, conviction, fitted) for conviction in np.linspace(0.0, 1.0, 21)]
    assert (np.diff(line) >= -1e-12).all()


@pytest.mark.parametrize("kind", [TrackType.INTERMEDIATE, TrackType.SUPERSPEEDWAY])
def test_races_moved_by_what_is_measured_have_the_prices_of_their_pairs(field, kind) -> None:
    spec = field(kind=kind, drivers=24)
    pairs = [(3, 4), (4, 9), (3, 9), (11, 2), (15, 20)]
    # strengths that no measure has seen, and the prices that races with them would have
    hidden = np.zeros(24)
    hidden[[3, 9, 11, 20]] = [-0.3, 0.25, 0.35, 0.3]
    priced = with_tilts(spec, hidden.tolist())
    prices = _log_odds(priced, pairs)
    measured = measure_pairs(spec, pairs, seed=5)
    gains = measured.differences(pairs, prices, np.zeros(24))
    moved = with_tilts(spec, implied_moves(pairs, gains, 24).tolist())
    before, after = (np.abs(np.array(_log_odds(s, pairs)) - prices) for s in (spec, moved))
    assert after.mean() < 0.35 * before.mean()
    assert after.max() < 0.2


def _log_odds(spec, pairs):
    finish = generate_scenarios(spec, 20_000, 77)[0].finish
    shares = np.array([(finish[:, a] < finish[:, b]).mean() for a, b in pairs])
    return np.log(shares / (1.0 - shares))


def test_the_measure_is_the_same_to_the_last_bit(field) -> None:
    spec = field(drivers=10)
    one, other, another = (measure_pairs(spec, [(1, 2), (4, 7)], seed) for seed in (3, 3, 4))
    assert one == other
    assert one != another


def test_closing_prices_are_another_source_than_early_ones() -> None:
    sources = {
        (taken, matchups, grid): Source.of(taken, matchups=matchups, grid_known=grid)
        for taken in Taken
        for matchups in (False, True)
        for grid in (False, True)
    }
    assert sources[Taken.EARLY, True, False] is Source.EARLY_WITHOUT_GRID
    assert sources[Taken.EARLY, False, True] is Source.EARLY_WITH_GRID
    assert sources[Taken.CLOSING, True, False] is Source.CLOSING_MATCHUPS
    assert sources[Taken.CLOSING, False, True] is Source.CLOSING_LISTS
    # odds of the field tell more where the grid is not known, whenever they were taken
    assert sources[Taken.CLOSING, False, False] is Source.EARLY_WITHOUT_GRID


def test_the_shipped_weights_say_what_they_rest_on() -> None:
    weights = load_odds_weights()
    assert 0.03 < weights.pair_margin < 0.09
    for source in Source:
        entry = weights.of(source)
        assert 0.0 < entry.weight < 1.0
        assert 0.0 < entry.error < 0.5
        assert entry.races >= 6
    with pytest.raises(InvalidInput, match=r"1\.5; give 0 to 1"):
        replace(weights.early_with_grid, weight=1.5)
