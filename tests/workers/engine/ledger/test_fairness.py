"""Who waits is served in turn, by the seconds of work each has had.

Start-time fair queueing. Let v, the clock, be the level at which the user served last was served.
One server, whose levels are right again when it takes the next piece, serves the lowest level, and
a charge is never negative, so v never falls. Hence of every user u who waits, with m(u) the largest
charge there was of u's:

    v <= level(u) <= v + m(u)

The left half holds because everybody's level is at least the lowest, and whoever comes starts at v
at the least; the right half because u was served at no more than v, and v has only grown since.

So two who wait are never further apart than max(m(a), m(b)); and as a level grows by just what its
user is served, the service of two who wait all the while, from any moment on, never differs by more
than m(a) + m(b). While a piece is out, its user's level holds its cost in place of its seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.workers.engine.ledger.desk import Desk, own_desk, stage
from workers.engine.ledger import Piece

FIXTURE = [HealthCheck.function_scoped_fixture]

USERS = ("ann", "bob", "cat")


@dataclass
class Server:
    """One child that does pieces, and an account of what each user, or job, had of it."""

    desk: Desk
    seconds: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    goes_on: set[str] = field(default_factory=set)
    service: dict[str, float] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)

    def begin(self, owner: str, chunks: int, cost: float, seconds: float) -> str:
        """Begin a job whose pieces are thought to take ``cost`` and take ``seconds``."""
        run_id = self.desk.begin(chunks, owner=owner, cost=cost)
        self.owners[run_id] = owner
        self.costs[run_id] = cost
        self.seconds[run_id] = seconds
        self.goes_on.add(run_id)
        return run_id

    def take(self) -> Piece | None:
        """Take a piece and charge its cost."""
        piece = self.desk.ledger.take("h")
        if piece is not None:
            self._charge(piece, self.costs[piece.run_id])
        return piece

    def do(self, piece: Piece) -> None:
        """Keep the piece, or complete the job."""
        seconds, cost = self.seconds[piece.run_id], self.costs[piece.run_id]
        if piece.join:
            assert self.desk.finish(piece, seconds=seconds) == "kept"
            self.goes_on.remove(piece.run_id)
        else:
            assert self.desk.keep(piece, seconds=seconds) == "kept"
        self._charge(piece, seconds - cost)
        self._note(piece, seconds)

    def waiting(self) -> set[str]:
        """The users with jobs that have not ended."""
        return {self.owners[run_id] for run_id in self.goes_on}

    def _charge(self, piece: Piece, seconds: float) -> None:
        for name in (piece.run_id, self.owners[piece.run_id]):
            self.service[name] = self.service.get(name, 0.0) + seconds
        self._note(piece, seconds)

    def _note(self, piece: Piece, seconds: float) -> None:
        for name in (piece.run_id, self.owners[piece.run_id]):
            self.largest[name] = max(self.largest.get(name, 0.0), seconds)


def desk_take(server: Server) -> Piece:
    """Take the piece that is there."""
    piece = server.take()
    assert piece is not None
    return piece


def served_next(server: Server, count: int) -> list[str]:
    """Do pieces; returns their owners."""
    served = []
    for _ in range(count):
        piece = desk_take(server)
        served.append(server.owners[piece.run_id])
        server.do(piece)
    return served


class Account:
    """Service of two waiting users since both began to wait."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], tuple[float, float]] = {}

    def check(self, server: Server, waiting: set[str]) -> int:
        """Check that no two users' service differs too much; returns the number of pairs."""
        pairs = set(combinations(sorted(waiting), 2))
        self._since = {pair: since for pair, since in self._since.items() if pair in pairs}
        for pair in pairs:
            one, other = (server.service.get(name, 0.0) for name in pair)
            before = self._since.setdefault(pair, (one, other))
            allowed = sum(server.largest.get(name, 0.0) for name in pair)
            assert abs((one - before[0]) - (other - before[1])) <= allowed
        return len(pairs)


def check_levels(server: Server, levels: dict[str, float]) -> None:
    """Check that no two levels differ by more than the larger of the two users' largest charges."""
    for pair in combinations(levels, 2):
        allowed = max(server.largest.get(name, 0.0) for name in pair)
        assert abs(levels[pair[0]] - levels[pair[1]]) <= allowed


# eighths are exact as binary fractions: so are their sums
EIGHTHS = st.integers(0, 40).map(lambda number: number / 8)
JOBS = st.tuples(st.sampled_from(USERS), st.integers(1, 12), EIGHTHS, EIGHTHS)
EVENTS = st.lists(st.one_of(JOBS, st.integers(1, 15)), min_size=2, max_size=12)


