import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Infeasible, InvalidInput
from core.lineups import Budget, best_by_value, is_legal
from core.portfolio import Exposure, NASCAROptimizer, PortfolioLimits, TimedOut, portfolio_limits
from core.slate import Driver, Slate, Veto

POINTS = np.round(np.linspace(55.0, 14.0, 38) + np.random.default_rng(8).normal(0.0, 5.0, 38), 2)


@pytest.fixture(scope="module")
def slate(full_rules):
    return Slate(
        tuple(
            Driver(str(place), f"D{place}", usd, team=f"T{place // 3}", projected_points=points)
            for place, (usd, points) in enumerate(
                zip(full_rules.salaries_usd, POINTS.tolist(), strict=True)
            )
        )
    )


@pytest.fixture(scope="module")
def make(slate, full_rules):
    """An optimizer of the full slate, with no limits but those in the arguments."""

    def build(n, rules=full_rules, limits=None, **asked):
        usual = {"max_driver_exposure": 1.0, "max_team_exposure": 1.0, **(limits or {})}
        return NASCAROptimizer(slate, rules, portfolio_limits(slate, n, **usual), **asked)

    return build


def same(one, other):
    return (one.lineups == other.lineups).all()


def test_without_limits_that_bind_they_are_the_best_lineups_by_projection(make, full_rules):
    found = make(20).optimize()
    best = best_by_value(np.rint(POINTS * 100).astype(np.int64), full_rules, 20)
    np.testing.assert_allclose(found.points, best.scores / 100)
    np.testing.assert_allclose(found.points, POINTS[found.lineups].sum(axis=1))
    assert found.worth == pytest.approx(found.points.sum())
    assert found.bound == pytest.approx(found.worth)


@pytest.mark.slow
@pytest.mark.parametrize("randomness", [0.0, 0.25])
@pytest.mark.parametrize("n", [1, 7, 20, 150])
def test_exposures_are_counts_of_the_whole_portfolio(make, n, randomness):
    # an exposure of 0.4 of one lineup is none, so with one lineup there is no limit
    most = 0.4 if n > 1 else 1.0
    limits = {
        "max_driver_exposure": most,
        "driver_min": {30: 0.33, 36: 0.1},
        "driver_max": {2: 0, 30: 1},
    }
    found = make(n, limits=limits, randomness=randomness).optimize()
    counts = np.bincount(found.lineups.ravel(), minlength=38)
    assert found.lineups.shape == (n, 6)
    assert len({tuple(lineup) for lineup in found.lineups.tolist()}) == n
    assert np.delete(counts, 30).max() == math.floor(round(most * n, 9))
    assert counts[2] == 0
    assert counts[30] >= math.ceil(round(0.33 * n, 9))
    assert counts[36] >= math.ceil(round(0.1 * n, 9))


@pytest.mark.slow
def test_a_share_of_one_lineup_that_is_none_leaves_no_portfolio(make):
    with pytest.raises(Infeasible):
        make(1, limits={"max_driver_exposure": 0.4}).optimize()


@pytest.mark.parametrize("min_unique", [1, 2, 3])
@pytest.mark.parametrize("randomness", [0.0, 0.2])
def test_any_two_lineups_differ_as_asked(make, min_unique, randomness):
    limits = {"min_unique": min_unique, "max_driver_exposure": 0.5}
    found = make(20, limits=limits, randomness=randomness).optimize()
    sets = [set(lineup) for lineup in found.lineups.tolist()]
    assert min(len(one - other) for one, other in combinations(sets, 2)) == min_unique
    assert (found.bound is None) == (min_unique == 3 or randomness > 0.0)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), random=st.integers(0, 1_000), randomness=st.sampled_from([0.0, 0.3]))
