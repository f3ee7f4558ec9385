"""Mean dollars less k x CVaR of the loss, against exact sums in fractions."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.contest import (
    PrizeSteps,
    RiskAdjustedWinnings,
    reweighted,
    tail_weights,
    worst_mean,
)
from core.contest.outcomes import Distribution
from tests.core.contest.risk_in_usd import risk_adjusted_usd

AMOUNTS = st.integers(0, 3) | st.integers(0, 10**12)
RACES = hnp.arrays(np.int64, st.integers(1, 130), elements=AMOUNTS)
TABLES = hnp.arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(1, 60)), elements=AMOUNTS)
AVERSIONS = st.floats(0.0, 10.0)


def exact_worst(winnings: list[int]) -> Fraction:
    """Take the worst 5% one race after the other, the last in part."""
    left = whole = Fraction(len(winnings), 20)
    total = Fraction(0)
    for won in sorted(winnings):
        part = min(left, Fraction(1))
        total += part * won
        left -= part
    return total / whole


@given(RACES)
def test_the_worst_mean_is_that_of_the_worst_races_one_by_one(winnings: np.ndarray) -> None:
    found = float(worst_mean(winnings))
    assert found == pytest.approx(float(exact_worst(winnings.tolist())), rel=1e-12, abs=1e-9)
    told = Distribution(*np.unique(winnings, return_counts=True)).lower_mean(Fraction(1, 20))
    assert found == pytest.approx(told, rel=1e-12, abs=1e-9)


@given(TABLES)
def test_rows_are_averaged_each_by_itself(table: np.ndarray) -> None:
    assert worst_mean(table).tolist() == [float(worst_mean(row)) for row in table]


@given(RACES, st.integers(0, 2**32 - 1))
def test_tail_weights_are_those_under_which_the_mean_is_least(
    winnings: np.ndarray, random: int
) -> None:
    weights = tail_weights(winnings)
    most = 20 / len(winnings)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0.0
    assert weights.max() <= most * (1 + 1e-12)
    least = float(weights @ winnings)
    assert least == pytest.approx(float(worst_mean(winnings)), rel=1e-9, abs=1e-9)
    # any other weights within the same bounds, drawn by filling races up in an order of their own
    order = np.random.default_rng(random).permutation(len(winnings))
    other = np.zeros(len(winnings))
    left = 1.0
    for race in order:
        other[race] = min(left, most)
        left -= other[race]
    assert least <= float(other @ winnings) * (1 + 1e-9) + 1e-9


@given(RACES)
def test_races_that_win_the_same_weigh_the_same(winnings: np.ndarray) -> None:
    weights = tail_weights(winnings)
    for amount in np.unique(winnings):
        assert len(set(weights[winnings == amount].tolist())) == 1


@given(RACES, st.floats(0, 1e4), AVERSIONS)
def test_the_objective_is_mean_profit_less_k_times_the_mean_of_the_worst_losses(
    winnings: np.ndarray, fees: float, k: float
) -> None:
    losses = [Fraction(fees) - Fraction(won, 10**6) for won in winnings.tolist()]
    mean_loss = sum(losses, Fraction(0)) / len(losses)
    worst = Fraction(fees) - exact_worst(winnings.tolist()) / 10**6
    expected = float(-mean_loss - Fraction(k) * worst)
    size = fees * (1 + k) + float(winnings.max()) / 1e6
    found = risk_adjusted_usd(winnings, fees, k)
    assert found == pytest.approx(expected, abs=1e-9 * (1 + size))


@settings(deadline=None)
@given(TABLES, AVERSIONS, st.data())
def test_slopes_bound_what_any_other_lineups_are_worth(
    table: np.ndarray, k: float, data: st.DataObject
) -> None:
    worth = RiskAdjustedWinnings.of(table, k)
    picks = st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=3, unique=True)
    picked, other = (np.array(data.draw(picks), dtype=np.intp) for _ in range(2))
    held = worth.at(picked)
    slopes = held.slopes
    size = 1e-9 * (1 + float(table.max()) * (1 + k) * 3)
    assert slopes[picked].sum() == pytest.approx(held.worth, abs=size)
    bound = held.worth + slopes[other].sum() - slopes[picked].sum()
    assert worth.at(other).worth <= bound + size


@settings(deadline=None)
@given(TABLES, AVERSIONS)
def test_an_exchange_is_worth_what_the_portfolio_after_it_is(table: np.ndarray, k: float) -> None:
    worth = RiskAdjustedWinnings.of(table, k)
    picked = np.arange(len(table) - 1, dtype=np.intp)
    candidates = np.arange(len(table), dtype=np.intp)
    for out in picked:
        expected = [
            worth.at(np.array([*(p for p in picked if p != out), new], dtype=np.intp)).worth
            for new in candidates
        ]
        assert worth.at(picked).exchanged(int(out), candidates).tolist() == expected


@given(TABLES)
def test_without_aversion_a_lineup_is_worth_what_it_wins(table: np.ndarray) -> None:
    worth = RiskAdjustedWinnings.of(table, 0.0)
    means = (table.sum(axis=1) / table.shape[1]).tolist()
    assert worth.at(np.array([0])).slopes.tolist() == means
    for size in (1, 2):
        for picked in combinations(range(len(table)), size):
            total = int(table[list(picked)].sum()) / table.shape[1]
            assert worth.at(np.array(picked)).worth == pytest.approx(total, rel=1e-12)


PRIZES = hnp.arrays(np.int64, (6, 3), elements=st.integers(1, 10**12))


@given(PRIZES, hnp.arrays(np.float64, 6, elements=st.floats(1.0, 201.0)))
def test_reweighted_prizes_rise_and_are_the_prizes_times_the_weights(
    prizes: np.ndarray, weights: np.ndarray
) -> None:
    micros = np.sort(prizes, axis=1)
    steps = PrizeSteps(np.arange(18, dtype=np.int32).reshape(6, 3), micros)
    found = reweighted(steps, weights)
    assert found.breaks is steps.breaks
    assert (np.diff(found.micros, axis=1) >= np.minimum(np.diff(micros, axis=1), 1)).all()
    np.testing.assert_allclose(found.micros, micros * weights[:, None], atol=1.0, rtol=1e-12)
    assert reweighted(steps, np.ones(6)).micros.tolist() == micros.tolist()


def test_prizes_too_large_for_their_sums_are_counted_in_more_than_a_micro_dollar() -> None:
    races = 50_000
    breaks, micros = np.zeros((races, 1), dtype=np.int32), np.full((races, 1), 10**12)
    found = reweighted(PrizeSteps(breaks, micros), np.full(races, 201.0)).micros
    assert races * int(found.max()) < 2**63
    assert found[0, 0] == 10**12 * 201 // 3
