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
