from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from core.errors import Infeasible
from core.lineups import Budget, best_by_value, is_legal
from core.portfolio import Exposure, PortfolioLimits
from core.portfolio.one_by_one import (
    choose_one_by_one,
    choose_sparing,
    choose_together,
    walk_to_next,
)
from core.portfolio.program import best_lineup


def program_to_next(rules, values):
    try:
        return best_lineup(rules, values)
    except Infeasible:
        return None


@st.composite
def small_limits(draw, drivers):
    n = draw(st.integers(1, 4))
    fractions = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0])
    least = st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.25, 0.5])
    each = tuple(
        Exposure(str(i), (i,), draw(least), draw(fractions), draw(st.booleans()))
        for i in range(drivers)
    )
    members = st.lists(st.sampled_from(range(drivers)), min_size=1, max_size=3, unique=True)
    teams = tuple(
        Exposure(f"T{number}", tuple(team), 0.0, draw(fractions), explicit=True)
        for number, team in enumerate(draw(st.lists(members, max_size=2)))
    )
    return PortfolioLimits(n, each, teams, draw(st.integers(1, 3)))


def held(limits, chosen):
    """Whether lineups keep every limit, or still can once the missing ones are added."""
    sets = [set(lineup) for lineup in chosen]
    counts = [sum(driver in one for one in sets) for driver in range(len(limits.drivers))]
    teams = [sum(bool(one & set(team.members)) for one in sets) for team in limits.teams]
    missing = limits.n_lineups - len(sets)
    return (
        all(count + missing >= least for count, least in zip(counts, limits.fewest, strict=True))
        and all(count <= most for count, most in zip(counts, limits.most, strict=True))
        and all(count <= most for count, most in zip(teams, limits.team_most, strict=True))
        and all(len(one - other) >= limits.min_unique for one, other in combinations(sets, 2))
    )


def any_portfolio(limits, legal, chosen=()):
    """Whether these lineups can be completed, by trying every way."""
    if not held(limits, chosen):
        return False
    if len(chosen) == limits.n_lineups:
        return True
    return any(
        any_portfolio(limits, legal[place + 1 :], (*chosen, lineup))
        for place, lineup in enumerate(legal)
    )


def with_budget(rules, random):
    """Rules with a budget that some lineup just keeps."""
    rng = np.random.default_rng(random)
    amounts = rng.integers(0, 30, len(rules.salaries_usd))
    some = rng.permutation(len(amounts))[: rules.roster_size]
    at_most = int(amounts[some].sum())
    return replace(rules, budgets=(Budget("b", tuple(amounts.tolist()), at_most),))


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(data=st.data(), random=st.integers(0, 1_000), budget=st.sampled_from([False, False, True]))
def test_where_a_portfolio_exists_all_lineups_come_back_and_hold_every_limit(
    plain, any_small_rules, data, random, budget
):
    rules = data.draw(any_small_rules.filter(lambda rules: len(rules.salaries_usd) <= 8))
    rules = with_budget(rules, random) if budget else rules
    drivers = len(rules.salaries_usd)
    limits = data.draw(small_limits(drivers))
    values = np.random.default_rng(random).integers(-20, 60, (limits.n_lineups, drivers))
    legal = plain.legal(rules)
    if not any_portfolio(limits, legal):
        event("none exists")
        with pytest.raises(Infeasible):
            choose_one_by_one(values, rules, limits)
        return
    event(f"{limits.n_lineups} lineups")
    lineups = choose_one_by_one(values, rules, limits)
    assert (lineups.dtype, lineups.shape) == (np.uint8, (limits.n_lineups, rules.roster_size))
    chosen = [tuple(map(int, lineup)) for lineup in lineups]
    assert len(set(chosen)) == limits.n_lineups
    assert set(chosen) <= set(legal)
    assert held(limits, chosen)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), random=st.integers(0, 1_000))
def test_every_lineup_is_the_best_by_its_own_values_that_differs_from_those_before(
    plain, any_small_rules, data, random
):
    rules = data.draw(any_small_rules.filter(lambda rules: len(rules.salaries_usd) <= 9))
    drivers = len(rules.salaries_usd)
    n, min_unique = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    each = tuple(Exposure(str(i), (i,), 0.0, 1.0, explicit=True) for i in range(drivers))
    # drawn from so many numbers that no two lineups tie
    values = np.random.default_rng(random).integers(0, 10**9, (n, drivers))
    expected = []
    for mine in values:
        apart = [
            lineup
            for lineup in plain.legal(rules)
            if all(len(set(lineup) - set(other)) >= min_unique for other in expected)
        ]
        if not apart:
            return
        expected.append(max(apart, key=lambda lineup: mine[list(lineup)].sum()))
    limits = PortfolioLimits(n, each, (), min_unique)
    for way in (walk_to_next, program_to_next):
        lineups = choose_one_by_one(values, rules, limits, way)
        assert [tuple(map(int, lineup)) for lineup in lineups] == expected
    asked = [values[0]]
    first = choose_one_by_one(lambda i: asked[i], rules, limits.resized(1))
    assert tuple(map(int, first[0])) == expected[0]


@pytest.fixture(scope="module")
def board(full_rules):
    salaries = np.array(full_rules.salaries_usd)
    rng = np.random.default_rng(3)
    return np.rint(salaries * rng.uniform(3.0, 7.0, (150, 38))).astype(np.int64)


