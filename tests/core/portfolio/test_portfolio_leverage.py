from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.lineups import Budget, Group, LineupRules, is_legal
from core.portfolio.leverage import (
    OwnershipRules,
    leverage_penalty_points,
    leverage_score,
    ownership_metrics,
    ownership_of_lineups,
    with_ownership_rules,
)

OPEN = LineupRules((5_000,) * 8, 4, 50_000)
NO_LIMITS = OwnershipRules(1.0, 0, 100.0)

percentages = st.lists(st.floats(0.0, 100.0), min_size=8, max_size=8)
lineups_drawn = st.lists(
    st.permutations(range(8)).map(lambda order: order[:4]), min_size=1, max_size=5
).map(lambda rows: np.array(rows, dtype=np.uint8))


def ruled(ownership, **limits):
    rules = OwnershipRules(**{"max_per_driver": 1.0, "min_low": 0, "max_total": 100.0, **limits})
    return with_ownership_rules(OPEN, np.array(ownership), rules)


def test_a_lineup_owned_by_a_tenth_throughout_loses_the_penalty_in_points():
    owned, points = np.full(8, 10.0), np.arange(8.0)
    scores = leverage_score(points, owned, np.array([[4, 5, 6, 7]], dtype=np.uint8), 0.5)
    assert scores.tolist() == [4 + 5 + 6 + 7 - 0.5]


def test_the_penalty_is_on_the_mean_of_squares():
    owned = np.array([40.0, 0, 0, 0, 20, 20, 0, 0])
    lineups = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], dtype=np.uint8)
    scores = leverage_score(np.zeros(8), owned, lineups, 1.0)
    # 1,600 / 4 / 100 for one driver at 40%, half of it for two at 20%
    assert scores.tolist() == [-4.0, -2.0]


@given(percentages, lineups_drawn, st.floats(0.0, 1.0))
def test_what_drivers_cost_sums_to_what_the_lineup_loses(owned, lineups, penalty):
    owned = np.array(owned)
    points = np.linspace(10, 60, 8)
    values = points - leverage_penalty_points(owned, penalty, 4)
    scores = leverage_score(points, owned, lineups, penalty)
    np.testing.assert_allclose(values[lineups].sum(axis=1), scores, atol=1e-9)
    np.testing.assert_allclose(
        points[lineups].sum(axis=1) - scores,
        penalty * (owned[lineups] ** 2).mean(axis=1) / 100,
        atol=1e-9,
    )


@given(percentages, lineups_drawn)
def test_without_penalty_the_score_is_the_points(owned, lineups):
    points = np.linspace(10, 60, 8)
    scores = leverage_score(points, np.array(owned), lineups, 0.0)
    assert scores.tolist() == points[lineups].sum(axis=1).tolist()


@pytest.mark.parametrize("limit", [0.07, 0.14, 0.28, 0.29, 0.3, 0.55, 0.57, 0.58])
def test_a_driver_owned_exactly_as_much_as_allowed_may_be_held(limit):
    # 0.29 x 100 is 28.999999999999996 in floating point, and 0.07 x 100 above 7
    percent = round(limit * 100)
    assert ruled([percent] * 8, max_per_driver=limit).groups == ()
    [group] = ruled([percent, percent + 1e-6, *[0] * 6], max_per_driver=limit).groups
    assert group == Group("max_per_driver", (1,), 0, 0)


@pytest.mark.parametrize(("third", "low"), [(9.999999, True), (10.0, False), (10.000001, False)])
def test_a_driver_is_low_below_a_tenth_and_not_at_it(third, low):
    rules = ruled([0, 3, third, 50, 50, 50, 50, 50], min_low=2)
    [group] = rules.groups
    members = (0, 1, 2) if low else (0, 1)
    assert group == Group("min_low", members, 2, 4)
    assert is_legal(rules, [2, 3, 4, 1]) == low


@pytest.mark.parametrize(
    ("owned", "limit", "legal"),
    [
        ([30.0, 30, 30, 30], 1.2, True),
        ([30.0, 30, 30, 30.000001], 1.2, False),
        # in floating point these sum to more than 100, and 1.15 x 100 is less than 115
        ([10.1, 17.5, 39.7, 32.7], 1.0, True),
        ([57.0, 58.0, 0.0, 0.0], 1.15, True),
        ([57.0, 58.0, 0.000001, 0.0], 1.15, False),
    ],
)
def test_a_lineup_owned_exactly_as_much_as_allowed_is_legal(owned, limit, legal):
    rules = ruled([*owned, 100, 100, 100, 100], max_total=limit)
    assert [budget.name for budget in rules.budgets] == ["max_total"]
    assert is_legal(rules, [0, 1, 2, 3]) == legal


@given(
    st.lists(st.integers(0, 10_000), min_size=8, max_size=8),
    st.integers(0, 100),
    st.integers(0, 4),
    st.integers(0, 400),
)
def test_a_lineup_is_legal_where_it_holds_the_three_limits(basis_points, most, low, total):
    rules = with_ownership_rules(
        OPEN, np.array(basis_points) / 100, OwnershipRules(most / 100, low, total / 100)
    )
    for lineup in combinations(range(8), 4):
        owned = [basis_points[driver] for driver in lineup]
        holds = (
            max(owned) <= most * 100
            and sum(one < 1_000 for one in owned) >= low
            and sum(owned) <= total * 100
        )
        assert is_legal(rules, lineup) == holds


