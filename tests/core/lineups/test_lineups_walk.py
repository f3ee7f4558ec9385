from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Infeasible, InvalidInput
from core.lineups import (
    Budget,
    LineupRules,
    TailTarget,
    best_by_tail,
    best_by_value,
    compute_cvar,
    count_legal,
    is_legal,
    merge_results,
    prove_walk,
    start_tail_walk,
    tail_values,
    walk_units,
)
from core.portfolio import require_legal

TARGETS = [
    (("0.9",), ("1",)),
    (("0.9", "0.6"), ("0.7", "0.3")),
    (("0.85", "0.5"), ("0.25", "0.75")),
    (("0.3", "0.77", "0.9"), ("0.2", "0.3", "0.5")),
    # as far from a sum of 1 as weights may be
    (("0.9", "0.6"), ("0.7000009", "0.3")),
]


def races(rules, random, ties):
    """Draw points of a few races: many equal, negative too, or all over the place."""
    rng = np.random.default_rng(random)
    scenarios = int(rng.integers(10, 40))
    low, high = (-2, 3) if ties else (-600, 1_200)
    return rng.integers(low, high, (scenarios, len(rules.salaries_usd))).astype(np.int16)


def target_of(names):
    return TailTarget(*(tuple(map(float, part)) for part in names))


def best_first(lineups, scores, k):
    order = sorted(range(len(lineups)), key=lambda place: (-scores[place], lineups[place]))[:k]
    return [lineups[place] for place in order], [scores[place] for place in order]


def as_tuples(lineups):
    return [tuple(map(int, lineup)) for lineup in lineups]


def assert_same(one, other):
    np.testing.assert_array_equal(one.lineups, other.lineups)
    np.testing.assert_array_equal(one.scores, other.scores)


def counts(found):
    return found.looked_at, found.evaluated, found.cut


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_legal_lineup_is_counted(plain, any_small_rules, data):
    rules = data.draw(any_small_rules)
    assert count_legal(rules) == len(plain.legal(rules))


@settings(max_examples=200, deadline=None)
@given(data=st.data(), k=st.integers(1, 500), ties=st.booleans())
def test_the_best_by_value_are_those_of_all_legal_lineups(plain, any_small_rules, data, k, ties):
    rules = data.draw(any_small_rules)
    drivers = len(rules.salaries_usd)
    largest = 2 if ties else 10_000
    values = data.draw(st.lists(st.integers(-largest, largest), min_size=drivers, max_size=drivers))
    charged = st.lists(st.sampled_from(range(drivers)), min_size=1, unique=True)
    charges = data.draw(st.lists(st.tuples(charged, st.integers(0, largest)), max_size=3))
    legal = plain.legal(rules)
    worth = [
        sum(values[driver] for driver in lineup)
        - sum(cost for drivers, cost in charges if set(drivers) & set(lineup))
        for lineup in legal
    ]
    found = best_by_value(np.array(values), rules, k, charges=charges)
    lineups, scores = best_first(legal, worth, k)
    assert as_tuples(found.lineups) == lineups
    assert found.scores.tolist() == scores


