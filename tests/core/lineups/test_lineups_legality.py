import pytest

from core.errors import InvalidInput
from core.lineups import Budget, Group, LineupRules, is_legal

SALARIES = (900, 800, 700, 600, 500, 400)


def rules(**changes):
    return LineupRules(
        **{"salaries_usd": SALARIES, "roster_size": 4, "salary_cap_usd": 2_800, **changes}
    )


@pytest.mark.parametrize(
    ("changes", "lineup", "legal"),
    [
        ({}, (0, 1, 3, 4), True),
        ({}, (0, 1, 2, 5), True),
        ({}, (0, 1, 2, 4), False),
        ({}, (0, 1, 5), False),
        ({}, (0, 0, 4, 5), False),
        ({"min_salary_usd": 2_301}, (1, 3, 4, 5), False),
        ({"min_salary_usd": 2_300}, (1, 3, 4, 5), True),
        ({"locks": (2,)}, (1, 3, 4, 5), False),
        ({"excludes": (3,)}, (1, 3, 4, 5), False),
        ({"groups": (Group("g", (0, 1, 2), 1, 1),)}, (1, 3, 4, 5), True),
        ({"groups": (Group("g", (0, 1, 2), 2, 3),)}, (1, 3, 4, 5), False),
        ({"groups": (Group("g", (0, 2), 2, 2),)}, (1, 3, 4, 5), False),
        ({"groups": (Group("g", (0, 2), 2, 2, when=(0, 2)),)}, (1, 3, 4, 5), True),
        ({"groups": (Group("g", (2,), 1, 1, when=(3, 4)),)}, (1, 3, 4, 5), False),
        ({"groups": (Group("g", (2,), 1, 1, when=(0, 2)),)}, (1, 3, 4, 5), True),
        ({"groups": (Group("g", (2,), 1, 1, when=(0, 4), when_at_least=2),)}, (1, 3, 4, 5), True),
        ({"groups": (Group("g", (2,), 1, 1, when=(3, 4), when_at_least=2),)}, (1, 3, 4, 5), False),
        ({"budgets": (Budget("b", (9, 1, 9, 2, 3, 4), 10),)}, (1, 3, 4, 5), True),
        ({"budgets": (Budget("b", (9, 1, 9, 2, 3, 4), 9),)}, (1, 3, 4, 5), False),
    ],
)
def test_a_lineup_is_legal_only_under_every_rule(changes, lineup, legal):
    assert is_legal(rules(**changes), lineup) is legal


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roster_size": 3}, "roster_size"),
        ({"roster_size": 9}, "roster_size"),
        ({"min_salary_usd": 2_801}, "min_salary_usd"),
        ({"groups": (Group("mine", (0,), 2, 1),)}, "mine"),
        ({"groups": (Group("mine", (0,), -1, 1),)}, "mine"),
        ({"groups": (Group("mine", (0,), 0, 1, (1,), 0),)}, "mine"),
        ({"budgets": (Budget("mine", (1, 2), 1),)}, "mine"),
        ({"budgets": (Budget("mine", (1, 2, 3, -4, 5, 6), 1),)}, "mine"),
    ],
)
def test_rules_that_contradict_each_other_are_refused_by_field(changes, field):
    with pytest.raises(InvalidInput) as refused:
        rules(**changes)
    assert set(refused.value.messages) == {field}
