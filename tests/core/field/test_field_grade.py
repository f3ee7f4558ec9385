"""The field on real contests, where their facts lie beside the checkout.

What is shipped was fitted on these contests, so these bounds guard against going backwards; the
grade on slates left out is ``python -m benchmarks.field_grade``.
"""

import numpy as np
import pytest

from benchmarks.field_contests import CAP_USD, ROSTER, read_contests
from benchmarks.field_grade import (
    APPETITES,
    FITTED,
    Apart,
    PairsEstimated,
    completed,
    field_of_kind,
    fitted_concentration,
    known_well,
    least,
    over_slates,
    pair_errors,
    pairs_estimated,
    simulated_copies,
)
from core.field import field_parameters, fit_field, read_ownership


@pytest.fixture(scope="module")
def contests(shared):
    if not (shared / "data" / "dk_contests.csv").is_file():
        pytest.skip("no contests among the real data")
    return known_well(read_contests(shared / "data"))


def test_pairs_of_real_contests_are_met_within_a_point_and_a_half(contests):
    shipped = field_parameters()
    errors = [
        pair_errors(
            contest,
            field_of_kind(
                contest,
                completed(contest, (), shipped.left_usd),
                FITTED,
                shipped.appetite,
                shipped.sources,
            ),
            FITTED,
        )
        for contest in contests
    ]
    assert np.abs(np.concatenate(errors)).mean() < 1.5


def test_the_five_most_copied_lineups_of_real_contests_are_met_within_a_factor_of_1_5(contests):
    shipped = field_parameters()
    for contest in contests:
        if not len(contest.copies) or contest.entries > 5_000:
            continue
        percent = completed(contest, (), shipped.left_usd)
        model = field_of_kind(contest, percent, FITTED, shipped.appetite, shipped.sources)
        five = np.median(simulated_copies(contest, model, 11)["five"])
        assert 1 / 1.5 < five / contest.copies.sum() < 1.5


def test_what_is_known_of_real_contests_is_kept_and_can_be_fitted(contests):
    for contest in contests:
        percent = completed(contest, (), field_parameters().left_usd)
        known = np.isfinite(contest.known_percent)
        assert percent[known].tolist() == contest.known_percent[known].tolist()
        model = fit_field(contest.salaries, percent, ROSTER, CAP_USD)
        asked = read_ownership(percent, ROSTER) / 100.0
        assert np.abs(model.marginals() - asked).max() <= 1e-6


def test_a_slates_contests_count_as_one_observation():
    differences = [("a", -10.0), ("a", -20.0), ("b", -5.0)]
    pairs = [PairsEstimated(slate, value, 0.0, 1.0) for slate, value in differences]
    # -15 of the one slate and -5 of the other: their standard error is half of their distance
    assert over_slates(pairs)["listed"] == [-10.0, 5.0, 2]


def test_a_field_compared_with_itself_differs_nowhere(contests):
    contest = next(one for one in contests if len(one.pairs))
    real = completed(contest, contests, field_parameters().left_usd)
    flat = np.full(len(real), 600.0 / len(real))
    model, other = (
        fit_field(contest.salaries, own, ROSTER, 10**6, appetite=0.0) for own in (real, flat)
    )
    same = pairs_estimated(contest, model, model)
    assert (same.listed, same.chosen, same.error) == (0.0, 0.0, 0.0)
    # an estimate that tells nobody apart has the pairs most played far too low
    assert pairs_estimated(contest, model, other).listed < -15.0


def test_the_least_loss_is_found_between_the_appetites_that_were_tried():
    appetites = np.array(APPETITES)
    assert least(APPETITES, ((appetites - 3.4) ** 2)[None, :]) == pytest.approx(3.4, abs=0.01)


def test_the_concentration_that_spread_the_contests_is_found_again():
    generator = np.random.default_rng(3)
    found = []
    for n, m in [(400, 900), (1_000, 20_000)] * 20:
        share = generator.uniform(0.05, 0.6, 200)
        first, second = (
            generator.binomial(size, generator.beta(300 * share, 300 * (1 - share))) / size
            for size in (n, m)
        )
        pooled = (n * first + m * second) / (n + m)
        draws = 1 / n + 1 / m
        squared = (first - second) ** 2 / (pooled * (1 - pooled) * draws)
        found.append(Apart("slate", (n, m), 200, float(squared.mean()), draws))
    assert fitted_concentration(found) == pytest.approx(300.0, rel=0.15)
