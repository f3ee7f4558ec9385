import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.lineups import TailStability, TailTarget, tail_values, validate_tail_stability
from core.lineups.stability import resampled_tail_values
from core.randomness import Purpose, stream
from core.slate import TICKS_PER_POINT

TARGETS = [
    (("0.9",), ("1",)),
    (("0.9", "0.6"), ("0.7", "0.3")),
    (("0.3", "0.77", "0.9"), ("0.2", "0.3", "0.5")),
]


def target_of(names):
    return TailTarget(*(tuple(map(float, part)) for part in names))


def any_lineups(rng, count, drivers, size=4):
    return np.sort(
        np.array([rng.permutation(drivers)[:size] for _ in range(count)], dtype=np.uint8), axis=1
    )


def resampled(points, copies):
    """The resampled races: every race as often as it was drawn."""
    return np.repeat(points, copies, axis=0)


def plain_copies(scenarios, resamples, seed):
    drawn = [
        stream(seed, Purpose.BOOTSTRAP, number).integers(scenarios, size=scenarios)
        for number in range(resamples)
    ]
    return np.array(
        [[np.sum(races == race) for race in range(scenarios)] for races in drawn], dtype=np.uint16
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(TARGETS), st.booleans())
def test_a_resample_is_valued_like_its_races_written_out(plain, random, names, ties):
    rng = np.random.default_rng(random)
    scenarios = int(rng.integers(10, 40))
    low, high = (-2, 3) if ties else (-600, 1_200)
    points = rng.integers(low, high, (scenarios, 9)).astype(np.int16)
    lineups = any_lineups(rng, 5, 9)
    copies = rng.multinomial(scenarios, np.full(scenarios, 1 / scenarios), 6).astype(np.uint16)
    values = resampled_tail_values(points, lineups, target_of(names), copies)
    for b, drawn in enumerate(copies):
        races = resampled(points, drawn)
        np.testing.assert_array_equal(values[:, b], tail_values(races, lineups, target_of(names)))
        sums = races[:, lineups[0]].sum(axis=1, dtype=int)
        exact = sum(
            float(weight) * float(plain.cvar(sums, alpha))
            for alpha, weight in zip(*names, strict=True)
        )
        assert values[0, b] * TICKS_PER_POINT == pytest.approx(exact, rel=1e-9, abs=2e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.booleans())
def test_stability_is_what_the_resamples_written_out_say(random, n_top, ties):
    rng = np.random.default_rng(random)
    points = rng.integers(0, 3 if ties else 1_000, (30, 8)).astype(np.int16)
    lineups = np.unique(any_lineups(rng, 12, 8), axis=0)
    target = TailTarget((0.9, 0.5), (0.7, 0.3))
    found = validate_tail_stability(points, lineups, target, 25, seed=7, n_top=n_top)

    def best_first(races):
        values = tail_values(races, lineups, target)
        order = sorted(
            range(len(lineups)), key=lambda place: (-values[place], tuple(lineups[place]))
        )
        return order, values

    order, values = best_first(points)
    every = [best_first(resampled(points, drawn)) for drawn in plain_copies(30, 25, 7)]
    drawn = [again[order[0]] for _, again in every]
    assert found.lineup == tuple(map(int, lineups[order[0]]))
    assert found.value == values[order[0]]
    assert found.mean == pytest.approx(np.mean(drawn))
    assert found.std == pytest.approx(np.std(drawn, ddof=1))
    assert found.coefficient_of_variation == pytest.approx(found.std / found.mean)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, (0.05, 0.95))))
    assert found.recurrence == pytest.approx(np.mean([o[0] == order[0] for o, _ in every]))
    top = set(order[:n_top])
    assert found.top_recurrence == pytest.approx(
        np.mean([len(top & set(o[:n_top])) / n_top for o, _ in every])
    )
    assert (found.n_candidates, found.resamples, found.n_top) == (len(lineups), 25, n_top)


def test_neither_the_order_of_candidates_nor_of_their_drivers_matters_nor_one_given_twice():
    rng = np.random.default_rng(3)
    points = rng.integers(0, 900, (200, 12)).astype(np.int16)
    lineups = any_lineups(rng, 20, 12)
    again = np.concatenate([lineups[rng.permutation(20)], lineups[:5]])[:, ::-1]
    one, other = (
        validate_tail_stability(points, given, TailTarget(), 20, seed=5, n_top=4)
        for given in (lineups, again)
    )
    assert one == other