def test_rules_that_no_lineup_could_break_are_left_out():
    assert with_ownership_rules(OPEN, np.full(8, 100.0), NO_LIMITS) == OPEN
    assert ruled([25.0] * 8, max_total=1.0, max_per_driver=0.25) == OPEN


def test_the_rules_that_were_there_stay_before_those_on_ownership():
    there = LineupRules(
        OPEN.salaries_usd,
        4,
        50_000,
        locks=(1,),
        groups=(Group("team", (0, 1), 1, 2),),
        budgets=(Budget("mine", (1,) * 8, 9),),
    )
    owned = np.array([60.0, 30, 30, 30, 30, 8, 7, 5])
    added = with_ownership_rules(there, owned, OwnershipRules(max_total=0.9))
    assert [group.name for group in added.groups] == [
        "team",
        "max_per_driver",
        "min_low",
    ]
    assert [budget.name for budget in added.budgets] == ["mine", "max_total"]
    assert added.locks == (1,)
    assert added.budgets[1].at_most == 90_000_000
    assert added.budgets[1].amounts[5] == 8_000_000


def test_more_low_drivers_than_there_are_leave_no_lineup_but_are_no_mistake():
    rules = ruled([50.0] * 7 + [1.0], min_low=2)
    assert rules.groups[0].members == (7,)
    assert not any(is_legal(rules, lineup) for lineup in combinations(range(8), 4))


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"max_per_driver": 30.0}, "max_per_driver"),
        ({"max_per_driver": -0.1}, "max_per_driver"),
        ({"max_per_driver": float("nan")}, "max_per_driver"),
        ({"min_low": -1}, "min_low"),
        ({"min_low": 5}, "min_low"),
        ({"max_total": -1.0}, "max_total"),
        ({"max_total": float("inf")}, "max_total"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_the_name_users_give_it(limits, field):
    with pytest.raises(InvalidInput) as refused:
        ruled([10.0] * 8, **limits)
    assert list(refused.value.messages) == [field]


@pytest.mark.parametrize("owned", [[10.0] * 7, [-1.0] + [10.0] * 7, [float("nan")] * 8])
def test_ownership_that_is_none_is_refused(owned):
    with pytest.raises(InvalidInput, match="ownership_percent"):
        ruled(owned)


def test_a_lineup_is_owned_by_the_average_the_largest_and_the_sum_of_its_drivers():
    owned = np.array([40.0, 20, 10, 2, 0, 0, 0, 0])
    of = ownership_of_lineups(np.array([[0, 1, 2, 3], [4, 5, 6, 3]], dtype=np.uint8), owned)
    assert of.average.tolist() == [18.0, 0.5]
    assert of.maximum.tolist() == [40.0, 2.0]
    assert of.total.tolist() == [72.0, 2.0]


def test_a_portfolio_counts_its_low_drivers_once_and_only_those_it_holds():
    owned = np.array([40.0, 20, 9.9, 2, 10, 0, 0, 0])
    metrics = ownership_metrics(np.array([[0, 1, 2, 3], [0, 2, 3, 4]], dtype=np.uint8), owned)
    assert metrics.low_ownership_driver_count == 2
    assert metrics.avg_lineup_ownership == pytest.approx((71.9 / 4 + 61.9 / 4) / 2)
    assert metrics.min_lineup_ownership == pytest.approx(61.9 / 4)
    assert metrics.max_lineup_ownership == pytest.approx(71.9 / 4)


def test_ownership_spread_evenly_over_drivers_is_as_diverse_as_can_be():
    lineups = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], dtype=np.uint8)
    even = ownership_metrics(lineups, np.full(8, 12.0))
    assert even.diversification_score == pytest.approx(1 - 1 / 8)
    nobody = ownership_metrics(lineups, np.zeros(8))
    assert nobody.diversification_score == pytest.approx(1 - 1 / 8)


def test_ownership_that_is_all_on_one_driver_is_not_diverse():
    owned = np.array([80.0, *[0.0] * 7])
    lineups = np.array([[0, 1, 2, 3], [0, 5, 6, 7]], dtype=np.uint8)
    assert ownership_metrics(lineups, owned).diversification_score == 0.0


def test_a_driver_weighs_by_his_ownership_once_for_every_lineup():
    owned = np.array([30.0, 10, 0, 0, 0, 0, 0, 20])
    metrics = ownership_metrics(np.array([[0, 1, 2, 3], [1, 7, 5, 4]], dtype=np.uint8), owned)
    # 30, 10 + 10 and 20 of 70
    assert metrics.diversification_score == pytest.approx(1 - (900 + 400 + 400) / 4_900)


@given(percentages, lineups_drawn, st.integers(2, 4))
def test_diversification_is_a_share_and_repeating_the_portfolio_adds_none(owned, lineups, times):
    owned = np.array(owned)
    once = ownership_metrics(lineups, owned).diversification_score
    assert 0.0 <= once <= 1 - 1 / 8 + 1e-12
    repeated = ownership_metrics(np.tile(lineups, (times, 1)), owned).diversification_score
    assert repeated == pytest.approx(once, abs=1e-9)


def test_diversification_is_finite_for_the_smallest_ownership_there_is():
    lineups = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    metrics = ownership_metrics(lineups, np.full(8, 5e-324))
    assert metrics.diversification_score == pytest.approx(1 - 1 / 4)
