"""The market's view: what salary, ownership and the grid imply, as far apart as the model's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.field import Market, consensus_points, load_market, points_per_surprise
from core.field.consensus import market_terms, standard_scores

MARKET = Market(
    salary_weight=1.2,
    ownership_weight=0.3,
    start_weight=0.4,
    salary_alone=1.4,
    start_alone=0.5,
    surprise_weight=0.6,
    conviction=0.1,
)
SALARIES = np.array([10_500, 9_200, 8_100, 7_000, 6_100, 5_000])
OWNED = np.array([30.0, 55.0, 10.0, 80.0, 5.0, 20.0])
STARTS = np.array([1.0, 12.0, 5.0, 30.0, 20.0, 36.0])
MODEL = np.array([45.0, 50.0, 30.0, 41.0, 22.0, 16.0])


def test_the_consensus_has_the_models_mean_and_spread() -> None:
    implied = consensus_points(MARKET, MODEL, SALARIES, OWNED, STARTS)
    assert implied.mean() == pytest.approx(MODEL.mean())
    assert implied.std() == pytest.approx(MODEL.std())


def test_it_is_the_weighted_sum_of_standard_scores() -> None:
    implied = consensus_points(MARKET, MODEL, SALARIES, OWNED, STARTS)
    odds = np.log(OWNED / (100.0 - OWNED))
    plain = [
        sum(
            weight * (column[i] - column.mean()) / column.std()
            for weight, column in ((1.2, SALARIES), (0.3, odds), (0.4, STARTS))
        )
        for i in range(len(SALARIES))
    ]
    assert standard_scores(implied[:, None])[:, 0] == pytest.approx(
        standard_scores(np.array(plain)[:, None])[:, 0]
    )


def test_where_ownership_is_not_known_salary_and_grid_have_weights_of_their_own() -> None:
    implied = consensus_points(MARKET, MODEL, SALARIES, None, STARTS)
    alone = replace(MARKET, salary_weight=1.4, ownership_weight=0.0, start_weight=0.5)
    assert implied == pytest.approx(consensus_points(alone, MODEL, SALARIES, OWNED, STARTS))


def test_a_surprise_is_worth_a_share_of_the_models_spread() -> None:
    assert points_per_surprise(MARKET, MODEL) == pytest.approx(0.6 * MODEL.std())
    assert points_per_surprise(MARKET, 3.0 * MODEL) == pytest.approx(1.8 * MODEL.std())


@given(st.permutations(range(6)))
def test_only_the_models_mean_and_spread_count(order: list[int]) -> None:
    mixed = consensus_points(MARKET, MODEL[order], SALARIES, OWNED, STARTS)
    assert mixed == pytest.approx(consensus_points(MARKET, MODEL, SALARIES, OWNED, STARTS))


def test_a_spot_that_is_not_known_counts_as_the_middle_and_none_at_all_as_no_grid() -> None:
    some = STARTS.copy()
    some[2] = np.nan
    filled = STARTS.copy()
    filled[2] = np.delete(STARTS, 2).mean()
    assert market_terms(SALARIES, OWNED, some) == pytest.approx(
        market_terms(SALARIES, OWNED, filled)
    )
    assert not market_terms(SALARIES, OWNED, np.full(6, np.nan))[:, 2].any()


def test_ownership_of_nobody_and_of_everybody_stays_finite() -> None:
    assert np.isfinite(market_terms(SALARIES, [0.0, 100.0, 0.0, 100.0, 50.0, 50.0], STARTS)).all()


@pytest.mark.parametrize("conviction", [-0.1, 1.1, float("nan")])
def test_a_conviction_outside_0_to_1_is_refused(conviction: float) -> None:
    with pytest.raises(InvalidInput, match="conviction"):
        replace(MARKET, conviction=conviction)


def test_a_weight_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="salary_weight"):
        replace(MARKET, salary_weight=float("inf"))


def test_the_shipped_market_follows_salaries_and_ownership_and_trusts_opinions_little() -> None:
    market = load_market()
    assert market.salary_weight > 0.0
    assert market.ownership_weight > 0.0
    assert market.surprise_weight > 0.0
    assert 0.0 < market.conviction < 0.5
