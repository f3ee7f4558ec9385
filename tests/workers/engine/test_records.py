"""Records as Redis holds them between two pieces of a job."""

import math
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engine.arrays import ArrayRef
from workers.engine.records import decode, encode, references


@dataclass(frozen=True, slots=True)
class Figures:
    mean: float
    others: tuple[float, ...]


class Inner(msgspec.Struct, frozen=True):
    arrays: ArrayRef | None
    name: str = ""


class Outer(msgspec.Struct, frozen=True):
    first: ArrayRef
    by_number: dict[int, Inner]
    some: tuple[Inner, ...]
    figures: Figures


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
REFERENCES = st.builds(ArrayRef, st.text("0123456789abcdef", min_size=64, max_size=64))
INNER = st.builds(Inner, st.none() | REFERENCES, st.text(max_size=80))
OUTER = st.builds(
    Outer,
    REFERENCES,
    st.dictionaries(st.integers(0, 9), INNER, max_size=3),
    st.lists(INNER, max_size=3).map(tuple),
    st.builds(Figures, FLOATS, st.lists(FLOATS, max_size=3).map(tuple)),
)


@given(OUTER)
def test_a_record_comes_back_as_it_was_to_the_last_bit(record: Outer) -> None:
    back = decode(encode(record), Outer)
    assert encode(back) == encode(record)
    assert (back.first, back.by_number, back.some) == (
        record.first,
        record.by_number,
        record.some,
    )


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -0.0, 5e-324, 0.1])
def test_floats_that_json_has_no_word_for_come_back(value: float) -> None:
    back = decode(encode(Figures(value, ())), Figures).mean
    assert math.copysign(1.0, back) == math.copysign(1.0, value)
    assert back == value or math.isnan(back) is math.isnan(value) is True


@given(OUTER)
def test_every_reference_of_a_record_is_seen(record: Outer) -> None:
    inside = [*record.by_number.values(), *record.some]
    expected = [record.first, *(inner.arrays for inner in inside if inner.arrays is not None)]
    assert list(references(record)) == expected


def test_a_hash_that_is_text_of_a_record_is_no_reference() -> None:
    kept, named = ArrayRef("a" * 64), Inner(None, "b" * 64)
    record = Outer(kept, {}, (named,), Figures(0.0, ()))
    assert list(references(record)) == [kept]


def test_another_kind_of_record_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(encode(Inner(None)), Outer)
