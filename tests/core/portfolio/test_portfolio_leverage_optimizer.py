import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.lineups import best_by_value, is_legal
from core.portfolio import (
    Exposure,
    LeverageAwareOptimizer,
    NASCAROptimizer,
    Optimized,
    OwnershipRules,
    PortfolioLimits,
    leverage_score,
    optimize_portfolio_with_ownership,
    ownership_metrics,
    ownership_of_lineups,
    portfolio_limits,
    with_ownership_rules,
)
from core.slate import Driver, Slate

POINTS = np.round(np.linspace(55.0, 14.0, 38) + np.random.default_rng(8).normal(0.0, 5.0, 38), 2)
# rising with the projection but not with it alone, about 600% in all, the favourite at 55%
LIKED = POINTS**4 * np.exp(0.25 * np.random.default_rng(9).normal(size=38))
OWNED = np.round(np.minimum(600.0 * LIKED / LIKED.sum(), 55.0), 2)
NO_RULES = OwnershipRules(1.0, 0, 100.0)


@pytest.fixture(scope="module")
def base(full_rules):
    """A function that builds the optimizer to wrap, with no limits but those in its arguments."""
    slate = Slate(
        tuple(
            Driver(str(place), f"D{place}", usd, team=f"T{place // 3}", projected_points=points)
            for place, (usd, points) in enumerate(
                zip(full_rules.salaries_usd, POINTS.tolist(), strict=True)
            )
        )
    )

    def build(n, limits=None, **asked):
        usual = {"max_driver_exposure": 1.0, "max_team_exposure": 1.0, **(limits or {})}
        return NASCAROptimizer(slate, full_rules, portfolio_limits(slate, n, **usual), **asked)

    return build


@pytest.mark.parametrize("rules", [NO_RULES, OwnershipRules()])
@pytest.mark.parametrize("randomness", [0.0, 0.1])
def test_a_higher_penalty_gives_other_lineups_that_are_owned_by_less(base, rules, randomness):
    found = [
        LeverageAwareOptimizer(base(20, randomness=randomness), OWNED, penalty, rules).optimize()
        for penalty in (0.0, 0.5, 1.0, 4.0)
    ]
    sets = [{tuple(lineup) for lineup in one.lineups.tolist()} for one in found]
    assert len(set(map(frozenset, sets))) == 4
    owned = [one.metrics.avg_lineup_ownership for one in found]
    assert owned == sorted(owned, reverse=True)
    assert len(set(owned)) == 4
    points = [one.points.sum() for one in found]
    assert points == sorted(points, reverse=True) or randomness > 0.0


def test_without_penalty_and_rules_the_lineups_are_the_base_optimizers(base):
    free = base(20, {"max_driver_exposure": 0.5})
    found = LeverageAwareOptimizer(free, OWNED, 0.0, NO_RULES).optimize()
    np.testing.assert_array_equal(found.lineups, free.optimize().lineups)
    np.testing.assert_array_equal(found.leverage_score, found.points)


def test_rules_that_the_base_has_already_need_not_be_given_again(base, full_rules):
    rules = OwnershipRules(0.3, 2, 1.05)
    ruled = replace(base(10), rules=with_ownership_rules(full_rules, OWNED, rules))
    found = optimize_portfolio_with_ownership(ruled, OWNED, 0.5)
    same = LeverageAwareOptimizer(base(10), OWNED, 0.5, rules).optimize()
    np.testing.assert_array_equal(found.lineups, same.lineups)
    np.testing.assert_array_equal(found.leverage_score, same.leverage_score)


@pytest.mark.parametrize("randomness", [0.0, 0.2])
def test_the_base_optimizer_stays_as_it_is(base, randomness):
    wrapped, untouched = (base(10, randomness=randomness) for _ in range(2))
    before = wrapped.optimize()
    LeverageAwareOptimizer(wrapped, OWNED, 2.0).optimize()
    after = wrapped.optimize()
    assert wrapped == untouched
    np.testing.assert_array_equal(before.lineups, after.lineups)
    assert (before.worth, before.bound) == (after.worth, after.bound)


