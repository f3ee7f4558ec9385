import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import (
    ContestSimulator,
    ContestTally,
    Payouts,
    PrizeTier,
    play_block,
    summarise,
    typical_payouts,
)
from core.contest._exact import column_sums, from_limbs, square_sums, to_limbs
from core.contest.outcomes import Outcomes
from core.contest.simulate import play_fields
from core.field import field_of, fit_field
from tests.core.contest.one_field import simulate_contest

amounts = st.lists(
    st.lists(st.integers(0, 2**53 - 1) | st.integers(0, 3), min_size=2, max_size=2),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(amounts)
def test_distributions_equal_sorting_every_simulation(rows):
    outcomes = Outcomes.of(np.array(rows, dtype=np.int64))
    n = len(rows)
    for row in range(2):
        values = sorted(amount[row] for amount in rows)
        found = outcomes.row(row)
        assert np.repeat(found.values, found.counts).tolist() == values
        assert found.mean() == sum(values) / n
        for share in (Fraction(5, 100), Fraction(1, 2), Fraction(95, 100), Fraction(1)):
            assert found.quantile(share) == values[max(1, math.ceil(share * n)) - 1]
            worst, left = Fraction(0), share * n
            for value in values:
                worst += value * min(left, Fraction(1))
                left = max(Fraction(0), left - 1)
            assert found.lower_mean(share) == pytest.approx(float(worst / (share * n)), rel=1e-12)
        if n > 1:
            assert found.std() == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-3)
        else:
            assert found.std() is None


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**63 - 1), min_size=3, max_size=3), min_size=1))
def test_sums_and_squares_of_whole_numbers_never_round(rows):
    values = np.array(rows, dtype=np.int64)
    assert square_sums(values) == [sum(row[j] ** 2 for row in rows) for j in range(3)]
    assert column_sums(values) == [sum(row[j] for row in rows) for j in range(3)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**192 - 1)))
def test_whole_numbers_of_any_size_survive_limbs(numbers):
    assert from_limbs(to_limbs(numbers)) == tuple(numbers)


def by_hand():
    # own (0, 1) wins alone, ties the opponent for first, comes second, comes second
    points = np.array([[50, 40, 0], [50, 0, 0], [0, 10, 20], [0, 10, 20]], dtype=np.int16)
    own = np.array([[0, 1]], dtype=np.uint8)
    field = field_of(np.array([[0, 2]], dtype=np.uint8))
    payouts = Payouts(100, 2, (PrizeTier(1, 1, 180),))
    return simulate_contest(points, field, own, payouts, [100, 0, 100]), payouts, own


def test_the_figures_of_a_contest_small_enough_to_check_by_hand():
    tally, payouts, own = by_hand()
    result = summarise(tally, payouts, own)
    figures = result.portfolio
    winnings = np.array([1.8, 0.9, 0.0, 0.0])
    assert figures.roi == pytest.approx(winnings.mean() - 1.0)
    assert figures.roi_std == pytest.approx(winnings.std(ddof=1))
    assert figures.roi_se == pytest.approx(winnings.std(ddof=1) / 2.0)
    assert figures.roi_unknown_sd is None  # a single block
    assert (figures.roi_lower_5, figures.roi_upper_95) == (-1.0, pytest.approx(0.8))
    assert figures.cash_pct == 0.5
    assert figures.cash_se == pytest.approx(np.std([1, 1, 0, 0], ddof=1) / 2.0)
    assert figures.win_prob == 1.5 / 4
    assert figures.win_se == pytest.approx(np.std([1, 0.5, 0, 0], ddof=1) / 2.0)
    assert figures.top_1_pct == 0.5
    assert (figures.best_rank, figures.worst_rank, figures.best_payout) == (1, 2, 1.8)
    assert figures.profit["mean"] == pytest.approx(-0.325)
    assert figures.profit["var_5"] == -1.0
    assert figures.profit["cvar_5"] == -1.0
    assert figures.profit["quantiles"]["0.75"] == pytest.approx(-0.1)
    assert figures.expected_duplicates == 0.0
    assert result.field == {"unique": 1.0, "max_duplicates": 1, "ownership_max_error": 0.0}
    assert result.n_simulations == 4
    # a portfolio of one lineup is that lineup
    assert result.per_lineup == (figures,)


def test_the_answer_is_json_with_the_contract_names():
    tally, payouts, own = by_hand()
    answer = summarise(tally, payouts, own).to_json()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    figures = {
        "roi", "roi_std", "roi_se", "roi_unknown_sd", "roi_lower_5", "roi_upper_95", "cash_pct",
        "cash_se",
        "win_prob", "win_se", "top_1_pct", "best_rank", "worst_rank", "best_payout", "profit",
        "expected_duplicates",
    }  # fmt: skip
    assert figures <= answer.keys()
    assert answer["per_lineup"][0].keys() == figures
    assert {"mean", "std", "var_5", "cvar_5", "quantiles"} == answer["profit"].keys()
    assert {"unique", "max_duplicates", "ownership_max_error"} == answer["field"].keys()


