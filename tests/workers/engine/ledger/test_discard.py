"""What is kept of a job that ended is removed when its owner asks for it."""

from tests.workers.engine.ledger.desk import A_WEEK, KEEP, Desk


def test_an_ended_job_is_removed_and_its_room_is_free(desk: Desk) -> None:
    ended, other = desk.begin(1), desk.begin(1)
    for _ in range(2):
        desk.finish(desk.to_join())
    assert desk.kept() == desk.weight(ended) + desk.weight(other)
    assert desk.ledger.discard(ended)
    assert desk.kept() == desk.weight(other)
    assert desk.keys_of(ended) == {"axiomatic:gone:"}
    assert ended not in desk.scores("axiomatic:jobs-of:ann")
    # once more, because the answer was lost
    assert not desk.ledger.discard(ended)
    assert desk.kept() == desk.weight(other)


def test_failed_and_cancelled_jobs_are_removed_as_well(desk: Desk) -> None:
    failed = desk.begin(1)
    desk.fail(desk.take())
    cancelled = desk.begin(1)
    desk.ledger.cancel(cancelled)
    for run_id in (failed, cancelled):
        assert desk.ledger.discard(run_id)
    assert desk.kept() == 0


def test_a_job_that_goes_on_is_not_removed(desk: Desk) -> None:
    run_id = desk.begin(2)
    before = desk.dump()
    assert not desk.ledger.discard(run_id)
    assert desk.dump() == before


def test_whose_an_ended_job_was_is_known_for_a_week_after_its_record(desk: Desk) -> None:
    run_id = desk.begin(1, owner="bob")
    gone = f"axiomatic:gone:{run_id}"
    assert desk.redis.get(gone) is None
    desk.finish(desk.to_join())
    assert desk.redis.get(gone) == b"bob"
    assert KEEP + A_WEEK - 60 < desk.redis.ttl(gone) <= KEEP + A_WEEK


def done(desk: Desk, **more: object) -> str:
    """Do a job to its end; returns its id."""
    run_id = desk.begin(1, **more)
    assert desk.finish(desk.to_join()) == "kept"
    return run_id


def test_where_a_users_room_is_full_the_oldest_result_gives_way(desk: Desk) -> None:
    first = done(desk, room=10**6)
    size = desk.weight(first)
    others = [done(desk, room=3 * size) for _ in range(2)]
    bobs = done(desk, owner="bob", room=size)
    assert desk.kept() == 4 * size
    last = done(desk, room=3 * size)
    assert desk.keys_of(first) == {"axiomatic:gone:"}
    assert all(desk.job(run_id) for run_id in (*others, last, bobs))
    assert desk.kept() == 4 * size


def test_a_result_larger_than_the_room_is_kept_alone(desk: Desk) -> None:
    before = done(desk, room=10**6)
    large = done(desk, room=1)
    assert desk.keys_of(before) == {"axiomatic:gone:"}
    assert desk.job(large)["outcome"] == "completed"


def test_what_was_removed_takes_no_more_room(desk: Desk) -> None:
    first = done(desk, room=10**6)
    size = desk.weight(first)
    second = done(desk, room=2 * size)
    assert desk.ledger.discard(second)
    third = done(desk, room=2 * size)
    assert desk.job(first)
    assert desk.job(third)
    assert int(desk.redis.get("axiomatic:ended-bytes:ann") or 0) == 2 * size


def test_what_has_expired_takes_no_more_room(desk: Desk) -> None:
    first = done(desk, room=10**6)
    size = desk.weight(first)
    desk.redis.zadd("axiomatic:ended:ann", {f"{first} {size}": 1.0})
    done(desk, room=size)
    assert desk.job(first)
    assert int(desk.redis.get("axiomatic:ended-bytes:ann") or 0) == size


def test_an_idempotency_key_of_a_removed_job_is_new_again(desk: Desk) -> None:
    first = done(desk, once="key", body="a")
    assert desk.ask(once="key", body="a").run_id == first
    assert desk.ledger.discard(first)
    assert desk.ask(once="key", body="b").outcome == "begun"