def test_both_engines_choose_lineups_of_the_same_value(
    plain, any_small_rules, data, random, randomness
):
    rules = data.draw(any_small_rules.filter(lambda rules: rules.roster_size == 6))
    drivers = len(rules.salaries_usd)
    points = np.random.default_rng(random).uniform(5.0, 60.0, drivers)
    n = min(3, len(plain.legal(rules)))
    if n == 0:
        return
    slate = Slate(tuple(Driver(str(i), f"D{i}", usd) for i, usd in enumerate(rules.salaries_usd)))
    each = tuple(Exposure(str(i), (i,), 0.0, 1.0, explicit=True) for i in range(drivers))
    limits = PortfolioLimits(n, each, (), 1)
    walk, program = (
        NASCAROptimizer(
            slate, rules, limits, points, randomness=randomness, engine=engine
        ).optimize()
        for engine in ("walk", "program")
    )
    np.testing.assert_allclose(walk.points, program.points, atol=1e-4)
    if randomness == 0.0:
        best = sorted((points[list(lineup)].sum() for lineup in plain.legal(rules)), reverse=True)
        np.testing.assert_allclose(program.points, best[:n], atol=1e-4)


def test_on_a_full_slate_the_program_chooses_what_the_walk_does(make):
    limits = {"max_driver_exposure": 0.5, "min_unique": 2}
    walk, program = (
        make(5, limits=limits, randomness=0.2, engine=engine).optimize()
        for engine in ("walk", "program")
    )
    assert same(walk, program)


def test_one_seed_gives_one_portfolio_and_another_seed_another(make):
    one, again, other = (make(10, randomness=0.2, seed=seed).optimize() for seed in (5, 5, 6))
    assert same(one, again)
    assert not same(one, other)


def test_randomness_of_none_is_no_randomness(make):
    plainly, zero, zeros = (
        make(10, randomness=randomness, seed=seed).optimize()
        for randomness, seed in ((0.0, 42), (0, 7), ([0.0] * 38, 8))
    )
    assert same(plainly, zero)
    assert same(plainly, zeros)
    randomised = make(10, randomness=0.2).optimize()
    assert randomised.points.sum() < plainly.points.sum()


def test_a_lineup_sees_the_same_draws_however_many_are_asked_for(make):
    few, many = (make(n, randomness=0.3) for n in (20, 150))
    for number in range(20):
        np.testing.assert_array_equal(few.projections_of(number), many.projections_of(number))
    np.testing.assert_array_equal(few.optimize().lineups, many.optimize().lineups[:20])


def test_draws_are_uniform_within_the_randomness_of_each_driver(make):
    randomness = np.where(np.arange(38) < 5, 0.0, 0.4)
    optimizer = make(1, randomness=randomness)
    seen = np.array([optimizer.projections_of(number) for number in range(2_000)]) / POINTS
    assert (seen[:, :5] == 1.0).all()
    shares = (seen[:, 5:] - 0.6) / 0.8
    assert shares.min() >= 0.0
    assert shares.max() <= 1.0
    # the mean of 66,000 uniform draws lies within 5 standard errors of a half
    assert abs(shares.mean() - 0.5) < 5 * math.sqrt(1 / 12 / shares.size)
    assert np.quantile(shares, 0.1) == pytest.approx(0.1, abs=0.01)
    # another driver's randomness moves nobody else
    alone = make(1, randomness=0.4).projections_of(3)
    np.testing.assert_array_equal(alone[5:], optimizer.projections_of(3)[5:])


def test_every_randomised_lineup_is_the_best_by_what_it_sees(make, full_rules):
    optimizer = make(3, randomness=0.3)
    for number, lineup in enumerate(optimizer.optimize().lineups):
        seen = np.rint(optimizer.projections_of(number) * 1e6).astype(np.int64)
        np.testing.assert_array_equal(best_by_value(seen, full_rules, 1).lineups[0], lineup)


