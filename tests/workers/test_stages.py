from hypothesis import given
from hypothesis import strategies as st

from workers.stages import MAX_CHUNKS, cut


@given(
    units=st.integers(0, 2_000),
    seconds=st.floats(0, 1_000),
    chunk_units=st.none() | st.integers(1, 3_000),
)
def test_chunks_cover_every_unit_once_and_in_order(
    units: int, seconds: float, chunk_units: int | None
) -> None:
    chunks = cut(units, seconds, chunk_units)
    assert [unit for start, stop in chunks for unit in range(start, stop)] == list(range(units))
    assert len(chunks) >= 1


@given(units=st.integers(1, 2_000), seconds=st.floats(0, 1_000))
def test_a_stage_cut_by_time_has_no_empty_chunk_and_a_bounded_header(
    units: int, seconds: float
) -> None:
    chunks = cut(units, seconds, None)
    assert len(chunks) <= MAX_CHUNKS
    assert all(stop > start for start, stop in chunks)
    sizes = {stop - start for start, stop in chunks}
    assert max(sizes) - min(sizes) <= 1


def test_a_chunk_size_asked_for_is_the_size_of_every_chunk_but_the_last() -> None:
    assert cut(10, 0.0, 4) == [(0, 4), (4, 8), (8, 10)]


def test_short_work_is_one_chunk() -> None:
    assert cut(20, 0.3, None) == [(0, 20)]
