"""The ledger as Python sees it: one method a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from workers.engine.ledger.scripts import Scripts

LEASE_SECONDS = 6.0
"""How long a piece is its holder's unless renewed; a worker renews its children's every second."""

GRACE_SECONDS = 0.3
"""How long a finished stage waits for its chord's body before anybody may join it."""

MOST_TRIES = 4
"""How often a piece may fail, or take its worker down, before its job is given up."""

ROOM_SECONDS = 2.0
"""How long a piece waits that found no room for its arrays."""

MOST_POSTPONED = 150
"""How often it does so before its job fails: five minutes."""

VERSION_GRACE_SECONDS = 60.0
"""How long a job waits for a worker of its version where there are only others."""


def holder_name(node: str, process: int | None, message: str) -> str:
    """Name whoever takes pieces: a message in a worker's child; a copy of it is another holder."""
    return f"{node}|{process}|{message}"


@dataclass(frozen=True, slots=True)
class Next:
    """The stage a job goes on with.

    Parameters
    ----------
    number, name
        Which one.
    units, chunks
        What it is cut from, and into.
    fans_out
        Whether a chord's body opens its join; otherwise whoever keeps its last value goes on.
    cost_seconds
        What a piece is charged when it is taken; what it really took is charged in the end.
    before, within
        The job's progress when it begins, and its share of it.
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
        """Give them as the scripts take them."""
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
        What the plan reads.
    need_bytes, keep_seconds
        What its arrays may take, and how long its record is kept once it has ended.
    chunk_units
        Units a chunk, where they were asked for.
    once, body
        An idempotency key and the hash of what was asked under it; no key if empty.
    arrays
        Blobs that the request refers to, as stored, by reference.
    first
        Its first stage.
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


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of beginning a job.

    Parameters
    ----------
    outcome
        ``begun``; ``again`` and ``other`` where the idempotency key had been used, for the same
        request or another one; ``full`` where its arrays have no room.
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
        Whose it is.
    cut
        The name of the stage's cut: what came of a piece of an older one is not wanted.
    level, place
        Which: level 0 are the chunks, those above merge values of the level below.
    join
        Whether it is the last of its stage.
    units, chunks
        What the stage is cut from, and into.
    tries
        How often it has been taken.
    inputs
        What it merges, as kept, in order.
    """

    run_id: str
    stage: int
    cut: str
    level: int
    place: int
    join: bool
    units: int
    chunks: int
    tries: int
    inputs: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """As the scripts call it."""
        return f"{self.level}.{self.place}"


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an installation is.

    Parameters
    ----------
    slots
        Worker children of this version.
    waiting_chunks
        Pieces that could be run now if a child were free.
    waiting_seconds
        About how long one child would take for them.
    oldest_waiting_seconds
        The longest time a job with waiting pieces has been given nothing.
    stored_bytes, promised_bytes, kept_bytes
        What blobs take, what has been promised to jobs that have not ended, and what requests and
        results of those that have take.
    other_versions
        Versions other than this whose workers are there.
    """

    slots: int
    waiting_chunks: int
    waiting_seconds: float
    oldest_waiting_seconds: float
    stored_bytes: int
    promised_bytes: int
    kept_bytes: int
    other_versions: tuple[str, ...]


class Ledger:
    """The ledger in one Redis.

    Parameters
    ----------
    redis
        A connection that gives bytes.
    version
        The code that runs here; jobs of other versions are none of its business.
    """

    def __init__(self, redis: "Redis", version: str) -> None:
        self._scripts = Scripts(redis)
        self._version = version

    def begin(self, job: Begin, limit_bytes: int) -> Begun:
        """Begin a job, whole or not at all; never above ``limit_bytes`` of promised room."""
        arrays = [part for pair in job.arrays.items() for part in pair]
        units = "" if job.chunk_units is None else job.chunk_units
        given = self._scripts.run(
            "begin",
            *(job.run_id, job.kind, job.owner, job.version, job.request),
            *(job.need_bytes, limit_bytes, job.keep_seconds, units, job.once, job.body),
            *job.first.arguments(),
            len(job.arrays),
            *arrays,
        )
        outcome, run_id = cast("list[bytes | int]", given)
        return Begun(_text(outcome), _text(run_id))

    def take(self, holder: str, own: tuple[str, int] | None = None) -> Piece | None:
        """Take the piece that is fairest to run next, under a lease.

        Parameters
        ----------
        holder
            Who takes it, see :func:`holder_name`: what it still held is given back.
        own
            Run and stage; give nothing where that stage has nothing waiting. Any if ``None``.
        """
        run_id, stage = ("", -1) if own is None else own
        arguments = (holder, self._version, LEASE_SECONDS, MOST_TRIES, run_id, stage)
        given = self._scripts.run("take", *arguments)
        if given is None:
            return None
        run, number, cut, level, place, join, units, chunks, tries, inputs = cast(
            "list[object]", given
        )
        return Piece(
            run_id=_text(run),
            stage=int(_text(number)),
            cut=_text(cut),
            level=int(_text(level)),
            place=int(_text(place)),
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
        value: str,
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
            What was taken, and by whom.
        value
            JSON.
        seconds
            What it took.
        pace
            The name its pace is kept under, and the seconds it was thought to take.
        stored, freed
            Blobs that the value has, and those it took the place of.
        cached
            What it found in the scenario cache, and what it had to simulate. Counted for the job
            with the value, so once, however often the piece was computed.

        Returns
        -------
        str
            ``kept``; ``twice`` where another had been quicker; ``lost`` where Redis has forgotten
            one of its blobs; ``ended`` where it is not wanted any more.
        """
        blobs: list[str | int] = [len(stored), *stored, *freed]
        figures = (seconds, *pace, GRACE_SECONDS, *cached)
        return self._piece("keep", holder, piece, value, *figures, *blobs)

    def open(self, run_id: str, stage: int) -> None:
        """Let a stage be joined as soon as all its values are kept: its chord's body has come."""
        self._scripts.run("open", run_id, stage)

    def advance(
        self,
        holder: str,
        piece: Piece,
        seconds: float,
        name: str,
        facts: str,
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
        """Fail a piece's job; ``kept``, or ``ended`` where the piece is not the holder's."""
        return self._piece("fail", holder, piece, error, reason)

    def give_back(self, holder: str, piece: Piece, reason: str) -> str:
        """Give a piece back for another try."""
        return self._piece("give_back", holder, piece, reason, MOST_TRIES)

    def postpone(self, holder: str, piece: Piece, reason: str) -> str:
        """Put a piece off for want of room; after minutes of it, its job fails with the reason."""
        more = (ROOM_SECONDS, MOST_POSTPONED, reason)
        return self._piece("postpone", holder, piece, *more)

    def cancel(self, run_id: str) -> bool:
        """Cancel a job that has not ended, and take its messages off the queue."""
        return self._scripts.run("cancel", run_id) == 1

    def put(self, run_id: str, reference: str, stored: bytes, limit_bytes: int) -> str:
        """Store a blob for a job: ``kept``, ``full`` or ``ended``."""
        return _text(self._scripts.run("put", run_id, reference, stored, limit_bytes))

    def wanted(self, queue: str, own: tuple[str, int] | None) -> bool:
        """Say whether a turn should be had again: pieces wait, and no other message for them."""
        run_id, stage = ("", -1) if own is None else own
        return self._scripts.run("wanted", self._version, queue, run_id, stage) == 1

    def tick(self, node: str, slots: int, longest_seconds: float, holders: Sequence[str]) -> bool:
        """Say that a worker is there, and keep its children's leases.

        Parameters
        ----------
        node, slots
            Its name, and its children that take turns; -1 if it moves no more.
        longest_seconds
            How long any piece is held at the most.
        holders
            Its children that have a turn.

        Returns
        -------
        bool
            Whether it should look after the whole now.
        """
        given = self._scripts.run(
            "tick", node, self._version, slots, LEASE_SECONDS, longest_seconds, *holders
        )
        return given == 1

    def look_after(self, most_seconds: int) -> None:
        """Hand out again what nobody holds, and end jobs that nobody can or will run."""
        self._scripts.run("look_after", self._version, most_seconds, VERSION_GRACE_SECONDS)

    def turns(self, queue: str) -> int:
        """Give how many turns are to be published."""
        return int(cast("int", self._scripts.run("turns", self._version, queue)))

    def any_held(self, holders: Sequence[str]) -> bool:
        """Say whether any of these holders has a piece."""
        return self._scripts.run("any_held", *holders) == 1

    def leave(self, node: str) -> None:
        """Take a worker that has ended in order off the list."""
        self._scripts.run("leave", node)

    def workers(self) -> tuple[int, tuple[str, ...]]:
        """Give how many children of this version there are, and which other versions."""
        slots, others = cast("tuple[int, list[bytes]]", self._scripts.run("workers", self._version))
        return int(slots), tuple(map(_text, others))

    def first_of_key(self, once: str, body: str) -> Begun | None:
        """Give the job that an idempotency key was used for, if it was."""
        given = self._scripts.run("first_of_key", once, body)
        if given is None:
            return None
        outcome, run_id = cast("list[bytes]", given)
        return Begun(_text(outcome), _text(run_id))

    def load(self) -> Load:
        """Say how busy the workers are."""
        slots, pieces, seconds, oldest, stored, promised, kept, others = cast(
            "list[int | bytes | list[bytes]]", self._scripts.run("load", self._version)
        )
        return Load(
            slots=int(_text(slots)),
            waiting_chunks=int(_text(pieces)),
            waiting_seconds=float(_text(seconds)),
            oldest_waiting_seconds=float(_text(oldest)),
            stored_bytes=int(_text(stored)),
            promised_bytes=int(_text(promised)),
            kept_bytes=int(_text(kept)),
            other_versions=tuple(map(_text, cast("list[bytes]", others))),
        )

    def _piece(
        self, script: str, holder: str, piece: Piece, *more: str | bytes | int | float
    ) -> str:
        given = self._scripts.run(script, holder, piece.run_id, piece.cut, piece.name, *more)
        return _text(given)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
