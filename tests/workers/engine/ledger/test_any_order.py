"""The ledger agrees with a plain model of it, whatever happens in whatever order.

Three values are merged into one here, not 64, so that a few chunks make a tree of several levels.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from tests.workers.engine.ledger.desk import ENDED, LEASES, LONG_AGO, Desk, Value, own_desk, stage
from workers.engine.ledger import MOST_TRIES, Begun, Piece, ledger

FAN = 3
MOST_POSTPONED = 2
ROOM = 120
"""Bytes that may be promised, beside what is kept of ended jobs."""

BLOBS = {f"blob{size}": b"b" * size for size in (10, 20, 30, 40)}
HOLDERS = ("one", "two", "three")
OWNERS = ("ann", "bob")
SOME = st.integers(0, 1_000)

Name = tuple[int, int]
Lease = tuple[str, str, str, Name]


def sizes_of(chunks: int) -> list[int]:
    """Number of pieces on each level of a stage."""
    sizes = [chunks, -(-chunks // FAN)]
    while sizes[-1] > 1:
        sizes.append(-(-sizes[-1] // FAN))
    return sizes


@dataclass
class Stage:
    """The model of a job's stage."""

    number: int
    cut: str
    chunks: int
    is_open: bool
    next: int = 0
    ready: list[Name] = field(default_factory=list)
    holders: dict[Name, str] = field(default_factory=dict)
    tries: Counter[Name] = field(default_factory=Counter)
    postponed: Counter[Name] = field(default_factory=Counter)
    values: dict[Name, list[int]] = field(default_factory=dict)
    merged: set[Name] = field(default_factory=set)
    begun: set[Name] = field(default_factory=set)

    @property
    def root(self) -> Name:
        return len(sizes_of(self.chunks)) - 1, 0

    def below(self, name: Name) -> list[Name]:
        level, place = name
        size = sizes_of(self.chunks)[level - 1]
        return [(level - 1, at) for at in range(place * FAN, min(size, (place + 1) * FAN))]

    def waiting(self) -> list[Name]:
        """The pieces that can be handed out, in order."""
        chunks = [(0, place) for place in range(self.next, self.chunks)]
        return [name for name in self.ready if name not in self.values] + chunks

    def give_back(self, name: Name, holder: str) -> None:
        if self.holders.get(name) == holder and name not in self.values:
            del self.holders[name]
            self.ready.append(name)


@dataclass
class Job:
    """The model of a job."""

    run_id: str
    owner: str
    need: int
    stage: Stage
    following: list[tuple[int, bool]]
    outcome: str | None = None
    held: Counter[str] = field(default_factory=Counter)

    @property
    def promised(self) -> int:
        return max(self.need, sum(len(BLOBS[name]) for name in self.held))

    def end(self, outcome: str) -> None:
        assert self.outcome is None
        self.outcome = outcome
        self.held.clear()


