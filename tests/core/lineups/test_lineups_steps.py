from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contest import Payouts, PrizeSteps, PrizeTier, prize_steps, typical_payouts, value_lineups
from core.errors import InvalidInput
from core.field import field_of
from core.lineups import (
    LineupRules,
    best_by_steps,
    best_by_value,
    is_legal,
    merge_results,
    prove_walk,
    start_steps_walk,
    step_values,
    step_winnings,
    walk_units,
)

SPREADS = [(0, 2), (-3, 4), (-600, 1_200), (-32_768, 32_768)]


def contest_of(rules, random, spread):
    """Draw races and the field and prizes of one contest: (points, field, payouts)."""
    rng = np.random.default_rng(random)
    drivers = len(rules.salaries_usd)
    points = rng.integers(*spread, (int(rng.integers(1, 30)), drivers)).astype(np.int16)
    entries = int(rng.integers(0, 40))
    picked = rng.random((entries, drivers)).argsort(axis=1)[:, : rules.roster_size]
    lasts = np.unique(rng.integers(1, entries + 2, 4)).tolist()
    cents = np.sort(rng.integers(1, 5_000, len(lasts)))[::-1].tolist()
    tiers = tuple(
        PrizeTier(first, last, prize)
        for first, last, prize in zip([1, *(n + 1 for n in lasts)], lasts, cents, strict=False)
    )
    return points, field_of(picked.astype(np.uint8)), Payouts(100, entries + 1, tiers)


def best_first(lineups, values, k):
    order = sorted(range(len(lineups)), key=lambda place: (-values[place], lineups[place]))[:k]
    return [lineups[place] for place in order], [values[place] for place in order]


def as_tuples(lineups):
    return [tuple(map(int, lineup)) for lineup in lineups]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    random=st.integers(0, 2**32 - 1),
    spread=st.sampled_from(SPREADS),
    k=st.sampled_from([1, 2, 7, 30, 1_000]),
)
def test_the_best_by_steps_are_those_of_all_legal_lineups_valued_in_the_contest(
    plain, any_small_rules, data, random, spread, k
):
    rules = data.draw(any_small_rules)
    points, field, payouts = contest_of(rules, random, spread)
    steps = prize_steps(points, field, payouts)
    legal = plain.legal(rules)
    found = best_by_steps(points, steps.breaks, steps.micros, rules, k)
    proof = prove_walk(found, rules, k)
    assert proof.legal_lineups == proof.pruned + proof.looked_at == len(legal)
    if not legal:
        assert len(found.lineups) == 0
        return
    every = np.array(legal, dtype=np.uint8)
    values = value_lineups(points, field, every, payouts)
    assert step_values(points, steps.breaks, steps.micros, every).tolist() == values.tolist()
    by_race = step_winnings(points, steps.breaks, steps.micros, every)
    assert by_race.sum(axis=1).tolist() == values.tolist()
    alone = PrizeSteps(steps.breaks[:1], steps.micros[:1])
    first = step_values(points[:1], alone.breaks, alone.micros, every)
    assert by_race[:, 0].tolist() == first.tolist()
    lineups, scores = best_first(legal, values.tolist(), k)
    assert as_tuples(found.lineups) == lineups
    assert found.scores.tolist() == scores


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    random=st.integers(0, 2**32 - 1),
    spread=st.sampled_from(SPREADS),
    k=st.sampled_from([1, 5, 40, 1_000]),
)
def test_a_walk_cut_anywhere_and_joined_is_the_whole_walk(any_small_rules, data, random, spread, k):
    rules = data.draw(any_small_rules)
    points, field, payouts = contest_of(rules, random, spread)
    steps = prize_steps(points, field, payouts)
    units = walk_units(rules)
    shuffled = units[np.random.default_rng(random).permutation(len(units))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units)), max_size=4)))
    start = start_steps_walk(points, steps.breaks, steps.micros, rules, k)
    parts = [
        best_by_steps(points, steps.breaks, steps.micros, rules, k, piece, start)
        for piece in np.split(shuffled, cuts)
    ]
    joined = merge_results(parts, k)
    whole = best_by_steps(points, steps.breaks, steps.micros, rules, k)
    np.testing.assert_array_equal(joined.lineups, whole.lineups)
    np.testing.assert_array_equal(joined.scores, whole.scores)
    assert joined.cut == whole.cut
    assert prove_walk(joined, rules, k) == prove_walk(whole, rules, k)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), random=st.integers(0, 2**32 - 1), spread=st.sampled_from(SPREADS))
