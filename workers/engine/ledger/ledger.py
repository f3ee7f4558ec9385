"""The ledger in Python: one method for each Lua script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from workers.engine.ledger.scripts import Scripts

LEASE_SECONDS = 6.0
"""How long a piece is leased unless renewed; a worker renews its children's leases every second."""

TURN_SECONDS = 0.9
"""How long a worker that looks after all jobs has the turn: a little less than a heartbeat."""

GRACE_SECONDS = 0.3
"""How long a finished stage waits for its chord's body before any turn may join it."""

MOST_TRIES = 4
"""How often a piece may fail, or kill its worker, before its job fails."""

MOST_FORGIVEN = 30
"""How often a try does not count because the whole worker was ended, by whoever looks after it."""

ROOM_SECONDS = 2.0
"""How long a piece waits before its next try when there was no room for its arrays."""

MOST_POSTPONED = 150
"""How often it waits so before its job fails: five minutes in all."""

VERSION_GRACE_SECONDS = 60.0
"""How long a job waits for a worker of its version while there are only others."""


def holder_name(node: str, process: int | None, message: str) -> str:
    """Name of a holder of pieces: one message in one child; a copy of the message is another."""
    return f"{node}|{process}|{message}"


@dataclass(frozen=True, slots=True)
class Next:
    """The stage a job goes on with.

    Parameters
    ----------
    number, name
        Which one.
    units, chunks
        Units of work, and the chunks that they are cut into.
    fans_out
        Whether a chord's body opens its join; otherwise the holder of its last value goes on.
    cost_seconds
        What a piece is charged when it is taken; its real time is charged when it is kept.
    before, within
        The job's progress when the stage begins, and the stage's share of the job.
    """

    number: int
    name: str
    units: int
    chunks: int
    fans_out: bool
    cost_seconds: float
    before: float
    within: float

    def arguments(self) -> tuple[str | int | float, ...]:
        """The stage as arguments of the scripts."""
        return (
            *(self.name, self.units, self.chunks, int(not self.fans_out)),
            *(self.cost_seconds, self.before, self.within),
        )


@dataclass(frozen=True, slots=True)
class Begin:
    """A job to begin.

    Parameters
    ----------
    run_id, kind, owner, version
        Its id, its plan's kind, whose it is, and the code that must compute it.
    request
        The request as the plan reads it.
    need_bytes, keep_seconds
        What its arrays may take, and how long its record is kept once it has ended.
    chunk_units
        Units a chunk at the most; ``None`` = sized by time.
    once, body
        An idempotency key and the hash of the request made under it; no key if empty.
    arrays
        Blobs that the request refers to, as stored, by reference.
    first
        Its first stage.
    most_going
        Jobs that the owner may have going on; it stands in line behind so many. 0 = any number.
    result_name
        What its result is found by once it is completed; by its id alone if empty.
    room_bytes
        What may be kept of the owner's ended jobs; the oldest gives way to it. 0 = no limit.
    """

    run_id: str
    kind: str
    owner: str
    version: str
    request: bytes
    need_bytes: int
    keep_seconds: int
    chunk_units: int | None
    once: str
    body: str
    arrays: dict[str, bytes]
    first: Next
    most_going: int = 0
    result_name: str = ""
    room_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """The outcome of beginning a job.

    Parameters
    ----------
    outcome
        ``begun``, or ``in line`` behind the owner's other jobs; ``again`` or ``other`` if the
        idempotency key was used before, for the same request or another one; ``full`` if there is
        no room for its arrays.
    run_id
        The job's, or that of the key's first job.
    """

    outcome: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a job, taken under a lease.

    Parameters
    ----------
    run_id, stage
        The job, and the number of its stage.
    cut
        The name of the stage's cut: values of pieces of an older cut are refused.
    level, index
        Level 0 are the chunks; a piece above merges values of the level below. ``index`` counts
        within the level.
    join
        Whether it is the last of its stage.
    units, chunks
        The stage's units, and the chunks that they are cut into.
    tries
        How often it has been taken.
    inputs
        The values that it merges, as kept, in order.
    """

    run_id: str
    stage: int
    cut: str
    level: int
    index: int
    join: bool
    units: int
    chunks: int
    tries: int
    inputs: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """The piece's name in the scripts: level and index."""
        return f"{self.level}.{self.index}"


