import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.engine.arrays import (
    ArrayRef,
    BlobLost,
    Memory,
    RecentArrays,
    pack,
    unpack,
    unwrap,
    wrap,
)

ARRAYS = hnp.arrays(
    dtype=st.sampled_from([np.uint8, np.int16, np.int64, np.float64, np.bool_]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@given(st.dictionaries(st.text(max_size=5), ARRAYS, max_size=4))
def test_arrays_come_out_as_they_went_in(arrays: dict[str, np.ndarray]) -> None:
    out = unpack(unwrap(wrap(pack(arrays))[1]))
    assert list(out) == list(arrays)
    for name, array in arrays.items():
        assert out[name].dtype == array.dtype
        np.testing.assert_array_equal(out[name], array)


def test_what_shrinks_is_stored_smaller_and_what_does_not_is_stored_as_it_is() -> None:
    zeros = pack({"counts": np.zeros(100_000, dtype=np.int64)})
    noise = pack({"noise": np.random.default_rng(1).integers(0, 256, 100_000, dtype=np.uint8)})
    few = pack({"counts": np.zeros(100, dtype=np.int64)})
    assert len(wrap(zeros)[1]) < len(zeros) / 100
    assert len(wrap(noise)[1]) == len(noise) + 1
    assert len(wrap(few)[1]) == len(few) + 1
    for data in (zeros, noise, few):
        assert unwrap(wrap(data)[1]) == data


def test_the_same_arrays_are_the_same_blob_and_other_arrays_another() -> None:
    blobs = Memory()
    first = blobs.put(points=np.arange(6, dtype=np.int16))
    assert blobs.put(points=np.arange(6, dtype=np.int16)) == first
    assert blobs.put(points=np.arange(6, dtype=np.int32)) != first
    assert blobs.put(point=np.arange(6, dtype=np.int16)) != first
    np.testing.assert_array_equal(blobs.get(first)["points"], np.arange(6))


def test_a_lost_blob_is_named_as_such() -> None:
    with pytest.raises(BlobLost, match="run the job again"):
        Memory().get(ArrayRef("0" * 64))


def test_arrays_read_cannot_be_written() -> None:
    blobs = Memory()
    array = blobs.get(blobs.put(won=np.zeros(3)))["won"]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


def test_only_so_much_of_what_was_read_is_remembered_and_the_oldest_goes_first() -> None:
    data = [pack({"a": np.full(1_000, i, dtype=np.uint8)}) for i in range(3)]
    first, second, third = (wrap(packed)[0] for packed in data)
    recent = RecentArrays(most_bytes=2 * len(data[0]))
    recent.keep(first, data[0])
    recent.keep(second, data[1])
    assert recent.get(first) is not None
    recent.keep(third, data[2])
    assert recent.get(second) is None
    assert recent.get(first) is not None
    kept = recent.get(third)
    assert kept is not None
    assert kept["a"][0] == 2


def test_an_array_larger_than_the_memory_is_still_given() -> None:
    recent = RecentArrays(most_bytes=10)
    data = pack({"a": np.ones(100)})
    assert recent.keep(wrap(data)[0], data)["a"].sum() == 100
