from itertools import combinations

import numpy as np
import pytest

from core.randomness import Purpose, stream

SEEDS = [0, 1, 42, 2**32 - 1, 2**32, 2**32 + 42, 2**64, 2**128 - 1]


def first(seed, purpose, *place):
    return stream(seed, purpose, *place).integers(2**63, size=8).tolist()


def test_a_stream_repeats_exactly():
    for seed in SEEDS:
        assert first(seed, Purpose.FIELD, 3, 1) == first(seed, Purpose.FIELD, 3, 1)


def test_streams_differ_by_seed_purpose_and_place():
    places = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (2**32 - 1,)]
    names = [(seed, what, *at) for seed in SEEDS for what in Purpose for at in places]
    drawn = {tuple(first(*name)) for name in names}
    assert len(drawn) == len(names) == len(SEEDS) * len(Purpose) * len(places)


def test_a_seed_and_a_purpose_cannot_be_mistaken_for_a_longer_seed():
    # 2**32 and more fill a second word of the seed: it must not run into the purpose's
    drawn = [first(7 + (int(what) << 32), Purpose.FIELD) for what in Purpose]
    drawn += [first(7, what, Purpose.FIELD) for what in Purpose]
    assert all(one != other for one, other in combinations(drawn, 2))


def test_a_place_drawn_from_earlier_does_not_move_another():
    later = stream(5, Purpose.SCENARIOS, 2)
    stream(5, Purpose.SCENARIOS, 1).random(1_000)
    assert later.random() == stream(5, Purpose.SCENARIOS, 2).random()


@pytest.mark.parametrize(("purpose", "number"), [("SCENARIOS", 1), ("FIELD", 2), ("BOOTSTRAP", 3)])
def test_a_purpose_keeps_its_number_for_ever(purpose, number):
    assert Purpose[purpose] == number


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ((42, Purpose.SCENARIOS, 0), [913_569, 387_382, 814_545, 969_900]),
        ((2**64, Purpose.FIELD, 3, 1), [332_077, 895_740, 45_402, 381_235]),
    ],
)
def test_the_first_numbers_are_pinned(name, numbers):
    assert stream(*name).integers(1_000_000, size=4).tolist() == numbers


@pytest.mark.parametrize(
    "name", [(-1,), (1, -1), (2**128,), (2**128 + 1,), (1, 2**32), (1, 0, 2**32 + 1)]
)
def test_a_seed_or_place_that_would_run_into_another_stream_is_refused(name):
    seed, *place = name
    with pytest.raises(ValueError, match="no stream is named by"):
        stream(seed, Purpose.FIELD, *place)


def test_neighbouring_blocks_are_not_correlated():
    drawn = np.array([stream(1, Purpose.SCENARIOS, block).random(2_000) for block in range(12)])
    off_diagonal = np.corrcoef(drawn)[np.triu_indices(12, k=1)]
    assert np.abs(off_diagonal).max() < 0.1
