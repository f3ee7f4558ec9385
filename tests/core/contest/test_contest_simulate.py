import math
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtrit

from core.contest import (
    ContestTally,
    Payouts,
    PrizeTier,
    play_block,
    summarise,
    typical_payouts,
    value_lineups,
)
from core.contest.tally import MILLIONTHS, WHOLE_WIN
from core.errors import InvalidInput
from core.field import (
    Field,
    contest_spread,
    field_of,
    fit_field,
    nearest_ownership,
    sample_field,
)
from core.randomness import Purpose, stream
from tests.core.contest.one_field import simulate_contest


def plain_contest(points, opponents, own, prizes):
    """Play one scenario in floats, entry by entry: (USD, rank, entries tied) per own lineup."""
    score = [0.05 * sum(int(points[i]) for i in lineup) for lineup in [*opponents, *own]]
    score = [round(value, 6) for value in score]
    places = Counter(score)
    results = []
    for mine in score[len(opponents) :]:
        above = sum(count for value, count in places.items() if value > mine)
        tied = places[mine]
        spanned = [prizes[p] if p < len(prizes) else 0.0 for p in range(above, above + tied)]
        results.append((sum(spanned) / tied, above + 1, tied))
    return results


@st.composite
def contests(draw):
    drivers = draw(st.integers(5, 8))
    roster = draw(st.integers(2, 5))
    legal = list(combinations(range(drivers), roster))
    pick = st.sampled_from(legal)
    opponents = draw(st.lists(pick, min_size=0, max_size=30))
    own = draw(st.lists(pick, min_size=1, max_size=8))
    # few different scores, some below zero, so that ties fall on the pay line
    score = st.integers(-3, 3).map(lambda k: 100 * k) | st.integers(-900, 3_000)
    if draw(st.booleans()):
        # a user's own points may spread so far that a lineup's score takes more than 16 bits
        score |= st.integers(-20_000, 20_000)
    points = draw(
        st.lists(st.lists(score, min_size=drivers, max_size=drivers), min_size=1, max_size=6)
    )
    size = len(opponents) + len(own)
    paid = draw(st.integers(1, size))
    cents = sorted(
        draw(st.lists(st.integers(1, 9_999), min_size=paid, max_size=paid)), reverse=True
    )
    tiers = tuple(PrizeTier(place, place, prize) for place, prize in enumerate(cents, start=1))
    return (
        np.array(points, dtype=np.int16),
        np.array(opponents, dtype=np.uint8).reshape(-1, roster),
        np.array(own, dtype=np.uint8),
        Payouts(250, size, tiers),
    )


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(contests())
def test_every_contest_equals_one_played_entry_by_entry_in_floats(contest):
    points, opponents, own, payouts = contest
    prizes = [tier.prize_cents / 100.0 for tier in payouts.tiers]
    plain = [plain_contest(row, opponents, own, prizes) for row in points]
    tally = simulate_contest(points, field_of(opponents), own, payouts)
    top = math.ceil(payouts.field_size / 100)
    for j in range(len(own)):
        usd, ranks, tied = zip(*(row[j] for row in plain), strict=True)
        assert tally.paid.totals[j] / 1e6 == pytest.approx(sum(usd), abs=1.001e-6 * len(points))
        assert tally.cashed.totals[j] == sum(value > 0 for value in usd)
        assert tally.won.totals[j] == sum(
            WHOLE_WIN // n for rank, n in zip(ranks, tied, strict=True) if rank == 1
        )
        assert tally.top_1[j] == sum(rank <= top for rank in ranks)
        assert (tally.best_rank[j], tally.worst_rank[j]) == (min(ranks), max(ranks))
        entries = [*opponents.tolist(), *own.tolist()]
        assert tally.duplicates[j] == MILLIONTHS * (entries.count(own[j].tolist()) - 1)
        winnings = tally.outcomes.row(j)
        assert np.repeat(winnings.values, winnings.counts) / 1e6 == pytest.approx(
            sorted(usd), abs=1.001e-6
        )
    total = [sum(row[j][0] for j in range(len(own))) for row in plain]
    portfolio = tally.outcomes.row(len(own))
    assert np.repeat(portfolio.values, portfolio.counts) / 1e6 == pytest.approx(
        sorted(total), abs=1.001e-6 * len(own)
    )


