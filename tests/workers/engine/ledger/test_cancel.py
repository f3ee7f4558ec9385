"""A cancelled job is gone in one call, with its messages, and nothing else is."""

import json
from typing import cast

from tests.workers.engine.ledger.desk import ENDED, Desk


def message(run_id: str, number: int = 0) -> str:
    """A turn's message as kombu writes it to the queue."""
    headers = {"task": "axiomatic.turn", "id": f"{number:032x}", "argsrepr": f"('{run_id}', 0)"}
    return json.dumps({"body": "W1tdLCB7fSwge31d", "headers": headers, "properties": {}})


def queue(desk: Desk) -> list[str]:
    raw = cast("list[bytes]", desk.redis.lrange(desk.queue, 0, -1))
    return [text.decode() for text in raw]


def test_a_jobs_messages_are_taken_off_the_queue_and_no_others(desk: Desk) -> None:
    gone, stays = desk.begin(10), desk.begin(10, owner="bob")
    anybodys = json.dumps({"headers": {"task": "axiomatic.turn", "argsrepr": "()"}})
    others = [message(stays, 1), anybodys, message(stays, 2), message(stays, 2)]
    mixed = [message(gone, 1), others[0], message(gone, 2), others[1], others[2], message(gone, 2)]
    desk.redis.rpush(desk.queue, *mixed, others[3], message(gone, 3))
    assert desk.ledger.cancel(gone)
    assert queue(desk) == others
    assert desk.job(gone)["outcome"] == "cancelled"
    assert "outcome" not in desk.job(stays)


def test_a_job_that_has_ended_stays_as_it_is(desk: Desk) -> None:
    done = desk.begin(1)
    desk.finish(desk.to_join(), result={"lineups": 150})
    failed = desk.begin(1)
    desk.fail(desk.take())
    cancelled = desk.begin(1)
    assert desk.ledger.cancel(cancelled)
    desk.redis.rpush(desk.queue, message(done), message(failed), message(cancelled))
    before = desk.dump()
    for run_id in (done, failed, cancelled, "f" * 32):
        assert not desk.ledger.cancel(run_id)
    assert desk.dump() == before


def test_what_its_chords_left_goes_along(desk: Desk) -> None:
    run_id, other = desk.begin(1), desk.begin(1, owner="bob")
    desk.ledger.cancel(other)
    groups = [f"celery-taskset-meta-{run_id}.0{end}" for end in ("", ".j", ".t", ".s")]
    theirs = f"celery-taskset-meta-{other}.0.j"
    desk.redis.mset(dict.fromkeys([*groups, theirs], "1"))
    desk.ledger.cancel(run_id)
    assert desk.keys_of(run_id) == ENDED
    assert desk.redis.delete(theirs) == 1


def test_nothing_of_a_cancelled_job_is_handed_out(desk: Desk) -> None:
    run_id = desk.begin(5)
    taken = desk.take("one")
    desk.ledger.give_back("two", desk.take("two"), "no")
    desk.ledger.cancel(run_id)
    assert desk.ledger.take("three") is None
    assert desk.keep(taken, "one") == "ended"
    desk.end_leases()
    assert desk.heartbeat() == 0
    assert desk.ledger.take("three") is None
    assert (desk.leases(), desk.held(), desk.levels(), desk.lane()) == ([], {}, {}, {})


def test_other_jobs_of_its_owner_keep_their_turn(desk: Desk) -> None:
    gone, stays = desk.begin(5), desk.begin(5)
    desk.ledger.cancel(gone)
    assert set(desk.lane()) == {stays}
    assert desk.take().run_id == stays


def test_a_job_of_ten_thousand_chunks_is_gone_in_one_call(desk: Desk) -> None:
    run_id = desk.begin(10_000, need=500)
    desk.ledger.put(run_id, "r", b"b" * 400, 500)
    for _ in range(5_000):
        desk.take_and_keep()
    half = [desk.take(f"h{number}") for number in range(8)]
    desk.redis.rpush(desk.queue, *(message(run_id, number) for number in range(64)))
    assert desk.ledger.cancel(run_id)
    assert desk.keys_of(run_id) == ENDED
    assert queue(desk) == []
    assert desk.store() == (0, 0)
    assert set(desk.job(run_id)) == {
        *("kind", "owner", "version", "need", "keep_seconds", "chunk_units", "stage"),
        *("created_at", "started_at", "ended_at", "outcome", "progress", "served", "used"),
        "most_going",
    }
    for number, piece in enumerate(half):
        assert desk.keep(piece, f"h{number}") == "ended"
    assert (desk.leases(), desk.held()) == ([], {})
