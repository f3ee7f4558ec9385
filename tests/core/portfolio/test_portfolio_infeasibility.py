from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Infeasible
from core.lineups import Budget, Group, LineupRules
from core.portfolio import portfolio_limits, require_legal, require_possible
from core.slate import Driver, Slate


def refused(ask, *asked):
    with pytest.raises(Infeasible) as failed:
        ask(*asked)
    return failed.value


def parts_of(rules):
    """Every rule by its name, and the rules with none of them."""
    dearest = sum(sorted(rules.salaries_usd)[-rules.roster_size :])
    parts = {
        "salary_cap_usd": {"salary_cap_usd": rules.salary_cap_usd},
        "min_salary_usd": {"min_salary_usd": rules.min_salary_usd},
        **{f"locks of {i}": {"locks": (i,)} for i in rules.locks},
        **{f"excludes of {i}": {"excludes": (i,)} for i in rules.excludes},
        **{group.name: {"groups": (group,)} for group in rules.groups},
        **{budget.name: {"budgets": (budget,)} for budget in rules.budgets},
    }
    return parts, LineupRules(rules.salaries_usd, rules.roster_size, max(dearest, 1))


def only(bare, parts, names):
    asked = bare
    for name in names:
        for field, value in parts[name].items():
            more = getattr(asked, field) + value if isinstance(value, tuple) else value
            asked = replace(asked, **{field: more})
    return asked


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_refusal_names_rules_in_conflict_and_no_fewer_are(plain, any_small_rules, data):
    rules = data.draw(any_small_rules)
    drivers = len(rules.salaries_usd)
    tight = data.draw(st.integers(0, 4))
    extra = Group("tight", tuple(range(drivers // 2)), tight, 6)
    taken = tuple(data.draw(st.lists(st.integers(0, 9), min_size=drivers, max_size=drivers)))
    budget = Budget("taken", taken, data.draw(st.integers(0, 30)))
    rules = replace(rules, groups=(*rules.groups, extra), budgets=(budget,))
    if plain.legal(rules):
        require_legal(rules)
        return
    error = refused(require_legal, rules)
    assert error.largest == 0
    assert all(name in str(error) for name in error.limits[:12])
    assert not any(name in error.reason for name in error.limits)
    parts, bare = parts_of(rules)
    assert not plain.legal(only(bare, parts, error.limits))
    for fewer in combinations(parts, len(error.limits) - 1):
        assert plain.legal(only(bare, parts, fewer))


@pytest.fixture(scope="module")
def slate(full_rules):
    return Slate(
        tuple(
            Driver(str(i), f"D{i}", usd, team=f"T{i // 3}")
            for i, usd in enumerate(full_rules.salaries_usd)
        )
    )


ONE_CAR = Group("stacks", (36,), 2, 6, subject="T12")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "limits"),
    [
        ({"locks": (5,), "excludes": (5, 8)}, ("locks of D5", "excludes of D5")),
        (
            {"locks": (0, 1, 2, 3)},
            ("salary_cap_usd", "locks of D0", "locks of D1", "locks of D2", "locks of D3"),
        ),
        # seven locks do not fit a roster of six, but five of them do not fit the cap
        (
            {"locks": (1, 2, 3, 4, 5, 6, 7)},
            ("salary_cap_usd", "locks of D1", "locks of D2", "locks of D3", "locks of D4"),
        ),
        ({"groups": (ONE_CAR,), "locks": (4,)}, ("stacks of T12",)),
        (
            {
                "locks": (3,),
                "groups": (Group("g0", (9,), 1, 1, when=(3,)), Group("g1", (9, 10), 0, 0)),
            },
            ("locks of D3", "g0", "g1"),
        ),
        (
            {"budgets": (Budget("max_total", (50,) * 37 + (1,), 200),), "locks": (2,)},
            ("max_total",),
        ),
    ],
)
def test_rules_without_a_lineup_are_refused_by_name(full_rules, slate, rules, limits):
    asked = replace(full_rules, **rules)
    error = refused(require_legal, asked, [driver.name for driver in slate.drivers])
    assert (error.limits, error.largest) == (limits, 0)
    assert refused(require_possible, asked, portfolio_limits(slate, 150)).limits == limits


def capped(n, fraction):
    """The largest n below for which 38 drivers at this exposure fill rosters of six."""
    return max(k for k in range(n) if 38 * int(fraction * k + 1e-9) >= 6 * k)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "n", "asked", "limits", "largest"),
    [
        ({}, 150, {"max_driver_exposure": 0.158}, ("max_driver_exposure",), capped(150, 0.158)),
        ({}, 150, {"max_driver_exposure": 0.1}, ("max_driver_exposure",), 0),
        ({}, 20, {"min_unique": 6}, ("min_unique",), 6),
        (
            {"locks": (7,)},
            20,
            {"locks": (7,), "driver_max": {7: 0.5}},
            ("locks of D7", "max_driver_exposure of D7"),
            0,
        ),
        (
            {},
            20,
            {"driver_min": {3: 0.5}, "team_max": {"T1": 0.3}},
            ("min_driver_exposure of D3", "max_team_exposure of T1"),
            0,
        ),
        (
            {},
            20,
            {"min_driver_exposure": 0.2},
            ("min_driver_exposure",),
            # every driver in at least one lineup takes seven lineups; in two of ten, more than fit
            0,
        ),
        (
            {"locks": (0, 1, 2, 36, 37)},
            150,
            {"locks": (0, 1, 2, 36, 37), "max_team_exposure": 1.0},
            tuple(f"locks of D{i}" for i in (0, 1, 2, 36, 37)),
            27,
        ),
    ],
)
def test_limits_without_a_portfolio_are_refused_by_name_with_the_largest_number(
    full_rules, slate, rules, n, asked, limits, largest
):
    error = refused(
        require_possible, replace(full_rules, **rules), portfolio_limits(slate, n, **asked)
    )
    assert error.limits == ("n_lineups", *limits)
    assert error.largest == largest
    assert f"{n} lineups are requested" in error.reason
    assert f"room for {largest or 'none'}" in error.reason
    if len(limits) == 5:
        # the cap, which is in no conflict, leaves fewer still
        assert "only 33 different lineups are legal under" in error.reason


@pytest.mark.parametrize("n", [1, 20, 150])
def test_what_a_portfolio_holds_is_let_through(full_rules, slate, n):
    require_possible(full_rules, portfolio_limits(slate, n))