@settings(max_examples=60, deadline=None)
@given(contests())
def test_payouts_over_all_entries_sum_to_the_pool_in_every_contest(contest):
    points, opponents, own, payouts = contest
    everyone = np.concatenate([opponents, own])
    tally = simulate_contest(points, field_of(opponents[:0]), everyone, payouts)
    pool = payouts.prize_pool_cents * 10_000
    handed_out = tally.outcomes.row(len(everyone)).values
    assert handed_out.max() <= pool
    assert handed_out.min() > pool - payouts.field_size
    # each contest has one first place, to a unit an entry
    assert 0 <= len(points) * WHOLE_WIN - tally.won.totals[-1] < len(points) * len(everyone)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(contests())
def test_the_value_of_a_lineup_is_what_it_wins_as_the_only_own_entry(contest):
    points, opponents, own, payouts = contest
    payouts = Payouts(250, len(opponents) + 1, payouts.tiers[: len(opponents) + 1])
    field = field_of(opponents)
    worth = value_lineups(points, field, own, payouts)
    alone = [
        simulate_contest(points, field, own[j : j + 1], payouts).paid.totals[0]
        for j in range(len(own))
    ]
    assert worth.tolist() == alone


@pytest.mark.slow
@pytest.mark.parametrize("opponents", [65_535 - 3, 65_536 - 3, 200_000])
def test_a_field_beyond_sixteen_bits_is_counted_to_the_last_entry(opponents):
    points = np.array([[60, 40, 20, 10], [10, 20, 40, 60], [0, 0, 0, 0]], dtype=np.int16)
    field = Field(np.array([[0, 1], [2, 3]], np.uint8), np.array([7, opponents - 7], np.int32))
    payouts = Payouts(100, opponents + 3, (PrizeTier(1, opponents + 2, 200),))
    own = np.array([[0, 1], [1, 3], [2, 3]], dtype=np.uint8)
    tally = simulate_contest(points, field, own, payouts)
    # race 1: 8 best, then the middle one; race 2: the many best; race 3: everyone tied
    assert tally.worst_rank.tolist() == [opponents - 4, opponents - 5, 10]
    assert tally.best_rank.tolist() == [1, 1, 1]
    pool = (opponents + 2) * 2_000_000
    shared = pool // (opponents + 3)
    many = opponents - 7 + 1
    last = (many - 1) * 2_000_000 // many
    first = 7 * 2_000_000 // 8
    assert tally.paid.totals[:3] == (
        2_000_000 + first + shared,
        2_000_000 + 2_000_000 + shared,
        last + 2_000_000 + shared,
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2_047, 2_048, 2_049, 4_097]))
def test_fields_of_any_number_of_lineups_are_counted_whole(seed, lineups):
    # lineups are scored some at a time: everyone's rank tells whether one was left out
    generator = np.random.default_rng(seed)
    points = generator.integers(-200, 2_000, (5, 30)).astype(np.int16)
    some = np.array(list(combinations(range(30), 4)), dtype=np.uint8)
    chosen = some[np.sort(generator.choice(len(some), lineups, replace=False))]
    field = Field(chosen, generator.integers(1, 5, lineups).astype(np.int32))
    own = some[generator.choice(len(some), 3)]
    payouts = Payouts(100, field.entries + 3, (PrizeTier(1, 1, 200),))
    tally = simulate_contest(points, field, own, payouts)
    scores = points[:, chosen].sum(axis=2, dtype=np.int64)
    mine = points[:, own].sum(axis=2, dtype=np.int64)
    above = (field.copies * (scores[:, None, :] > mine[:, :, None])).sum(axis=2)
    above += (mine[:, None, :] > mine[:, :, None]).sum(axis=2)
    assert tally.best_rank.tolist() == (above.min(axis=0) + 1).tolist()
    assert tally.worst_rank.tolist() == (above.max(axis=0) + 1).tolist()