def full_limits(n, most=0.5, least=(), team_most=0.7, min_unique=1):
    asked = dict(least)
    each = tuple(Exposure(str(i), (i,), asked.get(i, 0.0), most, True) for i in range(38))
    teams = tuple(
        Exposure(f"T{start}", tuple(range(start, min(start + 3, 38))), 0.0, team_most, True)
        for start in range(0, 38, 3)
    )
    return PortfolioLimits(n, each, teams, min_unique)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "limits"),
    [
        (1, {"most": 1.0, "least": {4: 1.0, 30: 0.1}, "team_most": 1.0}),
        (7, {"least": {4: 0.3, 30: 0.1}}),
        (20, {"most": 0.3, "least": {4: 0.3, 37: 0.25}, "team_most": 0.45}),
        (40, {"most": 0.25, "least": dict.fromkeys(range(38), 0.12), "min_unique": 2}),
        (40, {"most": 0.25, "least": dict.fromkeys(range(38), 0.12), "min_unique": 3}),
        (150, {"most": 0.2, "team_most": 0.5, "min_unique": 3}),
    ],
)
def test_a_full_slate_is_filled_to_the_counts_of_its_limits(full_rules, board, n, limits):
    limits = full_limits(n, **limits)
    lineups = choose_one_by_one(board[:n], full_rules, limits)
    chosen = [tuple(map(int, lineup)) for lineup in lineups]
    assert len(set(chosen)) == n
    assert all(is_legal(full_rules, lineup) for lineup in chosen)
    assert held(limits, chosen)


def test_the_first_lineups_do_not_depend_on_how_many_follow(full_rules, board):
    few, many = (
        choose_one_by_one(board[:n], full_rules, full_limits(n, 1.0, (), 1.0)) for n in (20, 60)
    )
    np.testing.assert_array_equal(few, many[:20])


def test_only_the_last_lineups_are_taken_back(full_rules, board):
    # every driver stands in 5 of 40 at least, which leaves 50 of 240 places to the best
    limits = full_limits(40, 0.25, dict.fromkeys(range(38), 0.12), min_unique=2)
    seen = []

    def next_lineup(rules, values):
        seen.append(walk_to_next(rules, values))
        return seen[-1]

    lineups = choose_one_by_one(board[:40], full_rules, limits, next_lineup)
    assert held(limits, [tuple(map(int, lineup)) for lineup in lineups])
    same = [(one == other).all() for one, other in zip(lineups, seen[:-1], strict=False)]
    assert seen[-1] is None
    assert all(same[:30])
    assert not all(same)


def test_a_team_keeps_its_last_lineups_for_the_driver_who_needs_them(full_rules, board):
    # driver 4 must be in 6 lineups and his team may be in 9; only the last lineup cannot be found
    limits = full_limits(20, 0.3, {4: 0.3, 37: 0.25}, 0.45)
    asked = []

    def next_lineup(rules, values):
        asked.append(walk_to_next(rules, values))
        return asked[-1]

    lineups = choose_one_by_one(board[:20], full_rules, limits, next_lineup)
    assert held(limits, [tuple(map(int, lineup)) for lineup in lineups])
    np.testing.assert_array_equal(lineups, asked)


def test_a_portfolio_that_no_lineups_make_is_refused(full_rules, board):
    with pytest.raises(Infeasible, match="150 lineups are requested"):
        choose_one_by_one(board, full_rules, full_limits(150, 0.1))


def test_more_lineups_than_are_legal_are_refused(full_rules, board):
    rules = replace(full_rules, excludes=tuple(range(7, 38)), salary_cap_usd=100_000)
    limits = full_limits(8, 1.0, (), 1.0)
    with pytest.raises(Infeasible):
        choose_one_by_one(board[:8], rules, limits)
    assert len(choose_one_by_one(board[:7], rules, limits.resized(7))) == 7


@pytest.mark.parametrize("min_unique", [1, 2, 3])
def test_together_lineups_stay_within_a_budget(full_rules, board, min_unique):
    amounts = np.rint(np.linspace(40.0, 2.0, 38) ** 2).astype(np.int64)
    free = best_by_value(board[0], full_rules, 1).lineups[0]
    at_most = int(amounts[free].sum() * 0.8)
    rules = replace(full_rules, budgets=(Budget("b", tuple(amounts.tolist()), at_most),))
    limits = full_limits(20, 0.6, {5: 0.3}, 1.0, min_unique)
    chosen = [tuple(map(int, row)) for row in choose_together(board[0], rules, limits)]
    assert len(set(chosen)) == 20
    assert all(is_legal(rules, lineup) for lineup in chosen)
    assert held(limits, chosen)


@pytest.mark.parametrize("budget", [False, True])
def test_sparing_the_best_drivers_makes_a_portfolio_worth_more(full_rules, board, budget):
    rules = with_budget(full_rules, 4) if budget else full_rules
    limits = full_limits(40, 0.4, {30: 0.1}, 0.6, min_unique=1 if budget else 3)
    sequence = choose_one_by_one(np.tile(board[0], (40, 1)), rules, limits)
    spared = choose_sparing(board[0], rules, limits)
    assert board[0][spared].sum() > board[0][sequence].sum()
    chosen = [tuple(map(int, lineup)) for lineup in spared]
    assert len(set(chosen)) == 40
    assert all(is_legal(rules, lineup) for lineup in chosen)
    assert held(limits, chosen)


def test_where_no_limit_binds_nobody_is_spared(full_rules, board):
    limits = full_limits(20, 1.0, (), 1.0)
    spared = choose_sparing(board[0], full_rules, limits)
    np.testing.assert_array_equal(spared, best_by_value(board[0], full_rules, 20).lineups)


def test_what_sparing_cannot_complete_is_refused_too(full_rules, board):
    with pytest.raises(Infeasible):
        choose_sparing(board[0], full_rules, full_limits(20, 0.1))
