from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from core.errors import InvalidInput
from core.field import FieldLineupSampler, field_of, fit_field, nearest_ownership, sample_field
from core.randomness import Purpose, stream
from tests.core.field.written_out import SALARIES


def bench_model():
    asked = np.concatenate([np.linspace(55, 20, 12), np.linspace(14, 3, 26)])
    near = nearest_ownership(SALARIES, 600.0 * asked / asked.sum(), 6, 50_000)
    return fit_field(SALARIES, near, 6, 50_000)


def alone(model):
    """The field whose chalky entrants follow no source."""
    return replace(model, sources=None)


@pytest.mark.parametrize("appetite", [0.0, 5.0])
def test_lineups_are_drawn_as_often_as_their_chances_say(appetite):
    salaries = [9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000]
    near = nearest_ownership(salaries, [60, 50, 50, 45, 40, 30, 25], 3, 18_500)
    model = alone(fit_field(salaries, near, 3, 18_500, appetite=appetite))
    legal = [
        lineup for lineup in combinations(range(7), 3) if sum(salaries[i] for i in lineup) <= 18_500
    ]
    chance = model.chances(legal)
    assert chance.sum() == pytest.approx(1.0, abs=1e-12)
    n = 200_000
    field = sample_field(model, n, stream(7, Purpose.FIELD))
    drawn = field.copies_of(np.array(legal, dtype=np.uint8))
    assert drawn.sum() == n
    statistic = ((drawn - n * chance) ** 2 / (n * chance)).sum()
    assert statistic < chi2.ppf(0.999, len(legal) - 1)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(40, 110), min_size=5, max_size=8),
    st.floats(0.3, 1.0),
    st.sampled_from([0.0, 3.0, 8.0]),
    st.sampled_from([None, 0.01, 1.0, 50.0]),
    st.sampled_from([1.0, 0.6, 0.01]),
    st.integers(0, 10_000),
)
def test_an_entry_is_the_quantile_of_its_number_in_its_kind(
    hundreds, room, appetite, sources, entrant_share, seed
):
    salaries = [100 * hundred for hundred in hundreds]
    cap = int(sum(sorted(salaries)[:3]) * (1 - room) + sum(sorted(salaries)[-3:]) * room)
    legal = [
        lineup
        for lineup in combinations(range(len(salaries)), 3)
        if sum(salaries[i] for i in lineup) <= cap
    ]
    ownership = 100.0 * np.array(
        [np.mean([i in lineup for lineup in legal]) for i in range(len(salaries))]
    )
    model = fit_field(salaries, ownership, 3, cap, appetite=appetite, sources=sources)
    model = replace(model, entrant_share=entrant_share)
    if sources is None:
        model = alone(model)
    kinds = [(1.0, 0.0)]
    if appetite:
        kinds = [(1 / 6, -(3**0.5)), (2 / 3, 0.0), (1 / 6, 3**0.5)]
    shares = np.cumsum([share for share, _ in kinds])
    shares[-1] = 1.0

    def lineup_at(kind, within):
        theta = np.array(model.log_weights) + kinds[kind][1] * appetite * ownership / 100.0
        weights = np.exp([theta[list(lineup)].sum() for lineup in legal])
        quantiles = np.cumsum(weights) / weights.sum()
        return legal[min(int(np.searchsorted(quantiles, within)), len(legal) - 1)]

    generator = np.random.default_rng(seed)
    entries, chalky = [], 0
    for number in generator.random(200):
        kind = int(np.searchsorted(shares, number, side="right"))
        below = shares[kind - 1] if kind else 0.0
        if appetite and sources and kind == 2:
            chalky += 1
        else:
            entries.append(lineup_at(kind, (number - below) / (shares[kind] - below)))
    followers, entrants = [], round(entrant_share * chalky)
    for before, number in enumerate(generator.random(entrants)):
        s = (sources or 0.0) * (entrant_share * 200) ** 0.5
        if number < s / (s + before):
            followers.append(0)
        followers[-1] += 1
    for count, number in zip(followers, generator.random(len(followers)), strict=True):
        entries += [lineup_at(2, number)] * count
    entries += [lineup_at(2, number) for number in generator.random(chalky - entrants)]
    twin = field_of(np.array(entries, dtype=np.uint8))
    field = sample_field(model, 200, np.random.default_rng(seed))
    assert field.lineups.tolist() == twin.lineups.tolist()
    assert field.copies.tolist() == twin.copies.tolist()


def test_ownership_of_a_drawn_field_is_within_sampling_error():
    model = bench_model()
    n = 100_000
    field = sample_field(alone(model), n, stream(3, Purpose.FIELD))
    share = field.driver_entries(38) / n
    asked = np.array(model.ownership_percent) / 100.0
    error = np.sqrt(asked * (1.0 - asked) / n)
    assert np.abs((share - asked) / error).max() < 4.0


def small_model(sources):
    salaries = [9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000]
    near = nearest_ownership(salaries, [60, 50, 50, 45, 40, 30, 25], 3, 18_500)
    return fit_field(salaries, near, 3, 18_500, appetite=4.0, sources=sources)


