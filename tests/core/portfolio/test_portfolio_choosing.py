from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.portfolio.choosing import choose, improve
from core.portfolio.limits import portfolio_limits
from core.slate import Driver, Slate

SLATE = Slate(tuple(Driver(str(i), f"D{i}", 1, team="ABC"[i % 3]) for i in range(9)))
EVERY = np.array(list(combinations(range(9), 4)), dtype=np.uint8)


def worth_of(lineups, scores, picked, weight):
    """Mean score less weight x the pool's best score x the mean share of drivers two share."""
    chosen = [set(map(int, lineups[place])) for place in picked]
    pairs = list(combinations(chosen, 2))
    alike = sum(len(one & other) / lineups.shape[1] for one, other in pairs) / len(pairs)
    return scores[picked].mean() - weight * abs(scores.max()) * alike


def improving_exchanges(lineups, scores, limits, picked, weight):
    """Every exchange of one lineup that keeps the limits, with the portfolio's worth after it."""
    for place in picked:
        rest = [other for other in picked if other != place]
        for new in set(range(len(lineups))) - set(picked):
            portfolio = [*rest, new]
            counts = np.bincount(lineups[portfolio].ravel(), minlength=9)
            if (counts > limits.most).any() or (counts < limits.fewest).any():
                continue
            yield worth_of(lineups, scores, np.array(portfolio), weight)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.booleans())
def test_no_single_exchange_would_make_the_chosen_portfolio_worth_more(random, weight, losses):
    rng = np.random.default_rng(random)
    lineups = EVERY[rng.choice(len(EVERY), 40, replace=False)]
    # expected dollars may be below zero for every lineup
    scores = rng.normal(-30.0 if losses else 30.0, 6.0, 40)
    limits = portfolio_limits(SLATE, 5, max_driver_exposure=0.6, max_team_exposure=1.0)
    picked = choose(lineups, scores, limits, weight).picked
    if len(picked) < 5:
        return
    worth = worth_of(lineups, scores, picked, weight)
    others = improving_exchanges(lineups, scores, limits, picked, weight)
    assert max(others, default=worth) <= worth + 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(-40, 40))
def test_exchanging_never_makes_a_portfolio_worth_less(random, weight, level):
    rng = np.random.default_rng(random)
    scores = rng.normal(level, 6.0, len(EVERY))
    limits = portfolio_limits(SLATE, 6, max_driver_exposure=1.0, max_team_exposure=1.0)
    picked = np.sort(rng.choice(len(EVERY), 6, replace=False))
    better = improve(EVERY, scores, limits, weight, picked)
    assert len(set(better.tolist())) == 6
    before = worth_of(EVERY, scores, picked, weight)
    assert worth_of(EVERY, scores, better, weight) >= before - 1e-9


def test_lineups_worth_the_same_do_not_take_turns_for_ever():
    limits = portfolio_limits(SLATE, 6, max_driver_exposure=1.0, max_team_exposure=1.0)
    for level in (0.0, 1e-300, 7.0, -7.0):
        picked = choose(EVERY, np.full(len(EVERY), level), limits, 0.5).picked
        assert len(picked) == 6


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_choice_that_cannot_be_filled_says_who_is_used_up_and_who_is_needed(weight):
    # five lineups of A, B and others; A may stand in two, I must stand in four
    lineups = np.array([[0, 1, 2, 3], [0, 1, 4, 5], [0, 2, 4, 6], [0, 3, 5, 7]], dtype=np.uint8)
    limits = portfolio_limits(
        SLATE,
        5,
        max_driver_exposure=1.0,
        max_team_exposure=1.0,
        driver_max={0: 0.4},
        driver_min={8: 0.6},
    )
    choice = choose(lineups, np.array([4.0, 3.0, 2.0, 1.0]), limits, weight)
    assert len(choice.picked) == 2
    assert choice.blocked == (0,)
    assert choice.needed == (8,)
