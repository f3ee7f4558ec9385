import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Infeasible
from core.lineups import Group
from core.portfolio import (
    compute_portfolio_correlation,
    generate_additive_portfolio,
    generate_portfolio,
    portfolio_limits,
)


def generated(board, limits, weight=0.0, k=400):
    return generate_portfolio(
        board.search(board.rules, k), board.rules, limits, board.search, board.value, weight
    )


def added_up(board, limits, weight=0.0, unit=10):
    return generate_additive_portfolio(board.worth, unit, board.rules, limits, weight)


def failed(board, limits):
    with pytest.raises(Infeasible) as error:
        generated(board, limits)
    with pytest.raises(Infeasible) as same:
        added_up(board, limits)
    assert (error.value.limits, error.value.largest) == (same.value.limits, same.value.largest)
    return error.value


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 7, 20, 150])
@pytest.mark.parametrize(
    "asked",
    [
        {"max_driver_exposure": 0.35, "driver_min": {30: 0.2, 36: 0.5}, "driver_max": {36: 1.0}},
        {"max_team_exposure": 0.5, "driver_max": {0: 0.0}},
        {"min_unique": 3},
        {"max_driver_exposure": 0.3, "max_team_exposure": 0.6, "min_unique": 2},
    ],
)
def test_exactly_as_many_lineups_as_asked_for_hold_every_limit(full_board, holds, n, asked):
    if n == 1 and ("max_driver_exposure" in asked or "max_team_exposure" in asked):
        # an exposure below 1 of a single lineup is no lineup
        assert failed(full_board, portfolio_limits(full_board.slate, n, **asked)).largest == 0
        return
    limits = portfolio_limits(full_board.slate, n, **asked)
    portfolio = generated(full_board, limits, weight=0.1)
    holds(full_board, limits, portfolio.lineups)
    assert (np.diff(portfolio.scores) <= 0).all()
    np.testing.assert_array_equal(portfolio.scores, full_board.value(portfolio.lineups))
    together = added_up(full_board, limits, weight=0.1)
    holds(full_board, limits, together.lineups)
    np.testing.assert_allclose(together.scores, full_board.value(together.lineups) / 10)


def test_locks_and_stacks_hold_in_a_portfolio(make_board, full_board, holds):
    stacks = [
        Group(
            f"stack of T{team}",
            tuple(range(3 * team, min(3 * team + 3, 38))),
            2,
            3,
            when=tuple(range(3 * team, min(3 * team + 3, 38))),
        )
        for team in range(13)
    ]
    salaries = list(full_board.rules.salaries_usd)
    board = make_board(salaries, full_board.worth, locks=(5,), excludes=(10,), groups=tuple(stacks))
    limits = portfolio_limits(board.slate, 60, locks=(5,), driver_max={3: 0.4, 4: 0.8})
    portfolio = generated(board, limits)
    holds(board, limits, portfolio.lineups)
    assert (portfolio.lineups == 5).any(axis=1).all()


@pytest.mark.slow
def test_exposures_so_tight_that_a_greedy_choice_gets_stuck_still_fill_the_portfolio(
    full_board, holds
):
    # 38 x 24 = 912 places for 150 x 6 = 900
    limits = portfolio_limits(full_board.slate, 150, max_driver_exposure=0.16)
    holds(full_board, limits, generated(full_board, limits).lineups)


def test_without_limits_the_portfolio_is_the_best_lineups(full_board):
    free = portfolio_limits(full_board.slate, 50, max_driver_exposure=1.0, max_team_exposure=1.0)
    portfolio = generated(full_board, free)
    best = full_board.search(full_board.rules, 50)
    np.testing.assert_array_equal(portfolio.lineups, best.lineups)
    assert portfolio.pool_size == 400