@pytest.mark.parametrize(("sources", "entrant_share"), [(0.02, 1.0), (0.3, 1.0), (0.02, 0.4)])
def test_whoever_follows_sources_leaves_ownership_where_it_is_on_average(sources, entrant_share):
    model, n = replace(small_model(sources), entrant_share=entrant_share), 100
    entries = np.array(
        [
            sample_field(model, n, stream(seed, Purpose.FIELD)).driver_entries(7)
            for seed in range(4_000)
        ]
    )
    off = entries.mean(axis=0) - n * np.array(model.ownership_percent) / 100.0
    spread = np.cov(entries.T) / len(entries)
    # the counts depend on each other: they sum to the roster spots, and few lineups are legal
    free = int((np.linalg.eigvalsh(spread) > 1e-9 * np.trace(spread)).sum())
    assert free >= 3
    assert off @ np.linalg.pinv(spread, rcond=1e-9, hermitian=True) @ off < chi2.ppf(0.999, free)


@pytest.mark.slow
@pytest.mark.parametrize(("sources", "entrant_share"), [(0.02, 1.0), (0.3, 1.0), (0.02, 0.5)])
def test_lineups_vary_over_contests_as_those_of_a_dirichlet_process_do(sources, entrant_share):
    model, n = replace(small_model(sources), entrant_share=entrant_share), 100
    legal = np.array(
        [
            lineup
            for lineup in combinations(range(7), 3)
            if sum(model.salaries_usd[i] for i in lineup) <= 18_500
        ]
    )
    often = legal[np.argsort(-model.chances(legal))[:4]].astype(np.uint8)
    copies = np.array(
        [
            sample_field(model, n, stream(seed, Purpose.FIELD)).copies_of(often)
            for seed in range(6_000)
        ]
    )
    chance, shares = model.chances_by_kind(often), model.shares_of_kinds()
    mean = model.chances(often)
    # two entries agree more often than by chance if both follow: one of theirs, with 1 / (s + 1)
    concentration = sources * (entrant_share * n) ** 0.5
    together = (entrant_share * shares[-1]) ** 2 * chance[:, -1] * (1.0 - chance[:, -1])
    together /= concentration + 1.0
    variance = n * mean * (1.0 - mean) + n * (n - 1) * together
    assert copies.var(axis=0) == pytest.approx(variance, rel=0.1)
    assert (variance > 1.3 * n * mean * (1.0 - mean)).all()


def test_no_drawn_lineup_repeats_a_driver_or_breaks_the_cap():
    field = sample_field(bench_model(), 50_000, stream(4, Purpose.FIELD))
    lineups = field.lineups.astype(np.int64)
    assert (np.diff(lineups, axis=1) > 0).all()
    assert SALARIES[lineups].sum(axis=1).max() <= 50_000
    assert field.entries == 50_000


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2_000), st.integers(0, 10_000))
def test_a_field_lists_each_lineup_once_in_lexicographic_order(n, seed):
    model = fit_field([9_000, 8_000, 7_000, 6_000, 5_000], [60, 100, 30, 60, 50], 3, 24_000)
    field = sample_field(model, n, np.random.default_rng(seed))
    assert field.entries == n
    again = field_of(np.repeat(field.lineups, field.copies, axis=0)[::-1, ::-1])
    assert again.lineups.tolist() == field.lineups.tolist()
    assert again.copies.tolist() == field.copies.tolist()
    assert (field.lineups == 1).any(axis=1).all()


def test_the_same_stream_draws_the_same_field():
    model = bench_model()
    one, two = (sample_field(model, 5_000, stream(9, Purpose.FIELD, 4, 2)) for _ in range(2))
    assert one.lineups.tobytes() == two.lineups.tobytes()
    assert one.copies.tobytes() == two.copies.tobytes()


def test_copies_of_a_lineup_nobody_plays_are_none():
    field = field_of(np.array([[0, 1, 2], [2, 1, 0], [1, 2, 3]], dtype=np.uint8))
    asked = np.array([[1, 2, 3], [0, 1, 2], [0, 1, 3], [5, 6, 7]], dtype=np.uint8)
    assert field.copies_of(asked).tolist() == [1, 2, 0, 0]


def test_the_sampler_fits_and_samples_like_the_functions_it_stands_for():
    model = bench_model()
    sampler = FieldLineupSampler(6, 50_000).fit(SALARIES, model.ownership_percent)
    assert sampler.model_.log_weights == pytest.approx(model.log_weights, abs=1e-8)
    drawn = sampler.sample(1_000, random_state=5)
    direct = sample_field(sampler.model_, 1_000, stream(5, Purpose.FIELD))
    assert drawn.lineups.tolist() == direct.lineups.tolist()


def test_a_roster_whose_lineups_cannot_be_numbered_is_refused():
    model = fit_field([5_000] * 100, [12.0] * 100, 12, 60_000)
    with pytest.raises(InvalidInput, match="roster_size"):
        sample_field(model, 10, np.random.default_rng(1))
