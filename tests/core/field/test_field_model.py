import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from core.errors import Infeasible, InvalidInput
from core.field import FieldModel, fit_field, nearest_ownership
from tests.core.field.written_out import SALARIES, legal_lineups


def full_slate(seed):
    weights = np.exp(np.random.default_rng(seed).normal(0.0, 0.6, 38))
    return nearest_ownership(SALARIES, 600 * weights / weights.sum(), 6, 50_000)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(40, 110), min_size=6, max_size=9),
    st.lists(st.floats(-3.0, 3.0), min_size=9, max_size=9),
    st.floats(0.2, 1.0),
)
def test_the_fit_is_the_distribution_its_ownership_came_from(hundreds, theta, room):
    salaries = [100 * hundred for hundred in hundreds]
    cap = int(sum(sorted(salaries)[:3]) * (1 - room) + sum(sorted(salaries)[-3:]) * room)
    held = legal_lineups(salaries, 3, cap)
    weights = held @ np.array(theta[: len(salaries)])
    chance = np.exp(weights - logsumexp(weights))
    ownership = 100.0 * chance @ held
    model = fit_field(salaries, ownership, 3, cap, appetite=0.0)
    assert model.max_error <= 1e-8
    assert 100.0 * model.marginals() == pytest.approx(ownership, abs=1e-5)
    assert model.chances(np.nonzero(held)[1].reshape(-1, 3)) == pytest.approx(chance, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(40, 110), min_size=5, max_size=8),
    st.lists(st.floats(-2.0, 2.0), min_size=8, max_size=8),
    st.floats(0.3, 1.0),
    st.floats(0.0, 8.0),
)
def test_a_field_of_three_kinds_has_the_ownership_and_the_pairs_of_their_sum(
    hundreds, theta, room, appetite
):
    salaries = [100 * hundred for hundred in hundreds]
    cap = int(sum(sorted(salaries)[:3]) * (1 - room) + sum(sorted(salaries)[-3:]) * room)
    held = legal_lineups(salaries, 3, cap)
    weights = held @ np.array(theta[: len(salaries)])
    ownership = 100.0 * np.exp(weights - logsumexp(weights)) @ held
    model = fit_field(salaries, ownership, 3, cap, appetite=appetite)
    chance = np.zeros(len(held))
    for share, place in ((1 / 6, -(3**0.5)), (2 / 3, 0.0), (1 / 6, 3**0.5)):
        kind = held @ (np.array(model.log_weights) + place * appetite * ownership / 100.0)
        chance += share * np.exp(kind - logsumexp(kind))
    free = (ownership > 1e-9) & (ownership < 100.0 - 1e-9)
    if free.all():  # else a driver's log weight has no meaning
        assert model.chances(np.nonzero(held)[1].reshape(-1, 3)) == pytest.approx(chance, abs=1e-9)
        assert model.pairs() == pytest.approx(held.T @ (chance[:, None] * held), abs=1e-9)
    assert 100.0 * model.marginals() == pytest.approx(ownership, abs=1e-6)
    assert np.diag(model.pairs()) == pytest.approx(model.marginals(), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(4_001, 11_003), min_size=6, max_size=9),
    st.lists(st.floats(-2.0, 2.0), min_size=9, max_size=9),
    st.floats(0.1, 1.0),
)
# in the coarser units that its fit begins on, this slate has no legal lineup
@example([4_000, 6_510, 6_510, 6_510, 6_511, 9_000], [0.0] * 9, 0.0)
def test_salaries_in_single_dollars_are_fitted_as_exactly(salaries, theta, room):
    cap = int(sum(sorted(salaries)[:3]) * (1 - room) + sum(sorted(salaries)[-3:]) * room) + 1
    held = legal_lineups(salaries, 3, cap)
    weights = held @ np.array(theta[: len(salaries)])
    chance = np.exp(weights - logsumexp(weights))
    model = fit_field(salaries, 100.0 * chance @ held, 3, cap, appetite=0.0)
    assert model.max_error <= 1e-8
    assert model.chances(np.nonzero(held)[1].reshape(-1, 3)) == pytest.approx(chance, abs=1e-5)


def test_entrants_who_differ_in_their_liking_for_chalk_play_popular_drivers_together():
    ownership = full_slate(3)
    popular = np.argsort(-ownership)[:4]
    alike, mixed = (
        fit_field(SALARIES, ownership, 6, 50_000, appetite=appetite) for appetite in (0.0, 4.0)
    )
    together = np.ix_(popular, popular)
    off = ~np.eye(4, dtype=bool)
    assert (mixed.pairs()[together][off] > alike.pairs()[together][off]).all()
    assert mixed.pairs().sum() == pytest.approx(36.0, abs=1e-6)