def test_where_a_walk_starts_cannot_change_what_it_finds(any_small_rules, data, random, spread):
    rules = data.draw(any_small_rules)
    points, field, payouts = contest_of(rules, random, spread)
    steps = prize_steps(points, field, payouts)
    levels = data.draw(st.lists(st.integers(1, 60_000_000), max_size=12))
    start = start_steps_walk(points, steps.breaks, steps.micros, rules, 3)
    other = type(start)(start.at_least, np.array(sorted(levels), dtype=np.int64))
    one = best_by_steps(points, steps.breaks, steps.micros, rules, 3, start=start)
    two = best_by_steps(points, steps.breaks, steps.micros, rules, 3, start=other)
    np.testing.assert_array_equal(one.lineups, two.lineups)
    np.testing.assert_array_equal(one.scores, two.scores)


def test_more_different_prizes_than_levels_are_chosen_from_still_bound(plain):
    rng = np.random.default_rng(4)
    rules = LineupRules((100,) * 9, 4, 400)
    points = rng.integers(-100, 900, (300, 9)).astype(np.int16)
    field = field_of(np.sort(rng.random((999, 9)).argsort(axis=1)[:, :4], axis=1).astype(np.uint8))
    prizes = np.sort(rng.integers(1, 10**6, 900))[::-1].tolist()
    payouts = Payouts(
        100, 1_000, tuple(PrizeTier(n, n, prize) for n, prize in enumerate(prizes, start=1))
    )
    steps = prize_steps(points, field, payouts)
    start = start_steps_walk(points, steps.breaks, steps.micros, rules, 5)
    assert start.levels[-1] == steps.micros.max()
    assert (np.diff(start.levels) > 0).all()
    found = best_by_steps(points, steps.breaks, steps.micros, rules, 5)
    legal = list(combinations(range(9), 4))
    values = value_lineups(points, field, np.array(legal, dtype=np.uint8), payouts)
    lineups, scores = best_first(legal, values.tolist(), 5)
    assert as_tuples(found.lineups) == lineups
    assert found.scores.tolist() == scores


def test_the_dollar_optimum_of_a_full_slate_beats_the_mean_optimum_and_every_random_lineup(
    full_rules, full_points
):
    rng = np.random.default_rng(6)
    drawn = np.sort(rng.random((30_000, 38)).argsort(axis=1)[:, :6], axis=1).astype(np.uint8)
    legal = drawn[[is_legal(full_rules, lineup) for lineup in drawn]]
    points = full_points[:400]
    payouts = typical_payouts(3_000, 2_000)
    field = field_of(legal[:2_999])
    steps = prize_steps(points, field, payouts)
    found = best_by_steps(points, steps.breaks, steps.micros, full_rules, 20)
    assert found.scores.tolist() == value_lineups(points, field, found.lineups, payouts).tolist()
    assert value_lineups(points, field, legal, payouts).max() <= found.scores[0]
    by_mean = best_by_value(points.sum(axis=0, dtype=np.int64), full_rules, 500)
    assert value_lineups(points, field, by_mean.lineups, payouts).max() <= found.scores[0]
    proof = prove_walk(found, full_rules, 20)
    assert proof.evaluated < proof.looked_at < proof.legal_lineups
    assert proof.bound == found.scores[-1]


def test_rules_that_leave_too_few_drivers_find_nothing():
    rules = LineupRules((1,) * 6, 6, 6, excludes=(0,))
    points = np.zeros((3, 6), dtype=np.int16)
    breaks, micros = np.zeros((3, 1), dtype=np.int32), np.ones((3, 1), dtype=np.int64)
    assert len(best_by_steps(points, breaks, micros, rules, 3).lineups) == 0


def test_steps_of_other_scenarios_are_refused():
    rules = LineupRules((1,) * 6, 5, 6)
    breaks, micros = np.zeros((3, 1), dtype=np.int32), np.ones((3, 1), dtype=np.int64)
    for races in (0, 2):
        points = np.zeros((races, 6), dtype=np.int16)
        with pytest.raises(InvalidInput, match="steps"):
            best_by_steps(points, breaks, micros, rules, 3)
    with pytest.raises(ValueError, match="64 bits"):
        best_by_steps(np.zeros((3, 6), np.int16), breaks, micros * 2**62, rules, 3)