def test_lineups_stay_within_a_budget(make, full_rules):
    amounts = tuple(np.rint(POINTS**2).astype(int).tolist())
    free = make(20).optimize()
    most = int(0.9 * np.array(amounts)[free.lineups].sum(axis=1).min())
    rules = replace(full_rules, budgets=(Budget("risk", amounts, most),))
    bound = make(20, rules).optimize()
    assert all(is_legal(rules, lineup) for lineup in bound.lineups)
    assert bound.points.max() < free.points.min()
    program = make(3, rules, engine="program").optimize()
    np.testing.assert_allclose(bound.points[:3], program.points, atol=1e-4)
    # a budget far above every lineup does not prevent the choice together, with its bound
    wide = replace(full_rules, budgets=(Budget("risk", amounts, 10**9),))
    assert same(make(20, wide).optimize(), free)


def test_the_drivers_without_a_projection_are_named(slate, full_rules):
    limits = portfolio_limits(slate, 1, max_driver_exposure=1.0)
    drivers = list(slate.drivers)
    for place in (3, 8):
        drivers[place] = replace(drivers[place], projected_points=None)
    partly = Slate(tuple(drivers))
    with pytest.raises(InvalidInput, match=r"none for D3, D8;"):
        NASCAROptimizer(partly, full_rules, limits)
    with pytest.raises(InvalidInput, match=r"none for D8;"):
        NASCAROptimizer(partly, replace(full_rules, excludes=(3,)), limits)
    assert NASCAROptimizer(partly, full_rules, limits, POINTS).optimize().bound is not None
    with pytest.raises(InvalidInput, match=r"none for D5;"):
        NASCAROptimizer(slate, full_rules, limits, np.where(np.arange(38) == 5, np.nan, POINTS))


def test_a_driver_who_does_not_race_is_in_no_lineup_and_needs_no_projection(
    slate, make, full_rules
):
    star = int(make(1).optimize().lineups[0][0])
    drivers = list(slate.drivers)
    drivers[star] = replace(drivers[star], projected_points=None, vetoes=frozenset({Veto.OUT}))
    limits = portfolio_limits(slate, 20, max_driver_exposure=1.0, max_team_exposure=1.0)
    for randomness in (0.0, 0.2):
        found = NASCAROptimizer(
            Slate(tuple(drivers)), full_rules, limits, randomness=randomness
        ).optimize()
        assert star not in found.lineups


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("projected_points", {"projected_points": [1.0] * 37}),
        ("randomness", {"randomness": -0.1}),
        ("randomness", {"randomness": [0.1] * 37}),
        ("randomness", {"randomness": [math.nan] * 38}),
        ("costs_points", {"costs_points": [math.inf] * 38}),
        ("seed", {"seed": -1}),
        ("time_limit_seconds", {"time_limit_seconds": 0.0}),
        ("engine", {"engine": "guess"}),
    ],
)
def test_what_cannot_be_used_is_refused_under_its_name(make, field, asked):
    with pytest.raises(InvalidInput) as refused:
        make(5, **asked)
    assert set(refused.value.messages) == {field}


def test_rules_that_leave_no_lineup_are_named(make, full_rules):
    rules = replace(full_rules, locks=(0, 1, 2, 3, 4, 5))
    with pytest.raises(Infeasible) as refused:
        make(5, rules).optimize()
    assert refused.value.limits[0] == "salary_cap_usd"
    assert set(refused.value.limits[1:]) < {f"locks of D{i}" for i in range(6)}


def test_the_time_limit_of_the_programs_is_kept_to_and_named(make):
    with pytest.raises(TimedOut, match=r"1e-06 seconds ended the search for the next lineup"):
        make(50, engine="program", time_limit_seconds=1e-6).optimize()


def test_what_a_driver_costs_is_in_the_worth_and_not_in_the_points(make, full_rules):
    base = make(10, limits={"max_driver_exposure": 0.5})
    costs = np.where(np.arange(38) < 8, 12.0, 0.0)
    costly = base.costing(costs, full_rules)
    found = costly.optimize()
    assert found.worth == pytest.approx(found.points.sum() - costs[found.lineups].sum())
    assert not same(found, base.optimize())
    twice = costly.costing(costs, full_rules)
    assert twice == base.costing(2 * costs, full_rules)
    np.testing.assert_array_equal(twice.projections_of(3), base.projections_of(3))