def test_a_lineup_that_cannot_be_played_has_no_chance():
    salaries = [9_000, 8_000, 7_000, 6_000, 5_000, 4_000]
    model = fit_field(salaries, [100, 0, 50, 50, 50, 50], 3, 21_000)
    assert model.chances([[0, 2, 4], [4, 3, 0]]).min() > 0.0
    # nobody plays 1, everybody plays 0, nobody plays a driver twice, and the cap holds
    assert model.chances([[0, 1, 4], [2, 3, 4], [0, 3, 3], [0, 2, 3]]).tolist() == [0.0] * 4
    # nor is there a driver before the first or after the last
    assert model.chances([[0, 2, -2], [-6, 2, 4], [0, 2, 6]]).tolist() == [0.0] * 3


def test_an_appetite_that_is_none_is_refused():
    with pytest.raises(InvalidInput, match="appetite"):
        fit_field([9_000, 8_000, 7_000, 6_000], [80, 70, 70, 80], 3, 26_000, appetite=-1.0)


@pytest.mark.parametrize("sources", [0.0, -1.0, 1e7, float("nan"), float("inf")])
def test_sources_that_are_none_are_refused(sources):
    with pytest.raises(InvalidInput, match="sources"):
        fit_field([9_000, 8_000, 7_000, 6_000], [80, 70, 70, 80], 3, 26_000, sources=sources)


def test_where_all_entrants_are_alike_nobody_follows():
    asked = ([9_000, 8_000, 7_000, 6_000], [80, 70, 70, 80], 3, 26_000)
    assert fit_field(*asked, appetite=0.0, sources=2.0).sources is None
    assert fit_field(*asked, appetite=1.0, sources=2.0).sources == 2.0


@pytest.mark.parametrize("seed", range(4))
def test_marginals_of_a_full_slate_equal_ownership_to_a_millionth(seed):
    ownership = full_slate(seed)
    model = fit_field(SALARIES, ownership, 6, 50_000)
    assert np.abs(model.marginals() - ownership / 100.0).max() <= 1e-8
    assert model.max_error <= 1e-8
    assert 0 < model.iterations < 60


def test_shares_of_roster_spots_fit_the_same_field_as_percent_of_entries():
    ownership = full_slate(1)
    by_share = fit_field(SALARIES, ownership / 6.0, 6, 50_000)
    by_percent = fit_field(SALARIES, ownership, 6, 50_000)
    assert by_share.log_weights == pytest.approx(by_percent.log_weights, abs=1e-8)


def test_drivers_at_0_are_never_and_drivers_at_100_always_in_a_lineup():
    model = fit_field([9_000, 8_000, 7_000, 6_000, 5_000], [100, 0, 60, 80, 60], 3, 22_000)
    assert model.marginals() == pytest.approx([1.0, 0.0, 0.6, 0.8, 0.6], abs=1e-8)


def test_a_field_in_which_everyone_plays_one_lineup_is_that_lineup():
    model = fit_field([9_000, 8_000, 7_000, 6_000], [100, 0, 100, 100], 3, 22_000)
    assert model.marginals().tolist() == [1.0, 0.0, 1.0, 1.0]
    assert model.chances([[0, 2, 3], [0, 1, 2]]) == pytest.approx([1.0, 0.0])


def test_a_model_survives_json_bit_for_bit():
    model = replace(fit_field(SALARIES, full_slate(2), 6, 50_000), entrant_share=0.4)
    assert FieldModel.from_json(json.loads(json.dumps(model.to_json()))) == model
    assert model.appetite > 0.0


def test_a_model_kept_before_entrants_differed_is_read_as_one_of_entrants_alike():
    model = fit_field(SALARIES, full_slate(2), 6, 50_000, appetite=0.0)
    kept = model.to_json()
    del kept["appetite"]
    assert FieldModel.from_json(kept) == model


def test_ownership_whose_mean_salary_breaks_the_cap_is_refused_with_the_drivers_furthest_off():
    own = [90.0, 90.0, 80.0, 20.0, 10.0, 10.0]
    salaries = [10_000, 9_500, 9_000, 6_000, 5_500, 5_000]
    with pytest.raises(Infeasible) as refused:
        fit_field(salaries, own, 3, 24_000)
    assert "$27,000" in refused.value.reason
    assert "$24,000" in refused.value.reason
    assert "driver at index" in refused.value.reason
    assert refused.value.limits == ("ownership_percent", "salary_cap_usd")