def test_free_contests_have_profit_but_no_roi_and_one_scenario_has_no_error():
    payouts = Payouts(0, 2, (PrizeTier(1, 1, 100),))
    own = np.array([[0]], dtype=np.uint8)
    field = field_of(np.array([[1]], dtype=np.uint8))
    points = np.array([[2, 1]], dtype=np.int16)
    result = summarise(simulate_contest(points, field, own, payouts), payouts, own)
    assert result.portfolio.roi is None
    assert result.portfolio.roi_se is None
    assert result.portfolio.profit["mean"] == 1.0
    assert result.field["ownership_max_error"] is None
    json.dumps(result.to_json(), allow_nan=False)


def test_a_tally_is_not_summarised_for_other_lineups():
    tally, payouts, own = by_hand()
    with pytest.raises(ValueError, match="lineups"):
        summarise(tally, payouts, np.repeat(own, 2, axis=0))


def test_the_simulator_plays_the_blocks_and_portfolio_figures_add_up_its_lineups():
    salaries = [9_000, 8_000, 7_000, 6_000, 5_000]
    model = fit_field(salaries, [40, 40, 40, 40, 40], 2, 15_000)
    points = np.random.default_rng(3).integers(-100, 900, (250, 5)).astype(np.int16)
    own = np.array([[0, 3], [1, 2], [1, 2]], dtype=np.uint8)
    payouts = typical_payouts(40, 500)
    cut = [(block, points[start : start + 100]) for block, start in enumerate((0, 100, 200))]
    tally = ContestSimulator(payouts, model, seed=8, fields_per_block=2).play(cut, own)
    result = summarise(tally, payouts, own)
    alone = [play_block(some, model, own, payouts, 8, block, 2) for block, some in cut]
    assert result == summarise(ContestTally.merge(alone), payouts, own)
    assert result.n_simulations == 500
    lineups = result.per_lineup
    assert result.portfolio.roi == pytest.approx(np.mean([one.roi for one in lineups]), rel=1e-12)
    assert result.portfolio.cash_pct == pytest.approx(np.mean([one.cash_pct for one in lineups]))
    assert result.portfolio.win_prob == pytest.approx(sum(one.win_prob for one in lineups))
    assert lineups[1] == lineups[2]
    assert lineups[1].expected_duplicates >= 1.0
    assert result.payouts_label == payouts.label


def test_what_differs_between_blocks_beyond_luck_is_what_is_not_known():
    generator = np.random.default_rng(9)
    payouts = Payouts(100, 2, (PrizeTier(1, 1, 180),))
    own, field = np.array([[0]], dtype=np.uint8), field_of(np.array([[1]], dtype=np.uint8))

    def tally(chances, sizes):
        parts = []
        for block, (chance, size) in enumerate(zip(chances, sizes, strict=True)):
            wins = generator.random(size) < chance
            points = np.column_stack([wins, ~wins]).astype(np.int16)
            parts.append(play_fields(points, [(field, None)], own, payouts, block=block))
        return summarise(ContestTally.merge(parts), payouts, own).portfolio

    sizes = [200, 100] * 200
    # a win pays 1.8 of the fee: a chance that varies by 0.1 is an ROI that varies by 0.18
    known = tally(np.full(400, 0.5), sizes).roi_unknown_sd or 0.0
    unknown = tally(np.tile([0.4, 0.4, 0.6, 0.6], 100), sizes).roi_unknown_sd
    assert known < 0.03
    assert unknown == pytest.approx(0.18, abs=0.01)
    few = tally([0.1, 0.9] * 3 + [0.5], [200] * 7)
    assert few.roi_unknown_sd is None


@pytest.mark.slow
def test_the_luck_of_fields_that_races_share_is_in_the_error():
    generator = np.random.default_rng(4)
    salaries, owned = np.full(8, 1_000), np.full(8, 37.5)
    model = fit_field(salaries, owned, 3, 3_000, appetite=0.0)
    payouts = Payouts(100, 12, (PrizeTier(1, 1, 900),))
    own = np.array([[0, 1, 2], [3, 4, 5]], dtype=np.uint8)
    # three cars always lead, so winnings depend on how many of eleven opponents hold them
    points = np.array([[100, 100, 100, 10, 10, 10, 0, 0]] * 240, dtype=np.int16)
    points += generator.integers(0, 2, points.shape).astype(np.int16)

    def played(seed, blocks):
        return ContestTally.merge(
            [play_block(points[:20], model, own, payouts, seed, block) for block in range(blocks)]
        )

    results = [summarise(played(seed, 12), payouts, own) for seed in range(200)]
    true = np.std([result.portfolio.roi for result in results], ddof=1)
    # the variance is estimated without bias; with eleven degrees of freedom it is widened by 5%
    said = np.sqrt(np.mean([result.portfolio.roi_se**2 for result in results]))
    assert said == pytest.approx(1.05 * true, rel=0.15)
    # a single block shows no variation between fields: its error is from its races and too small
    one = [summarise(played(seed, 1), payouts, own).portfolio.roi_se for seed in range(50)]
    assert np.mean(one) < 0.3 * np.sqrt(12) * true
