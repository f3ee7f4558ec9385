"""The blobs of one job: what its pieces store is held for it, and released when it ends."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy.typing as npt
from redis import Redis

from core.errors import AxiomaticError
from workers.engine.arrays import ArrayRef, Arrays, RecentArrays, lost, pack, unwrap, wrap
from workers.engine.ledger import Ledger
from workers.engine.ledger.keys import BLOB
from workers.engine.scenario_cache import ScenarioCache

log = logging.getLogger(__name__)


class JobEnded(Exception):
    """The job was cancelled, failed or done by another while one of its pieces ran."""


class StoreFull(AxiomaticError):
    """The arrays of all jobs together would take more room than they are given."""


class JobBlobs:
    """The blobs of one job, as one of its pieces sees them.

    Parameters
    ----------
    redis, ledger
        Where they are, and who counts them.
    run_id
        The job.
    limit_bytes
        What the blobs of all jobs may take together.
    recent
        What this process read last.
    cache
        What pieces of all jobs may recall.
    """

    def __init__(
        self,
        redis: "Redis",
        ledger: Ledger,
        run_id: str,
        limit_bytes: int,
        recent: RecentArrays,
        cache: ScenarioCache,
    ) -> None:
        self._redis = redis
        self._ledger = ledger
        self._run_id = run_id
        self._limit_bytes = limit_bytes
        self._recent = recent
        self._cache = cache
        self._recalled: list[str] = []
        self.stored: list[ArrayRef] = []
        self.hits = 0
        self.misses = 0

    def put(self, **arrays: npt.NDArray[Any]) -> ArrayRef:
        """Store arrays under one reference.

        Raises
        ------
        JobEnded The job has ended. StoreFull
            There is no room now.
        """
        data = pack(arrays)
        reference, stored = wrap(data)
        outcome = self._ledger.put(self._run_id, reference.content_hash, stored, self._limit_bytes)
        if outcome == "ended":
            raise JobEnded
        if outcome == "full":
            raise StoreFull("The room that jobs are given in Redis is full (AXIOMATIC_STORE_MB).")
        self._recent.keep(reference, data)
        self.stored.append(reference)
        return reference

    def get(self, reference: ArrayRef) -> dict[str, npt.NDArray[Any]]:
        """The arrays behind a reference, read-only.

        Raises
        ------
        BlobLost
            They are not there.
        """
        known = self._recent.get(reference)
        if known is not None:
            return known
        stored = cast("bytes | None", self._redis.get(BLOB + reference.content_hash))
        if stored is None:
            raise lost()
        return self._recent.keep(reference, unwrap(stored))

    def recall(self, names: Sequence[str]) -> list[dict[str, npt.NDArray[Any]] | None]:
        """Blocks of the scenario cache by name; ``None`` for each that is not there."""
        known = self._cache.get(names)
        self._recalled += [
            name for name, arrays in zip(names, known, strict=True) if arrays is not None
        ]
        return known

    def remember(self, made: Mapping[str, Arrays]) -> None:
        """Keep the blocks made in the scenario cache; count them, and the blocks recalled."""
        if not self._cache.is_on:
            return
        hits, self._recalled = self._recalled, []
        self.hits += len(hits)
        self.misses += len(made)
        stats = self._cache.put(hits, made)
        if stats is not None:
            log.info(
                "scenario_cache run_id=%s hits=%d misses=%d blocks=%d bytes=%d evictions=%d",
                *(self._run_id, len(hits), len(made)),
                *(stats.blocks, stats.stored_bytes, stats.evictions),
            )
