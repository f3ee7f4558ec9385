"""A ledger of one test's own, and helpers that many tests use."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from redis import Redis

from workers.engine.ledger import Begin, Begun, Ledger, Next, Piece
from workers.engine.ledger.keys import COUNTS, GONE
from workers.engine.outcomes import success
from workers.engine.stages import Json

KEEP = 600
"""Seconds that records are kept in these tests."""

LEASES = "axiomatic:leases"
KEPT = "axiomatic:kept"
LONG_AGO = 1_000.0
"""A moment that any deadline has passed."""

ENDED = {"axiomatic:job:", "celery-task-meta-", GONE}
"""Keys of a job that has ended."""

A_DAY = 86_400.0
A_WEEK = 7 * 86_400

Value = Any


def stage(
    chunks: int,
    number: int = 0,
    name: str = "walk",
    *,
    fans_out: bool = False,
    cost: float = 1.0,
    before: float = 0.0,
    within: float = 1.0,
) -> Next:
    """A stage with two units in each chunk."""
    return Next(number, name, 2 * chunks, chunks, fans_out, cost, before, within)


class Desk:
    """A ledger under a version of its own, in a database that is empty when it begins."""

    def __init__(self, redis: "Redis") -> None:
        self.redis = redis
        self.version = uuid.uuid4().hex
        self.queue = f"axiomatic-{self.version}"
        self.ledger = Ledger(redis, self.version)

    def ask(
        self,
        chunks: int = 1,
        *,
        run_id: str | None = None,
        owner: str = "ann",
        version: str | None = None,
        fans_out: bool = False,
        cost: float = 1.0,
        need: int | None = None,
        once: str = "",
        body: str = "",
        arrays: Mapping[str, bytes] | None = None,
        limit: int = 1_000_000,
        most_going: int = 0,
        room: int = 0,
    ) -> Begun:
        """Begin a job; returns the outcome."""
        job = Begin(
            run_id=uuid.uuid4().hex if run_id is None else run_id,
            kind="walks",
            owner=owner,
            version=self.version if version is None else version,
            request=b'{"drivers": 38}',
            need_bytes=sum(map(len, (arrays or {}).values())) if need is None else need,
            keep_seconds=KEEP,
            chunk_units=None,
            once=once,
            body=body,
            arrays=dict(arrays or {}),
            first=stage(chunks, fans_out=fans_out, cost=cost),
            most_going=most_going,
            room_bytes=room,
        )
        return self.ledger.begin(job, limit)

    def begin(self, chunks: int = 1, **more: Any) -> str:
        """Begin a job and give its id."""
        begun = self.ask(chunks, **more)
        assert begun.outcome in {"begun", "in line"}
        return begun.run_id

    def take(self, holder: str = "h") -> Piece:
        """Take the waiting piece."""
        piece = self.ledger.take(holder)
        assert piece is not None
        return piece

    def keep(
        self,
        piece: Piece,
        holder: str = "h",
        value: Value = None,
        seconds: float = 1.0,
        stored: Sequence[str] = (),
        freed: Sequence[str] = (),
        cached: tuple[int, int] = (0, 0),
    ) -> str:
        """Keep a piece's value, by default what :func:`worth` says it is."""
        text = json.dumps(worth(piece) if value is None else value)
        pace = ("walks/walk", 1.0)
        return self.ledger.keep(holder, piece, text, seconds, pace, stored, freed, cached)

    def take_and_keep(self, holder: str = "h", seconds: float = 1.0) -> Piece:
        """Take the waiting piece, and keep its value."""
        piece = self.take(holder)
        assert self.keep(piece, holder, seconds=seconds) == "kept"
        return piece

    def to_join(self, holder: str = "h") -> Piece:
        """Do all waiting pieces up to a stage's join, and take the join."""
        while not (piece := self.take(holder)).join:
            assert self.keep(piece, holder) == "kept"
        return piece

    def advance(
        self,
        piece: Piece,
        following: Next,
        holder: str = "h",
        *,
        facts: str = "{}",
        seconds: float = 1.0,
        stored: Sequence[str] = (),
        freed: Sequence[str] = (),
    ) -> str:
        """Begin the next stage."""
        more = following, stored, freed
        return self.ledger.advance(holder, piece, seconds, "walk", facts, *more)

    def finish(
        self,
        piece: Piece,
        holder: str = "h",
        result: Json | None = None,
        *,
        seconds: float = 1.0,
    ) -> str:
        """Complete a job with the value of its join."""
        outcome = {"places": worth(piece)} if result is None else result
        return self.ledger.finish(holder, piece, seconds, success(piece.run_id, outcome))

    def fail(self, piece: Piece, holder: str = "h", reason: str = "No.") -> str:
        """Fail a piece's job."""
        return self.ledger.fail(holder, piece, json.dumps({"reason": reason}), reason)

    def heartbeat(
        self,
        node: str = "celery@one",
        slots: int = 1,
        holders: Sequence[str] = (),
        *,
        version: str | None = None,
        longest: float = A_DAY,
        most: int = 3_600,
    ) -> int:
        """Do everything that a worker does every second; returns the turns to publish."""
        ledger = self.ledger if version is None else Ledger(self.redis, version)
        self.redis.delete(f"axiomatic:reaper:{version or self.version}")
        assert ledger.heartbeat(node, slots, longest, holders)
        ledger.look_after(most)
        return ledger.turns(f"axiomatic-{version or self.version}")

    def end_leases(self, *, of: str = "") -> None:
        """End the time of all leases, or of one holder's."""
        for lease in self.leases():
            if lease.startswith(f"{of} " if of else ""):
                self.redis.zadd(LEASES, {lease: LONG_AGO})

    def lease(self, holder: str, run_id: str, piece: str) -> str:
        """A lease on a piece of a job's stage, as the ledger writes it."""
        return f"{holder} {run_id} {self.fields(f'axiomatic:work:{run_id}')['cut']} {piece}"

    def leases(self) -> list[str]:
        """All leases, as the ledger writes them."""
        return _texts(self.redis.zrange(LEASES, 0, -1))

    def held(self) -> dict[str, str]:
        """The piece of each holder."""
        return self.fields("axiomatic:held")

    def fields(self, key: str) -> dict[str, str]:
        """A hash of Redis as text."""
        raw = cast("dict[bytes, bytes]", self.redis.hgetall(key))
        return {name.decode(): value.decode() for name, value in raw.items()}

    def job(self, run_id: str) -> dict[str, str]:
        """A job's record as text."""
        return self.fields(f"axiomatic:job:{run_id}")

    def job_bytes(self, run_id: str) -> dict[str, bytes]:
        """A job's record as bytes."""
        raw = cast("dict[bytes, bytes]", self.redis.hgetall(f"axiomatic:job:{run_id}"))
        return {name.decode(): value for name, value in raw.items()}

    def reason(self, run_id: str) -> str:
        """The reason of a failed job."""
        job = self.job(run_id)
        assert job["outcome"] == "failed"
        return cast("str", json.loads(job["error"])["reason"])

    def result(self, run_id: str) -> dict[str, Any]:
        """A job's end as the result backend reads it."""
        text = cast("bytes", self.redis.get(f"celery-task-meta-{run_id}"))
        return cast("dict[str, Any]", json.loads(text))

    def store(self) -> tuple[int, int]:
        """The bytes stored, and the bytes promised."""
        fields = self.fields("axiomatic:store")
        return int(fields.get("bytes", 0)), int(fields.get("promised", 0))

    def kept(self) -> int:
        """The bytes counted for requests and results of ended jobs."""
        return int(self.fields("axiomatic:store").get("kept", 0))

    def levels(self) -> dict[str, float]:
        """The levels of the users who wait."""
        return self.scores(f"axiomatic:users:{self.version}")

    def served(self) -> dict[str, float]:
        """The levels of all users, waiting or not."""
        return self.scores(f"axiomatic:served:{self.version}")

    def lane(self, owner: str = "ann") -> dict[str, float]:
        """The levels of a user's waiting jobs."""
        return self.scores(f"axiomatic:lane:{self.version}:{owner}")

    def scores(self, key: str) -> dict[str, float]:
        """A sorted set of Redis, scores by name."""
        raw = cast("list[tuple[bytes, float]]", self.redis.zrange(key, 0, -1, withscores=True))
        return {name.decode(): score for name, score in raw}

    def now(self) -> float:
        """Redis's time, in seconds."""
        seconds, micros = self.redis.time()
        return seconds + micros / 1e6

    def names(self) -> set[str]:
        """The names of all keys."""
        return set(_texts(self.redis.keys("*")))

    def dump(self) -> dict[str, bytes | None]:
        """The value of every key, byte for byte."""
        return {key: self.redis.dump(key) for key in sorted(self.names())}

    def keys_of(self, run_id: str) -> set[str]:
        """The names of all keys of a job, without its id."""
        return {key.removesuffix(run_id) for key in self.names() if run_id in key}

    def clean_up(self) -> None:
        """Cancel running jobs, and check that only records, results and counters remain."""
        active = f"axiomatic:active:{self.version}"
        for run_id in _texts(self.redis.zrange(active, 0, -1)):
            assert self.ledger.cancel(run_id)
        while self.leases():
            self.end_leases()
            self.heartbeat()
        self.heartbeat()
        self.redis.delete(self.queue)
        # they fade in a minute, and the next test's children have the same numbers
        for key in self.names():
            if key.startswith("axiomatic:condemned:"):
                self.redis.delete(key)
        assert self.store() == (0, 0)
        kept = {name.partition(" ")[0]: int(name.partition(" ")[2]) for name in self.scores(KEPT)}
        assert kept == {
            key.removeprefix("axiomatic:job:"): self.weight(key.removeprefix("axiomatic:job:"))
            for key in self.names()
            if key.startswith("axiomatic:job:")
        }
        assert self.kept() == sum(kept.values())
        stays = {"axiomatic:store", "axiomatic:versions", "axiomatic:looked-after", COUNTS}
        stays |= {"axiomatic:nodes", "axiomatic:nodes-seen", f"axiomatic:pace:{self.version}"}
        fading = (
            GONE,
            "axiomatic:ended:",
            "axiomatic:ended-bytes:",
            "axiomatic:job:",
            "axiomatic:jobs-of:",
            "axiomatic:key:",
            "celery-task-meta-",
        )
        for key in self.names() - stays - {KEPT}:
            assert key.startswith((*fading, "axiomatic:reaper:")), key
            longest = KEEP + A_WEEK if key.startswith(GONE) else KEEP
            assert 0 < self.redis.pttl(key) <= longest * 1_000, key
        # when records have expired, they are not counted any more
        for name in self.scores(KEPT):
            self.redis.zadd(KEPT, {name: LONG_AGO})
        while self.scores(KEPT):
            self.heartbeat()
        assert self.kept() == 0

    def weight(self, run_id: str) -> int:
        """The counted bytes of an ended job: those of its result and its request."""
        request = self.job_bytes(run_id).get("request", b"")
        return len(cast("bytes", self.redis.get(f"celery-task-meta-{run_id}"))) + len(request)


@contextmanager
def own_desk(redis: "Redis") -> Iterator[Desk]:
    """A desk in an empty database; checks afterwards that nothing is left behind."""
    redis.flushdb()
    desk = Desk(redis)
    yield desk
    desk.clean_up()


def plain(piece: Piece) -> Piece:
    """The piece without its cut's name, which is random."""
    return replace(piece, cut="")


def worth(piece: Piece) -> list[int]:
    """The value of a piece in these tests: the indices of the chunks below it, in order."""
    if piece.level == 0:
        return [piece.index]
    return [index for kept in piece.inputs for index in json.loads(kept)]


def _texts(raw: Any) -> list[str]:
    return [text.decode() for text in cast("list[bytes]", raw)]
