from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import Payouts, PrizeSteps, PrizeTier, prize_steps, value_lineups
from core.errors import InvalidInput
from core.field import field_of


def prize_of(steps, scenario, score):
    """Read the prize of one score off the steps, plainly."""
    prize = 0
    for begins, micros in zip(steps.breaks[scenario], steps.micros[scenario], strict=True):
        if score >= begins:
            prize = int(micros)
    return prize


def value_of_score(points, field, payouts, score):
    """Prize of a lineup with this score, made of extra drivers whom no opponent holds."""
    drivers, roster = len(points), field.lineups.shape[1]
    shares = [score // roster + (i < score % roster) for i in range(roster)]
    wide = np.concatenate([points, shares]).astype(np.int16)[None]
    stand_in = np.arange(drivers, drivers + roster, dtype=np.uint8)[None]
    return int(value_lineups(wide, field, stand_in, payouts)[0])


@st.composite
def contests(draw):
    drivers = draw(st.integers(4, 7))
    roster = draw(st.integers(2, 4))
    pick = st.sampled_from(list(combinations(range(drivers), roster)))
    opponents = draw(st.lists(pick, max_size=30))
    score = st.integers(-3, 3) | st.integers(-9, 30)
    points = draw(
        st.lists(st.lists(score, min_size=drivers, max_size=drivers), min_size=1, max_size=4)
    )
    places = draw(st.integers(1, len(opponents) + 1))
    cuts = draw(st.lists(st.integers(1, places), max_size=6))
    lasts = sorted({*cuts, places})
    cents = sorted(
        draw(st.lists(st.integers(1, 999), min_size=len(lasts), max_size=len(lasts))), reverse=True
    )
    tiers = tuple(
        PrizeTier(first, last, prize)
        for first, last, prize in zip([1, *(n + 1 for n in lasts)], lasts, cents, strict=False)
    )
    return (
        np.array(points, dtype=np.int16),
        field_of(np.array(opponents, dtype=np.uint8).reshape(-1, roster)),
        Payouts(250, len(opponents) + 1, tiers),
    )


@settings(max_examples=150, deadline=None)
@given(contests())
def test_the_steps_pay_every_score_what_the_contest_pays_it(contest):
    points, field, payouts = contest
    steps = prize_steps(points, field, payouts)
    assert steps.breaks.shape == steps.micros.shape
    assert steps.breaks.shape[1] <= 2 * len(payouts.tiers)
    assert (np.diff(steps.micros, axis=1) >= 0).all()
    for scenario, row in enumerate(points):
        sums = [int(row[lineup].sum()) for lineup in field.lineups] or [0]
        for score in range(min(sums) - 2, max(sums) + 3):
            paid = value_of_score(row, field, payouts, score)
            assert prize_of(steps, scenario, score) == paid


def test_a_tie_over_a_prize_line_has_a_step_of_its_own():
    points = np.array([[10, 0, 0]], dtype=np.int16)
    field = field_of(np.array([[0, 1], [0, 1], [1, 2]], dtype=np.uint8))
    payouts = Payouts(100, 4, (PrizeTier(1, 1, 900), PrizeTier(2, 2, 300)))
    steps = prize_steps(points, field, payouts)
    assert steps.breaks.tolist() == [[10, 11]]
    # two opponents and the one more entry share 12 dollars
    assert steps.micros.tolist() == [[4_000_000, 9_000_000]]


def test_where_all_places_are_paid_any_score_wins():
    payouts = Payouts(100, 2, (PrizeTier(1, 1, 900), PrizeTier(2, 2, 300)))
    points = np.array([[5, 1]], dtype=np.int16)
    steps = prize_steps(points, field_of(np.array([[0]], dtype=np.uint8)), payouts)
    assert steps.breaks.tolist() == [[-(2**31), 5, 6]]
    assert steps.micros.tolist() == [[3_000_000, 6_000_000, 9_000_000]]


def test_a_contest_without_opponents_is_won():
    payouts = Payouts(100, 1, (PrizeTier(1, 1, 900),))
    empty = field_of(np.zeros((0, 2), dtype=np.uint8))
    steps = prize_steps(np.zeros((3, 4), dtype=np.int16), empty, payouts)
    assert steps.breaks.tolist() == [[-(2**31)]] * 3
    assert steps.micros.tolist() == [[9_000_000]] * 3


def test_joined_steps_are_padded_with_a_score_of_nobody():
    narrow = PrizeSteps(np.array([[7]], dtype=np.int32), np.array([[5]]))
    wide = PrizeSteps(np.array([[1, 2]], dtype=np.int32), np.array([[3, 4]]))
    joined = PrizeSteps.joined([narrow, wide])
    assert joined.breaks.tolist() == [[7, 2**31 - 1], [1, 2]]
    assert joined.micros.tolist() == [[5, 5], [3, 4]]


def test_a_field_of_another_size_is_refused():
    payouts = Payouts(100, 5, (PrizeTier(1, 1, 900),))
    field = field_of(np.zeros((0, 2), dtype=np.uint8))
    with pytest.raises(InvalidInput, match="field_size"):
        prize_steps(np.zeros((3, 4), dtype=np.int16), field, payouts)


def test_many_scenarios_filled_in_parts_are_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    points = rng.integers(-50, 500, (40, 8)).astype(np.int16)
    field = field_of(np.sort(rng.random((99, 8)).argsort(axis=1)[:, :4], axis=1).astype(np.uint8))
    tiers = tuple(PrizeTier(n, n, 1_000 - n) for n in range(1, 21))
    payouts = Payouts(100, 100, tiers)
    whole = prize_steps(points, field, payouts)
    monkeypatch.setattr("core.contest.steps._CELLS", 7 * 40)
    parts = prize_steps(points, field, payouts)
    np.testing.assert_array_equal(parts.breaks, whole.breaks)
    np.testing.assert_array_equal(parts.micros, whole.micros)
