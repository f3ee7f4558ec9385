"""Slates kept between requests, by the hash of what they hold."""

import hashlib
import time
from typing import cast

import msgspec

from core.errors import AxiomaticError
from core.slate import Slate
from workers.engine.jobs import Jobs

_SLATE = "axiomatic:slate:"
_SLATES_OF = "axiomatic:slates-of:"


class UnknownSlate(AxiomaticError):
    """No such slate, or it has expired."""


_read = msgspec.json.Decoder(Slate).decode


def keep(jobs: Jobs, owner: str, slate: Slate, seconds: int) -> str:
    """Keep a slate for some seconds; returns its id, which the same slate always has."""
    document = msgspec.json.encode(slate)
    slate_id = hashlib.sha256(f"{owner}\0".encode() + document).hexdigest()[:16]
    redis = jobs.redis
    pipeline = redis.pipeline()
    pipeline.set(f"{_SLATE}{owner}:{slate_id}", document, ex=seconds)
    pipeline.zadd(_SLATES_OF + owner, {slate_id: time.time()})
    pipeline.zremrangebyscore(_SLATES_OF + owner, 0, time.time() - seconds)
    pipeline.expire(_SLATES_OF + owner, seconds)
    pipeline.execute()
    return slate_id


def find(jobs: Jobs, owner: str, slate_id: str) -> Slate | None:
    """A kept slate, or ``None``."""
    document = jobs.redis.get(f"{_SLATE}{owner}:{slate_id}")
    return _read(document) if isinstance(document, bytes) else None


def known(jobs: Jobs, owner: str, slate_id: str) -> Slate:
    """A kept slate.

    Raises
    ------
    UnknownSlate
        There is none.
    """
    slate = find(jobs, owner, slate_id)
    if slate is None:
        raise UnknownSlate(f"No slate {slate_id[:64]}; it was never uploaded or has expired.")
    return slate


def every(jobs: Jobs, owner: str) -> list[tuple[str, Slate]]:
    """An owner's slates by id, newest first."""
    raw = jobs.redis.zrevrange(_SLATES_OF + owner, 0, -1)
    ids = [name.decode() for name in cast("list[bytes]", raw)]
    slates = [(slate_id, find(jobs, owner, slate_id)) for slate_id in ids]
    return [(slate_id, slate) for slate_id, slate in slates if slate is not None]


def drop(jobs: Jobs, owner: str, slate_id: str) -> None:
    """Remove a slate."""
    redis = jobs.redis
    redis.zrem(_SLATES_OF + owner, slate_id)
    redis.delete(f"{_SLATE}{owner}:{slate_id}")
