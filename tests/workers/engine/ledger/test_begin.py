"""A job is begun once, whole, or not at all."""

import uuid
from typing import Any

from tests.workers.engine.ledger.desk import KEEP, KEPT, LONG_AGO, Desk, stage
from workers.engine.ledger import Begin, Begun


def test_a_key_used_again_for_the_same_gives_the_first_job(desk: Desk) -> None:
    first = desk.begin(3, once="ann:key", body="hash")
    before = desk.dump()
    assert desk.ask(3, once="ann:key", body="hash", need=10) == Begun("again", first)
    assert desk.dump() == before


def test_a_key_used_again_for_something_else_is_refused(desk: Desk) -> None:
    first = desk.begin(3, once="ann:key", body="hash")
    before = desk.dump()
    assert desk.ask(3, once="ann:key", body="another", need=10) == Begun("other", first)
    assert desk.dump() == before


def test_a_key_is_remembered_though_its_job_has_ended(desk: Desk) -> None:
    first = desk.begin(1, once="ann:key", body="hash")
    desk.finish(desk.to_join())
    assert desk.ask(1, once="ann:key", body="hash") == Begun("again", first)
    assert desk.ask(1, once="ann:key", body="another") == Begun("other", first)


def test_a_key_is_kept_as_long_as_records_are(desk: Desk) -> None:
    before = desk.now()
    desk.begin(1, once="ann:key", body="hash")
    ends = desk.redis.pexpiretime("axiomatic:key:ann:key")
    assert int(before * 1_000) <= ends - KEEP * 1_000 <= desk.now() * 1_000


def test_each_key_has_its_own_job_and_no_key_none(desk: Desk) -> None:
    begun = [desk.begin(1, once=key, body="hash") for key in ("ann:1", "ann:2", "bob:1", "", "")]
    assert len(set(begun)) == 5
    keys = {key for key in desk.names() if key.startswith("axiomatic:key:")}
    assert keys == {"axiomatic:key:ann:1", "axiomatic:key:ann:2", "axiomatic:key:bob:1"}


def test_a_job_asked_for_twice_under_one_id_is_begun_once(desk: Desk) -> None:
    run_id = uuid.uuid4().hex
    asked: dict[str, Any] = {
        "run_id": run_id,
        "once": "ann:key",
        "body": "hash",
        "need": 30,
        "arrays": {"r": b"1"},
    }
    assert desk.ask(3, **asked) == Begun("begun", run_id)
    before = desk.dump()
    assert desk.ask(3, **asked) == Begun("begun", run_id)
    assert desk.dump() == before


def test_a_job_asked_for_again_goes_on_where_it_is(desk: Desk) -> None:
    run_id = desk.begin(3, run_id="a" * 32)
    desk.take_and_keep()
    before = desk.dump()
    assert desk.ask(3, run_id=run_id) == Begun("begun", run_id)
    assert desk.dump() == before
    desk.ledger.cancel(run_id)
    ended = desk.dump()
    assert desk.ask(3, run_id=run_id) == Begun("begun", run_id)
    assert desk.dump() == ended


def test_a_job_that_finds_no_room_leaves_nothing(desk: Desk) -> None:
    desk.begin(1, need=60, limit=100)
    before = desk.dump()
    refused = desk.ask(3, need=41, limit=100, once="ann:key", body="hash", arrays={"r": b"12345"})
    assert refused.outcome == "full"
    assert desk.dump() == before


def test_room_is_given_to_the_last_byte(desk: Desk) -> None:
    first = desk.begin(1, need=60, limit=100)
    desk.begin(1, need=40, limit=100)
    assert desk.store() == (0, 100)
    assert desk.ask(1, need=1, limit=100).outcome == "full"
    assert desk.ask(1, need=0, limit=100).outcome == "begun"
    desk.ledger.cancel(first)
    assert desk.store() == (0, 40)
    assert desk.ask(1, need=60, limit=100 + desk.kept() - 1).outcome == "full"
    assert desk.ask(1, need=60, limit=100 + desk.kept()).outcome == "begun"


def test_what_is_kept_of_ended_jobs_takes_room_until_it_expires(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.finish(desk.to_join(), result={"lineups": [1, 2, 3]})
    weight = desk.weight(run_id)
    assert desk.kept() == weight
    assert desk.ledger.load().kept_bytes == weight
    assert desk.ask(1, need=1, limit=weight).outcome == "full"
    expires = desk.scores(KEPT)[f"{run_id} {weight}"]
    assert expires - KEEP == float(desk.job(run_id)["ended_at"])
    desk.redis.zadd(KEPT, {f"{run_id} {weight}": LONG_AGO})
    desk.redis.delete(f"axiomatic:job:{run_id}", f"celery-task-meta-{run_id}")
    assert desk.ask(1, need=1, limit=1).outcome == "begun"
    assert (desk.kept(), desk.store()) == (0, (0, 1))


def test_arrays_beyond_what_was_promised_are_promised_too(desk: Desk) -> None:
    desk.begin(1, need=40)
    run_id = desk.begin(1, owner="bob", need=2, arrays={"r": b"12345"})
    assert desk.store() == (5, 45)
    desk.ledger.cancel(run_id)
    assert desk.store() == (0, 40)


def test_a_key_is_looked_up_without_beginning_anything(desk: Desk) -> None:
    assert desk.ledger.first_of_key("ann:key", "hash") is None
    assert desk.names() == set()
    first = desk.begin(1, once="ann:key", body="hash")
    before = desk.dump()
    assert desk.ledger.first_of_key("ann:key", "hash") == Begun("again", first)
    assert desk.ledger.first_of_key("ann:key", "another") == Begun("other", first)
    assert desk.ledger.first_of_key("bob:key", "hash") is None
    assert desk.dump() == before


def test_a_key_whose_job_found_no_room_can_be_used_again(desk: Desk) -> None:
    assert desk.ask(1, need=2, limit=1, once="ann:key", body="hash").outcome == "full"
    again = desk.ask(1, need=1, limit=1, once="ann:key", body="hash")
    assert again.outcome == "begun"


def test_units_a_chunk_are_kept_where_they_were_asked_for(desk: Desk) -> None:
    run_id = "a" * 32
    job = Begin(
        run_id=run_id,
        kind="walks",
        owner="ann",
        version=desk.version,
        request=b"\x00\xff",
        need_bytes=0,
        keep_seconds=KEEP,
        chunk_units=7,
        once="",
        body="",
        arrays={},
        first=stage(2),
    )
    assert desk.ledger.begin(job, 0) == Begun("begun", run_id)
    assert desk.job_bytes(run_id)["request"] == b"\x00\xff"
    assert desk.job_bytes(run_id)["chunk_units"] == b"7"