def test_two_lineups_that_tie_split_the_prizes_they_span():
    points = np.array([[300, 200, 200, 100]], dtype=np.int16)
    opponents = np.array([[0, 1], [2, 3]], dtype=np.uint8)
    payouts = Payouts(100, 4, (PrizeTier(1, 1, 1_000), PrizeTier(2, 2, 501)))
    # one own lineup ties the opponent for first; the other is last alone of the unpaid
    tally = simulate_contest(points, field_of(opponents), np.array([[0, 2], [1, 3]]), payouts)
    assert tally.paid.totals == (7_505_000, 0, 7_505_000)
    assert tally.won.totals[0] == WHOLE_WIN // 2
    assert tally.best_rank.tolist() == [1, 3]


def test_a_share_that_does_not_divide_is_rounded_down_to_a_micro_dollar():
    points = np.array([[100, 100, 100]], dtype=np.int16)
    payouts = Payouts(0, 3, (PrizeTier(1, 1, 100),))
    tally = simulate_contest(
        points, field_of(np.array([[0], [1]], dtype=np.uint8)), np.array([[2]]), payouts
    )
    assert tally.paid.totals[0] == 333_333


def test_own_entries_push_each_other_down_and_share_ties_with_themselves():
    points = np.array([[300, 200, 100]], dtype=np.int16)
    field = field_of(np.array([[1, 2]], dtype=np.uint8))
    payouts = Payouts(100, 4, (PrizeTier(1, 1, 900), PrizeTier(2, 2, 300), PrizeTier(3, 3, 200)))
    tally = simulate_contest(points, field, np.array([[0, 1], [0, 1], [0, 2]]), payouts)
    assert tally.paid.totals == (6_000_000, 6_000_000, 2_000_000, 14_000_000)
    assert tally.duplicates.tolist() == [MILLIONTHS, MILLIONTHS, 0]


SALARIES = np.array([9_800, 9_100, 8_400, 7_700, 7_200, 6_500, 6_100, 5_600, 5_200, 4_800])
OWNERSHIP = [55.0, 45.0, 40.0, 35.0, 35.0, 25.0, 20.0, 18.0, 15.0, 12.0]


@pytest.fixture(scope="module")
def model():
    return fit_field(SALARIES, nearest_ownership(SALARIES, OWNERSHIP, 3, 22_000), 3, 22_000)


def race_points(scenarios, seed):
    draws = np.random.default_rng(seed).normal(SALARIES / 250.0, 15.0, (scenarios, 10))
    return np.rint(20 * draws).astype(np.int16)


def entries_of(field):
    return np.repeat(field.lineups, field.copies, axis=0)


def test_entries_drawn_from_the_field_itself_lose_the_rake_and_nothing_else(model):
    # own entries and opponents who follow sources would follow different ones
    model = replace(model, sources=None)
    payouts = typical_payouts(200, 1_000)
    fair = payouts.prize_pool_cents * 10_000 / 200
    means = []
    for block in range(150):
        own = entries_of(sample_field(model, 20, stream(11, Purpose.BOOTSTRAP, block)))
        tally = play_block(race_points(50, block), model, own, payouts, seed=11, block=block)
        means.append(tally.paid.totals[-1] / (tally.simulations * 20))
    error = np.std(means, ddof=1) / np.sqrt(len(means))
    assert error < 0.05 * fair
    assert abs(np.mean(means) - fair) < 4.0 * error