@settings(max_examples=200, deadline=None)
@given(
    data=st.data(),
    random=st.integers(0, 2**32 - 1),
    ties=st.booleans(),
    names=st.sampled_from(TARGETS),
    k=st.sampled_from([1, 2, 7, 30, 1_000]),
)
def test_the_best_by_tail_are_those_of_all_legal_lineups(
    plain, any_small_rules, data, random, ties, names, k
):
    rules = data.draw(any_small_rules)
    points = races(rules, random, ties)
    # half a tick, a third of one, and more than 16 bits of ticks hold
    price = st.sampled_from([0.0, 0.025, -0.025, 0.35]) | st.floats(-20.0, 20.0, width=32)
    price |= st.sampled_from([1 / 60, -1 / 60, 1_700.0, -1_700.0, 90_000.0, -90_000.0])
    drivers = len(rules.salaries_usd)
    offsets = data.draw(st.none() | st.lists(price, min_size=drivers, max_size=drivers))
    if offsets is not None:
        offsets = np.array(offsets)
    found = best_by_tail(points, rules, target_of(names), k, offsets=offsets)
    legal = plain.legal(rules)
    assert len(found.scores) == min(k, len(legal))
    if not legal:
        return
    sums = [points[:, list(lineup)].sum(axis=1, dtype=int) for lineup in legal]
    exact = [
        sum(
            (
                Fraction(weight) * plain.cvar(total, alpha)
                for alpha, weight in zip(*names, strict=True)
            ),
            Fraction(0),
        )
        for total in sums
    ]
    if offsets is not None:
        price = [Fraction(round(Fraction(x) * 20 * 2**20), 2**20) for x in offsets.tolist()]
        exact = [
            score + sum(price[driver] for driver in lineup)
            for score, lineup in zip(exact, legal, strict=True)
        ]
    # scores that are equal exactly may differ in their last bit: order those by what was computed
    computed = tail_values(points, np.array(legal, dtype=np.uint8), target_of(names), offsets)
    np.testing.assert_allclose(computed * 20, [float(score) for score in exact], atol=1e-6)
    lineups, scores = best_first(legal, computed.tolist(), k)
    assert as_tuples(found.lineups) == lineups
    assert found.scores.tolist() == scores
    best = sorted(exact, reverse=True)[:k]
    np.testing.assert_allclose(found.scores * 20, [float(score) for score in best], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    random=st.integers(0, 2**32 - 1),
    ties=st.booleans(),
    k=st.sampled_from([1, 5, 40, 1_000]),
)
def test_a_walk_cut_anywhere_and_joined_is_the_whole_walk(any_small_rules, data, random, ties, k):
    rules = data.draw(any_small_rules)
    points = races(rules, random, ties)
    target = target_of(TARGETS[1])
    units = walk_units(rules)
    shuffled = units[np.random.default_rng(random).permutation(len(units))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units)), max_size=4)))
    pieces = np.split(shuffled, cuts)
    start = start_tail_walk(points, rules, target, k)
    by_tail = [best_by_tail(points, rules, target, k, piece, start) for piece in pieces]
    joined, whole = merge_results(by_tail, k), best_by_tail(points, rules, target, k)
    assert_same(joined, whole)
    assert counts(joined) == counts(whole)
    assert prove_walk(joined, rules, k) == prove_walk(whole, rules, k)
    values = points.sum(axis=0, dtype=np.int64)
    by_value = [best_by_value(values, rules, k, piece) for piece in pieces]
    assert_same(merge_results(by_value, k), best_by_value(values, rules, k))


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    random=st.integers(0, 2**32 - 1),
    ties=st.booleans(),
    k=st.sampled_from([1, 5, 40, 1_000]),
)
def test_the_proof_accounts_for_every_legal_lineup(plain, any_small_rules, data, random, ties, k):
    rules = data.draw(any_small_rules)
    points = races(rules, random, ties)
    target = target_of(TARGETS[1])
    legal = plain.legal(rules)
    by_value = best_by_value(points.sum(axis=0, dtype=np.int64), rules, k)
    for found in (best_by_tail(points, rules, target, k), by_value):
        proof = prove_walk(found, rules, k)
        assert proof.legal_lineups == proof.pruned + proof.looked_at == len(legal)
        assert len(found.scores) <= proof.evaluated <= proof.looked_at <= len(legal)
        if len(legal) <= k:
            assert proof.bound is None
            assert proof.evaluated == len(legal)
        else:
            assert proof.bound == found.scores[-1]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), random=st.integers(0, 2**32 - 1), thresholds=st.integers(-5_000, 9_000))
def test_where_a_walk_starts_cannot_change_what_it_finds(any_small_rules, data, random, thresholds):
    rules = data.draw(any_small_rules)
    points = races(rules, random, ties=False)
    target = target_of(TARGETS[1])
    start = start_tail_walk(points, rules, target, 3)
    other = type(start)(-np.inf, np.array([thresholds, thresholds + 100]))
    assert_same(
        best_by_tail(points, rules, target, 3, start=start),
        best_by_tail(points, rules, target, 3, start=other),
    )