@dataclass(frozen=True, slots=True)
class Held:
    """What a child holds.

    Parameters
    ----------
    holder, lease, since
        Who holds it, under which lease, and since when: together they name one taking of a piece.
    over
        Whether its job has ended.
    """

    holder: str
    lease: str
    since: str
    over: bool


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an installation is.

    Parameters
    ----------
    slots
        Worker children of this version.
    busy_slots, stuck_slots, free_slots
        How many of them hold a piece; hold one whose job has ended or whose time is over, so that
        they are about to be ended; and hold none.
    waiting_chunks
        Pieces that could be run now if a child were free.
    waiting_seconds
        About how long one child would take for them.
    oldest_waiting_seconds
        The longest time that a job with waiting pieces has had none of them taken.
    stored_bytes, promised_bytes, kept_bytes
        Bytes of all blobs; bytes promised to jobs that have not ended; bytes of the requests and
        results of ended jobs.
    other_versions
        Other versions that have workers now.
    """

    slots: int
    busy_slots: int
    stuck_slots: int
    free_slots: int
    waiting_chunks: int
    waiting_seconds: float
    oldest_waiting_seconds: float
    stored_bytes: int
    promised_bytes: int
    kept_bytes: int
    other_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a user waits for.

    Parameters
    ----------
    user
        The owner of the jobs.
    chunks
        Pieces that could be run now if a child were free.
    oldest_seconds
        The longest time that a job with waiting pieces has had none of them taken.
    """

    user: str
    chunks: int
    oldest_seconds: float