def test_copies_are_those_expected_of_each_field_and_own_ones(model):
    every = np.array(list(combinations(range(10), 3)), dtype=np.uint8)
    own = every[np.argsort(-model.chances(every))[[0, 1, 0]]]
    payouts, points, twins = typical_payouts(300, 700), race_points(5, 1), [1, 0, 1]
    tally = play_block(points, model, own, payouts, 5, 0, fields_per_block=4)
    each = np.rint(MILLIONTHS * 297 * model.chances(own)).astype(int)
    assert each.min() > 0
    assert tally.duplicates.tolist() == [
        4 * (int(n) + MILLIONTHS * t) for n, t in zip(each, twins, strict=True)
    ]
    # and where ownership differs from field to field, the ownership of the fields drawn
    spread = contest_spread(model, 50.0)
    tally = play_block(points, model, own, payouts, 5, 0, fields_per_block=4, spread=spread)
    drawn = [spread.draw(model, stream(5, Purpose.FIELD, 0, number)) for number in range(4)]
    each = sum(np.rint(MILLIONTHS * 297 * one.chances(own)).astype(int) for one in drawn)
    assert tally.duplicates.tolist() == [
        int(n) + 4 * MILLIONTHS * t for n, t in zip(each, twins, strict=True)
    ]


def same(one, two):
    a, b = one.arrays(), two.arrays()
    return a.keys() == b.keys() and all(
        a[name].dtype == b[name].dtype
        and a[name].shape == b[name].shape
        and a[name].tobytes() == b[name].tobytes()
        for name in a
    )


@pytest.fixture(scope="module")
def blocks(model):
    own = entries_of(sample_field(model, 12, stream(1, Purpose.BOOTSTRAP)))
    payouts = typical_payouts(300, 700)
    played = [
        play_block(race_points(40, block), model, own, payouts, 5, block, fields_per_block=3)
        for block in range(6)
    ]
    return own, payouts, played


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(1, 5)))
def test_tallies_merge_to_the_same_bits_however_blocks_are_grouped_and_ordered(blocks, order, cuts):
    _, _, played = blocks
    bounds = [0, *sorted(cuts), 6]
    chunks = [
        ContestTally.merge([played[order[i]] for i in range(a, b)]) for a, b in pairwise(bounds)
    ]
    assert same(ContestTally.merge(chunks), ContestTally.merge(played))


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(1, 5)))
def test_fields_of_a_block_may_be_played_apart(blocks, model, order, cuts):
    own, payouts, played = blocks
    single = [
        play_block(race_points(40, block), model, own, payouts, 5, block, 3, range(f, f + 1))
        for block in (0, 1)
        for f in range(3)
    ]
    bounds = [0, *sorted(cuts), 6]
    chunks = [
        ContestTally.merge([single[order[i]] for i in range(a, b)]) for a, b in pairwise(bounds)
    ]
    stored = [ContestTally.from_arrays(chunk.arrays()) for chunk in chunks]
    assert all(chunk.open or chunk.scenarios for chunk in stored)
    whole = ContestTally.merge(stored)
    assert not whole.open
    assert same(whole, ContestTally.merge(played[:2]))


def test_a_block_stays_open_until_its_last_field_is_in(blocks, model):
    own, payouts, _ = blocks
    some = play_block(race_points(40, 0), model, own, payouts, 5, 0, 3, range(2))
    assert (some.scenarios, some.fields, [half.fields for half in some.open]) == (0, 2, [2])
    assert not any(some.paid.totals)
    with pytest.raises(ValueError, match="fields are still to be played"):
        summarise(some, payouts, own)


def test_a_tally_survives_being_stored(blocks):
    tally = ContestTally.merge(blocks[2])
    again = ContestTally.from_arrays(tally.arrays())
    assert same(tally, again)
    assert again.paid == tally.paid
    assert again.won == tally.won
    assert max(tally.won.squares) > 2**64


def test_a_block_played_again_gives_the_same_bits(blocks, model):
    own, payouts, played = blocks
    again = play_block(race_points(40, 2), model, own, payouts, 5, 2, fields_per_block=3)
    assert same(again, played[2])
    other = play_block(race_points(40, 2), model, own, payouts, 6, 2, fields_per_block=3)
    assert not same(other, played[2])


