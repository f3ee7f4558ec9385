from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from core.errors import Infeasible, InvalidInput
from core.lineups import Budget, Group, LineupRules, is_legal
from core.portfolio import Exposure, PortfolioLimits
from core.portfolio.program import (
    best_lineups,
    choose_lineups,
    lineup_program,
    portfolio_program,
    write_lp,
)
from core.portfolio.solvers import TimedOut, available_solvers, solve

OPEN = LineupRules(tuple(range(1_000, 2_000, 100)), 4, 10_000)


@pytest.fixture(params=["highs", "cbc"])
def solver(request):
    if request.param not in available_solvers():
        pytest.skip(f"{request.param} is not installed here")
    return request.param


@st.composite
def with_budgets(draw, rules_drawn):
    """Draw rules with budgets that sit at, or one unit below, what some lineup takes."""
    rules = draw(rules_drawn)
    drivers = len(rules.salaries_usd)
    budgets = []
    for number in range(draw(st.sampled_from([0, 1, 2]))):
        largest = draw(st.sampled_from([3, 50, 100_000_000]))
        amounts = draw(st.lists(st.integers(0, largest), min_size=drivers, max_size=drivers))
        one = draw(st.permutations(range(drivers)))[: rules.roster_size]
        edge = sum(amounts[driver] for driver in one) - draw(st.sampled_from([0, 0, 1]))
        budgets.append(Budget(f"b{number}", tuple(amounts), edge))
    return replace(rules, budgets=tuple(budgets))


def whole_values(rules, random):
    """Draw values with many equal ones, some below zero."""
    rng = np.random.default_rng(random)
    return rng.integers(-5, 20, len(rules.salaries_usd))


def value_of(values, lineup):
    return int(values[list(lineup)].sum())


def as_tuples(lineups):
    return [tuple(map(int, lineup)) for lineup in lineups]


def assert_best_k(plain, rules, values, k, solver=None):
    """Assert that the program finds what looking at every lineup finds, or as many."""
    every = plain.legal(rules)
    if len(every) < k:
        with pytest.raises(Infeasible) as refused:
            best_lineups(rules, values, k, solver=solver)
        assert refused.value.largest == len(every)
        return
    lineups, worth = best_lineups(rules, values, k, solver=solver)
    assert (lineups.dtype, lineups.shape) == (np.uint8, (k, rules.roster_size))
    found = as_tuples(lineups)
    assert len(set(found)) == k
    assert set(found) <= set(every)
    assert worth.tolist() == [value_of(values, lineup) for lineup in found]
    best = sorted((value_of(values, lineup) for lineup in every), reverse=True)
    assert worth.tolist() == best[:k]


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_the_program_finds_the_lineups_that_looking_at_every_one_finds(
    plain, any_small_rules, data
):
    rules = data.draw(with_budgets(any_small_rules))
    values = whole_values(rules, data.draw(st.integers(0, 1_000)))
    assert_best_k(plain, rules, values, data.draw(st.sampled_from([1, 3])))