@given(events=EVENTS)
@settings(max_examples=50, deadline=None, suppress_health_check=FIXTURE)
def test_users_who_wait_are_served_alike(
    redis: "Redis", events: list[tuple[str, int, float, float] | int]
) -> None:
    with own_desk(redis) as desk:
        server, account, compared = Server(desk), Account(), 0
        for happens in events:
            if isinstance(happens, tuple):
                server.begin(*happens)
                continue
            for _ in range(happens):
                before = desk.levels()
                assert set(before) == server.waiting()
                check_levels(server, before)
                compared += account.check(server, server.waiting())
                piece = server.take()
                if piece is None:
                    assert before == {}
                    break
                owner = server.owners[piece.run_id]
                assert before[owner] == min(before.values())
                check_levels(server, desk.levels())
                server.do(piece)
                for user, level in desk.levels().items():
                    had = desk.served()[user] if user == owner else before[user]
                    assert level == had
        event(f"compared {min(compared, 20)}")


@given(
    counts=st.lists(st.integers(1, 12), min_size=2, max_size=4),
    seconds=st.lists(EIGHTHS, min_size=4, max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=FIXTURE)
def test_a_users_jobs_are_served_alike(
    redis: "Redis", counts: Sequence[int], seconds: Sequence[float]
) -> None:
    with own_desk(redis) as desk:
        server, account = Server(desk), Account()
        runs = [server.begin("ann", n, s, s) for n, s in zip(counts, seconds, strict=False)]
        while (piece := server.take()) is not None:
            server.do(piece)
            lane = desk.lane()
            assert set(lane) == server.goes_on
            check_levels(server, lane)
            account.check(server, server.goes_on)
            for run_id in server.goes_on:
                assert lane[run_id] == server.service.get(run_id, 0.0)
        assert {desk.job(run_id)["outcome"] for run_id in runs} == {"completed"}


def test_a_user_who_comes_later_starts_level(desk: Desk) -> None:
    server = Server(desk)
    server.begin("ann", 100, 1.0, 1.0)
    for _ in range(10):
        server.do(desk_take(server))
    server.begin("bob", 100, 1.0, 1.0)
    # ann's tenth piece was begun at 9
    assert desk.levels() == {"ann": 10.0, "bob": 9.0}
    assert served_next(server, 6) == ["bob", *["ann", "bob"] * 2, "ann"]


def test_waiting_for_nothing_earns_nothing(desk: Desk) -> None:
    server = Server(desk)
    first = server.begin("bob", 10, 1.0, 1.0)
    server.begin("ann", 100, 1.0, 1.0)
    assert sorted(served_next(server, 2)) == ["ann", "bob"]
    desk.ledger.cancel(first)
    server.goes_on.remove(first)
    served_next(server, 39)
    server.begin("bob", 100, 1.0, 1.0)
    assert desk.levels() == {"ann": 40.0, "bob": 39.0}


def test_cancelling_and_coming_back_forgives_nothing(desk: Desk) -> None:
    server = Server(desk)
    server.begin("ann", 100, 1.0, 1.0)
    first = server.begin("bob", 100, 50.0, 50.0)
    assert sorted(served_next(server, 2)) == ["ann", "bob"]
    desk.ledger.cancel(first)
    server.goes_on.remove(first)
    server.begin("bob", 100, 1.0, 1.0)
    assert desk.levels() == {"ann": 1.0, "bob": 50.0}
    assert served_next(server, 49) == ["ann"] * 49


def test_one_user_with_many_jobs_is_one_user(desk: Desk) -> None:
    server = Server(desk)
    for _ in range(5):
        server.begin("ann", 50, 1.0, 1.0)
    server.begin("bob", 50, 1.0, 1.0)
    served = served_next(server, 40)
    assert (served.count("ann"), served.count("bob")) == (20, 20)


def test_longer_pieces_come_less_often(desk: Desk) -> None:
    server = Server(desk)
    server.begin("ann", 50, 3.0, 3.0)
    server.begin("bob", 50, 1.0, 1.0)
    served = served_next(server, 40)
    assert (served.count("ann"), served.count("bob")) == (10, 30)


def test_what_pieces_really_took_counts_not_what_they_were_thought_to(desk: Desk) -> None:
    server = Server(desk)
    server.begin("ann", 50, 1.0, 3.0)
    server.begin("bob", 50, 3.0, 1.0)
    served = served_next(server, 40)
    assert (served.count("ann"), served.count("bob")) == (10, 30)


@pytest.mark.parametrize("ids", [("a" * 32, "b" * 32), ("b" * 32, "a" * 32)])
def test_a_job_of_one_chunk_is_not_behind_one_of_ten_thousand(
    desk: Desk, ids: tuple[str, str]
) -> None:
    big = desk.begin(10_000, run_id=ids[0])
    for _ in range(3):
        desk.take_and_keep()
    small = desk.begin(1, run_id=ids[1])
    taken = []
    while not (piece := desk.take()).join:
        taken.append(piece.run_id)
        desk.keep(piece)
    assert piece.run_id == small
    # the small job starts at the level of the big one's last piece; both then have the same level,
    # and the lower id is served first
    assert taken == [small, *([big] if big < small else [])]
    desk.finish(piece)


@pytest.mark.parametrize(("big", "before"), [("0" * 32, 1), ("f" * 32, 0)])
def test_many_small_jobs_of_a_user_do_not_starve_a_big_one(
    desk: Desk, big: str, before: int
) -> None:
    desk.begin(1_000, run_id=big)
    for number in range(1, 31):
        desk.begin(1, run_id=f"{number:032x}")
        while not ((piece := desk.take()).join and piece.run_id != big):
            desk.keep(piece)
        desk.finish(piece)
    # one chunk of the big job between the chunk and the join of each small one, and one first of
    # all by its id
    assert desk.fields(f"axiomatic:work:{big}")["done"] == str(30 + before)


def test_many_users_do_not_starve_one(desk: Desk) -> None:
    server = Server(desk)
    server.begin("ann", 1_000, 1.0, 1.0)
    others = [f"user{number}" for number in range(4)]
    served: list[str] = []
    for _ in range(200):
        for other in set(others) - server.waiting():
            server.begin(other, 1, 1.0, 1.0)
        served += served_next(server, 1)
    assert {served.count(user) for user in ("ann", *others)} == {40}


def test_each_user_waits_for_a_piece_of_every_other_at_the_most(desk: Desk) -> None:
    server = Server(desk)
    users = [f"user{number}" for number in range(6)]
    for user in users:
        server.begin(user, 100, 2.0, 2.0)
    served = served_next(server, 60)
    for start in range(0, 60, 6):
        assert sorted(served[start : start + 6]) == users


def test_what_a_dead_holder_was_given_is_charged(desk: Desk) -> None:
    desk.begin(10, cost=2.0)
    desk.take("dead")
    desk.end_leases()
    desk.take_and_keep(seconds=5.0)
    assert desk.levels() == {"ann": 7.0}


def test_a_user_who_comes_later_starts_level_though_costs_were_thought_too_high(desk: Desk) -> None:
    desk.begin(100, cost=10.0)
    pieces = [(f"h{number}", desk.take(f"h{number}")) for number in range(8)]
    for holder, piece in pieces:
        desk.keep(piece, holder, seconds=0.5)
    assert desk.levels() == {"ann": 4.0}
    desk.begin(100, owner="bob")
    assert desk.levels() == {"ann": 4.0, "bob": 4.0}


def test_a_job_between_two_stages_is_level_with_one_that_came_meanwhile(desk: Desk) -> None:
    desk.begin(2, cost=1.0)
    desk.take_and_keep(seconds=300.0)
    desk.take_and_keep(seconds=300.0)
    join = desk.take()
    desk.begin(100, cost=1.0)
    desk.advance(join, stage(100, 1, "points"))
    for _ in range(10):
        desk.take_and_keep()
    one, other = desk.lane().values()
    assert abs(one - other) in {0.0, 1.0}


def test_a_piece_that_is_out_while_levels_are_cleaned_up_is_charged(desk: Desk) -> None:
    desk.begin(100, cost=1.0)
    desk.take_and_keep(seconds=5_000.0)
    desk.take_and_keep(seconds=1.0)
    desk.begin(1, owner="bob", cost=1.0)
    chunk = desk.take("bobs")
    assert desk.served() == {"ann": 5_001.0, "bob": 5_001.0}
    desk.take_and_keep(seconds=1.0)
    desk.heartbeat()
    assert desk.keep(chunk, "bobs", seconds=100.0) == "kept"
    assert desk.served()["bob"] == 5_100.0


def test_a_job_of_one_chunk_is_charged_once(desk: Desk) -> None:
    desk.begin(1, cost=2.0)
    desk.begin(1, owner="bob", cost=2.0)
    for _ in range(4):
        piece = desk.take()
        desk.finish(piece, seconds=0.25) if piece.join else desk.keep(piece, seconds=2.0)
    assert desk.served() == {"ann": 2.25, "bob": 2.25}