def test_another_seed_draws_other_resamples():
    rng = np.random.default_rng(3)
    points = rng.integers(0, 900, (200, 12)).astype(np.int16)
    lineups = any_lineups(rng, 20, 12)
    one, other = (validate_tail_stability(points, lineups, TailTarget(), seed=s) for s in (5, 6))
    assert one.value == other.value
    assert one.mean != other.mean


def test_lineups_that_always_tie_resolve_to_the_lexicographically_smaller_one():
    points = np.repeat(np.arange(100, dtype=np.int16)[:, None], 6, axis=1)
    lineups = np.array([[1, 2, 3, 4], [0, 2, 3, 5]], dtype=np.uint8)
    found = validate_tail_stability(points, lineups, TailTarget(), 30)
    assert found.lineup == (0, 2, 3, 5)
    assert found.recurrence == 1.0


def test_a_lineup_that_is_ahead_in_every_race_is_stable_and_recurs_always():
    rng = np.random.default_rng(1)
    points = rng.integers(900, 1_000, (500, 8)).astype(np.int16)
    points[:, 0] += 500
    lineups = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [3, 4, 5, 6]], dtype=np.uint8)
    found = validate_tail_stability(points, lineups, TailTarget(), 50)
    assert found.lineup == (0, 1, 2, 3)
    assert found.recurrence == found.top_recurrence == 1.0
    assert found.stable


def test_of_two_lineups_that_differ_by_luck_alone_each_is_the_best_at_times():
    rng = np.random.default_rng(2)
    points = rng.integers(0, 1_000, (1_000, 8)).astype(np.int16)
    lineups = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], dtype=np.uint8)
    found = validate_tail_stability(points, lineups, TailTarget(), 200, n_top=2)
    assert 0.0 < found.recurrence < 1.0
    assert found.top_recurrence == 1.0


def test_the_spread_of_a_mean_over_resamples_is_its_standard_error():
    # at a level near 0 the CVaR is the mean, whose standard error is known
    rng = np.random.default_rng(4)
    points = rng.integers(0, 1_000, (2_000, 4)).astype(np.int16)
    lineup = np.arange(4, dtype=np.uint8)[None, :]
    found = validate_tail_stability(points, lineup, TailTarget((1e-7,), (1.0,)), 1_000)
    scores = points.sum(axis=1) / TICKS_PER_POINT
    assert found.value == pytest.approx(scores.mean(), rel=1e-5)
    assert found.std == pytest.approx(scores.std() / np.sqrt(2_000), rel=0.08)
    assert found.low < found.mean < found.high


@pytest.mark.parametrize(
    ("variation", "recurrence", "stable"),
    [(0.1, 0.9, True), (0.2, 0.9, False), (0.1, 0.7, False), (0.199, 0.701, True)],
)
def test_stable_needs_both_a_steady_value_and_a_choice_that_recurs(variation, recurrence, stable):
    found = TailStability(
        lineup=(0, 1, 2, 3),
        value=1.0,
        mean=1.0,
        std=variation,
        coefficient_of_variation=variation,
        low=0.9,
        high=1.1,
        recurrence=recurrence,
        n_top=1,
        top_recurrence=recurrence,
        n_candidates=2,
        resamples=10,
    )
    assert found.stable is stable


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lineups": np.zeros((0, 4), dtype=np.uint8)}, "lineups"),
        ({"resamples": 1}, "resamples"),
        ({"n_top": 0}, "n_top"),
        ({"target": TailTarget((0.995,), (1.0,))}, "alphas"),
    ],
)
def test_what_cannot_be_resampled_is_refused_by_field(changed, field):
    asked = {
        "points": np.zeros((100, 4), dtype=np.int16),
        "lineups": np.arange(4, dtype=np.uint8)[None, :],
        "target": TailTarget(),
    }
    with pytest.raises(InvalidInput) as refused:
        validate_tail_stability(**{**asked, **changed})
    assert set(refused.value.messages) == {field}
