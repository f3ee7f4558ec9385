"""A stage's join opens with its chord's body, or by itself a moment later."""

from tests.workers.engine.ledger.desk import ENDED, LEASES, Desk, stage
from workers.engine.ledger import ledger


def closed(desk: Desk, chunks: int = 2) -> str:
    """Begin a job whose chord's body opens the join, and keep all but its last value."""
    run_id = desk.begin(chunks, fans_out=True)
    for _ in range(chunks - 1):
        desk.take_and_keep()
    return run_id


def test_without_a_chord_whoever_keeps_the_last_value_goes_on(desk: Desk) -> None:
    desk.begin(2)
    desk.take_and_keep()
    desk.take_and_keep()
    assert desk.take().join


def test_with_a_chord_the_join_waits_for_its_body(desk: Desk) -> None:
    run_id = closed(desk)
    before = desk.now()
    desk.take_and_keep()
    assert desk.ledger.take("h") is None
    lease = desk.lease("-", run_id, "1.0")
    assert desk.leases() == [lease]
    assert before <= desk.scores(LEASES)[lease] - ledger.GRACE_SECONDS <= desk.now()
    assert desk.held() == {}


def test_a_body_that_comes_last_opens_the_join(desk: Desk) -> None:
    run_id = closed(desk)
    desk.take_and_keep()
    desk.ledger.open(run_id, 0)
    assert desk.leases() == []
    join = desk.take()
    assert (join.join, join.tries) == (True, 1)


def test_a_body_that_comes_before_the_last_value_opens_the_join_for_it(desk: Desk) -> None:
    run_id = closed(desk)
    last = desk.take()
    desk.ledger.open(run_id, 0)
    assert desk.ledger.take("other") is None
    desk.keep(last)
    assert desk.leases() == []
    assert desk.take().join


def test_a_body_that_never_comes_is_not_waited_for(desk: Desk) -> None:
    closed(desk)
    desk.take_and_keep()
    desk.end_leases(of="-")
    join = desk.take()
    assert (join.join, join.tries) == (True, 1)


def test_a_heartbeat_opens_a_join_whose_body_never_comes(desk: Desk) -> None:
    closed(desk)
    desk.take_and_keep()
    desk.end_leases(of="-")
    assert desk.heartbeat(slots=2) == 1
    assert desk.take().join


def test_a_body_that_comes_twice_opens_the_join_once(desk: Desk) -> None:
    run_id = closed(desk)
    desk.take_and_keep()
    desk.ledger.open(run_id, 0)
    desk.ledger.open(run_id, 0)
    assert desk.take("one").join
    desk.ledger.open(run_id, 0)
    assert desk.ledger.take("two") is None


def test_a_body_that_comes_after_its_stage_changes_nothing(desk: Desk) -> None:
    run_id = closed(desk)
    desk.take_and_keep()
    desk.ledger.open(run_id, 0)
    join = desk.take()
    desk.advance(join, stage(2, 1, "points", fans_out=True))
    kept = desk.dump()
    desk.ledger.open(run_id, 0)
    assert desk.dump() == kept
    desk.take_and_keep()
    desk.take_and_keep()
    assert desk.ledger.take("h") is None
    desk.ledger.open(run_id, 1)
    assert desk.take().stage == 1


def test_a_join_that_was_given_back_is_taken_again_without_a_body(desk: Desk) -> None:
    run_id = closed(desk)
    desk.take_and_keep()
    desk.ledger.open(run_id, 0)
    desk.take("dead")
    desk.end_leases()
    join = desk.take("other")
    assert (join.join, join.tries, join.inputs) == (True, 2, (b"[0]", b"[1]"))


def test_merges_below_the_join_wait_for_no_body(desk: Desk) -> None:
    desk.begin(65, fans_out=True)
    for _ in range(64):
        desk.take_and_keep()
    merge = desk.take_and_keep()
    assert (merge.level, merge.join) == (1, False)
    desk.take_and_keep()
    assert desk.take_and_keep().name == "1.1"
    assert desk.ledger.take("h") is None
    desk.end_leases(of="-")
    assert desk.take().name == "2.0"


def test_a_cancelled_jobs_join_does_not_open(desk: Desk) -> None:
    run_id = closed(desk)
    desk.take_and_keep()
    desk.ledger.cancel(run_id)
    desk.end_leases(of="-")
    desk.ledger.open(run_id, 0)
    assert desk.ledger.take("h") is None
    assert desk.leases() == []
    assert desk.keys_of(run_id) == ENDED