@pytest.mark.skipif("cbc" not in available_solvers(), reason="cbc is not installed here")
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_other_solver_finds_them_too(plain, any_small_rules, data):
    rules = data.draw(with_budgets(any_small_rules))
    values = whole_values(rules, data.draw(st.integers(0, 1_000)))
    assert_best_k(plain, rules, values, 2, "cbc")


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_last_of_all_lineups_is_found_and_no_further_one(plain, any_small_rules, data):
    rules = data.draw(with_budgets(any_small_rules))
    every = plain.legal(rules)[-5:]
    earlier = [lineup for lineup in plain.legal(rules) if lineup not in every]
    values = whole_values(rules, data.draw(st.integers(0, 1_000)))
    if every:
        lineups, _ = best_lineups(rules, values, len(every), earlier=earlier)
        assert sorted(as_tuples(lineups)) == every
    with pytest.raises(Infeasible) as refused:
        best_lineups(rules, values, len(every) + 1, earlier=earlier)
    assert refused.value.largest == len(every)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_lineup_is_the_best_that_shares_few_drivers_with_those_before(
    plain, any_small_rules, data
):
    rules = data.draw(with_budgets(any_small_rules))
    values = whole_values(rules, data.draw(st.integers(0, 1_000)))
    shared = data.draw(st.integers(0, rules.roster_size - 1))
    every = plain.legal(rules)
    earlier = data.draw(st.lists(st.sampled_from(every), max_size=1)) if every else []

    def allowed(before):
        return [
            lineup
            for lineup in every
            if all(len(set(lineup) & set(other)) <= shared for other in before)
        ]

    try:
        lineups, _ = best_lineups(rules, values, 3, most_shared=shared, earlier=earlier)
    except Infeasible as refused:
        # once a first lineup is found, which further ones are left depends on that choice
        event("named" if refused.limits else "none at all")
        some_found = refused.limits == ("most_shared",)
    else:
        some_found = True
        found = as_tuples(lineups)
        for number, lineup in enumerate(found):
            best = max(value_of(values, other) for other in allowed([*earlier, *found[:number]]))
            assert value_of(values, lineup) == best
    assert some_found == bool(allowed(earlier))


CHEAPEST = [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ({"min_salary_usd": 7_000}, [6, 7, 8, 9]),
        ({"locks": (9,)}, [0, 1, 2, 9]),
        ({"excludes": (0, 1)}, [2, 3, 4, 5]),
        ({"groups": (Group("young", (6, 7, 8), 2, 4),)}, [0, 1, 6, 7]),
        ({"groups": (Group("old", (0, 1, 2), 0, 1),)}, [0, 3, 4, 5]),
        ({"groups": (Group("exactly", (0, 1, 2), 2, 2),)}, [0, 1, 3, 4]),
        # if one of these then one of those
        ({"groups": (Group("if", (8, 9), 1, 4, when=(0, 5)),)}, [1, 2, 3, 4]),
        # no driver of the team or at least two
        ({"groups": (Group("stack", (0, 9), 2, 4, when=(0, 9)),)}, [1, 2, 3, 4]),
        # two of these and the rest is shut out
        ({"groups": (Group("two", (2, 3), 0, 0, (0, 1), 2),)}, [0, 2, 3, 4]),
        ({"budgets": (Budget("chalk", (5, 5, 5, 5, 1, 1, 1, 1, 1, 1), 8),)}, [0, 4, 5, 6]),
    ],
)
def test_each_kind_of_rule_changes_the_cheapest_lineup_as_it_says(solver, change, held):
    rules = replace(OPEN, **change)
    assert not is_legal(rules, CHEAPEST)
    values = -np.array(OPEN.salaries_usd)
    lineups, _ = best_lineups(rules, values, 1, solver=solver)
    assert lineups.tolist() == [held]


def test_the_salary_cap_is_what_keeps_the_dear_drivers_out(solver):
    lineups, _ = best_lineups(
        replace(OPEN, salary_cap_usd=5_200), np.array(OPEN.salaries_usd), 1, solver=solver
    )
    assert sum(OPEN.salaries_usd[driver] for driver in lineups[0]) == 5_200


def test_a_group_that_asks_for_more_drivers_than_it_has_allows_no_lineup(solver):
    rules = replace(OPEN, groups=(Group("low", (3,), 2, 4),))
    with pytest.raises(Infeasible) as refused:
        best_lineups(rules, np.zeros(10), 1, solver=solver)
    assert refused.value.largest == 0
    nobody = replace(OPEN, groups=(Group("nobody", (), 1, 4),))
    with pytest.raises(Infeasible):
        best_lineups(nobody, np.zeros(10), 1, solver=solver)