@pytest.mark.slow
def test_the_same_request_is_the_same_portfolio(full_board):
    limits = portfolio_limits(full_board.slate, 40, max_driver_exposure=0.25, min_unique=2)
    one, other = generated(full_board, limits, 0.3), generated(full_board, limits, 0.3)
    np.testing.assert_array_equal(one.lineups, other.lineups)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_more_weight_on_diversity_makes_lineups_less_alike(full_board):
    limits = portfolio_limits(full_board.slate, 20, max_driver_exposure=1.0, max_team_exposure=1.0)
    alike = [
        compute_portfolio_correlation(generated(full_board, limits, weight).lineups, 38)
        for weight in (0.0, 0.1, 0.4, 1.0)
    ]
    means = [each["avg_similarity"] for each in alike]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[-1] + 0.1


def test_what_two_lineups_have_in_common_is_counted():
    lineups = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [4, 5, 6, 7]], dtype=np.uint8)
    alike = compute_portfolio_correlation(lineups, 8)
    assert alike["max_similarity"] == 0.75
    assert alike["min_similarity"] == 0.0
    assert alike["avg_similarity"] == pytest.approx((0.75 + 0.0 + 0.25) / 3)
    assert set(compute_portfolio_correlation(lineups[:1], 8).values()) == {0.0}


def test_fewer_legal_lineups_than_asked_for_are_counted_exactly(make_board):
    board = make_board([1] * 8, range(8), roster=6, cap=6, excludes=(0,), teams=0)
    free = portfolio_limits(board.slate, 8, max_driver_exposure=1.0)
    error = failed(board, free)
    assert error.largest == 7
    # lineups of the eight drivers without the first one, whose exposure alone is in conflict
    assert error.limits == ("n_lineups", "excludes of D0")
    assert "only 7 different lineups are legal" in error.reason


def test_no_legal_lineup_at_all_leaves_room_for_none(make_board):
    board = make_board([9] * 8, range(8), cap=10)
    error = failed(board, portfolio_limits(board.slate, 3))
    assert (error.largest, error.limits) == (0, ("salary_cap_usd",))


def test_legal_lineups_too_few_for_the_exposures_as_well_are_not_promised(make_board, plainly):
    # 28 are legal, but half of so many is all a driver may stand in
    board = make_board([1] * 8, range(8), roster=6, cap=6, teams=0)
    limits = portfolio_limits(board.slate, 30, max_driver_exposure=0.75)
    error = failed(board, limits)
    _, largest = plainly
    assert error.largest == largest(board, limits)


@pytest.mark.slow
def test_exposure_caps_too_low_for_the_roster_name_the_largest_number(full_board):
    # at 0.158 each of 38 drivers may stand in 23 of 150: 874 of 900 places
    error = failed(full_board, portfolio_limits(full_board.slate, 150, max_driver_exposure=0.158))
    assert error.limits == ("n_lineups", "max_driver_exposure")
    # 38 x floor(0.158 n) >= 6 n
    assert error.largest == max(n for n in range(1, 150) if 38 * int(0.158 * n + 1e-9) >= 6 * n)
    assert f"room for {error.largest}" in error.reason


@pytest.mark.slow
def test_minimum_exposures_that_cannot_all_be_met_are_named(full_board):
    error = failed(
        full_board,
        portfolio_limits(
            full_board.slate,
            20,
            driver_min={0: 0.9, 1: 0.9, 2: 0.9, 3: 0.9},
            max_team_exposure=1.0,
            max_driver_exposure=1.0,
        ),
    )
    # the four dearest and the two cheapest cost more than the cap
    assert error.limits == (
        "n_lineups",
        "salary_cap_usd",
        *(f"min_driver_exposure of D{i}" for i in range(4)),
    )
    # every lineup lacks one of the four, who may be missing from 4 x floor(n / 10) in all, below n
    assert error.largest == 0


def test_a_lock_with_an_asked_exposure_below_1_is_the_conflict(make_board, full_board):
    board = make_board(full_board.rules.salaries_usd, full_board.worth, locks=(7,))
    limits = portfolio_limits(board.slate, 20, locks=(7,), driver_max={7: 0.5})
    error = failed(board, limits)
    assert set(error.limits) == {"n_lineups", "max_driver_exposure of D7", "locks of D7"}
    assert error.largest == 0


