from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lineups import (
    LineupRules,
    TailTarget,
    WalkResult,
    best_by_tail,
    best_by_value,
    is_legal,
    tail_values,
)
from core.portfolio import Exposure, PortfolioLimits, best_searched_together
from core.portfolio.column_generation import best_together


@st.composite
def small_limits(draw, drivers):
    n = draw(st.integers(1, 3))
    fractions = st.sampled_from([0.0, 1 / 3, 0.5, 2 / 3, 1.0, 1.0, 1.0])
    least = st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.3])
    each = tuple(
        Exposure(str(i), (i,), draw(least), draw(fractions), explicit=True) for i in range(drivers)
    )
    teams = tuple(
        Exposure(f"T{number}", tuple(members), 0.0, draw(fractions), explicit=True)
        for number, members in enumerate(
            draw(
                st.lists(
                    st.lists(st.sampled_from(range(drivers)), min_size=1, unique=True), max_size=2
                )
            )
        )
    )
    return PortfolioLimits(n, each, teams, draw(st.integers(1, 2)))


def held(limits, chosen):
    counts = np.bincount(np.array(chosen).ravel(), minlength=len(limits.drivers))
    teams = [
        sum(bool(set(team.members) & set(lineup)) for lineup in chosen) for team in limits.teams
    ]
    return (
        (counts >= limits.fewest).all()
        and (counts <= limits.most).all()
        and (np.array(teams) <= limits.team_most).all()
        and all(
            len(set(one) - set(other)) >= limits.min_unique
            for one, other in combinations(chosen, 2)
        )
    )


