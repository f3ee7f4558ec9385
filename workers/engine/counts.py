"""What has happened in an installation so far, as the ledger counts it."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast

from redis import Redis

from workers.engine.ledger.keys import COUNTS

LIMITS = ("0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "15.0", "60.0", "300.0", "+Inf")
"""Seconds that pieces are counted by: those that took at most so long, and longer than the last."""


@dataclass(slots=True)
class PieceTimes:
    """How long pieces of a stage took.

    Parameters
    ----------
    seconds
        All of them together.
    by_limit
        How many kept to each of :data:`LIMITS` and to none below it.
    """

    seconds: float = 0.0
    by_limit: dict[str, int] = field(default_factory=dict)

    def cumulative(self) -> list[tuple[str, float]]:
        """How many took at most so long, by limit."""
        counts = [float(self.by_limit.get(limit, 0)) for limit in LIMITS]
        return list(zip(LIMITS, accumulate(counts), strict=True))


@dataclass(slots=True)
class Counts:
    """What has happened since Redis was first used.

    Parameters
    ----------
    pieces
        By kind of job and stage.
    jobs
        How many ended, by kind and outcome.
    retries, leases_lost, postponed
        Pieces that failed and were tried again; whose holder was gone; that waited for room.
    """

    pieces: dict[tuple[str, str], PieceTimes]
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    retries: int = 0
    leases_lost: int = 0
    postponed: int = 0


def read_counts(redis: "Redis") -> Counts:
    """The counts as they are now."""
    raw = cast("dict[bytes, bytes]", redis.hgetall(COUNTS))
    pieces: defaultdict[tuple[str, str], PieceTimes] = defaultdict(PieceTimes)
    counts = Counts(pieces)
    for name, text in raw.items():
        amount = int(text)
        match name.decode().split(" "):
            case ["piece", limit, kind, stage]:
                pieces[kind, stage].by_limit[limit] = amount
            case ["micros", kind, stage]:
                pieces[kind, stage].seconds = amount / 1_000_000
            case ["jobs", kind, outcome]:
                counts.jobs[kind, outcome] = amount
            case ["retries"]:
                counts.retries = amount
            case ["leases_lost"]:
                counts.leases_lost = amount
            case ["postponed"]:
                counts.postponed = amount
    return counts