@pytest.mark.slow
@pytest.mark.parametrize("penalty", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("limits", [{}, {"max_driver_exposure": 0.4}, {"min_unique": 2}])
def test_what_was_made_as_large_as_it_can_be_is_the_sum_of_the_reported_scores(
    base, penalty, limits
):
    found = LeverageAwareOptimizer(base(20, limits), OWNED, penalty).optimize()
    scores = POINTS[found.lineups].sum(axis=1)
    scores -= penalty * (OWNED[found.lineups] ** 2).mean(axis=1) / 100.0
    np.testing.assert_allclose(found.leverage_score, scores)
    # drivers' worth is counted in millionths of a point
    assert found.worth == pytest.approx(scores.sum(), abs=20 * 6 * 5e-7)
    assert found.worth <= found.bound + 1e-9
    np.testing.assert_allclose(found.points, POINTS[found.lineups].sum(axis=1))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), random=st.integers(0, 1_000), engine=st.sampled_from(["walk", "program"]))
def test_no_legal_lineup_has_a_higher_leverage_score(plain, any_small_rules, data, random, engine):
    rules = data.draw(any_small_rules.filter(lambda rules: rules.roster_size == 6))
    drivers = len(rules.salaries_usd)
    rng = np.random.default_rng(random)
    points, owned = rng.uniform(5.0, 60.0, drivers), rng.uniform(0.0, 45.0, drivers).round(1)
    asked = OwnershipRules(
        data.draw(st.sampled_from([0.3, 0.4, 1.0])),
        data.draw(st.integers(0, 2)),
        data.draw(st.sampled_from([0.9, 1.2, 1.5, 3.0])),
    )
    penalty = data.draw(st.sampled_from([0.0, 0.5, 5.0]))
    legal = plain.legal(with_ownership_rules(rules, owned, asked))
    if not legal:
        return
    slate = Slate(tuple(Driver(str(i), f"D{i}", usd) for i, usd in enumerate(rules.salaries_usd)))
    each = tuple(Exposure(str(i), (i,), 0.0, 1.0, explicit=True) for i in range(drivers))
    free = NASCAROptimizer(slate, rules, PortfolioLimits(1, each), points, engine=engine)
    found = LeverageAwareOptimizer(free, owned, penalty, asked).optimize()
    best = leverage_score(points, owned, np.array(legal), penalty).max()
    assert found.leverage_score[0] == pytest.approx(best, abs=1e-4)
    assert tuple(found.lineups[0].tolist()) in legal


def test_no_driver_owned_by_more_than_the_limit_is_in_a_lineup(base):
    free, bound = (
        LeverageAwareOptimizer(base(20), OWNED, 0.5, replace(NO_RULES, max_per_driver=most))
        for most in (1.0, 0.25)
    )
    assert free.optimize().ownership.maximum.min() > 25.0
    assert bound.optimize().ownership.maximum.max() <= 25.0
    # ownership equal to the limit is allowed
    favourite = float(np.sort(OWNED[OWNED <= 25.0])[-1])
    at_limit = LeverageAwareOptimizer(
        base(20), OWNED, 0.0, replace(NO_RULES, max_per_driver=favourite / 100.0)
    ).optimize()
    assert at_limit.ownership.maximum.max() == favourite


@pytest.mark.parametrize("fewest", [2, 3, 4])
def test_a_lineup_has_no_more_drivers_of_low_ownership_than_it_must(base, fewest):
    free, bound = (
        LeverageAwareOptimizer(base(1), OWNED, 0.5, replace(NO_RULES, min_low=low)).optimize()
        for low in (0, fewest)
    )
    assert (OWNED[free.lineups[0]] < 10.0).sum() < fewest
    assert (OWNED[bound.lineups[0]] < 10.0).sum() == fewest
    assert bound.leverage_score[0] < free.leverage_score[0]


@pytest.mark.slow
@pytest.mark.parametrize("randomness", [0.0, 0.2])
@pytest.mark.parametrize("engine", ["walk", "program"])
def test_a_lineup_is_owned_by_no_more_in_all_than_the_limit(base, engine, randomness):
    free = LeverageAwareOptimizer(base(4, engine=engine), OWNED, 0.5, NO_RULES).optimize()
    most = 0.8 * float(free.ownership.total.min())
    rules = replace(NO_RULES, max_total=most / 100.0)
    limited = LeverageAwareOptimizer(
        base(4, engine=engine, randomness=randomness), OWNED, 0.5, rules
    )
    found = limited.optimize()
    assert found.ownership.total.max() <= most + 1e-6
    # the limit is used up except for less than the next higher driver would take
    assert found.ownership.total.min() > 0.93 * most
    # a limit equal to the lineup's ownership allows it, and one slightly lower does not
    top = int(found.ownership.total.argmax())
    exact = float(found.ownership.total[top])
    for room, same in ((exact, True), (exact - 1e-5, False)):
        narrow = replace(NO_RULES, max_total=room / 100.0)
        again = LeverageAwareOptimizer(
            base(4, engine=engine, randomness=randomness), OWNED, 0.5, narrow
        ).optimize()
        assert (found.lineups[top].tolist() in again.lineups.tolist()) == same


