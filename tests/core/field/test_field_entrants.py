"""Entrants who may enter several lineups: how many there are, and what their fields look like."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from core.errors import InvalidInput
from core.field import FieldModel, entrant_share, fit_field, nearest_ownership, sample_field
from core.field.entrants import FALL
from core.randomness import Purpose, stream
from tests.core.field.written_out import SALARIES

# entries, entrants, most entries of one entrant
NFL, MASTERS = (341_099, 180_880, 500), (205_732, 73_321, 200)


def shares_at_least(fall: float, most: int) -> npt.NDArray[np.float64]:
    """Chance of wanting at least 1, 2 .. entries, summed one by one, ``[most]``."""
    weights = np.arange(1.0, 300_000.0) ** -fall
    return np.asarray(1.0 - np.concatenate([[0.0], np.cumsum(weights)[: most - 1]]) / weights.sum())


def test_where_everybody_enters_one_lineup_there_are_as_many_entrants_as_entries() -> None:
    assert entrant_share(1) == 1.0


@pytest.mark.parametrize("limit", [2, 3, 20, 150])
def test_the_share_is_one_over_the_mean_number_of_entries_summed_one_by_one(limit: int) -> None:
    mean = shares_at_least(2.5, limit).sum()
    assert entrant_share(limit, 2.5) == pytest.approx(1.0 / mean, rel=1e-4)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 149), st.floats(1.1, 6.0))
def test_the_more_entries_are_allowed_the_fewer_entrants_there_are(limit: int, fall: float) -> None:
    assert 0.0 < entrant_share(limit + 1, fall) < entrant_share(limit, fall) <= 1.0


@pytest.mark.parametrize(("limit", "fall"), [(0, 2.3), (151, 2.3), (20, 1.0), (20, float("nan"))])
def test_what_is_no_contests_limit_is_refused(limit: int, fall: float) -> None:
    with pytest.raises(InvalidInput, match=str(limit) if fall > 1.0 else "fall"):
        entrant_share(limit, fall)


def fall_of(entries: int, entrants: int, most: int) -> float:
    """How fast entrants become rarer where a contest has so many of them."""
    return float(
        brentq(lambda fall: shares_at_least(fall, most).sum() - entries / entrants, 1.9, 4.0)
    )


def test_the_shipped_distribution_lies_halfway_between_the_contests_that_were_counted() -> None:
    assert pytest.approx(np.mean([fall_of(*NFL), fall_of(*MASTERS)]), abs=0.01) == FALL


def test_its_shape_is_that_of_the_contests_that_were_counted() -> None:
    at_least = shares_at_least(fall_of(*NFL), 500)
    # entrants with 1, 2, 3 to 5, 6 to 10, 11 to 25, 26 to 50, 51 to 100 entries
    counted = np.array([133_246, 24_532, 16_328, 4_381, 1_779, 396, 153]) / NFL[1]
    bounds = np.array([1, 2, 3, 6, 11, 26, 51, 101])
    assert -np.diff(at_least[bounds - 1]) == pytest.approx(counted, rel=0.12)
    assert MASTERS[1] * shares_at_least(fall_of(*MASTERS), 200)[-1] == pytest.approx(80, rel=0.12)


@pytest.fixture(scope="module")
def model() -> FieldModel:
    asked = np.concatenate([np.linspace(55, 20, 12), np.linspace(14, 3, 26)])
    near = nearest_ownership(SALARIES, 600.0 * asked / asked.sum(), 6, 50_000)
    return fit_field(SALARIES, near, 6, 50_000)


def copies_drawn(model: FieldModel, limit: int, entries: int, seed: int) -> npt.NDArray[np.int64]:
    """Copies of a field's lineups, the most copied first, where opponents may enter so many."""
    limited = replace(model, entrant_share=entrant_share(limit))
    field = sample_field(limited, entries, stream(seed, Purpose.FIELD))
    return np.sort(field.copies.astype(np.int64))[::-1]


@pytest.mark.parametrize("limit", [3, 20, 150])
def test_a_field_can_be_dealt_out_so_that_nobody_has_a_lineup_twice(
    model: FieldModel, limit: int
) -> None:
    entries, seed = 3_000, limit
    copies = copies_drawn(model, limit, entries, seed)
    generator = np.random.default_rng(seed)
    wants = np.minimum(generator.zipf(FALL, 2 * entries), limit)
    room = wants[: np.searchsorted(np.cumsum(wants), entries)].tolist()
    room.append(entries - sum(room))
    left = np.array(room)
    for lineup in copies:
        # each copy to another entrant, those with the most room first
        takers = np.argsort(-left, kind="stable")[:lineup]
        assert (left[takers] > 0).all()
        left[takers] -= 1
    assert left.sum() == 0


def test_fewer_copy_each_other_where_a_person_may_enter_more(model: FieldModel) -> None:
    most = {
        limit: np.mean([copies_drawn(model, limit, 3_000, seed)[0] for seed in range(30)])
        for limit in (1, 20, 150)
    }
    assert most[1] > most[20] > most[150]