def worth(values, chosen, pair_cost):
    counts = np.bincount(np.array(chosen).ravel(), minlength=len(values))
    shared = int((counts * (counts - 1) // 2).sum())
    return int(sum(values[list(lineup)].sum() for lineup in chosen)) - pair_cost * shared


@settings(max_examples=60, deadline=None)
@given(data=st.data(), pair_cost=st.sampled_from([0.0, 0.0, 0.5, 7.0]))
def test_the_best_together_are_worth_as_much_as_any_portfolio(
    plain, any_small_rules, data, pair_cost
):
    rules = data.draw(any_small_rules.filter(lambda rules: len(rules.salaries_usd) <= 8))
    drivers = len(rules.salaries_usd)
    limits = data.draw(small_limits(drivers))
    values = np.array(data.draw(st.lists(st.integers(-20, 60), min_size=drivers, max_size=drivers)))
    every = [
        chosen
        for chosen in combinations(plain.legal(rules), limits.n_lineups)
        if held(limits, chosen)
    ]
    found = best_together(values, rules, limits, pair_cost)
    if not every:
        assert found is None
        return
    best = max(worth(values, chosen, pair_cost) for chosen in every)
    assert found.worth == pytest.approx(best, abs=1e-3)
    assert found.bound >= best - 1e-6
    lineups = [tuple(map(int, lineup)) for lineup in found.lineups]
    assert held(limits, lineups)
    assert all(is_legal(rules, lineup) for lineup in lineups)
    assert found.worth == pytest.approx(worth(values, lineups, pair_cost))
    assert found.values.tolist() == [int(values[list(lineup)].sum()) for lineup in lineups]


@pytest.fixture(scope="module")
def board(full_rules):
    rng = np.random.default_rng(3)
    salaries = np.array(full_rules.salaries_usd)
    return np.rint(salaries / 200 * rng.uniform(0.6, 1.4, 38)).astype(np.int64) * 1_000


def limits_of(most, n=150, min_unique=1, teams=()):
    drivers = tuple(Exposure(str(i), (i,), 0.0, most, explicit=True) for i in range(38))
    return PortfolioLimits(n, drivers, teams, min_unique)


@pytest.mark.slow
@pytest.mark.parametrize(("min_unique", "gap"), [(1, 0.0), (2, 0.004)])
def test_a_full_slate_is_chosen_with_a_bound_that_is_near(full_rules, board, min_unique, gap):
    found = best_together(board, full_rules, limits_of(0.5, min_unique=min_unique))
    assert 0.0 <= (found.bound - found.worth) / found.worth <= gap
    assert (found.bound == found.worth) is (gap == 0.0)
    assert found.lineups.shape == (150, 6)
    assert np.bincount(found.lineups.ravel()).max() == 75
    holds = np.zeros((150, 38), dtype=int)
    holds[np.arange(150)[:, None], found.lineups] = 1
    assert np.triu(holds @ holds.T, 1).max() == 6 - min_unique


def test_without_limits_that_bind_they_are_the_best_lineups(full_rules, board):
    found = best_together(board, full_rules, limits_of(1.0))
    np.testing.assert_array_equal(found.values, best_by_value(board, full_rules, 150).scores)


@pytest.mark.slow
def test_what_sharing_costs_makes_lineups_differ_more(full_rules, board):
    def similarity(lineups):
        counts = np.bincount(lineups.ravel(), minlength=38)
        return int((counts * (counts - 1) // 2).sum())

    alike, apart = (best_together(board, full_rules, limits_of(0.6), cost) for cost in (0.0, 400.0))
    assert similarity(apart.lineups) < similarity(alike.lineups)
    assert apart.values.sum() < alike.values.sum()
    assert (apart.bound - apart.worth) / apart.worth < 2e-5


def test_limits_that_no_portfolio_holds_give_none(full_rules, board):
    assert best_together(board, full_rules, limits_of(0.1)) is None


def test_more_lineups_than_are_legal_give_none():
    rules = LineupRules((1, 1, 1, 1, 1), 4, 10)
    limits = PortfolioLimits(
        6, tuple(Exposure(str(i), (i,), 0.0, 1.0, explicit=True) for i in range(5))
    )
    assert best_together(np.ones(5, dtype=np.int64), rules, limits) is None


def test_lineups_that_must_differ_in_three_drivers_are_not_chosen_here(full_rules, board):
    with pytest.raises(ValueError, match="min_unique"):
        best_together(board, full_rules, limits_of(1.0, min_unique=3))


def by_tail(points, rules, target):
    """The search by tail that takes prices, and the score by which it searches."""

    def search(prices, k, above):
        found = best_by_tail(points, rules, target, k, offsets=-prices)
        kept = found.scores > above
        return WalkResult(found.lineups[kept], found.scores[kept], 0, 0, 0)

    return search, lambda lineups: tail_values(points, lineups, target)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), random=st.integers(0, 2**32 - 1), pair_cost=st.sampled_from([0.0, 0.0, 0.3]))
def test_the_best_together_by_tail_are_worth_as_much_as_any_portfolio(
    plain, any_small_rules, data, random, pair_cost
):
    rules = data.draw(any_small_rules.filter(lambda rules: len(rules.salaries_usd) <= 8))
    drivers = len(rules.salaries_usd)
    limits = data.draw(small_limits(drivers))
    points = np.random.default_rng(random).integers(-200, 900, (25, drivers)).astype(np.int16)
    target = TailTarget((0.9, 0.6), (0.7, 0.3))
    search, value = by_tail(points, rules, target)
    start = best_by_tail(points, rules, target, 3).lineups
    least = float(points.min()) / 20 * rules.roster_size
    found = best_searched_together(search, value, start, limits, pair_cost, least)
    legal = plain.legal(rules)
    scores = value(np.array(legal, dtype=np.uint8)) if legal else np.zeros(0)
    score_of = dict(zip(legal, scores.tolist(), strict=True))
    every = [chosen for chosen in combinations(legal, limits.n_lineups) if held(limits, chosen)]

    def total(chosen):
        nothing = np.zeros(drivers, dtype=np.int64)
        return sum(score_of[lineup] for lineup in chosen) + worth(nothing, chosen, pair_cost)

    if not every:
        assert found is None or not found.complete
        return
    best = max(total(chosen) for chosen in every)
    assert found.bound >= best - 1e-6
    assert found.complete
    lineups = [tuple(map(int, lineup)) for lineup in found.lineups]
    assert held(limits, lineups)
    assert all(is_legal(rules, lineup) for lineup in lineups)
    assert found.worth == pytest.approx(total(lineups))
    # the search ends near its bound, which is that near to the best
    assert found.worth >= best - 2e-3 * abs(best)


@pytest.mark.slow
def test_a_full_slates_tail_portfolio_comes_near_its_bound(full_rules, full_points):
    target = TailTarget((0.99, 0.95), (0.7, 0.3))
    search, value = by_tail(full_points, full_rules, target)
    pool = best_by_tail(full_points, full_rules, target, 400)
    limits = limits_of(0.3, n=20)
    found = best_searched_together(search, value, pool.lineups, limits, 0.0, -3_000.0)
    assert held(limits, [tuple(map(int, lineup)) for lineup in found.lineups])
    np.testing.assert_allclose(value(found.lineups), found.values)
    assert 0.0 <= (found.bound - found.worth) / found.worth < 1e-3
    # the twenty best lineups are worth more, but do not keep the limits
    assert pool.scores[:20].sum() > found.bound
