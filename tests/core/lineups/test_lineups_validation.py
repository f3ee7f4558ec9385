import numpy as np
import pytest

from core.errors import InvalidInput
from core.lineups import (
    TailTarget,
    TailValidation,
    best_by_tail,
    best_by_value,
    compute_cvar,
    validate_tail,
)
from core.lineups.stability import resampled_tail_values
from core.slate import TICKS_PER_POINT

STEADY = np.array([0, 1, 2, 3], dtype=np.uint8)
WILD = np.array([2, 3, 4, 5], dtype=np.uint8)
DEFAULT = TailTarget()


def races(rng, scenarios):
    """Draw ticks of four steady drivers and two wild ones; two of them stand in both lineups.

    The race's own luck moves everybody, so the lineups' scores go up and down together.
    """
    luck = rng.normal(0.0, 120.0, (scenarios, 1))
    steady = rng.normal(800.0, 200.0, (scenarios, 4))
    wild = 450.0 + 250.0 * rng.standard_exponential((scenarios, 2))
    return np.rint(np.concatenate([steady, wild], axis=1) + luck).astype(np.int16)


@pytest.mark.slow
@pytest.mark.parametrize(
    "target", [DEFAULT, TailTarget((0.9,), (1.0,)), TailTarget((0.5, 0.97), (0.4, 0.6))]
)
def test_the_standard_errors_are_the_spread_over_many_sets_of_races(target):
    rng = np.random.default_rng(1)
    found = [validate_tail(races(rng, 4_000), WILD, STEADY, target) for _ in range(600)]
    for name in ("tail_improvement", "mean_sacrifice"):
        drawn = np.std([getattr(one, name) for one in found], ddof=1)
        said = np.mean([getattr(one, f"{name}_se") for one in found])
        assert said == pytest.approx(drawn, rel=0.12)


def test_the_standard_error_of_the_gain_is_that_of_a_paired_bootstrap():
    rng = np.random.default_rng(2)
    points = races(rng, 10_000)
    copies = rng.multinomial(10_000, np.full(10_000, 1e-4), 800).astype(np.uint16)
    drawn = resampled_tail_values(points, np.stack([WILD, STEADY]), DEFAULT, copies)
    found = validate_tail(points, WILD, STEADY, DEFAULT)
    assert found.tail_improvement_se == pytest.approx((drawn[0] - drawn[1]).std(), rel=0.12)


def test_scoring_both_in_the_same_races_takes_the_races_own_luck_out():
    rng = np.random.default_rng(3)
    points, other = races(rng, 4_000), races(rng, 4_000)
    # the same two lineups, each in races of its own
    apart = np.concatenate([points, other], axis=1)
    paired = validate_tail(points, WILD, STEADY, DEFAULT)
    unpaired = validate_tail(apart, WILD, STEADY + np.uint8(6), DEFAULT)
    assert paired.mean_sacrifice_se < 0.7 * unpaired.mean_sacrifice_se
    assert paired.tail_improvement_se < unpaired.tail_improvement_se


def test_gain_and_sacrifice_are_differences_of_the_lineups_own_figures():
    points = races(np.random.default_rng(4), 2_000)
    wild, steady = (points[:, lineup].sum(axis=1) / TICKS_PER_POINT for lineup in (WILD, STEADY))
    found = validate_tail(points, WILD, STEADY, TailTarget((0.99, 0.9), (0.25, 0.75)))
    gain = 0.25 * (compute_cvar(wild, 0.99) - compute_cvar(steady, 0.99)) + 0.75 * (
        compute_cvar(wild, 0.9) - compute_cvar(steady, 0.9)
    )
    assert found.tail_improvement == pytest.approx(gain, abs=1e-6)
    assert found.mean_sacrifice == pytest.approx(steady.mean() - wild.mean())
    assert found.n_scenarios == 2_000


def test_the_lineups_the_other_way_round_lose_what_they_gained():
    points = races(np.random.default_rng(5), 2_000)
    one = validate_tail(points, WILD, STEADY, DEFAULT)
    other = validate_tail(points, STEADY, WILD, DEFAULT)
    assert other.tail_improvement == -one.tail_improvement
    assert other.mean_sacrifice == pytest.approx(-one.mean_sacrifice)
    assert other.tail_improvement_se == pytest.approx(one.tail_improvement_se)


def test_a_lineup_gains_nothing_over_itself():
    points = races(np.random.default_rng(6), 500)
    found = validate_tail(points, WILD, WILD, DEFAULT)
    assert found == TailValidation(0.0, 0.0, 0.0, 0.0, 500)
    assert not found.actually_optimizing_tail
    assert not found.beyond_noise


@pytest.mark.parametrize(
    ("gain", "error", "optimizing", "beyond"),
    [
        (3.0, 1.0, True, True),
        (2.0, 1.0, True, False),
        (-3.0, 1.0, False, False),
        (0.0, 1.0, False, False),
        (1.0, 0.0, True, True),
    ],
)
def test_a_gain_counts_at_once_and_is_beyond_noise_above_two_standard_errors(
    gain, error, optimizing, beyond
):
    found = TailValidation(gain, error, 0.0, 1.0, 100)
    assert found.actually_optimizing_tail is optimizing
    assert found.beyond_noise is beyond


def test_the_races_a_lineup_was_chosen_on_flatter_it(full_rules, full_points):
    chosen_on, fresh = full_points[:1_000], full_points[1_000:]
    target = TailTarget((0.95,), (1.0,))
    tail = best_by_tail(chosen_on, full_rules, target, 1).lineups[0]
    mean = best_by_value(chosen_on.sum(axis=0, dtype=np.int64), full_rules, 1).lineups[0]
    seen, honest = (validate_tail(half, tail, mean, target) for half in (chosen_on, fresh))
    assert seen.tail_improvement > 0.0
    assert seen.mean_sacrifice > 0.0
    assert seen.tail_improvement > honest.tail_improvement


def test_a_tail_of_less_than_a_race_is_refused():
    with pytest.raises(InvalidInput, match="alphas"):
        validate_tail(np.zeros((50, 6), dtype=np.int16), WILD, STEADY, DEFAULT)