def test_a_group_that_asks_for_too_much_only_shuts_out_those_who_put_it_in_force(solver):
    rules = replace(OPEN, groups=(Group("low", (3,), 2, 4, when=(0, 1)),))
    lineups, _ = best_lineups(rules, -np.arange(10), 1, solver=solver)
    assert lineups.tolist() == [[2, 3, 4, 5]]


@pytest.mark.parametrize("over", [0, 1])
def test_a_budget_is_kept_to_the_last_unit_however_large_its_amounts(solver, over):
    # the dear drivers together take 300,000,001: a millionth of a percent more than there is
    amounts = (75_000_001, 75_000_000, 75_000_000, 75_000_000 + over, *range(1, 7))
    rules = replace(OPEN, budgets=(Budget("ownership", amounts, 300_000_001),))
    lineups, worth = best_lineups(
        rules, np.array([9.0, 9, 9, 9, 5, 5, 5, 5, 5, 5]), 1, solver=solver
    )
    assert worth.tolist() == [36.0 if over == 0 else 32.0]
    assert is_legal(rules, lineups[0])


@pytest.mark.parametrize("less", [0, 1])
@pytest.mark.parametrize("random", range(4))
def test_a_budget_in_millionths_of_a_percent_is_exact_at_its_edge(solver, plain, random, less):
    # what fits to the unit is refused, and what does not is taken, if amounts stay this large
    rng = np.random.default_rng(random)
    amounts = rng.integers(0, 100_000_000, 11)
    salaries = tuple(rng.integers(40, 110, 11).tolist())
    rules = LineupRules(salaries, 5, 500)
    affordable = plain.legal(rules)
    taken = sorted(int(amounts[list(lineup)].sum()) for lineup in affordable)
    edge = taken[len(taken) // 3] - less
    values = amounts // 1_000 + rng.integers(0, 2, 11)
    rules = replace(rules, budgets=(Budget("ownership", tuple(amounts.tolist()), edge),))
    assert_best_k(plain, rules, values, 2, solver)


def test_fewer_lineups_than_asked_for_are_refused_with_their_number(solver):
    rules = replace(OPEN, locks=(0, 1, 2), excludes=(8, 9))
    with pytest.raises(Infeasible, match="Only 5") as refused:
        best_lineups(rules, np.arange(10), 6, solver=solver)
    assert refused.value.largest == 5
    assert len(best_lineups(rules, np.arange(10), 5, solver=solver)[0]) == 5


def test_where_overlap_leaves_no_further_lineup_it_is_named(solver):
    with pytest.raises(Infeasible) as refused:
        best_lineups(OPEN, np.arange(10), 3, most_shared=0, solver=solver)
    assert refused.value.limits == ("most_shared",)
    assert refused.value.largest is None


def test_the_time_limit_is_for_all_lineups_together(solver, full_rules):
    values = np.random.default_rng(3).normal(30, 8, 38)
    with pytest.raises(TimedOut, match=r"0\.3 seconds ended the search for lineup \d+ of 5000"):
        best_lineups(full_rules, values, 5_000, solver=solver, time_limit_seconds=0.3)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"k": 0}, "k"),
        ({"most_shared": 4}, "most_shared"),
        ({"most_shared": -1}, "most_shared"),
        ({"time_limit_seconds": 0}, "time_limit_seconds"),
        ({"values": np.zeros(9)}, "values"),
        ({"values": np.full(10, np.nan)}, "values"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(change, field):
    asked = {"values": np.zeros(10), "k": 1, **change}
    with pytest.raises(InvalidInput) as refused:
        best_lineups(OPEN, **asked)
    assert list(refused.value.messages) == [field]


def test_the_program_reads_as_what_was_asked(tmp_path):
    names = ["Kyle Larson", "Daniel Suárez", "A.J. Allmendinger", "Kyle Larson", *"CDEFG", "Ø"]
    rules = replace(
        OPEN,
        min_salary_usd=4_000,
        locks=(1,),
        excludes=(3,),
        groups=(Group("Hendrick: two or none", (0, 1), 2, 4, when=(0, 1)),),
        budgets=(Budget("max_total_ownership", tuple(range(10)), 20),),
    )
    program = lineup_program(rules, np.arange(10), names)
    write_lp(program, tmp_path / "lineup.lp")
    text = (tmp_path / "lineup.lp").read_text()
    for said in (
        "exclude_kyle_larson_2: pick_kyle_larson_2 = 0",
        "lock_daniel_suarez: pick_daniel_suarez = 1",
        "group_hendrick_two_or_none_at_least: - 2 group_hendrick_two_or_none_in_force",
        "+ pick_daniel_suarez + pick_kyle_larson >= 0",
        "salary_cap: ",
        "min_salary: ",
        "budget_max_total_ownership: ",
        "pick_unnamed",
    ):
        assert said in text
    assert solve(program) > 0


def every_choice(lineups, limits):
    """Give every choice of lineups that holds the limits, by looking at them all."""
    held = [set(map(int, lineup)) for lineup in lineups]
    size = lineups.shape[1]

    def holds(chosen):
        of = [held[i] for i in chosen]
        counts = [sum(driver in one for one in of) for driver in range(len(limits.drivers))]
        teams = [sum(bool(one & set(team.members)) for one in of) for team in limits.teams]
        return (
            all(
                low <= n <= top
                for low, n, top in zip(limits.fewest, counts, limits.most, strict=True)
            )
            and all(n <= top for n, top in zip(teams, limits.team_most, strict=True))
            and all(size - len(a & b) >= limits.min_unique for a, b in combinations(of, 2))
        )

    return [c for c in combinations(range(len(lineups)), limits.n_lineups) if holds(c)]


@settings(max_examples=80, deadline=None)
@given(random=st.integers(0, 10_000), min_unique=st.integers(1, 3), n=st.integers(1, 4))
def test_a_portfolio_is_the_best_of_all_that_hold_the_limits(random, min_unique, n):
    rng = np.random.default_rng(random)
    lineups = np.array([rng.choice(7, 4, replace=False) for _ in range(11)], dtype=np.uint8)
    scores = rng.integers(0, 30, len(lineups)).astype(float)
    limits = PortfolioLimits(
        n,
        tuple(
            Exposure(f"driver {i}", (i,), rng.choice([0.0, 0.0, 0.3]), rng.choice([0.5, 1.0]), True)
            for i in range(7)
        ),
        (Exposure("team", (0, 1), 0.0, 0.8, True),),
        min_unique,
    )
    every = every_choice(lineups, limits)
    if every:
        chosen = choose_lineups(lineups, scores, limits)
        assert tuple(chosen) in every
        assert scores[chosen].sum() == max(scores[list(choice)].sum() for choice in every)
    else:
        with pytest.raises(Infeasible, match="portfolio"):
            choose_lineups(lineups, scores, limits)


def test_a_portfolio_program_names_its_limits(tmp_path):
    lineups = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 3, 4, 5]], dtype=np.uint8)
    drivers = tuple(Exposure(name, (i,), 0.5, 0.5, True) for i, name in enumerate("ABCDEF"))
    limits = PortfolioLimits(2, drivers, (Exposure("Team X", (1, 2), 0.0, 0.5, True),), 2)
    program = portfolio_program(lineups, np.ones(3), limits)
    write_lp(program, tmp_path / "portfolio.lp")
    text = (tmp_path / "portfolio.lp").read_text()
    for said in (
        "n_lineups: lineup_0 + lineup_1 + lineup_2 = 2",
        "min_driver_exposure_f: lineup_2 >= 1",
        "max_driver_exposure_a: lineup_0 + lineup_1 + lineup_2 <= 1",
        "max_team_exposure_team_x: lineup_0 + lineup_1 <= 1",
        "only_one_with_0_1_2: lineup_0 + lineup_1 <= 1",
    ):
        assert said in text
