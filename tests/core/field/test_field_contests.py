import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.field import contests, fit_field, nearest_ownership, sample_field
from core.field._newton import FINE, cheaper
from core.field.contests import contest_model, contest_spread
from core.field.model import draw_tables
from core.randomness import Purpose, stream

SALARIES = [9_000, 8_500, 8_000, 7_500, 7_000, 6_500, 6_000, 5_500, 5_000, 4_500]
CAP = 23_000


def small_model(appetite=3.0):
    asked = [55.0, 45.0, 40.0, 35.0, 30.0, 30.0, 25.0, 20.0, 15.0, 5.0]
    near = nearest_ownership(SALARIES, asked, 3, CAP)
    return fit_field(SALARIES, near, 3, CAP, appetite=appetite)


def ownership_of_contests(model, concentration, std_percent=None, contests=1_500):
    generator = stream(5, Purpose.FIELD)
    return np.array(
        [
            contest_model(model, concentration, generator, std_percent).marginals()
            for _ in range(contests)
        ]
    )


@pytest.mark.parametrize("concentration", [30.0, 400.0])
def test_contests_are_spread_as_the_concentration_says_around_the_ownership(concentration):
    model = small_model()
    share = model.marginals()
    drawn = ownership_of_contests(model, concentration)
    wanted = np.sqrt(share * (1.0 - share) / (concentration + 1.0))
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.abs((drawn.mean(axis=0) - share) / error).max() < 4.0
    assert drawn.std(axis=0) == pytest.approx(wanted, rel=0.1)


def test_two_drivers_vary_together_as_in_as_many_entries_as_the_concentration():
    model = small_model()
    share, concentration = model.marginals(), 200.0
    drawn = ownership_of_contests(model, concentration, contests=4_000)
    wanted = (model.pairs() - np.outer(share, share)) / (concentration + 1.0)
    assert np.cov(drawn.T) == pytest.approx(wanted, abs=0.12 * float(np.diag(wanted).max()))


def test_uncertain_drivers_move_by_their_deviation_and_stay_where_they_are_on_average():
    model = small_model()
    share = model.marginals()
    std = np.array([8.0, 0.0, 6.0, 5.0, 0.0, 4.0, 0.0, 6.0, 3.0, 2.0])
    drawn = ownership_of_contests(model, None, std)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.abs((drawn.mean(axis=0) - share) / error).max() < 4.0
    uncertain = std > 0.0
    assert 100.0 * drawn.std(axis=0)[uncertain] == pytest.approx(std[uncertain], rel=0.12)
    both = ownership_of_contests(model, 100.0, std)
    spread = np.sqrt(share * (1.0 - share) / 101.0 + (std / 100.0) ** 2)
    assert both.std(axis=0)[uncertain] == pytest.approx(spread[uncertain], rel=0.12)


@settings(max_examples=15, deadline=None)
@given(
    st.floats(5.0, 5_000.0),
    st.lists(st.floats(0.0, 15.0), min_size=10, max_size=10),
    st.sampled_from([0.0, 3.4]),
)
def test_the_centre_is_as_exact_as_it_says(concentration, std, appetite):
    model = small_model(appetite)
    drawn = contest_model(model, concentration, np.random.default_rng(1), std)
    assert drawn.max_error <= 2e-3
    assert drawn.ownership_percent == model.ownership_percent
    assert drawn.marginals().sum() == pytest.approx(3.0, abs=1e-9)


def test_contests_that_are_alike_have_the_ownership_of_the_model():
    model = small_model()
    drawn = contest_model(model, None, np.random.default_rng(1))
    assert drawn.log_weights == pytest.approx(model.log_weights, abs=1e-9)
    assert drawn.marginals() == pytest.approx(model.marginals(), abs=1e-9)


def test_drivers_at_0_and_at_100_stay_there_in_every_contest():
    model = fit_field(SALARIES[:5], [100.0, 0.0, 50.0, 70.0, 80.0], 3, 25_000)
    drawn = ownership_of_contests(model, 20.0, [5.0] * 5, contests=20)
    assert (drawn[:, 0] == 1.0).all()
    assert (drawn[:, 1] == 0.0).all()
    assert drawn[:, 2:].std(axis=0).min() > 0.01