class Ledger:
    """The ledger in one Redis.

    Parameters
    ----------
    redis
        A connection that returns bytes.
    version
        The code that runs here; jobs of other versions are left alone.
    """

    def __init__(self, redis: "Redis", version: str) -> None:
        self._scripts = Scripts(redis)
        self._version = version

    def begin(self, job: Begin, limit_bytes: int) -> Begun:
        """Begin a job, whole or not at all; promised room never exceeds ``limit_bytes``."""
        arrays = [part for pair in job.arrays.items() for part in pair]
        units = "" if job.chunk_units is None else job.chunk_units
        reply = self._scripts.run(
            "begin",
            *(job.run_id, job.kind, job.owner, job.version, job.request),
            *(job.need_bytes, limit_bytes, job.keep_seconds, units, job.once, job.body),
            *job.first.arguments(),
            len(job.arrays),
            *arrays,
            job.most_going,
            job.result_name,
            job.room_bytes,
        )
        outcome, run_id = cast("list[bytes | int]", reply)
        return Begun(_text(outcome), _text(run_id))

    def take(self, holder: str, own: tuple[str, int] | None = None) -> Piece | None:
        """Take the piece that is fairest to run next, under a lease.

        Parameters
        ----------
        holder
            Who takes it, see :func:`holder_name`; a piece that it still held is given back.
        own
            Run and stage: ``None`` is returned unless that stage has pieces waiting. Any job's
            pieces will do if it is ``None``.
        """
        run_id, stage = ("", -1) if own is None else own
        arguments = (holder, self._version, LEASE_SECONDS, MOST_TRIES, run_id, stage)
        reply = self._scripts.run("take", *arguments)
        if reply is None:
            return None
        run, number, cut, level, index, join, units, chunks, tries, inputs = cast(
            "list[object]", reply
        )
        return Piece(
            run_id=_text(run),
            stage=int(_text(number)),
            cut=_text(cut),
            level=int(_text(level)),
            index=int(_text(index)),
            join=_text(join) == "1",
            units=int(_text(units)),
            chunks=int(_text(chunks)),
            tries=int(_text(tries)),
            inputs=tuple(cast("list[bytes]", inputs)),
        )

    def keep(
        self,
        holder: str,
        piece: Piece,
        value: bytes | str,
        seconds: float,
        pace: tuple[str, float],
        stored: Sequence[str],
        freed: Sequence[str],
        cached: tuple[int, int] = (0, 0),
    ) -> str:
        """Keep a piece's value.

        Parameters
        ----------
        holder, piece
            The holder, and the piece as it took it.
        value
            Encoded.
        seconds
            How long the piece took.
        pace
            The name that its pace is kept under, and its estimated seconds.
        stored, freed
            Blobs that the value refers to, and those that are no longer needed.
        cached
            Blocks read from the scenario cache, and blocks computed. The job's counts grow with
            the value, so once, however often the piece was computed.

        Returns
        -------
        str
            ``kept``; ``twice`` if another holder was quicker; ``lost`` if Redis has lost one of
            its blobs; ``ended`` if the job has ended.
        """
        blobs: list[str | int] = [len(stored), *stored, *freed]
        figures = (seconds, *pace, GRACE_SECONDS, *cached)
        return self._piece("keep", holder, piece, value, *figures, *blobs)

    def open(self, run_id: str, stage: int) -> None:
        """Allow a stage's join as soon as all its values are kept: its chord's body has come."""
        self._scripts.run("open", run_id, stage)

    def advance(
        self,
        holder: str,
        piece: Piece,
        seconds: float,
        name: str,
        facts: bytes | str,
        following: Next,
        stored: Sequence[str],
        freed: Sequence[str],
    ) -> str:
        """Keep a stage's facts and begin the next stage; ``kept``, ``lost`` or ``ended``."""
        stage = (following.number, *following.arguments())
        blobs: list[str | int] = [len(stored), *stored, *freed]
        return self._piece("advance", holder, piece, seconds, name, facts, *stage, *blobs)

    def finish(self, holder: str, piece: Piece, seconds: float, document: bytes | str) -> str:
        """Complete a job with the document of its result; ``kept`` or ``ended``."""
        return self._piece("finish", holder, piece, seconds, document)

    def fail(self, holder: str, piece: Piece, error: str, reason: str) -> str:
        """Fail a piece's job; ``kept``, or ``ended`` if the piece is not the holder's."""
        return self._piece("fail", holder, piece, error, reason)

    def give_back(self, holder: str, piece: Piece, reason: str) -> str:
        """Return a piece for another try."""
        return self._piece("give_back", holder, piece, reason, MOST_TRIES)

    def postpone(self, holder: str, piece: Piece, reason: str) -> str:
        """Postpone a piece for lack of room; after some minutes its job fails with the reason."""
        more = (ROOM_SECONDS, MOST_POSTPONED, reason)
        return self._piece("postpone", holder, piece, *more)

    def cancel(self, run_id: str) -> bool:
        """Cancel a job that has not ended, and take its messages off the queue."""
        return self._scripts.run("cancel", run_id) == 1

    def discard(self, run_id: str) -> bool:
        """Remove what is kept of a job that has ended; False if it has not."""
        return self._scripts.run("discard", run_id) == 1

    def put(self, run_id: str, reference: str, stored: bytes, limit_bytes: int) -> str:
        """Store a blob for a job: ``kept``, ``full`` or ``ended``."""
        return _text(self._scripts.run("put", run_id, reference, stored, limit_bytes))

    def wanted(self, queue: str, own: tuple[str, int] | None) -> bool:
        """Whether another turn should be published: pieces wait, and no message for them does."""
        run_id, stage = ("", -1) if own is None else own
        return self._scripts.run("wanted", self._version, queue, run_id, stage) == 1

    def heartbeat(
        self, node: str, slots: int, longest_seconds: float, holders: Sequence[str]
    ) -> bool:
        """Report that a worker is there, and renew its children's leases.

        Parameters
        ----------
        node, slots
            Its name, and its children that take turns; -1 if its main thread is stuck.
        longest_seconds
            How long any piece is held at the most.
        holders
            Its children that have a turn now.

        Returns
        -------
        bool
            Whether it is this worker's turn to look after all jobs.
        """
        seconds = (LEASE_SECONDS, longest_seconds, TURN_SECONDS)
        reply = self._scripts.run("heartbeat", node, self._version, slots, *seconds, *holders)
        return reply == 1

    def look_after(self, most_seconds: int) -> None:
        """Hand out again pieces that nobody holds, and end jobs that no worker can or will run."""
        arguments = (self._version, most_seconds, VERSION_GRACE_SECONDS, LEASE_SECONDS)
        self._scripts.run("look_after", *arguments)

    def turns(self, queue: str) -> int:
        """How many turns should be published now."""
        return int(cast("int", self._scripts.run("turns", self._version, queue)))

    def any_held(self, holders: Sequence[str]) -> bool:
        """Whether any of these holders has a piece."""
        return self._scripts.run("any_held", *holders) == 1

    def held(self, holders: Sequence[str]) -> list[Held]:
        """What each of these holders holds, where it holds anything."""
        if not holders:
            return []
        reply = cast("list[list[bytes | int]]", self._scripts.run("held", *holders))
        return [
            Held(_text(holder), _text(lease), _text(since), over == 1)
            for holder, lease, since, over in reply
        ]

    def condemn(self, held: Held, error: str = "", reason: str = "") -> bool:
        """Hand a child nothing more, and end its lease, because its worker is about to kill it.

        Parameters
        ----------
        held
            What it holds. Nothing happens if that is something else by now.
        error, reason
            Why the job fails; without them nothing happens unless it has ended.

        Returns
        -------
        bool
            Whether the child may be killed.
        """
        arguments = (held.holder, held.lease, held.since, error, reason)
        return self._scripts.run("condemn", *arguments) == 1

    def leave(self, node: str) -> None:
        """Remove a worker that ended in good order."""
        self._scripts.run("leave", node)

    def forgive(self, node: str) -> None:
        """Remove a worker that was ended as a whole, and hand its pieces out again, uncounted.

        Whoever started it and knows that all its processes are gone calls this.
        """
        self._scripts.run("forgive", node, MOST_FORGIVEN)

    def workers(self) -> tuple[int, tuple[str, ...]]:
        """Number of worker children of this version, and the other versions that have workers."""
        slots, others = cast("tuple[int, list[bytes]]", self._scripts.run("workers", self._version))
        return int(slots), tuple(map(_text, others))

    def first_of_key(self, once: str, body: str) -> Begun | None:
        """The first job of an idempotency key; ``None`` if the key is new."""
        reply = self._scripts.run("first_of_key", once, body)
        if reply is None:
            return None
        outcome, run_id = cast("list[bytes]", reply)
        return Begun(_text(outcome), _text(run_id))

    def load(self, longest_seconds: float = 86_400.0) -> Load:
        """How busy the workers are; who holds a piece for ``longest_seconds`` is stuck."""
        slots, busy, stuck, pieces, seconds, oldest, stored, promised, kept, others = cast(
            "list[int | bytes | list[bytes]]",
            self._scripts.run("load", self._version, longest_seconds),
        )
        return Load(
            slots=int(_text(slots)),
            busy_slots=int(_text(busy)),
            stuck_slots=int(_text(stuck)),
            # a worker that has just died counts as busy for some seconds and has no slots
            free_slots=max(0, int(_text(slots)) - int(_text(busy)) - int(_text(stuck))),
            waiting_chunks=int(_text(pieces)),
            waiting_seconds=float(_text(seconds)),
            oldest_waiting_seconds=float(_text(oldest)),
            stored_bytes=int(_text(stored)),
            promised_bytes=int(_text(promised)),
            kept_bytes=int(_text(kept)),
            other_versions=tuple(map(_text, cast("list[bytes]", others))),
        )

    def waiting(self) -> list[Waiting]:
        """What each user with waiting pieces waits for."""
        reply = map(_text, cast("list[object]", self._scripts.run("queue", self._version)))
        return [
            Waiting(user, int(chunks), float(seconds))
            for user, chunks, seconds in zip(reply, reply, reply, strict=True)
        ]

    def _piece(
        self, script: str, holder: str, piece: Piece, *more: str | bytes | int | float
    ) -> str:
        reply = self._scripts.run(script, holder, piece.run_id, piece.cut, piece.name, *more)
        return _text(reply)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
