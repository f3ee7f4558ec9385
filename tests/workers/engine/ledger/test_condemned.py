"""A child that goes on with what is over is killed, and never with another job's piece in hand."""

import json

from tests.workers.engine.ledger.desk import Desk
from workers.engine.ledger import Held, holder_name

CHILD = holder_name("celery@one", 7, "message")
LATE = json.dumps({"reason": "It took too long."})


def held(desk: Desk, holder: str = CHILD) -> Held:
    (only,) = desk.ledger.held(["nobody", holder])
    return only


def test_a_child_that_holds_nothing_is_not_listed(desk: Desk) -> None:
    desk.begin(1)
    assert desk.ledger.held([CHILD]) == []
    assert desk.ledger.held([]) == []


def test_a_child_of_a_cancelled_job_is_condemned_and_handed_nothing(desk: Desk) -> None:
    run_id = desk.begin(2)
    desk.take(CHILD)
    assert not held(desk).over
    assert not desk.ledger.condemn(held(desk))
    desk.ledger.cancel(run_id)
    other = desk.begin(3)
    assert held(desk).over
    assert desk.ledger.condemn(held(desk))
    # its lease has ended at once, and no message makes it another child
    assert desk.leases() == []
    for message in ("message", "another"):
        assert desk.ledger.take(holder_name("celery@one", 7, message)) is None
    assert desk.take(holder_name("celery@one", 8, "message")).run_id == other
    assert desk.take(holder_name("celery@one-two", 7, "message")).run_id == other


def test_a_child_that_has_another_job_s_piece_by_now_is_left_alone(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.take(CHILD)
    desk.ledger.cancel(run_id)
    looked_at = held(desk)
    other = desk.begin(2)
    assert desk.take(CHILD).run_id == other
    assert not desk.ledger.condemn(looked_at, LATE, "It took too long.")
    assert "outcome" not in desk.job(other)
    assert desk.take(CHILD).run_id == other


def test_a_piece_that_has_had_its_time_fails_its_job_and_is_not_tried_again(desk: Desk) -> None:
    run_id, other = desk.begin(3), desk.begin(1, owner="bob")
    desk.take(CHILD)
    assert desk.ledger.condemn(held(desk), LATE, "It took too long.")
    assert desk.reason(run_id) == "It took too long."
    assert desk.take("next").run_id == other
    assert desk.ledger.take("later") is None


def test_a_piece_that_was_taken_anew_has_its_time_before_it(desk: Desk) -> None:
    run_id = desk.begin(1)
    first = desk.take(CHILD)
    looked_at = held(desk)
    desk.ledger.give_back(CHILD, first, "no")
    desk.end_leases(of="-")
    assert desk.take(CHILD).tries == 2
    desk.redis.hset(f"axiomatic:work:{run_id}", "a:0.0", f"{desk.now() + 1:.6f}")
    assert held(desk).lease == looked_at.lease
    assert not desk.ledger.condemn(looked_at, LATE, "It took too long.")
    assert "outcome" not in desk.job(run_id)


def test_slots_are_busy_stuck_or_free(desk: Desk) -> None:
    desk.heartbeat("celery@one", 4)
    runs = [desk.begin(1) for _ in range(3)]
    taken = {desk.take(holder_name("celery@one", n, "m")).run_id: n for n in range(3)}
    assert set(taken) == set(runs)
    load = desk.ledger.load()
    assert (load.slots, load.busy_slots, load.stuck_slots, load.free_slots) == (4, 3, 0, 1)
    desk.ledger.cancel(runs[0])
    desk.redis.hset(f"axiomatic:work:{runs[1]}", "a:0.0", f"{desk.now() - 301:.6f}")
    load = desk.ledger.load(300.0)
    assert (load.busy_slots, load.stuck_slots, load.free_slots) == (1, 2, 1)
    # a worker that is gone has no slots, and what it held counts until its leases end
    desk.ledger.leave("celery@one")
    assert desk.ledger.load().free_slots == 0