def test_a_team_that_may_not_stand_where_its_driver_must_is_named(full_board):
    error = failed(
        full_board,
        portfolio_limits(full_board.slate, 20, driver_min={3: 0.5}, team_max={"T1": 0.3}),
    )
    assert set(error.limits) == {
        "n_lineups",
        "min_driver_exposure of D3",
        "max_team_exposure of T1",
    }


@pytest.mark.slow
def test_lineups_that_share_no_driver_end_when_the_drivers_do(full_board, holds):
    most = portfolio_limits(full_board.slate, 5, min_unique=6)
    holds(full_board, most, generated(full_board, most).lineups)
    error = failed(full_board, portfolio_limits(full_board.slate, 20, min_unique=6))
    assert error.limits == ("n_lineups", "min_unique")
    assert error.largest == 6


@st.composite
def small_requests(draw):
    """Draw a slate of 7 to 9 drivers with few legal lineups, and limits on a few of them."""
    drivers = draw(st.integers(7, 9))
    salaries = draw(st.lists(st.integers(3, 9), min_size=drivers, max_size=drivers))
    ranked = sorted(salaries)
    dearest = sum(ranked[-4:])
    cap = draw(st.sampled_from([dearest, draw(st.integers(sum(ranked[:4]), dearest))]))
    worth = draw(st.lists(st.integers(-9, 30), min_size=drivers, max_size=drivers))
    locks = draw(st.sampled_from([(), (), (), (0,)]))
    shares = st.sampled_from([0.2, 0.3, 0.5, 0.6, 0.75, 1.0])
    places = st.sampled_from(range(drivers))
    asked = {
        "max_driver_exposure": draw(st.sampled_from([None, 0.6, 0.7, 0.8, 1.0])),
        "max_team_exposure": draw(st.sampled_from([None, 0.9, 1.0, 1.0])),
        "driver_max": draw(st.dictionaries(places, shares, max_size=2)),
        "driver_min": draw(st.dictionaries(places, shares, max_size=2)),
        "min_unique": draw(st.sampled_from([1, 1, 2, 3])),
        "locks": locks,
    }
    n = draw(st.integers(1, 9))
    return salaries, worth, cap, locks, n, asked, draw(st.sampled_from([0.0, 0.2, 1.0]))


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(request=small_requests(), k=st.sampled_from([1, 5, 300]))
def test_a_portfolio_is_found_exactly_when_one_exists(make_board, holds, plainly, request, k):
    salaries, worth, cap, locks, n, asked, weight = request
    board = make_board(salaries, worth, roster=4, cap=cap, locks=locks)
    limits = portfolio_limits(board.slate, n, **asked)
    exists, largest = plainly
    try:
        portfolio, refused = generated(board, limits, weight, k), None
    except Infeasible as error:
        portfolio, refused = None, error
    assert (portfolio is not None) == exists(board, limits)
    if portfolio is not None:
        holds(board, limits, portfolio.lineups)
    else:
        assert refused.largest == largest(board, limits)
        assert set(refused.limits) - {"n_lineups"}


@pytest.mark.slow
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.6])
def test_scores_that_add_up_are_chosen_for_all_at_once_and_bounded(full_board, weight):
    limits = portfolio_limits(full_board.slate, 60, max_driver_exposure=0.5, min_unique=2)
    portfolio = added_up(full_board, limits, weight)
    best = full_board.value(full_board.search(full_board.rules, 1).lineups)[0] / 10

    def worth(lineups):
        alike = compute_portfolio_correlation(lineups, 38)["avg_similarity"]
        return full_board.value(lineups).mean() / 10 - weight * best * alike

    assert portfolio.worth == pytest.approx(worth(portfolio.lineups))
    assert portfolio.worth <= portfolio.bound
    assert portfolio.worth == pytest.approx(portfolio.bound, rel=5e-3)
    # a choice one by one from a pool is never worth more
    assert worth(generated(full_board, limits, weight).lineups) <= portfolio.bound


def test_lineups_far_apart_come_from_a_pool_and_carry_no_bound(full_board, holds):
    limits = portfolio_limits(full_board.slate, 20, max_driver_exposure=0.5, min_unique=3)
    portfolio = added_up(full_board, limits)
    holds(full_board, limits, portfolio.lineups)
    assert portfolio.bound is None
