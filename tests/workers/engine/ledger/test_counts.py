"""What the ledger counts for whoever watches an installation."""

from tests.workers.engine.ledger.desk import Desk, stage
from workers.engine.counts import LIMITS, Counts, PieceTimes, read_counts
from workers.engine.ledger import Waiting


def counts(desk: Desk) -> Counts:
    return read_counts(desk.redis)


def test_nothing_has_happened_where_nothing_was_counted(desk: Desk) -> None:
    assert counts(desk) == Counts({})


def test_pieces_are_counted_by_stage_and_by_how_long_they_took(desk: Desk) -> None:
    desk.begin(3)
    for seconds in (0.1, 0.1000001, 700.0):
        desk.take_and_keep(seconds=seconds)
    join = desk.take()
    assert desk.advance(join, stage(1, 1, "points"), seconds=0.25) == "kept"
    desk.take_and_keep(seconds=4.0)
    assert desk.finish(desk.take(), seconds=0.0) == "kept"
    walk, points = counts(desk).pieces["walks", "walk"], counts(desk).pieces["walks", "points"]
    assert walk == PieceTimes(700.45, {"0.1": 1, "0.25": 2, "+Inf": 1})
    assert walk.cumulative() == [(limit, {"0.1": 1, "+Inf": 4}.get(limit, 3)) for limit in LIMITS]
    assert points == PieceTimes(4.0, {"5.0": 1, "0.1": 1})


def test_jobs_are_counted_by_how_they_end(desk: Desk) -> None:
    for _ in range(2):
        desk.begin(1)
        desk.finish(desk.to_join())
    desk.begin(1)
    desk.fail(desk.take())
    desk.ledger.cancel(desk.begin(1))
    assert counts(desk).jobs == {
        ("walks", "completed"): 2,
        ("walks", "failed"): 1,
        ("walks", "cancelled"): 1,
    }


def test_a_piece_that_was_kept_late_is_counted_once(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    again = desk.take("again")
    assert desk.keep(again, "again") == "kept"
    assert desk.keep(late, "late") == "twice"
    assert counts(desk).pieces["walks", "walk"].by_limit == {"1.0": 1}
    assert counts(desk).leases_lost == 1


def test_a_retry_is_no_lost_lease(desk: Desk) -> None:
    desk.begin(1)
    piece = desk.take()
    assert desk.ledger.give_back("h", piece, "It fell over.") == "kept"
    desk.end_leases()
    desk.take()
    assert (counts(desk).retries, counts(desk).leases_lost) == (1, 0)


def test_a_piece_without_room_is_counted_as_postponed(desk: Desk) -> None:
    desk.begin(1)
    assert desk.ledger.postpone("h", desk.take(), "No room.") == "kept"
    assert (counts(desk).postponed, counts(desk).retries) == (1, 0)


def test_users_wait_since_their_job_was_last_given_something(desk: Desk) -> None:
    assert desk.ledger.waiting() == []
    first = desk.begin(3, owner="ann")
    desk.begin(2, owner="bob")
    desk.redis.hset(f"axiomatic:work:{first}", "since", desk.now() - 50.0)
    waiting = {each.user: each for each in desk.ledger.waiting()}
    assert {user: each.chunks for user, each in waiting.items()} == {"ann": 3, "bob": 2}
    assert waiting["ann"].oldest_seconds >= 50.0
    assert waiting["bob"].oldest_seconds < 50.0
    assert isinstance(waiting["bob"], Waiting)
