"""Arrays in Redis: raw bytes under the hash of their content, held by the jobs that need them.

Messages and results carry the hash; an array as JSON would cost a hundred times as much. The hash
makes a blob written twice, by a retry say, the same blob. A blob lives as long as a job holds it.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import zstandard

from core.errors import AxiomaticError

Arrays = Mapping[str, npt.NDArray[Any]]

_PLAIN, _ZSTANDARD = b"\0", b"\1"
_WORTH_COMPRESSING = 4_096
"""Bytes below which a blob's own cost hides what compressing it would save."""

_CACHED_BYTES = 128 * 1024 * 1024


class BlobLost(AxiomaticError):
    """A blob that a job still needs is not in Redis."""


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


def wrap(data: bytes) -> tuple[str, bytes]:
    """Give the reference of packed arrays, and them as they are stored.

    Zstandard's first level runs at about a gigabyte a second, faster than Redis takes the bytes: it
    is kept wherever it saves a tenth. Simulated points shrink by a fifth, contest tallies by more.
    """
    reference = hashlib.sha256(data).hexdigest()
    if len(data) >= _WORTH_COMPRESSING:
        small = zstandard.ZstdCompressor(level=1).compress(data)
        if len(small) <= 0.9 * len(data):
            return reference, _ZSTANDARD + small
    return reference, _PLAIN + data


def unwrap(stored: bytes) -> bytes:
    """Give the packed arrays that :func:`wrap` made ready to store."""
    if stored[:1] == _ZSTANDARD:
        return zstandard.ZstdDecompressor().decompress(stored[1:])
    return stored[1:]


class Blobs(Protocol):
    """What a stage stores its arrays in."""

    def put(self, **arrays: npt.NDArray[Any]) -> str:
        """Store arrays and give the reference that messages carry."""

    def get(self, reference: str) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays behind a reference, read-only.

        Raises
        ------
        BlobLost
            They are no longer there.
        """

    def recall(self, names: Sequence[str]) -> list[dict[str, npt.NDArray[Any]] | None]:
        """Give what any job has made under names that say all it depends on, if it is at hand."""

    def remember(self, made: Mapping[str, Arrays]) -> None:
        """Keep what was not, if there is room, for whoever asks next; nothing depends on it."""


class Memory:
    """Blobs in this process's memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, **arrays: npt.NDArray[Any]) -> str:
        """Store arrays and give their reference."""
        reference, stored = wrap(pack(arrays))
        self._kept[reference] = stored
        return reference

    def get(self, reference: str) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays behind a reference."""
        if reference not in self._kept:
            raise lost()
        return unpack(unwrap(self._kept[reference]))

    def recall(self, names: Sequence[str]) -> list[dict[str, npt.NDArray[Any]] | None]:
        """Recall nothing: what is made here is made once."""
        return [None] * len(names)

    def remember(self, made: Mapping[str, Arrays]) -> None:
        """Remember nothing."""


def lost() -> BlobLost:
    """Give the error of a blob that is not there."""
    return BlobLost("A part of this job's data is gone from Redis; run the job again.")


class RecentArrays:
    """The arrays this process read last: a chunk reads what the chunk before it read.

    Parameters
    ----------
    most_bytes
        How much of them is kept.
    """

    def __init__(self, most_bytes: int = _CACHED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, reference: str) -> dict[str, npt.NDArray[Any]] | None:
        """Give the arrays behind a reference if they are still here."""
        data = self._kept.get(reference)
        if data is None:
            return None
        self._kept.move_to_end(reference)
        return unpack(data)

    def keep(self, reference: str, data: bytes) -> dict[str, npt.NDArray[Any]]:
        """Keep packed arrays and give them."""
        if reference not in self._kept:
            self._kept[reference] = data
            self._bytes += len(data)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= len(self._kept.popitem(last=False)[1])
        return unpack(data)