def test_a_field_in_which_everyone_plays_one_lineup_has_nothing_to_vary():
    model = fit_field([9_000, 8_000, 7_000, 6_000], [100, 0, 100, 100], 3, 22_000)
    drawn = contest_model(model, 50.0, np.random.default_rng(1))
    assert drawn.marginals().tolist() == [1.0, 0.0, 1.0, 1.0]


def test_the_same_stream_draws_the_same_contest():
    model = small_model()
    one, two = (
        contest_model(model, 300.0, stream(9, Purpose.FIELD, 4, 2), [2.0] * 10) for _ in range(2)
    )
    assert one == two
    other = contest_model(model, 300.0, stream(9, Purpose.FIELD, 4, 3), [2.0] * 10)
    assert other.log_weights != one.log_weights
    assert sample_field(one, 500, stream(1, Purpose.FIELD)).entries == 500


@pytest.mark.parametrize("concentration", [0.0, -5.0, float("nan")])
def test_a_concentration_that_is_none_is_refused(concentration):
    with pytest.raises(InvalidInput, match="concentration"):
        contest_model(small_model(), concentration, np.random.default_rng(1))


@pytest.mark.parametrize("std", [[1.0] * 9, [-1.0] * 10, [float("nan")] * 10, [60.0] * 10])
def test_deviations_that_are_none_are_refused(std):
    with pytest.raises(InvalidInput, match="std_percent"):
        contest_model(small_model(), 300.0, np.random.default_rng(1), std)


def test_salaries_in_single_dollars_are_spread_as_well_from_coarser_ones():
    odd = [usd + place % 7 for place, usd in enumerate(SALARIES)]
    asked = [55.0, 45.0, 40.0, 35.0, 30.0, 30.0, 25.0, 20.0, 15.0, 5.0]
    model = fit_field(odd, nearest_ownership(odd, asked, 3, CAP), 3, CAP, appetite=0.0)
    assert draw_tables(model).lattice.budget > FINE
    share = model.marginals()
    spread = contest_spread(model, 100.0)
    generator = stream(5, Purpose.FIELD)
    drawn = np.array([spread.draw(model, generator).marginals() for _ in range(300)])
    wanted = np.sqrt(share * (1.0 - share) / 101.0)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.abs((drawn.mean(axis=0) - share) / error).max() < 4.0
    assert drawn.std(axis=0) == pytest.approx(wanted, rel=0.2)


def dear_dollars():
    """Lineups of five cheap drivers and a dear one who takes the cap to within some dollars."""
    salaries = [1 + place for place in range(10)] + [49_900 + 7 * place for place in range(10)]
    asked = [54.0] * 10 + [6.0] * 10
    return fit_field(salaries, nearest_ownership(salaries, asked, 6, 50_000), 6, 50_000)


@pytest.mark.slow
def test_a_field_that_spends_the_cap_to_the_dollar_is_spread_from_coarser_units_too(monkeypatch):
    model = dear_dollars()
    assert draw_tables(model).lattice.budget > FINE
    budgets = set()
    whole = contests._marginals_at

    def counted(tables, thetas):
        budgets.add(tables.lattice.budget)
        return whole(tables, thetas)

    monkeypatch.setattr(contests, "_marginals_at", counted)
    spread = contest_spread(model, 100.0)
    # in single dollars one spread took minutes
    assert max(budgets) <= FINE
    generator = stream(5, Purpose.FIELD)
    drawn = np.array([spread.draw(model, generator).marginals() for _ in range(200)])
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.abs((drawn.mean(axis=0) - model.marginals()) / error).max() < 4.0


def test_no_lineup_is_lost_where_salaries_are_rounded_down():
    lattice = draw_tables(dear_dollars()).lattice
    fewer = cheaper(lattice)
    assert fewer.budget <= FINE
    rng = np.random.default_rng(3)
    for _ in range(2_000):
        lineup = rng.choice(len(lattice.extra), lattice.picks, replace=False)
        if lattice.extra[lineup].sum() <= lattice.budget:
            assert fewer.extra[lineup].sum() <= fewer.budget
