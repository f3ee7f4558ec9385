"""Exchanges by what a portfolio is worth as a whole: the least of its lineups' sums, here."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.portfolio import choose_from_pool, exchange_for_worth, portfolio_limits
from core.slate import Driver, Slate

SLATE = Slate(tuple(Driver(str(i), f"D{i}", 1, team="ABC"[i % 3]) for i in range(7)))
EVERY = np.array(list(combinations(range(7), 3)), dtype=np.uint8)
SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = st.sampled_from([0.0, 0.1, 0.5])


class Least:
    """The least sum over some races: as concave as the mean of the worst of them."""

    def __init__(self, scores):
        self.scores = scores

    def at(self, picked):
        return HeldLeast(self.scores, self.scores[picked].sum(axis=0))


class HeldLeast:
    def __init__(self, scores, total):
        self.scores, self.total = scores, total

    @property
    def worth(self):
        return float(self.total.min())

    @property
    def slopes(self):
        return self.scores[:, int(self.total.argmin())]

    def exchanged(self, out, candidates):
        return (self.total - self.scores[out] + self.scores[candidates]).min(axis=1)


def drawn(random, most=0.7):
    rng = np.random.default_rng(random)
    limits = portfolio_limits(SLATE, 4, max_driver_exposure=most, max_team_exposure=1.0)
    scores = rng.integers(0, 50, (len(EVERY), 6)).astype(np.float64)
    return Least(scores), limits


def likeness(picked, cost):
    pairs = combinations([set(map(int, EVERY[index])) for index in picked], 2)
    return cost * sum(len(one & other) for one, other in pairs)


def cost_of(best, weight, limits):
    return weight * best / ((limits.n_lineups - 1) / 2) / 3


def holds(limits, picked):
    counts = np.bincount(EVERY[np.asarray(picked)].ravel(), minlength=7)
    return len(set(picked)) == limits.n_lineups and bool((counts <= limits.most).all())


@settings(max_examples=60, deadline=None)
@given(SEEDS, WEIGHTS)
def test_no_exchange_is_left_that_would_make_the_portfolio_better(random, weight):
    worth, limits = drawn(random)
    begun = choose_from_pool(EVERY, worth.scores.mean(axis=1), limits, 0.0)
    assert begun is not None
    # the bounds exclude no better exchange: the pool has fewer lineups than are computed
    found = exchange_for_worth(EVERY, begun, limits, worth, 40.0, weight)
    cost = cost_of(40.0, weight, limits)
    assert holds(limits, found.picked.tolist())
    assert found.worth == worth.at(found.picked).worth
    assert found.likeness == pytest.approx(likeness(found.picked, cost))
    value = found.worth - found.likeness
    assert value >= worth.at(begun).worth - likeness(begun, cost) - 1e-9
    for out in found.picked:
        rest = [int(index) for index in found.picked if index != out]
        for other in set(range(len(EVERY))) - {*rest, int(out)}:
            if holds(limits, [*rest, other]):
                swapped = np.array([*rest, other])
                assert worth.at(swapped).worth - likeness(swapped, cost) <= value + 1e-6


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_slopes_bound_what_any_exchange_adds(random):
    worth, _ = drawn(random)
    picked = np.random.default_rng(random).choice(len(EVERY), 4, replace=False)
    out, others = int(picked[0]), np.setdiff1d(np.arange(len(EVERY)), picked)
    held = worth.at(picked)
    added = held.exchanged(out, others) - held.worth
    assert (added <= held.slopes[others] - held.slopes[out] + 1e-9).all()


def test_a_pool_that_holds_too_few_lineups_gives_none() -> None:
    limits = portfolio_limits(SLATE, 4, max_driver_exposure=0.25, max_team_exposure=1.0)
    assert choose_from_pool(EVERY, np.arange(len(EVERY), dtype=float), limits, 0.0) is None


def test_an_exchange_can_be_ended_from_outside() -> None:
    class Cancelled(Exception):
        pass

    def end() -> None:
        raise Cancelled

    worth, limits = drawn(1)
    begun = choose_from_pool(EVERY, worth.scores.mean(axis=1), limits, 0.0)
    assert begun is not None
    with pytest.raises(Cancelled):
        exchange_for_worth(EVERY, begun, limits, worth, 40.0, 0.0, end)
