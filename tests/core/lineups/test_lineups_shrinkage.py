"""Values shrunk by what of their differences is luck."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from core.errors import InvalidInput
from core.lineups import (
    LineupRules,
    Sample,
    Shrinkage,
    TailTarget,
    best_by_tail,
    best_by_value,
    estimate_shrinkage,
    tail_shrinkage,
    tail_values,
)

DRIVERS = 24


def made_up(
    seed: int,
    driver_sd: float,
    own_sd: float,
    driver_luck: float,
    own_luck: float,
    n_drivers: int = DRIVERS,
) -> tuple[np.ndarray, Sample, tuple[Sample, Sample]]:
    """Lineups with values of known variances, and of the luck in each of two halves."""
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(n_drivers, 6, replace=False)) for _ in range(4_000)]
    lineups = np.array(rows, dtype=np.uint8)
    points = rng.normal(30.0, 8.0, n_drivers)
    drivers, own = rng.normal(0.0, driver_sd, n_drivers), rng.normal(0.0, own_sd, len(lineups))
    halves = []
    for _ in range(2):
        of_drivers = drivers + rng.normal(0.0, driver_luck, n_drivers)
        values = 50.0 + 1.5 * points[lineups].sum(axis=1) + of_drivers[lineups].sum(axis=1)
        halves.append(Sample(values + own + rng.normal(0.0, own_luck, len(lineups)), points))
    first, second = halves
    whole = Sample((first.values + second.values) / 2.0, points)
    return lineups, whole, (first, second)


@pytest.mark.parametrize(
    ("own_sd", "own_luck", "share"), [(1.0, 2.0, 1 / 3), (2.0, 2.0, 2 / 3), (2.0, 0.5, 0.97)]
)
def test_the_share_of_a_lineups_own_part_is_what_its_variances_say(
    own_sd: float, own_luck: float, share: float
) -> None:
    # over both halves luck has half the variance: 1 / (1 + 4 / 2) is a third
    found = estimate_shrinkage(*made_up(1, 3.0, own_sd, 0.0, own_luck))
    assert found.lineup_share == pytest.approx(share, abs=0.04)
    assert found.driver_share > 0.97
    assert found.lineups == 4_000


def test_the_share_of_the_drivers_parts_is_what_their_variances_say() -> None:
    shares = [
        estimate_shrinkage(*made_up(seed, 2.0, 0.5, 2.0, 0.5, 60)).driver_share
        for seed in range(10)
    ]
    # a few drivers tell it roughly, and a little too low
    assert np.mean(shares) == pytest.approx(2 / 3, abs=0.08)


def test_halves_that_agree_in_everything_leave_values_as_they_are() -> None:
    lineups, whole, _ = made_up(2, 3.0, 2.0, 1.0, 1.0)
    found = estimate_shrinkage(lineups, whole, (whole, whole))
    assert found.lineup_share == pytest.approx(1.0)
    assert found.driver_share == pytest.approx(1.0)
    assert found.applied(whole.values, lineups) == pytest.approx(whole.values)


def test_halves_that_agree_in_nothing_leave_what_follows_from_the_mean_points() -> None:
    lineups, whole, _ = made_up(3, 0.0, 0.0, 3.0, 3.0)
    rng = np.random.default_rng(5)
    first, second = (replace(whole, values=rng.normal(0.0, 9.0, 4_000)) for _ in range(2))
    found = estimate_shrinkage(lineups, whole, (first, replace(second, values=-first.values)))
    assert found.driver_share == 0.0
    assert found.lineup_share == 0.1  # the least that is kept
    independent = estimate_shrinkage(lineups, whole, (first, second))
    assert independent.lineup_share < 0.15
    spread = found.applied(whole.values, lineups) - found.slope * whole.points[lineups].sum(axis=1)
    assert spread.std() < 0.12 * (whole.values - found.slope * whole.points[lineups].sum(1)).std()


def test_the_mean_of_all_lineups_stays_where_it_is() -> None:
    lineups, whole, halves = made_up(4, 2.0, 2.0, 2.0, 4.0)
    found = estimate_shrinkage(lineups, whole, halves)
    assert found.applied(whole.values, lineups).mean() == pytest.approx(whole.values.mean())


def test_the_order_of_the_lineups_changes_no_bit() -> None:
    lineups, whole, halves = made_up(5, 2.0, 2.0, 2.0, 4.0)
    order = np.random.default_rng(6).permutation(len(lineups))
    moved = [replace(sample, values=sample.values[order]) for sample in (whole, *halves)]
    assert estimate_shrinkage(lineups[order], moved[0], (moved[1], moved[2])) == (
        estimate_shrinkage(lineups, whole, halves)
    )


def test_shrunken_values_are_nearer_to_the_truth_than_values() -> None:
    lineups, whole, halves = made_up(8, 2.0, 1.0, 2.0, 4.0)
    # the same draws without luck
    _, quiet, _ = made_up(8, 2.0, 1.0, 0.0, 0.0)
    truth = quiet.values
    found = estimate_shrinkage(lineups, whole, halves)
    shrunken = found.applied(whole.values, lineups)
    assert ((shrunken - truth) ** 2).mean() < 0.5 * ((whole.values - truth) ** 2).mean()


def test_too_few_lineups_are_left_alone() -> None:
    lineups, whole, halves = made_up(9, 2.0, 1.0, 2.0, 4.0)
    few = [replace(sample, values=sample.values[:9]) for sample in (whole, *halves)]
    found = estimate_shrinkage(lineups[:9], few[0], (few[1], few[2]))
    assert found == Shrinkage.none(DRIVERS)
    assert (found.applied(few[0].values, lineups[:9]) == few[0].values).all()
    assert (found.offsets() == 0.0).all()


def luck_only(races: int, seed: int) -> np.ndarray:
    """Points in ticks of races whose drivers differ in nothing but their means."""
    rng = np.random.default_rng(seed)
    means = np.linspace(200, 900, 14)
    return np.rint(rng.normal(means, 350.0, (races, 14))).astype(np.int16)


RULES = LineupRules(tuple(range(4_000, 11_000, 500)), 6, 45_000)
TARGET = TailTarget((0.98, 0.9), (0.7, 0.3))


def test_the_walk_with_offsets_finds_the_largest_shrunken_tails_of_all_legal_lineups() -> None:
    points = luck_only(600, 1)
    first_half = np.arange(600) % 2 == 0
    shrinkage = tail_shrinkage(points, first_half, RULES, TARGET)
    added = np.linspace(0.0, -3.0, 14)
    found = best_by_tail(points, RULES, TARGET, 40, offsets=shrinkage.offsets(added))
    legal = [
        c for c in combinations(range(14), 6) if sum(RULES.salaries_usd[d] for d in c) <= 45_000
    ]
    every = np.array(legal, dtype=np.uint8)
    values = shrinkage.applied(tail_values(points, every, TARGET), every)
    values += added[every].sum(axis=1)
    order = np.argsort(-values, kind="stable")[:40]
    np.testing.assert_array_equal(found.lineups, every[order])
    assert shrinkage.shrunken(found.scores) == pytest.approx(values[order], abs=1e-5)
    assert shrinkage.score_of(float(values[order[0]])) == pytest.approx(found.scores[0], abs=1e-5)
    assert shrinkage.lineup_share < 0.6


def test_what_shrunken_tails_promise_comes_true_and_what_tails_promise_does_not() -> None:
    fresh = luck_only(40_000, 0)
    missed, raw = [], []
    for seed in range(1, 9):
        points = luck_only(600, seed)
        shrinkage = tail_shrinkage(points, np.arange(600) % 2 == 0, RULES, TARGET)
        for kept, misses in ((shrinkage, missed), (Shrinkage.none(14), raw)):
            best = best_by_tail(points, RULES, TARGET, 20, offsets=kept.offsets())
            real = tail_values(fresh, best.lineups, TARGET)
            misses.append(float((kept.shrunken(best.scores) - real).mean()))
    assert np.mean(raw) > 3.0
    assert abs(np.mean(missed)) < 0.4 * np.mean(raw)


def test_races_too_few_to_halve_a_tail_shrink_nothing() -> None:
    points = luck_only(90, 1)
    first_half = np.arange(90) % 2 == 0
    # the best fiftieth of 45 races is less than one
    assert tail_shrinkage(points, first_half, RULES, TARGET) == Shrinkage.none(14)
    with pytest.raises(InvalidInput, match="less than one"):
        tail_shrinkage(points[:40], first_half[:40], RULES, TARGET)


def test_shares_are_those_of_the_best_lineups_by_mean() -> None:
    points = luck_only(600, 2)
    first_half = np.arange(600) % 2 == 0
    shrinkage = tail_shrinkage(points, first_half, RULES, TARGET)
    legal = best_by_value(points.sum(axis=0, dtype=np.int64), RULES, 5_000).lineups
    assert shrinkage.lineups == len(legal) < 5_000
    samples = [
        Sample(tail_values(races, legal, TARGET), races.mean(axis=0, dtype=np.float64) / 20)
        for races in (points, points[::2], points[1::2])
    ]
    again = estimate_shrinkage(legal, samples[0], (samples[1], samples[2]))
    assert again.lineup_share == pytest.approx(shrinkage.lineup_share)
    assert np.array(again.by_driver) == pytest.approx(np.array(shrinkage.by_driver))