class Machine(RuleBasedStateMachine):
    """The ledger's operations in any order; each may come twice, late, or from any holder."""

    def __init__(self, redis: "Redis") -> None:
        super().__init__()
        self.own = own_desk(redis)
        self.desk: Desk = self.own.__enter__()
        self.ledger = self.desk.ledger
        self.jobs: list[Job] = []
        self.leases: dict[Lease, int] = {}  # to when it ended, 0 if it has not
        self.moment = 0
        self.held: dict[str, Lease] = {}
        self.taken: list[tuple[str, Piece]] = []
        self.agreed = True

    # helpers of the rules

    def drop(self, lease: Lease) -> None:
        self.leases.pop(lease, None)
        if self.held.get(lease[0]) == lease:
            del self.held[lease[0]]

    def is_on(self, lease: Lease) -> bool:
        """Whether a lease's piece may still be in work: leases of ended jobs are not renewed."""
        job = self.job(lease[1])
        at, name = job.stage, lease[3]
        return job.outcome is None and name in at.begun and name not in at.values

    def lose(self, lease: Lease) -> None:
        """Make a lease's piece wait again, if the lease still holds it."""
        self.drop(lease)
        job = self.job(lease[1])
        if job.outcome is None and job.stage.cut == lease[2]:
            job.stage.give_back(lease[3], lease[0])

    def lose_ended(self) -> None:
        ended = {lease: when for lease, when in self.leases.items() if when}
        for lease in sorted(ended, key=lambda lease: ended[lease]):
            self.lose(lease)

    def end(self, lease: Lease) -> None:
        """End a lease's time, after all leases that have ended before."""
        self.moment += 1
        self.desk.redis.zadd(LEASES, {text_of(lease): LONG_AGO + self.moment})
        self.leases[lease] = self.moment

    def job(self, run_id: str) -> Job:
        return next(job for job in self.jobs if job.run_id == run_id)

    def wants(self, piece: Piece) -> Job | None:
        job = self.job(piece.run_id)
        return job if job.outcome is None and job.stage.cut == piece.cut else None

    def cut_of(self, run_id: str) -> str:
        return self.desk.fields(f"axiomatic:work:{run_id}")["cut"]

    def goes_on(self) -> list[Job]:
        return [job for job in self.jobs if job.outcome is None]

    def free(self, job: Job, number: int, stored: Sequence[str]) -> list[str]:
        """Blobs to free: some that the job holds, and some that it may not hold."""
        names = [name for name in sorted(BLOBS) if name not in stored]
        names = names[number % (len(names) + 1) :]
        for name in names:
            if job.held[name] > 0:
                job.held[name] -= 1
        job.held = +job.held
        return names

    # the moves

    @initialize(chunks=st.integers(4, 12), fans_out=st.booleans())
    def begin_two(self, chunks: int, fans_out: bool) -> None:
        """Begin with a deep tree and a small job after it."""
        self.begin("ann", chunks, fans_out, 25, {"blob10", "blob30"}, [(3, True)])
        self.begin("bob", 2, False, 25, {"blob10"}, [])

    @precondition(lambda self: len(self.jobs) < 5)
    @rule(
        owner=st.sampled_from(OWNERS),
        chunks=st.integers(1, 12),
        fans_out=st.booleans(),
        need=st.sampled_from([0, 25, 50]),
        blobs=st.sets(st.sampled_from(sorted(BLOBS)), max_size=2),
        following=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=2),
    )
    def begin(
        self,
        owner: str,
        chunks: int,
        fans_out: bool,
        need: int,
        blobs: set[str],
        following: list[tuple[int, bool]],
    ) -> None:
        self.agreed = False
        promised = sum(job.promised for job in self.goes_on())
        before = self.desk.dump()
        arrays = {name: BLOBS[name] for name in blobs}
        need += sum(map(len, arrays.values()))
        # fixed ids, as random ones would decide ties
        run_id = f"{len(self.jobs):032x}"
        begun = self.desk.ask(
            chunks,
            run_id=run_id,
            owner=owner,
            fans_out=fans_out,
            need=need,
            arrays=arrays,
            limit=ROOM + self.desk.kept(),
        )
        if promised + need > ROOM:
            assert begun.outcome == "full"
            assert self.desk.dump() == before
            return
        assert begun == Begun("begun", run_id)
        # the answer was lost, and it is asked again
        assert self.desk.ask(run_id=run_id, need=need, once="any") == begun
        first = Stage(0, self.cut_of(run_id), chunks, not fans_out)
        job = Job(run_id, owner, need, first, following)
        job.held.update(blobs)
        self.jobs.append(job)

    @rule(holder=st.sampled_from(HOLDERS))
    def take(self, holder: str) -> None:
        self.hand_out(holder)

    def hand_out(self, holder: str) -> Piece | None:
        self.agreed = False
        piece = self.ledger.take(holder)
        if holder in self.held:
            self.lose(self.held[holder])
        self.lose_ended()
        for job in self.goes_on():
            if self.desk.job(job.run_id).get("outcome") == "failed":
                # the stage's turn came, and its first piece had used up its tries
                assert job.stage.tries[job.stage.waiting()[0]] == MOST_TRIES
                job.end("failed")
        if piece is None:
            assert [job for job in self.goes_on() if job.stage.waiting()] == []
            return None
        wanting = self.wants(piece)
        assert wanting is not None
        at, name = wanting.stage, (piece.level, piece.index)
        assert at.waiting()[0] == name
        if name in at.ready:
            del at.ready[: at.ready.index(name) + 1]
        else:
            at.ready.clear()
            at.next += 1
        at.tries[name] += 1
        at.begun.add(name)
        at.holders[name] = holder
        assert (piece.tries, piece.chunks) == (at.tries[name], at.chunks)
        assert piece.join == (name == at.root)
        inputs = [] if piece.level == 0 else [at.values[below] for below in at.below(name)]
        assert [json.loads(text) for text in piece.inputs] == inputs
        lease = holder, piece.run_id, piece.cut, name
        self.leases[lease] = 0
        self.held[holder] = lease
        self.taken.append((holder, piece))
        return piece

    @precondition(lambda self: self.taken)
    @rule(
        which=SOME,
        recent=st.booleans(),
        blobs=SOME,
        stored=st.lists(st.sampled_from(sorted(BLOBS)), max_size=1),
        puts=st.booleans(),
    )
    def keep(self, which: int, recent: bool, blobs: int, stored: list[str], puts: bool) -> None:
        holder, piece = self.taken[-1] if recent else self.taken[which % len(self.taken)]
        self.keep_of(holder, piece, blobs, stored, puts)

    def keep_of(
        self,
        holder: str,
        piece: Piece,
        blobs: int,
        stored: Sequence[str] = (),
        puts: bool = False,
    ) -> None:
        self.agreed = False
        wanting = self.wants(piece)
        lease = holder, piece.run_id, piece.cut, (piece.level, piece.index)
        last = piece.join and wanting is not None and not wanting.following
        if wanting is None or last:
            stored = ()
        elif puts:
            stored = [name for name in stored if self.put_for(wanting, name) == "kept"]
        elif not set(stored) <= set(wanting.held):
            # a Redis that came back has forgotten what the value refers to
            if piece.join:
                outcome = self.desk.advance(piece, stage(1, 1), holder, stored=stored)
            else:
                outcome = self.desk.keep(piece, holder, stored=stored)
            assert outcome == "lost"
            self.lose(lease)
            return
        else:
            stored = ()
        if piece.join:
            self.go_on(holder, piece, blobs, stored)
            return
        job, name = self.wants(piece), (piece.level, piece.index)
        value: Value = (
            [1_000 * piece.stage + piece.index]
            if piece.level == 0
            else [number for text in piece.inputs for number in json.loads(text)]
        )
        expected = "ended" if job is None else "twice" if name in job.stage.values else "kept"
        freed = self.free(job, blobs, stored) if expected == "kept" and piece.level and job else []
        assert self.desk.keep(piece, holder, value, stored=stored, freed=freed) == expected
        self.drop(lease)
        if expected == "twice" and job is not None:
            # the answer was lost, and it is asked again
            again = self.desk.keep(piece, holder, value, stored=stored)
            assert again in ({"twice", "lost"} if stored else {"twice"})
            for stored_again in stored:
                # blobs of a late value may be held until the job ends; those of the kept value stay
                counted = self.desk.redis.hget(f"axiomatic:refs:{job.run_id}", stored_again)
                left = int(counted or 0)
                assert left in {job.held[stored_again] - 1, job.held[stored_again]}
                job.held[stored_again] = left
            job.held = +job.held
        if expected != "kept" or job is None:
            return
        # the answer was lost, and it is asked again
        again = self.desk.keep(piece, holder, value="other", stored=stored, freed=freed)
        assert again == "twice"
        at = job.stage
        at.values[name] = value
        at.holders.pop(name, None)
        at.merged.update(at.below(name) if piece.level else ())
        above = piece.level + 1, piece.index // FAN
        if all(below in at.values for below in at.below(above)):
            if above == at.root and not at.is_open:
                at.holders[above] = "-"
                self.leases["-", job.run_id, at.cut, above] = 0
            else:
                at.ready.insert(0, above)

    @rule(holder=st.sampled_from(HOLDERS), pieces=st.integers(2, 12), blobs=SOME)
    def work(self, holder: str, pieces: int, blobs: int) -> None:
        """Have a turn, as a worker does."""
        for _ in range(pieces):
            piece = self.hand_out(holder)
            if piece is None:
                break
            self.keep_of(holder, piece, blobs)

    def go_on(self, holder: str, piece: Piece, blobs: int, stored: Sequence[str]) -> None:
        """Begin the next stage, or complete the job."""
        job = self.wants(piece)
        lease = holder, piece.run_id, piece.cut, (piece.level, piece.index)
        whole = [number for text in piece.inputs for number in json.loads(text)]
        assert whole == [1_000 * piece.stage + place for place in range(piece.chunks)]
        if job is None:
            assert self.desk.finish(piece, holder) == "ended"
        elif job.following:
            chunks, fans_out = job.following.pop(0)
            number = piece.stage + 1
            following = stage(chunks, number, f"stage{number}", fans_out=fans_out)
            freed = self.free(job, blobs, stored)
            for outcome in ("kept", "ended"):
                came = self.desk.advance(piece, following, holder, stored=stored, freed=freed)
                assert came == outcome
            job.stage = Stage(number, self.cut_of(job.run_id), chunks, not fans_out)
        else:
            for outcome in ("kept", "ended"):
                result = {"whole": whole if outcome == "kept" else []}
                assert self.desk.finish(piece, holder, result) == outcome
            job.end("completed")
        self.drop(lease)

    @precondition(lambda self: self.taken)
    @rule(which=SOME, recent=st.booleans())
    def give_back(self, which: int, recent: bool) -> None:
        self.agreed = False
        holder, piece = self.taken[-1] if recent else self.taken[which % len(self.taken)]
        job, name = self.wants(piece), (piece.level, piece.index)
        own = job is not None and job.stage.holders.get(name) == holder
        last = own and job is not None and job.stage.tries[name] >= MOST_TRIES
        again = own and not last
        assert self.ledger.give_back(holder, piece, "no") == ("kept" if again else "ended")
        assert self.ledger.give_back(holder, piece, "no") == "ended"
        self.drop((holder, piece.run_id, piece.cut, name))
        if last and job is not None:
            job.end("failed")
        elif own and job is not None:
            self.put_off(job, name)

    def put_off(self, job: Job, name: Name) -> None:
        """Put a piece under a lease of nobody, so that it waits until that ends."""
        job.stage.holders[name] = "-"
        self.leases["-", job.run_id, job.stage.cut, name] = 0

    @precondition(lambda self: self.taken)
    @rule(which=SOME, recent=st.booleans())
    def postpone(self, which: int, recent: bool) -> None:
        self.agreed = False
        holder, piece = self.taken[-1] if recent else self.taken[which % len(self.taken)]
        job, name = self.wants(piece), (piece.level, piece.index)
        own = job is not None and job.stage.holders.get(name) == holder
        if own and job is not None:
            job.stage.postponed[name] += 1
        fails = own and job is not None and job.stage.postponed[name] > MOST_POSTPONED
        expected = "kept" if own and not fails else "ended"
        assert self.ledger.postpone(holder, piece, "no room") == expected
        assert self.ledger.postpone(holder, piece, "no room") == "ended"
        self.drop((holder, piece.run_id, piece.cut, name))
        if job is None or not own:
            return
        if fails:
            assert self.desk.reason(job.run_id) == "no room"
            job.end("failed")
        else:
            job.stage.tries[name] -= 1
            self.put_off(job, name)

    @precondition(lambda self: self.taken and len(self.goes_on()) > 1)
    @rule(which=SOME)
    def fail(self, which: int) -> None:
        self.agreed = False
        holder, piece = self.taken[which % len(self.taken)]
        job, name = self.wants(piece), (piece.level, piece.index)
        own = job is not None and job.stage.holders.get(name) == holder
        assert self.desk.fail(piece, holder) == ("kept" if own else "ended")
        assert self.desk.fail(piece, holder) == "ended"
        self.drop((holder, piece.run_id, piece.cut, name))
        if own and job is not None:
            job.end("failed")

    @precondition(lambda self: len(self.goes_on()) > 2)
    @rule(which=SOME)
    def cancel(self, which: int) -> None:
        self.agreed = False
        job = self.jobs[which % len(self.jobs)]
        assert self.ledger.cancel(job.run_id) == (job.outcome is None)
        assert not self.ledger.cancel(job.run_id)
        if job.outcome is None:
            job.end("cancelled")

    @precondition(lambda self: self.jobs)
    @rule(which=SOME, number=st.integers(0, 2))
    def open(self, which: int, number: int) -> None:
        self.agreed = False
        job = self.jobs[which % len(self.jobs)]
        self.ledger.open(job.run_id, number)
        self.ledger.open(job.run_id, number)
        if job.outcome is None and job.stage.number == number:
            job.stage.is_open = True
            if job.stage.holders.get(job.stage.root) == "-":
                self.lose(("-", job.run_id, job.stage.cut, job.stage.root))

    @precondition(lambda self: self.leases)
    @rule(which=SOME)
    def end_lease(self, which: int) -> None:
        self.agreed = False
        self.end(list(self.leases)[which % len(self.leases)])

    @rule(holders=st.sets(st.sampled_from(HOLDERS)), slots=st.integers(0, 4))
    def heartbeat(self, holders: set[str], slots: int) -> None:
        self.agreed = False
        turns = self.desk.heartbeat(slots=slots, holders=sorted(holders))
        for holder in holders & set(self.held):
            lease = self.held[holder]
            if lease in self.leases and self.is_on(lease):
                self.leases[lease] = 0
        self.lose_ended()
        # a piece whose value was kept after it was given back counts as waiting until its turn
        waiting = sum(
            len(job.stage.ready) + job.stage.chunks - job.stage.next for job in self.goes_on()
        )
        assert turns == min(waiting, slots)

    @precondition(lambda self: self.jobs)
    @rule(which=SOME, name=st.sampled_from(sorted(BLOBS)))
    def put(self, which: int, name: str) -> None:
        self.agreed = False
        self.put_for(self.jobs[which % len(self.jobs)], name)

    def put_for(self, job: Job, name: str) -> str:
        others = sum(other.promised for other in self.goes_on() if other is not job)
        used = sum(len(BLOBS[blob]) for blob in {*job.held, name})
        fits = used <= job.promised or others + used <= ROOM
        expected = "ended" if job.outcome else "kept" if fits else "full"
        room = ROOM + self.desk.kept()
        assert self.ledger.put(job.run_id, name, BLOBS[name], room) == expected
        if expected == "kept":
            job.held[name] += 1
        return expected

    # invariants

    @invariant()
    def agrees(self) -> None:
        self.agreed = False
        asked = self.desk.redis.pipeline(transaction=False)
        asked.zrange(LEASES, 0, -1)
        asked.hgetall("axiomatic:held")
        asked.hgetall("axiomatic:blobs")
        asked.hmget("axiomatic:store", "bytes", "promised", "kept")
        asked.zrange("axiomatic:kept", 0, -1)
        asked.mget([f"axiomatic:blob:{name}" for name in BLOBS])
        asked.keys()
        asked.zrange(f"axiomatic:users:{self.desk.version}", 0, -1)
        for job in self.jobs:
            asked.hget(f"axiomatic:job:{job.run_id}", "outcome")
            asked.hgetall(f"axiomatic:work:{job.run_id}")
            asked.lrange(f"axiomatic:ready:{job.run_id}", 0, -1)
            asked.zscore(f"axiomatic:lane:{self.desk.version}:{job.owner}", job.run_id)
        leases, holders, counts, store, kept, stored, keys, users, *of_jobs = asked.execute()
        assert set(texts(leases)) == set(map(text_of, self.leases))
        assert hash_of(holders) == {holder: text_of(lease) for holder, lease in self.held.items()}
        held = Counter(name for job in self.goes_on() for name in job.held)
        assert {name: int(count) for name, count in hash_of(counts).items()} == held
        assert [int(number or 0) for number in store] == [
            sum(len(BLOBS[name]) for name in held),
            sum(job.promised for job in self.goes_on()),
            sum(int(text.partition(" ")[2]) for text in texts(kept)),
        ]
        ended = {job.run_id for job in self.jobs if job.outcome is not None}
        assert {text.partition(" ")[0] for text in texts(kept)} == ended
        assert stored == [BLOBS[name] if name in held else None for name in BLOBS]
        for place, job in enumerate(self.jobs):
            outcome, work, ready, level = of_jobs[4 * place : 4 * place + 4]
            assert outcome == (None if job.outcome is None else job.outcome.encode())
            if job.outcome is not None:
                theirs = {key.partition(job.run_id)[0] for key in texts(keys) if job.run_id in key}
                assert theirs == ENDED
                continue
            self.agrees_on(job, hash_of(work), texts(ready))
            if job.stage.waiting():
                assert level is not None
                assert job.owner in texts(users)
        self.agreed = True

    def agrees_on(self, job: Job, work: dict[str, str], ready: list[str]) -> None:
        at = job.stage
        values = {
            name: "" if name in at.merged else json.dumps(value)
            for name, value in at.values.items()
        }
        kept = {name_of(key): work[key] for key in work if key.startswith("v:")}
        assert kept == values
        assert (work["stage"], work["chunks"]) == (str(at.number), str(at.chunks))
        assert work["done"] == str(sum(level == 0 for level, _ in at.values))
        holders = {name_of(key): work[key] for key in work if key.startswith("h:")}
        assert holders == at.holders
        # no job is stuck: a piece without a value waits, is under a lease, or has parts of which
        # that is true
        assert int(work["next"]) == at.next
        names = [name_of(f"r:{name}") for name in ready]
        for kept_late in [name for name in at.ready if name in at.values and name not in names]:
            # dropped when its turn came, whether or not another piece was handed out
            at.ready.remove(kept_late)
        assert names == at.ready
        leased = {lease[3] for lease in self.leases if lease[1:3] == (job.run_id, at.cut)}
        assert set(at.holders) <= leased
        assert at.waiting() or at.holders

    def teardown(self) -> None:
        """Do all remaining pieces: every job that has not ended otherwise is completed."""
        if not self.agreed:
            return
        while self.goes_on():
            for lease in list(self.leases):
                self.end(lease)
            piece = self.hand_out("last")
            if piece is not None:
                self.keep_of("last", piece, 0)
            self.agrees()
        for job in self.jobs:
            if job.outcome == "completed":
                whole = [1_000 * job.stage.number + place for place in range(job.stage.chunks)]
                assert self.desk.result(job.run_id)["result"] == {"whole": whole}
        self.own.__exit__(None, None, None)


def text_of(lease: Lease) -> str:
    """A lease as the ledger writes it."""
    holder, run_id, cut, (level, place) = lease
    return f"{holder} {run_id} {cut} {level}.{place}"


def texts(raw: list[bytes]) -> list[str]:
    """Redis's bytes as text."""
    return [text.decode() for text in raw]


def hash_of(raw: dict[bytes, bytes]) -> dict[str, str]:
    """A hash of Redis as text."""
    return {name.decode(): value.decode() for name, value in raw.items()}


def name_of(key: str) -> Name:
    """The level and index of the piece that a hash's key names."""
    level, place = key[2:].split(".")
    return int(level), int(place)


@pytest.mark.usefixtures("three_a_merge")
def test_whatever_happens_the_ledger_is_as_the_model_says(
    redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_POSTPONED", MOST_POSTPONED)
    run_state_machine_as_test(
        # it calls what it is given, a class or not
        cast("type[Machine]", lambda: Machine(redis)),
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            # one failure is shrunk for long enough
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