def test_of_lineups_that_tie_at_nothing_the_first_is_found_whatever_the_thresholds():
    # the walk begins with the dearest, and the lineup that is to win the tie is the cheapest
    points = np.random.default_rng(5).integers(-400, 1, (37, 9)).astype(np.int16)
    points[:, :6] = 0
    rules = LineupRules(tuple(range(1, 10)), 4, 100)
    target = TailTarget((0.9, 0.61), (0.7, 0.3))
    start = start_tail_walk(points, rules, target, 1)
    for threshold in range(-1_600, 101, 100):
        moved = type(start)(start.at_least, np.array([threshold, threshold - 3]))
        found = best_by_tail(points, rules, target, 1, start=moved)
        assert as_tuples(found.lineups) == [(0, 1, 2, 3)]
        assert found.scores.tolist() == [0.0]


@pytest.mark.parametrize("size", [4, 5, 6, 7, 8])
def test_rosters_of_every_size_are_walked(plain, size):
    rng = np.random.default_rng(size)
    rules = LineupRules(tuple(map(int, rng.integers(40, 110, 10))), size, 74 * size)
    points = rng.integers(-500, 1_500, (50, 10)).astype(np.int16)
    legal = plain.legal(rules)
    assert 0 < len(legal) == count_legal(rules)
    scores = [compute_cvar(points[:, list(lineup)].sum(axis=1), 0.9) for lineup in legal]
    found = best_by_tail(points, rules, TailTarget((0.9,), (1.0,)), 1)
    assert found.scores[0] * 20 == pytest.approx(max(scores))
    assert tuple(found.lineups[0]) == legal[int(np.argmax(scores))]


def test_the_last_of_fifty_drivers_can_be_in_the_best_lineup():
    values = np.arange(50)
    found = best_by_value(values, LineupRules((7_000,) * 50, 6, 42_000), 2)
    assert as_tuples(found.lineups) == [(44, 45, 46, 47, 48, 49), (43, 45, 46, 47, 48, 49)]
    assert count_legal(LineupRules((7_000,) * 50, 6, 42_000)) == 15_890_700


def test_a_budget_that_no_lineup_fits_is_named():
    tight = Budget("ownership", (20, 20, 20, 20, 20, 5), 84)
    rules = LineupRules((1,) * 6, 5, 6, budgets=(Budget("roomy", (1,) * 6, 5), tight))
    with pytest.raises(Infeasible) as refused:
        require_legal(rules)
    assert refused.value.limits == ("ownership",)
    require_legal(LineupRules((1,) * 6, 5, 6, budgets=(Budget("ownership", tight.amounts, 85),)))


def test_a_budget_holds_on_a_full_slate(full_rules, full_points):
    owned = Budget("ownership", tuple(range(76, 0, -2)), 260)
    rules = LineupRules(full_rules.salaries_usd, 6, 50_000, budgets=(owned,))
    found = best_by_tail(full_points, rules, TailTarget(), 10)
    assert all(is_legal(rules, lineup) for lineup in found.lineups)
    free = best_by_tail(full_points, full_rules, TailTarget(), 5_000)
    fitting = [lineup for lineup in as_tuples(free.lineups) if is_legal(rules, lineup)]
    assert len(fitting) >= 10
    assert as_tuples(found.lineups) == fitting[:10]


def test_rules_that_leave_too_few_drivers_find_nothing():
    rules = LineupRules((1,) * 6, 6, 6, excludes=(0,))
    everyone = LineupRules((1,) * 6, 6, 6, excludes=(0, 1, 2, 3, 4, 5))
    points = np.zeros((20, 6), dtype=np.int16)
    for few in (rules, everyone):
        assert count_legal(few) == 0
        assert len(best_by_tail(points, few, TailTarget((0.5,), (1.0,)), 3).lineups) == 0


def test_points_as_far_apart_as_ticks_can_be_do_not_overflow():
    points = np.full((10, 6), 32_767, dtype=np.int16)
    points[0] = -32_768
    rules = LineupRules((1,) * 6, 6, 6)
    found = best_by_tail(points, rules, TailTarget((0.05,), (1.0,)), 1)
    expected = 6 * (9 * 32_767 - 0.5 * 32_768) / 9.5 / 20
    assert found.scores[0] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("offsets", [[np.nan] * 6, [np.inf] + [0.0] * 5, [0.0] * 5])
def test_offsets_that_are_not_one_number_a_driver_are_refused(offsets):
    rules = LineupRules((1,) * 6, 5, 6)
    points = np.zeros((20, 6), dtype=np.int16)
    with pytest.raises(InvalidInput, match="offsets"):
        best_by_tail(points, rules, TailTarget((0.5,), (1.0,)), 3, offsets=np.array(offsets))


