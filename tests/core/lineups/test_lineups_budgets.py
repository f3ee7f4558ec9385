from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lineups import Budget, is_legal
from core.lineups.budgets import best_within_budgets


@settings(max_examples=150, deadline=None)
@given(data=st.data(), random=st.integers(0, 1_000), k=st.sampled_from([1, 3, 40]))
def test_the_best_within_budgets_are_those_that_looking_at_every_lineup_finds(
    plain, any_small_rules, data, random, k
):
    rules = data.draw(any_small_rules)
    rng = np.random.default_rng(random)
    drivers = len(rules.salaries_usd)
    budgets = []
    for number in range(data.draw(st.integers(0, 2))):
        amounts = rng.integers(0, data.draw(st.sampled_from([3, 100, 10**8])), drivers)
        some = rng.permutation(drivers)[: rules.roster_size]
        at_most = int(amounts[some].sum()) - data.draw(st.sampled_from([0, 0, 1]))
        budgets.append(Budget(f"b{number}", tuple(amounts.tolist()), at_most))
    rules = replace(rules, budgets=tuple(budgets))
    values = rng.integers(-5, data.draw(st.sampled_from([1, 20, 10**8])), drivers)
    found = best_within_budgets(values, rules, k)
    every = plain.legal(rules)
    best = sorted((int(values[list(lineup)].sum()) for lineup in every), reverse=True)[:k]
    assert values[found].sum(axis=1).tolist() == best
    assert len({tuple(lineup) for lineup in found.tolist()}) == len(best)
    assert all(is_legal(rules, lineup) for lineup in found)


def test_a_budget_below_what_any_lineup_takes_leaves_none(full_rules):
    rules = replace(full_rules, budgets=(Budget("b", (7,) * 38, 41),))
    assert best_within_budgets(np.arange(38), rules, 3).shape == (0, 6)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_on_a_full_slate_a_budget_costs_value_and_is_used_up(full_rules, share):
    rng = np.random.default_rng(5)
    salaries = np.array(full_rules.salaries_usd)
    values = np.rint(salaries * rng.uniform(60.0, 140.0, 38)).astype(np.int64)
    amounts = np.rint(1_000.0 * (values / values.max()) ** 3).astype(np.int64)
    free = best_within_budgets(values, full_rules, 1)[0]
    at_most = int(share * amounts[free].sum())
    rules = replace(full_rules, budgets=(Budget("b", tuple(amounts.tolist()), at_most),))
    bound = best_within_budgets(values, rules, 1)[0]
    assert is_legal(rules, bound)
    assert values[bound].sum() < values[free].sum()
    assert 0.95 * at_most <= amounts[bound].sum() <= at_most
