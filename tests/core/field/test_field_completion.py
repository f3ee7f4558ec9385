import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from core.errors import Infeasible, InvalidInput
from core.field import fit_field
from core.field.completion import complete_ownership
from tests.core.field.written_out import SALARIES, legal_lineups

NAN = float("nan")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(40, 110), min_size=6, max_size=8),
    st.lists(st.floats(-2.0, 2.0), min_size=8, max_size=8),
    st.floats(0.3, 1.0),
    st.integers(1, 5),
    st.floats(200.0, 5_000.0),
)
# a first step so long that only the value, and not the gradient, tells it is too long
@example([49, 40, 40, 40, 40, 60], [0.0] * 8, 0.5, 1, 200.0)
def test_the_completed_is_the_nearest_distribution_with_the_known_marginals(
    hundreds, theta, room, count, left_usd
):
    salaries = np.array([100 * hundred for hundred in hundreds])
    cap = int(sum(sorted(salaries)[:3]) * (1 - room) + sum(sorted(salaries)[-3:]) * room)
    held = legal_lineups(salaries, 3, cap)
    weights = held @ np.array(theta[: len(salaries)])
    truth = 100.0 * np.exp(weights - logsumexp(weights)) @ held
    known = truth.copy()
    known[count:] = NAN
    whole = complete_ownership(salaries, known, 3, cap, left_usd=left_usd)
    assert whole[:count] == pytest.approx(truth[:count], abs=1e-9)
    assert whole.sum() == pytest.approx(300.0, abs=1e-9)
    # by hand: minimise the dual over the known drivers' weights, every lineup written out
    before = -(cap - held @ salaries) / left_usd
    free = (truth[:count] > 1e-7) & (truth[:count] < 100.0 - 1e-7)
    some = held[:, :count][:, free]

    asked = truth[:count][free] / 100.0

    def dual(moved):
        log_weights = before + some @ moved
        total = logsumexp(log_weights)
        share = np.exp(log_weights - total)
        return total - asked @ moved, share @ some - asked

    moved = np.zeros(len(asked))
    if len(moved):
        moved = minimize(dual, moved, jac=True, method="L-BFGS-B", tol=1e-12).x
    log_weights = before + some @ moved
    by_hand = 100.0 * np.exp(log_weights - logsumexp(log_weights)) @ held
    assert whole == pytest.approx(by_hand, abs=2e-2)


def test_what_is_completed_can_be_fitted_and_keeps_the_known_to_the_last_digit():
    known = np.full(38, NAN)
    known[[0, 3, 9, 20]] = [41.25, 30.0, 22.5, 18.0]
    whole = complete_ownership(SALARIES, known, 6, 50_000)
    assert whole[[0, 3, 9, 20]].tolist() == [41.25, 30.0, 22.5, 18.0]
    assert fit_field(SALARIES, whole, 6, 50_000).max_error <= 1e-8


def test_less_salary_is_left_where_lineups_thin_out_sooner():
    known = np.full(38, NAN)
    known[[0, 3, 9, 20]] = [41.25, 30.0, 22.5, 18.0]
    spent = [
        complete_ownership(SALARIES, known, 6, 50_000, left_usd=left) @ SALARIES / 100.0
        for left in (200.0, 400.0, 1_600.0)
    ]
    assert spent == sorted(spent, reverse=True)
    assert 49_600 < spent[0] < 50_000


def test_a_prior_says_how_the_unknown_share_what_is_left():
    prior = np.linspace(60.0, 5.0, 38)
    prior[5] = 0.0
    prior *= 600.0 / prior.sum()
    known = np.full(38, NAN)
    known[:4] = [35.0, 30.0, 25.0, 20.0]
    whole = complete_ownership(SALARIES, known, 6, 50_000, prior_percent=prior)
    turned = complete_ownership(SALARIES, known, 6, 50_000, prior_percent=prior[::-1])
    assert whole[5] < 0.5 < turned[5]
    assert (whole[6:12] > turned[6:12]).all()


def test_a_prior_that_agrees_with_the_known_is_kept():
    known = np.full(38, NAN)
    known[[0, 3]] = [30.0, 30.0]
    prior = complete_ownership(SALARIES, known, 6, 50_000)
    known[[5, 30]] = prior[[5, 30]]
    again = complete_ownership(SALARIES, known, 6, 50_000, prior_percent=prior)
    assert again == pytest.approx(prior, abs=1e-5)


@pytest.mark.slow
def test_a_prior_that_no_field_has_is_moved_within_reach():
    prior = np.where(np.arange(38) < 7, 80.0, 1.0)
    prior *= 600.0 / prior.sum()
    known = np.full(38, NAN)
    known[:2] = [30.0, 25.0]
    whole = complete_ownership(SALARIES, known, 6, 50_000, prior_percent=prior)
    assert whole[:2].tolist() == [30.0, 25.0]
    assert whole[2:7].min() > whole[12:30].max()


