"""Evidence that the simulator neither makes nor loses money, and splits ties as it should.

Entries that are drawn like the field's earn what the field earns: the pool over the entries. What
all entries win together is the pool, contest by contest. Any small contest also pays the prizes
that a plain sort of its entries in floats gives.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.payouts import read_ladders
from core.contest import Payouts, PrizeTier, play_block, value_lineups
from core.contest.tally import WHOLE_WIN
from core.field import Field, field_of, fit_field, nearest_ownership, sample_field
from core.randomness import Purpose, stream
from tests.core.contest.one_field import simulate_contest

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
LADDERS = range(8)
needs_data = pytest.mark.skipif(
    not (DATA / "payouts_constructed.json").exists(),
    reason="the ladders are not part of the project",
)

ROSTER, CAP_USD = 6, 50_000
SALARIES = np.array([11_000 - 300 * i for i in range(22)])
OWNERSHIP = np.array([60.0 - 2.5 * i for i in range(22)]) * 600.0 / 742.5
MICROS = 10_000
MOST_OWN = 1_000

SEED = 2_026
BLOCKS, SCENARIOS = 60, 10
# chi-squared of 8 degrees of freedom leaves this range to chance once in 500
LEAST_SUM, MOST_SUM = 0.857, 26.12


@pytest.fixture(scope="module")
def model():
    owned = nearest_ownership(SALARIES, OWNERSHIP, ROSTER, CAP_USD)
    # opponents who follow sources share prizes that own entries, which follow none, do not
    return replace(fit_field(SALARIES, owned, ROSTER, CAP_USD), sources=None)


@pytest.fixture(scope="module")
def ladders():
    return read_ladders(DATA)


def race_points(scenarios, generator):
    """Points in ticks for which dear drivers are favourites and scores often tie."""
    draws = generator.normal(SALARIES / 250.0, 18.0, (scenarios, len(SALARIES)))
    return (20 * np.rint(draws)).astype(np.int16)


def entries_of(field):
    return np.repeat(field.lineups, field.copies, axis=0)


def earned(model, payouts, seed):
    """Mean micro-dollars per entry and block, own entries drawn from the field's model."""
    own_entries = min(MOST_OWN, payouts.field_size // 3)
    means = []
    for block in range(BLOCKS):
        own = entries_of(sample_field(model, own_entries, stream(seed, Purpose.BOOTSTRAP, block)))
        points = race_points(SCENARIOS, stream(seed, Purpose.SCENARIOS, block))
        tally = play_block(points, model, own, payouts, seed, block)
        means.append(tally.paid.totals[-1] / (tally.simulations * own_entries))
    return np.array(means)


def z_score(model, payouts, seed):
    fair = payouts.prize_pool_cents * MICROS / payouts.field_size
    means = earned(model, payouts, seed)
    error = float(means.std(ddof=1) / np.sqrt(len(means)))
    # an error of a tenth would be seen on every ladder
    assert error < 0.05 * fair
    return float(means.mean() - fair) / error


@pytest.fixture(scope="module")
def scores(model, ladders):
    return [z_score(model, payouts, SEED + place) for place, payouts in enumerate(ladders)]


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize("ladder", LADDERS)
def test_entries_like_the_fields_earn_minus_the_rake_within_two_standard_errors(scores, ladder):
    assert abs(scores[ladder]) < 2.0


@pytest.mark.slow
@needs_data
def test_over_all_ladders_the_misses_are_as_large_as_chance_makes_them(scores):
    assert LEAST_SUM < sum(z * z for z in scores) < MOST_SUM


def slice_out(field, start, stop):
    """Entries ``start`` to ``stop`` of a field as own ones, and the field without them."""
    of_entry = np.repeat(np.arange(field.unique), field.copies)
    own = of_entry[start:stop]
    copies = field.copies - np.bincount(own, minlength=field.unique)
    left = copies > 0
    rest = Field(np.ascontiguousarray(field.lineups[left]), copies[left].astype(np.int32))
    return rest, field.lineups[own]


@needs_data
@pytest.mark.parametrize("ladder", LADDERS)
def test_what_all_entries_of_a_contest_win_is_the_pool(model, ladders, ladder):
    payouts = ladders[ladder]
    size, pool = payouts.field_size, payouts.prize_pool_cents * MICROS
    field = sample_field(model, size, stream(SEED, Purpose.FIELD, ladder))
    points = race_points(2, stream(SEED, Purpose.SCENARIOS, ladder))
    for contest in (points[:1], points[1:]):
        # a contest takes a thousand own entries: every entry is among them once
        won = [
            simulate_contest(contest, *slice_out(field, start, start + MOST_OWN), payouts)
            for start in range(0, size, MOST_OWN)
        ]
        handed_out = sum(tally.paid.totals[-1] for tally in won)
        assert pool - size < handed_out <= pool
        # one first place, shared or not
        firsts = sum(tally.won.totals[-1] for tally in won)
        assert WHOLE_WIN - size < firsts <= WHOLE_WIN
        assert sum(tally.cashed.totals[-1] for tally in won) >= payouts.places_paid


def sorted_contest(scores, prizes):
    """Rank entries by sorting: USD, rank and entries tied of each, float64.

    Every run of equal scores takes the mean of the prizes at its places.
    """
    order = np.argsort(-scores, kind="stable")
    by_place = np.zeros(len(scores))
    by_place[: len(prizes)] = prizes
    usd, rank, tied = (np.empty(len(scores)) for _ in range(3))
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and scores[order[stop]] == scores[order[start]]:
            stop += 1
        run = order[start:stop]
        usd[run] = by_place[start:stop].mean()
        rank[run] = start + 1
        tied[run] = stop - start
        start = stop
    return usd, rank, tied


@st.composite
def small_contests(draw):
    """Draw a contest and 20 races: odd and even rosters, copies, ties, scores below zero."""
    roster = draw(st.integers(1, 7))
    drivers = draw(st.integers(roster, 12))
    opponents, own = draw(st.integers(0, 60)), draw(st.integers(1, 15))
    # a step of many ticks makes ties, a narrow range makes nearly everyone tie
    step = draw(st.sampled_from([1, 7, 100, 2_000]))
    lowest = draw(st.integers(-9_000, 0))
    widest = draw(st.integers(1, 9_000))
    paid = draw(st.integers(1, opponents + own))
    flat = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    different = max(1, round((opponents + own) * draw(st.sampled_from([0.1, 0.5, 1.0]))))
    pool = np.array([rng.permutation(drivers)[:roster] for _ in range(different)])
    entries = np.sort(pool[rng.integers(0, different, opponents + own)], axis=1).astype(np.uint8)
    points = lowest + step * (rng.integers(0, widest, (20, drivers)) // step)
    cents = np.sort(rng.integers(1, 10 if flat else 10_000_000, paid))[::-1]
    tiers = tuple(PrizeTier(place, place, int(one)) for place, one in enumerate(cents, start=1))
    payouts = Payouts(100, opponents + own, tiers)
    return points.astype(np.int16), entries[:opponents], entries[opponents:], payouts


@settings(max_examples=200, deadline=None)
@given(small_contests())
def test_thousands_of_small_contests_pay_what_sorting_and_sharing_in_floats_pays(contest):
    points, opponents, own, payouts = contest
    prizes = np.array([tier.prize_cents / 100.0 for tier in payouts.tiers])
    everyone = np.concatenate([opponents, own]).astype(np.int64)
    field = field_of(opponents)
    top = -(-payouts.field_size // 100)
    for row in points:
        # whole numbers below 2**53 are exact in float64, so equal scores stay equal
        scores = row.astype(np.float64)[everyone].sum(axis=1)
        usd, rank, tied = (all_[len(opponents) :] for all_ in sorted_contest(scores, prizes))
        tally = simulate_contest(row[None, :], field, own, payouts)
        paid = np.array(tally.paid.totals[:-1]) / 1e6
        short = usd - paid
        assert short.min() > -1e-9 * max(1.0, prizes[0])
        assert short.max() < 1e-6 + 1e-9 * prizes[0]
        assert list(tally.cashed.totals[:-1]) == (usd > 0).astype(int).tolist()
        assert tally.best_rank.tolist() == tally.worst_rank.tolist() == rank.tolist()
        assert tally.top_1.tolist() == (rank <= top).astype(int).tolist()
        wins = np.where(rank == 1, WHOLE_WIN // tied, 0)
        assert list(tally.won.totals[:-1]) == wins.tolist()


@settings(max_examples=100, deadline=None)
@given(small_contests())
def test_the_value_of_a_candidate_is_what_sorting_pays_the_one_more_entry(contest):
    points, opponents, own, payouts = contest
    alone = Payouts(100, len(opponents) + 1, payouts.tiers[: len(opponents) + 1])
    prizes = np.array([tier.prize_cents / 100.0 for tier in alone.tiers])
    worth = value_lineups(points, field_of(opponents), own, alone) / 1e6
    for place, lineup in enumerate(own):
        entries = np.concatenate([opponents, lineup[None, :]]).astype(np.int64)
        usd = [
            sorted_contest(row.astype(np.float64)[entries].sum(axis=1), prizes)[0][-1]
            for row in points
        ]
        assert worth[place] == pytest.approx(sum(usd), abs=1.001e-6 * len(points), rel=1e-9)
