"""Blocks of arrays in Redis that any later job may use again, within a limit of bytes.

A stage names a block by a hash of everything that its content depends on, so a block serves every
job that needs the same, however long the job is and however it is cut. The cache adds the version
of the code to the name. No result depends on a block being there: a cache that is lost, full or
spoilt costs time only.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

import numpy.typing as npt
from redis import Redis
from redis.exceptions import RedisError

from workers.engine.arrays import Arrays, pack, unpack, unwrap, wrap

log = logging.getLogger(__name__)

LIFETIME_SECONDS = 24 * 3600
"""How long a block is kept after it was used last."""

_BLOCK = "axiomatic:scenarios:block:"
_USED = "axiomatic:scenarios:used"
_SIZES = "axiomatic:scenarios:sizes"
_COUNTS = "axiomatic:scenarios:counts"
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What the scenario cache of an installation holds, and how often it was of use.

    Parameters
    ----------
    hits, misses
        Blocks that were there and blocks that had to be computed, since Redis began to count.
        Unlike a job's own counts, these include every try of a chunk.
    evictions
        Blocks that were deleted to make room for others.
    blocks, stored_bytes
        What the cache holds, of all versions.
    limit_bytes
        What ``stored_bytes`` never exceeds.
    """

    hits: int
    misses: int
    evictions: int
    blocks: int
    stored_bytes: int
    limit_bytes: int


class ScenarioCache:
    """The blocks of one Redis.

    While Redis fails, the cache is empty and keeps nothing, and the log says so: callers compute
    their blocks, and the ledger's next call finds out whether Redis is away for longer.

    Parameters
    ----------
    redis
        A connection that returns bytes.
    limit_bytes
        What the blocks of all versions may take together; 0 for no cache at all.
    version
        The code that runs here: blocks of another version are never returned.
    """

    def __init__(self, redis: "Redis", limit_bytes: int, version: str) -> None:
        self._redis = redis
        self._limit_bytes = limit_bytes
        self._version = version
        self._script = redis.register_script(_source())

    @property
    def is_on(self) -> bool:
        """Whether anything is kept."""
        return self._limit_bytes > 0

    def get(self, names: Sequence[str]) -> list[dict[str, npt.NDArray[Any]] | None]:
        """Blocks by name, read-only; ``None`` for each that is not there whole.

        They count as used once :meth:`put` is told.
        """
        nothing: list[dict[str, npt.NDArray[Any]] | None] = [None] * len(names)
        if not self.is_on or not names:
            return nothing
        own = [self._own(name) for name in names]
        try:
            blocks = cast("list[bytes | None]", self._redis.mget([_BLOCK + name for name in own]))
        except RedisError as error:
            log.warning("the scenario cache cannot be read: %s", error)
            return nothing
        return [_opened(name, stored) for name, stored in zip(own, blocks, strict=True)]

    def put(self, used: Sequence[str], made: Mapping[str, Arrays]) -> CacheStats | None:
        """Record which blocks were read, and store those that had to be computed.

        Parameters
        ----------
        used
            Names of blocks that :meth:`get` returned.
        made
            The missing blocks, as computed.

        Returns
        -------
        CacheStats or None
            The cache as it is now; ``None`` if there is no cache, or Redis fails.
        """
        if not self.is_on:
            return None
        hits = [self._own(name) for name in used]
        blocks = ((self._own(name), arrays) for name, arrays in made.items())
        kept = [part for name, arrays in blocks for part in (name, _sealed(name, arrays))]
        try:
            return self._run(len(made), hits, kept)
        except RedisError as error:
            log.warning("the scenario cache cannot be written: %s", error)
            return None

    def stats(self) -> CacheStats | None:
        """What the cache holds and how often it was read, as the last :meth:`put` left it.

        ``None`` if there is no cache, or Redis fails. Nothing is written.
        """
        if not self.is_on:
            return None
        pipeline = self._redis.pipeline()
        pipeline.hmget(_COUNTS, ["hits", "misses", "evictions"])
        pipeline.zcard(_USED)
        pipeline.hget(_SIZES, "all")
        try:
            counts, blocks, stored_bytes = pipeline.execute()
        except RedisError as error:
            log.warning("the scenario cache cannot be read: %s", error)
            return None
        hits, misses, evictions = (int(count or 0) for count in counts)
        stored = int(stored_bytes or 0)
        return CacheStats(hits, misses, evictions, blocks, stored, self._limit_bytes)

    def _own(self, name: str) -> str:
        return hashlib.sha256(f"{self._version} {name}".encode()).hexdigest()

    def _run(self, misses: int, used: Sequence[str], kept: Sequence[str | bytes]) -> CacheStats:
        arguments = [self._limit_bytes, LIFETIME_SECONDS, misses, len(used), *used, *kept]
        reply = cast("list[int]", self._script(args=arguments))
        hits, misses, evictions, blocks, stored_bytes = reply
        return CacheStats(hits, misses, evictions, blocks, stored_bytes, self._limit_bytes)


@cache
def _source() -> str:
    return (resources.files("workers.engine") / "scenario_cache.lua").read_text(encoding="utf-8")


def _digest(name: str, stored: bytes) -> bytes:
    return hashlib.sha256(name.encode() + stored).digest()


def _sealed(name: str, arrays: Arrays) -> bytes:
    """A block as it is stored: behind a hash of its name and content."""
    stored = wrap(pack(arrays))[1]
    return _digest(name, stored) + stored


def _opened(name: str, sealed: bytes | None) -> dict[str, npt.NDArray[Any]] | None:
    """The arrays of a stored block; ``None`` if its hash is not that of this name and content."""
    if sealed is None:
        return None
    seal, stored = sealed[:_DIGEST_BYTES], sealed[_DIGEST_BYTES:]
    if seal != _digest(name, stored):
        log.warning("a block of the scenario cache is not what was kept; it is simulated anew")
        return None
    return unpack(unwrap(stored))