def test_a_price_on_the_best_driver_of_a_full_slate_makes_room_for_others(full_rules, full_points):
    free = best_by_tail(full_points, full_rules, TailTarget(), 5)
    dearest = int(free.lineups[0, 0])
    offsets = np.zeros(38)
    offsets[dearest] = -1_000.0
    priced = best_by_tail(full_points, full_rules, TailTarget(), 5, offsets=offsets)
    without = LineupRules(full_rules.salaries_usd, 6, 50_000, excludes=(dearest,))
    assert_same(priced, best_by_tail(full_points, without, TailTarget(), 5))


def test_a_tail_of_less_than_one_race_is_refused(full_rules):
    few = np.zeros((99, 38), dtype=np.int16)
    for search in (best_by_tail, start_tail_walk):
        with pytest.raises(InvalidInput, match="alphas"):
            search(few, full_rules, TailTarget(), 1)


def test_the_tail_optimum_of_a_full_slate_beats_the_mean_optimum_and_every_random_lineup(
    full_rules, full_points
):
    target = TailTarget()
    found = best_by_tail(full_points, full_rules, target, 20)
    by_mean = best_by_value(full_points.sum(axis=0, dtype=np.int64), full_rules, 1)
    assert found.scores[0] > tail_values(full_points, by_mean.lineups, target)[0]
    assert (np.diff(found.scores) <= 0).all()
    assert all(is_legal(full_rules, lineup) for lineup in found.lineups)
    rng = np.random.default_rng(2)
    drawn = np.sort(rng.random((20_000, 38)).argsort(axis=1)[:, :6], axis=1).astype(np.uint8)
    legal = drawn[[is_legal(full_rules, lineup) for lineup in drawn]]
    assert len(legal) > 5_000
    assert tail_values(full_points, legal, target).max() <= found.scores[0]
    scores = full_points[:, found.lineups[0]].sum(axis=1) / 20
    expected = 0.7 * compute_cvar(scores, 0.99) + 0.3 * compute_cvar(scores, 0.95)
    assert found.scores[0] == pytest.approx(expected, abs=1e-7)


def test_a_tie_that_floats_would_break_in_ticks_is_a_tie_in_points_too():
    # among these, 0.7 and 0.3 of two tails sum to the same in more than one way
    rules = LineupRules((100,) * 11, 4, 400)
    points = races(rules, 0, ties=True)
    found = best_by_tail(points, rules, target_of(TARGETS[1]), 40)
    assert_same(merge_results([found], 40), found)
    lineups = np.array(list(combinations(range(11), 4)), dtype=np.uint8)
    scores = tail_values(points, lineups, target_of(TARGETS[1]))
    best = np.argsort(-scores, kind="stable")[:40]
    np.testing.assert_array_equal(found.lineups, lineups[best])


def test_a_full_walk_in_chunks_is_the_whole_walk(full_rules, full_points):
    target = TailTarget()
    start = start_tail_walk(full_points, full_rules, target, 50)
    pieces = np.array_split(walk_units(full_rules), 7)
    parts = [best_by_tail(full_points, full_rules, target, 50, piece, start) for piece in pieces]
    joined, whole = merge_results(parts, 50), best_by_tail(full_points, full_rules, target, 50)
    assert_same(joined, whole)
    proof = prove_walk(joined, full_rules, 50)
    assert proof == prove_walk(whole, full_rules, 50)
    # bounds leave a small part of all to be looked at, and few of those to be evaluated
    assert 50 <= proof.evaluated < proof.looked_at / 10 < proof.legal_lineups / 50


def test_locks_and_excludes_hold_on_a_full_slate(full_rules, full_points):
    rules = LineupRules(full_rules.salaries_usd, 6, 50_000, locks=(3, 37), excludes=(0, 10))
    found = best_by_tail(full_points, rules, TailTarget(), 10)
    assert len(found.scores) == 10
    assert all(is_legal(rules, lineup) for lineup in found.lineups)
    free = best_by_tail(full_points, full_rules, TailTarget(), 1)
    assert found.scores[0] <= free.scores[0]
