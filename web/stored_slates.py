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


class NoRoomForSlate(AxiomaticError):
    """The owner's slates fill the room that they are given.

    Parameters
    ----------
    seconds
        When the oldest of them expires.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class UnknownSlate(AxiomaticError):
    """No such slate, or it has expired."""


_read = msgspec.json.Decoder(Slate).decode


def keep(jobs: Jobs, owner: str, slate: Slate, seconds: int, room_bytes: int | None = None) -> str:
    """Keep a slate for some seconds; returns its id, which the same slate always has.

    Raises
    ------
    NoRoomForSlate
        The owner's slates would take more than ``room_bytes`` together.
    """
    document = msgspec.json.encode(slate)
    slate_id = hashlib.sha256(f"{owner}\0".encode() + document).hexdigest()[:16]
    redis = jobs.redis
    if room_bytes is not None:
        _require_room(jobs, owner, slate_id, len(document), room_bytes)
    pipeline = redis.pipeline()
    pipeline.set(f"{_SLATE}{owner}:{slate_id}", document, ex=seconds)
    pipeline.zadd(_SLATES_OF + owner, {slate_id: time.time()})
    pipeline.zremrangebyscore(_SLATES_OF + owner, 0, time.time() - seconds)
    pipeline.expire(_SLATES_OF + owner, seconds)
    pipeline.execute()
    return slate_id


def _require_room(jobs: Jobs, owner: str, slate_id: str, size: int, room_bytes: int) -> None:
    newest = cast("list[bytes]", jobs.redis.zrevrange(_SLATES_OF + owner, 0, -1))
    # the same slate takes its own place
    others = [name.decode() for name in newest if name.decode() != slate_id]
    pipeline = jobs.redis.pipeline()
    for each in others:
        pipeline.strlen(f"{_SLATE}{owner}:{each}")
        pipeline.ttl(f"{_SLATE}{owner}:{each}")
    replies = pipeline.execute()
    taken = sum(replies[::2])
    if taken + size > room_bytes:
        left = min((seconds for seconds in replies[1::2] if seconds > 0), default=1)
        raise NoRoomForSlate(
            f"Your {len(others)} slates take {taken:,} bytes, this one {size:,}, and a user is "
            f"given {room_bytes:,} (AXIOMATIC_SLATES_MB); delete one that you no longer need.",
            left,
        )


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
