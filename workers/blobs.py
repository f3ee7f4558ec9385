"""Arrays in Redis: raw bytes under the hash of their content, with a lifetime.

Messages and results carry the hash; an array as JSON would cost a hundred times as much. The hash
makes a blob written twice, by a retry say, the same blob.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.errors import AxiomaticError

_PREFIX = "axiomatic:blob:"

Arrays = Mapping[str, npt.NDArray[Any]]


class BlobLost(AxiomaticError):
    """A blob that a job still needs has expired or was evicted."""


def pack(arrays: Arrays) -> bytes:
    """Give arrays as bytes: a length, a JSON header of names, types and shapes, then the data."""
    header = json.dumps([(name, a.dtype.str, a.shape) for name, a in arrays.items()]).encode()
    data = [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    return b"".join([len(header).to_bytes(4, "little"), header, *data])


def unpack(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Give the arrays that :func:`pack` packed, read-only and without copying."""
    start = 4 + int.from_bytes(data[:4], "little")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, kind, shape in json.loads(data[4:start]):
        count = int(np.prod(shape, dtype=np.int64))
        dtype = np.dtype(kind)
        arrays[name] = np.frombuffer(data, dtype, count, start).reshape(shape)
        start += count * dtype.itemsize
    return arrays


class Shelf(Protocol):
    """Where blobs lie: a Redis connection that gives bytes, or anything with its two calls."""

    def get(self, name: str) -> object:
        """Give what lies under a name, or ``None``."""

    def set(self, name: str, value: bytes, *, ex: int) -> object:
        """Lay bytes under a name for ``ex`` seconds."""


class Blobs:
    """The blobs of one store.

    Parameters
    ----------
    shelf
        Where they lie.
    keep_seconds
        A blob's lifetime since it was last put.
    """

    def __init__(self, shelf: Shelf, keep_seconds: int) -> None:
        self._shelf = shelf
        self._keep_seconds = keep_seconds
        # a chunk reads what the chunk before it on this process read: keep the last few
        self._cached = lru_cache(maxsize=8)(self._load)

    def put(self, **arrays: npt.NDArray[Any]) -> str:
        """Store arrays and give the reference that messages carry."""
        data = pack(arrays)
        reference = hashlib.sha256(data).hexdigest()
        self._shelf.set(_PREFIX + reference, data, ex=self._keep_seconds)
        return reference

    def get(self, reference: str) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays behind a reference, read-only.

        Raises
        ------
        BlobLost
            It is no longer there.
        """
        return self._cached(reference)

    def _load(self, reference: str) -> dict[str, npt.NDArray[Any]]:
        data = self._shelf.get(_PREFIX + reference)
        if not isinstance(data, bytes):
            raise BlobLost("A part of this job's data has expired from Redis; run the job again.")
        return unpack(data)