def test_ownership_under_the_cap_on_average_but_in_no_mix_of_legal_lineups_is_refused():
    # the two dear drivers can never meet, yet together they are in 120% of lineups
    salaries = [10_000, 10_000, 2_000, 2_000]
    with pytest.raises(Infeasible):
        fit_field(salaries, [60.0, 60.0, 40.0, 40.0], 2, 15_000)
    assert fit_field(salaries, [49.0, 49.0, 51.0, 51.0], 2, 15_000).max_error <= 1e-6


def test_a_driver_who_fits_no_legal_lineup_cannot_be_owned():
    with pytest.raises(Infeasible):
        fit_field([20_000, 5_000, 5_000, 5_000], [10.0, 70.0, 60.0, 60.0], 2, 12_000)


def test_no_legal_lineup_at_all_is_refused():
    with pytest.raises(Infeasible, match="No legal lineup"):
        fit_field([9_000, 9_000, 9_000], [70.0, 70.0, 60.0], 2, 10_000)


def test_salaries_that_are_not_one_a_driver_are_refused():
    with pytest.raises(InvalidInput, match="salaries_usd"):
        fit_field([9_000, 9_000], [70.0, 70.0, 60.0], 2, 20_000)


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_ownership_can_be_fitted_and_moves_what_fits_by_little(seed):
    asked = np.full(38, 8.0)
    asked[np.random.default_rng(seed).choice(12, 5, replace=False)] = 67.2
    near = nearest_ownership(SALARIES, asked, 6, 50_000)
    assert near.sum() == pytest.approx(600.0, abs=1e-8)
    assert near @ SALARIES / 100.0 <= 50_000
    assert fit_field(SALARIES, near, 6, 50_000).max_error <= 1e-8
    assert np.abs(nearest_ownership(SALARIES, near, 6, 50_000) - near).max() < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("fine", [0, 1])
@pytest.mark.parametrize("left_usd", [150.0, 399.0, 1_500.0])
def test_the_nearest_leaves_as_much_of_the_cap_as_lineups_do(left_usd, fine):
    # salaries in single dollars take another way
    salaries = SALARIES + fine * np.arange(len(SALARIES)) % 7
    asked = 600.0 * salaries**3.0 / (salaries**3.0).sum()
    assert asked @ salaries / 100.0 > 50_500
    at_the_cap = nearest_ownership(salaries, asked, 6, 50_000)
    near = nearest_ownership(salaries, asked, 6, 50_000, left_usd)
    assert 50_000 - at_the_cap @ salaries / 100.0 < 120.0
    assert 50_000 - near @ salaries / 100.0 == pytest.approx(left_usd, abs=1.0)
    assert near.sum() == pytest.approx(600.0, abs=1e-6)
    assert fit_field(salaries, near, 6, 50_000).max_error <= 1e-6
    # ownership whose lineups leave enough salary already is not moved further
    cheap = 600.0 * np.ones(len(salaries)) / len(salaries)
    as_it_is = nearest_ownership(salaries, cheap, 6, 50_000)
    assert nearest_ownership(salaries, cheap, 6, 50_000, left_usd).tolist() == as_it_is.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("more_usd", [0.01, 1.0, 10.0, 40.0])
def test_a_little_more_than_is_left_anyway_can_be_left_in_single_dollars(more_usd):
    for turn in range(3):
        salaries = SALARIES + (np.arange(len(SALARIES)) + turn) * 5 % 7
        asked = 600.0 * salaries**3.0 / (salaries**3.0).sum()
        left = 50_000 - nearest_ownership(salaries, asked, 6, 50_000) @ salaries / 100.0
        near = nearest_ownership(salaries, asked, 6, 50_000, left + more_usd)
        found = 50_000 - near @ salaries / 100.0
        assert found == pytest.approx(left + more_usd, abs=60.0)
        assert found >= left - 1e-6


def test_the_nearest_leaves_what_can_be_left_where_more_is_asked():
    salaries = [9_000, 8_000, 7_000, 6_000]
    asked = [80.0, 80.0, 70.0, 70.0]
    near = nearest_ownership(salaries, asked, 3, 24_000, left_usd=5_000.0)
    assert 24_000 - near @ np.array(salaries) / 100.0 == pytest.approx(3_000.0, abs=30.0)
