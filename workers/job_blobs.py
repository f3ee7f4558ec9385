"""The blobs of one job: what its pieces store is held for it, and let go when it ends."""

from typing import Any, cast

import numpy.typing as npt
from redis import Redis

from core.errors import AxiomaticError
from workers.blobs import RecentArrays, lost, pack, unwrap, wrap
from workers.ledger import Ledger
from workers.ledger.keys import BLOB


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
    """

    def __init__(
        self, redis: "Redis", ledger: Ledger, run_id: str, limit_bytes: int, recent: RecentArrays
    ) -> None:
        self._redis = redis
        self._ledger = ledger
        self._run_id = run_id
        self._limit_bytes = limit_bytes
        self._recent = recent
        self.stored: list[str] = []

    def put(self, **arrays: npt.NDArray[Any]) -> str:
        """Store arrays and give their reference.

        Raises
        ------
        JobEnded
            Nobody wants them any more.
        StoreFull
            There is no room now.
        """
        data = pack(arrays)
        reference, stored = wrap(data)
        outcome = self._ledger.put(self._run_id, reference, stored, self._limit_bytes)
        if outcome == "ended":
            raise JobEnded
        if outcome == "full":
            raise StoreFull("The room that jobs are given in Redis is full (AXIOMATIC_STORE_MB).")
        self._recent.keep(reference, data)
        self.stored.append(reference)
        return reference

    def get(self, reference: str) -> dict[str, npt.NDArray[Any]]:
        """Give the arrays behind a reference, read-only.

        Raises
        ------
        BlobLost
            They are not there.
        """
        known = self._recent.get(reference)
        if known is not None:
            return known
        stored = cast("bytes | None", self._redis.get(BLOB + reference))
        if stored is None:
            raise lost()
        return self._recent.keep(reference, unwrap(stored))