def test_a_block_draws_its_named_fields_and_adds_up_scenarios_over_them(blocks, model):
    own, payouts, played = blocks
    singles = [
        simulate_contest(
            race_points(40, 4),
            sample_field(model, 288, stream(5, Purpose.FIELD, 4, number)),
            own,
            payouts,
            model.ownership_percent,
        )
        for number in range(3)
    ]
    block = played[4]
    assert block.paid.totals == tuple(map(sum, zip(*(t.paid.totals for t in singles), strict=True)))
    assert block.unique == sum(tally.unique for tally in singles)
    assert block.max_duplicates == max(tally.max_duplicates for tally in singles)
    assert block.ownership_max_error == max(tally.ownership_max_error for tally in singles)
    assert 0.0 < block.ownership_max_error < 0.15
    assert block.simulations == 120
    # clusters hold a scenario's three contests: their squares exceed those of single contests
    assert block.paid.squares[-1] > sum(tally.paid.squares[-1] for tally in singles)


def test_errors_clustered_by_scenario_equal_those_of_scenario_means(blocks, model):
    own, payouts, _ = blocks
    single = [
        play_block(race_points(40, 9)[row : row + 1], model, own, payouts, 5, 3, 3)
        for row in range(40)
    ]
    tally = ContestTally.merge(single)
    result = summarise(tally, payouts, own)
    cost = len(own) * payouts.entry_fee_cents * 10_000
    means = [one.paid.totals[-1] / (3 * cost) for one in single]
    # each scenario is a block of its own here: forty of them, widened as Student's t is
    root = np.sqrt(40) / stdtrit(39, 0.8413447460685429)
    assert result.portfolio.roi_se == pytest.approx(np.std(means, ddof=1) / root, rel=1e-12)
    lineup = [one.cashed.totals[2] / 3 for one in single]
    assert result.per_lineup[2].cash_se == pytest.approx(np.std(lineup, ddof=1) / root, rel=1e-12)


def test_a_contest_of_another_size_than_its_entries_is_refused(model):
    points, own = race_points(3, 0), np.array([[0, 5, 6]])
    payouts = typical_payouts(50, 100)
    field = sample_field(model, 50, stream(1, Purpose.FIELD))
    with pytest.raises(InvalidInput, match="field_size"):
        simulate_contest(points, field, own, payouts)
    with pytest.raises(InvalidInput, match="field_size"):
        value_lineups(points, field, own, payouts)
    with pytest.raises(InvalidInput, match="field_size"):
        play_block(points, model, np.repeat(own, 51, axis=0), payouts, 1, 0)
    with pytest.raises(InvalidInput, match="fields_per_block"):
        play_block(points, model, own, payouts, 1, 0, fields_per_block=0)


@pytest.mark.parametrize("lineups", [[[0, 0, 1]], [[0, 1, 10]], np.zeros((0, 3))])
def test_lineups_that_are_none_are_refused(model, lineups):
    with pytest.raises(InvalidInput, match="lineups"):
        play_block(race_points(2, 0), model, np.array(lineups), typical_payouts(50, 100), 1, 0)


def test_lineups_of_another_size_or_without_points_never_reach_the_compiled_loops(model):
    payouts = typical_payouts(50, 100)
    field = sample_field(model, 49, stream(1, Purpose.FIELD))
    points = race_points(3, 0)
    for candidates in ([[0, 5]], [[0, 5, 10]]):
        with pytest.raises(ValueError, match="no lineups of 3 out of 10"):
            value_lineups(points, field, np.array(candidates, dtype=np.uint8), payouts)
    with pytest.raises(ValueError, match="no lineups of 3 out of 8"):
        value_lineups(points[:, :8], field, np.array([[0, 1, 2]], dtype=np.uint8), payouts)
    with pytest.raises(ValueError, match="no lineups of 2 out of 10"):
        simulate_contest(points, field, np.array([[0, 5]]), payouts)


def test_tallies_of_other_lineups_do_not_merge(model):
    payouts = typical_payouts(50, 100)
    one = play_block(race_points(2, 0), model, np.array([[0, 5, 6]]), payouts, 1, 0)
    two = play_block(race_points(2, 0), model, np.array([[0, 5, 6]] * 2), payouts, 1, 1)
    with pytest.raises(ValueError, match="differ in lineups"):
        ContestTally.merge([one, two])
