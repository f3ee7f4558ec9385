from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.portfolio.conflict import smallest_conflict

MOST = 9
CONFLICTS = st.lists(
    st.frozensets(st.integers(0, MOST - 1), min_size=1, max_size=5), min_size=1, max_size=6
)


@settings(max_examples=150, deadline=None)
@given(conflicts=CONFLICTS)
def test_no_fewer_rules_are_in_conflict(conflicts):
    def possible(rules):
        return not any(conflict <= rules for conflict in conflicts)

    found = frozenset(smallest_conflict(MOST, possible))
    assert found in conflicts
    assert len(found) == min(map(len, conflicts))


def test_of_conflicts_of_one_size_one_is_named():
    pairs = [frozenset(pair) for pair in combinations((6, 4, 2, 7), 2)]
    found = smallest_conflict(8, lambda rules: not any(pair <= rules for pair in pairs))
    assert frozenset(found) in pairs


def test_what_conflicts_without_any_rule_needs_none():
    assert smallest_conflict(3, lambda _: False) == ()


@pytest.mark.parametrize(("rules", "most"), [(18, 6), (40, 12), (60, 1)])
def test_of_many_rules_of_one_kind_as_few_as_conflict_are_named_before_long(rules, most):
    asked = 0

    def possible(kept):
        nonlocal asked
        asked += 1
        return len(kept) <= most

    found = smallest_conflict(rules, possible)
    assert len(found) == most + 1
    # trying every set of this size would take thousands of trials
    assert asked < 600
