import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.blobs import BlobLost, Blobs, pack, unpack
from workers.connection import connect
from workers.settings import Settings

ARRAYS = hnp.arrays(
    dtype=st.sampled_from([np.uint8, np.int16, np.int64, np.float64, np.bool_]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@given(st.dictionaries(st.text(max_size=5), ARRAYS, max_size=4))
def test_arrays_come_out_as_they_went_in(arrays: dict[str, np.ndarray]) -> None:
    out = unpack(pack(arrays))
    assert list(out) == list(arrays)
    for name, array in arrays.items():
        assert out[name].dtype == array.dtype
        np.testing.assert_array_equal(out[name], array)


def test_the_same_arrays_are_the_same_blob_and_other_arrays_another(settings: Settings) -> None:
    blobs = Blobs(connect(settings.redis_url), 60)
    first = blobs.put(points=np.arange(6, dtype=np.int16))
    assert blobs.put(points=np.arange(6, dtype=np.int16)) == first
    assert blobs.put(points=np.arange(6, dtype=np.int32)) != first
    assert blobs.put(point=np.arange(6, dtype=np.int16)) != first
    np.testing.assert_array_equal(blobs.get(first)["points"], np.arange(6))


def test_a_blob_has_a_lifetime(settings: Settings) -> None:
    redis = connect(settings.redis_url)
    reference = Blobs(redis, 60).put(won=np.zeros(3))
    assert 0 < redis.ttl(f"axiomatic:blob:{reference}") <= 60


def test_a_lost_blob_is_named_as_such(settings: Settings) -> None:
    with pytest.raises(BlobLost, match="run the job again"):
        Blobs(connect(settings.redis_url), 60).get("0" * 64)


def test_arrays_read_cannot_be_written(settings: Settings) -> None:
    blobs = Blobs(connect(settings.redis_url), 60)
    array = blobs.get(blobs.put(won=np.zeros(3)))["won"]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0