def test_no_unknown_driver_is_owned_by_more_than_the_bound():
    known = np.full(38, NAN)
    known[[0, 3, 9, 20]] = [41.25, 30.0, 22.5, 18.0]
    free = complete_ownership(SALARIES, known, 6, 50_000)
    held = complete_ownership(SALARIES, known, 6, 50_000, at_most_percent=18.0)
    unknown = np.isnan(known)
    assert free[unknown].max() > 18.0
    assert held[unknown].max() <= 18.0 + 1e-9
    assert held.sum() == pytest.approx(600.0, abs=1e-9)
    with pytest.raises(Infeasible):
        complete_ownership(SALARIES, known, 6, 50_000, at_most_percent=10.0)


def test_drivers_known_at_0_and_at_100_stay_there():
    whole = complete_ownership(
        [9_000, 8_000, 7_000, 6_000, 5_000], [100.0, 0.0, NAN, NAN, 60.0], 3, 22_000
    )
    assert whole == pytest.approx([100.0, 0.0, 70.0, 70.0, 60.0], abs=40.0)
    assert whole[[0, 1, 4]].tolist() == [100.0, 0.0, 60.0]
    assert whole.sum() == pytest.approx(300.0)


def test_ownership_that_is_all_known_is_read_as_given():
    assert complete_ownership([5_000] * 3, [60.0, 70.0, 70.0], 2, 10_000) == pytest.approx(
        [60.0, 70.0, 70.0]
    )


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ([130.0, NAN, NAN, NAN], "ownership_percent"),
        ([90.0, 90.0, 90.0, NAN], "ownership_percent"),
        ([0.0, 0.0, 0.0, NAN], "ownership_percent"),
        ([50.0, NAN, NAN], "salaries_usd"),
    ],
)
def test_numbers_that_leave_no_room_are_refused(known, field):
    with pytest.raises(InvalidInput, match=field):
        complete_ownership([8_000, 7_000, 6_000, 5_000], known, 2, 13_000)


def test_known_ownership_that_breaks_the_cap_is_refused():
    with pytest.raises(Infeasible, match="known drivers alone take"):
        complete_ownership([8_000, 7_500, 4_000, 3_000], [60.0, 60.0, NAN, NAN], 2, 11_000)


def test_a_prior_with_gaps_and_a_bound_of_nothing_are_refused():
    with pytest.raises(InvalidInput, match="ownership_percent"):
        complete_ownership([5_000] * 3, [60.0, NAN, NAN], 2, 10_000, prior_percent=[1.0, 2.0, NAN])
    with pytest.raises(InvalidInput, match="at_most_percent"):
        complete_ownership([5_000] * 3, [60.0, NAN, NAN], 2, 10_000, at_most_percent=0.0)
    with pytest.raises(InvalidInput, match="left_usd"):
        complete_ownership([5_000] * 3, [60.0, NAN, NAN], 2, 10_000, left_usd=0.0)


def test_most_known_at_nearly_all_is_completed_in_single_dollars():
    known = [90, 90, NAN, NAN, 90, NAN, 90, NAN]
    salaries = [6_063, 4_866, 7_099, 7_395, 6_589, 7_424, 4_548, 6_514]
    whole = complete_ownership(salaries, known, 6, 41_297)
    assert whole == pytest.approx([90, 90, 59.79, 79.21, 90, 80.57, 90, 20.43], abs=0.01)
    fit_field(salaries, whole, 6, 41_297)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(4_500, 11_500), min_size=8, max_size=10, unique=True),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=10, max_size=10),
)
def test_what_a_mix_of_lineups_has_is_completed_whatever_the_salaries(salaries, picks, hidden):
    cap = int(np.sort(salaries)[:4].sum() + np.sort(salaries)[-4:].sum()) // 2
    held = legal_lineups(salaries, 4, cap)
    # mostly a few lineups, and a small share of every legal one
    mix = 0.02 * held.mean(axis=0) + 0.98 * held[[pick % len(held) for pick in picks]].mean(axis=0)
    known = np.where(hidden[: len(salaries)], NAN, 100.0 * mix)
    whole = complete_ownership(salaries, known, 4, cap)
    given_ones = np.isfinite(known)
    assert whole[given_ones] == pytest.approx(100.0 * mix[given_ones], abs=1e-6)
    assert whole.sum() == pytest.approx(400.0, abs=1e-4)


@pytest.mark.parametrize(
    "known",
    [
        # the three dearest, and a mix of the four dearest, cost more than the cap
        [100, 100, 100, NAN, NAN, NAN],
        [90, 80, 70, 60, NAN, NAN],
    ],
)
def test_known_ownership_that_leaves_nothing_is_refused_where_no_lineups_have_it(known):
    salaries = [9_000, 8_000, 7_000, 6_000, 5_000, 4_000]
    with pytest.raises(Infeasible, match="No mix of legal lineups"):
        complete_ownership(salaries, known, 3, 22_000)
    assert complete_ownership(salaries, known, 3, 24_000).tolist() == [
        0.0 if np.isnan(share) else share for share in known
    ]
