"""How many races tell what an average entry wins."""

import numpy as np
import pytest

from core.contest import Payouts, PrizeTier, races_to_value, typical_payouts


def test_over_so_many_races_the_mean_prize_of_any_place_has_the_error() -> None:
    payouts = Payouts(100, 50, (PrizeTier(1, 1, 1_500), PrizeTier(2, 10, 250)))
    races = races_to_value(payouts, 0.1)
    prizes = np.array([1_500] + 9 * [250] + 40 * [0])
    drawn = np.random.default_rng(1).choice(prizes, (4_000, races)).mean(axis=1)
    assert drawn.std() / prizes.mean() == pytest.approx(0.1, rel=0.05)
    assert races_to_value(payouts, 0.05) == pytest.approx(4 * races, abs=4)


def test_a_larger_contest_takes_more_races() -> None:
    counts = [races_to_value(typical_payouts(size, 1_000), 0.15) for size in (400, 10_000, 50_000)]
    assert counts[0] < 1_000
    assert 15_000 < counts[1] < 60_000 < counts[2]


def test_a_contest_that_pays_everybody_alike_takes_one_race() -> None:
    assert races_to_value(Payouts(100, 50, (PrizeTier(1, 50, 90),)), 0.1) == 1


@pytest.mark.parametrize("error", [0.0, -0.1, float("nan")])
def test_an_error_that_is_none_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        races_to_value(typical_payouts(400, 1_000), error)