@pytest.mark.slow
def test_all_rules_and_limits_hold_over_a_whole_portfolio(base, full_rules):
    rules = OwnershipRules(0.3, 2, 1.05)
    limits = {"max_driver_exposure": 0.4, "min_unique": 2, "driver_min": {37: 0.1}}
    for randomness in (0.0, 0.15):
        optimizer = LeverageAwareOptimizer(
            base(150, limits, randomness=randomness), OWNED, 0.5, rules
        )
        found = optimizer.optimize()
        ruled = with_ownership_rules(full_rules, OWNED, rules)
        assert ruled.budgets
        assert all(is_legal(ruled, lineup) for lineup in found.lineups)
        counts = np.bincount(found.lineups.ravel(), minlength=38)
        assert counts.max() == 60
        assert counts[37] >= 15
        holds = np.zeros((150, 38), dtype=int)
        holds[np.arange(150)[:, None], found.lineups] = 1
        assert np.triu(holds @ holds.T, 1).max() == 4


def test_draws_move_projections_and_never_ownership(base, full_rules):
    randomised = base(5, randomness=0.3)
    found = LeverageAwareOptimizer(randomised, OWNED, 2.0, NO_RULES).optimize()
    for number, lineup in enumerate(found.lineups):
        seen = randomised.projections_of(number) - 2.0 * OWNED**2 / 600.0
        best = best_by_value(np.rint(seen * 1e6).astype(np.int64), full_rules, 1).lineups[0]
        np.testing.assert_array_equal(lineup, best)
    # the reported points are without randomness
    np.testing.assert_allclose(
        found.leverage_score, leverage_score(POINTS, OWNED, found.lineups, 2.0)
    )


def test_ownership_is_reported_by_lineup_and_for_the_portfolio(base):
    found = LeverageAwareOptimizer(base(10), OWNED).optimize()
    owned = OWNED[found.lineups]
    np.testing.assert_allclose(found.ownership.average, owned.mean(axis=1))
    np.testing.assert_allclose(found.ownership.maximum, owned.max(axis=1))
    np.testing.assert_allclose(found.ownership.total, owned.sum(axis=1))
    assert found.metrics == ownership_metrics(found.lineups, OWNED)
    assert (ownership_of_lineups(found.lineups, OWNED).total == found.ownership.total).all()


def test_any_optimizer_that_takes_costs_and_rules_can_be_wrapped(full_rules):
    class Fixed:
        """An optimizer that always returns the same lineup and records its costs."""

        def __init__(self, told):
            self.told = told
            self.rules = full_rules
            self.projections = POINTS

        def costing(self, costs_points, rules):
            self.told.append((costs_points, rules))
            return self

        def optimize(self):
            lineups = np.array([[0, 10, 20, 30, 35, 37]], dtype=np.uint8)
            return Optimized(lineups, POINTS[lineups].sum(axis=1))

    told = []
    found = LeverageAwareOptimizer(Fixed(told), OWNED, 0.5).optimize()
    [(costs, rules)] = told
    np.testing.assert_allclose(costs, 0.5 * OWNED**2 / 600.0)
    assert rules == with_ownership_rules(full_rules, OWNED, OwnershipRules())
    assert found.leverage_score == leverage_score(POINTS, OWNED, found.lineups, 0.5)
    assert found.worth is None


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("penalty", {"penalty": -0.1}),
        ("penalty", {"penalty": math.nan}),
        ("ownership_percent", {"ownership_percent": OWNED[:37]}),
        ("ownership_percent", {"ownership_percent": -OWNED}),
        ("min_low", {"ownership_rules": OwnershipRules(min_low=7)}),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_search(base, field, change):
    with pytest.raises(InvalidInput) as refused:
        LeverageAwareOptimizer(base(1), **{"ownership_percent": OWNED, **change})
    assert set(refused.value.messages) == {field}
