"""Blobs are held by the jobs that need them, and gone with the last of those."""

import pytest

from tests.workers.engine.ledger.desk import ENDED, Desk, stage

ROOM = 100


def put(desk: Desk, run_id: str, name: str, size: int = 10) -> str:
    """Store a blob where there is room beside what is kept of ended jobs."""
    return desk.ledger.put(run_id, name, b"b" * size, ROOM + desk.kept())


def there(desk: Desk) -> set[str]:
    """All blobs; checks that both of the ledger's accounts have each of them."""
    names = {key.removeprefix("axiomatic:blob:") for key in desk.names() if ":blob:" in key}
    assert names == set(desk.fields("axiomatic:blobs"))
    return names


def test_a_blob_is_stored_and_counted(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert put(desk, run_id, "r") == "kept"
    assert desk.redis.get("axiomatic:blob:r") == b"b" * 10
    assert desk.store() == (10, 10)
    assert desk.ledger.load().stored_bytes == 10


def test_a_blob_put_twice_is_stored_once(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert [put(desk, run_id, "r"), put(desk, run_id, "r")] == ["kept", "kept"]
    assert desk.store() == (10, 10)
    assert desk.fields("axiomatic:blobs") == {"r": "1"}
    desk.ledger.cancel(run_id)
    assert there(desk) == set()


def test_two_jobs_share_a_blob_and_the_last_takes_it_along(desk: Desk) -> None:
    first, second = desk.begin(1), desk.begin(1)
    put(desk, first, "r")
    put(desk, second, "r")
    # either job may be the only one that still holds it
    assert desk.store() == (10, 20)
    desk.ledger.cancel(first)
    assert there(desk) == {"r"}
    assert desk.store() == (10, 10)
    desk.ledger.cancel(second)
    assert there(desk) == set()
    assert desk.store() == (0, 0)


def test_arrays_that_come_with_jobs_are_shared_too(desk: Desk) -> None:
    first = desk.begin(1, need=10, arrays={"r": b"12345", "s": b"1"})
    second = desk.begin(1, need=10, arrays={"r": b"12345"})
    assert desk.store() == (6, 20)
    assert put(desk, second, "r") == "kept"
    desk.ledger.cancel(first)
    assert there(desk) == {"r"}
    assert desk.redis.get("axiomatic:blob:r") == b"12345"
    desk.ledger.cancel(second)
    assert there(desk) == set()


def test_a_blob_that_does_not_fit_is_refused_and_not_stored(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert put(desk, run_id, "r", 60) == "kept"
    before = desk.dump()
    assert put(desk, run_id, "s", 41) == "full"
    assert desk.dump() == before
    assert put(desk, run_id, "s", 40) == "kept"
    assert desk.store() == (100, 100)


def test_what_a_job_has_already_takes_no_more_room(desk: Desk) -> None:
    run_id = desk.begin(1)
    assert put(desk, run_id, "r", 100) == "kept"
    assert put(desk, run_id, "r", 100) == "kept"
    assert desk.store() == (100, 100)


def test_within_its_promise_a_job_always_has_room(desk: Desk) -> None:
    run_id = desk.begin(1, need=60)
    other = desk.begin(1, need=40)
    assert put(desk, other, "o", 41) == "full"
    # results of other jobs have meanwhile taken more room than was left
    assert desk.ledger.put(run_id, "r", b"b" * 60, 0) == "kept"
    assert desk.store() == (60, 100)
    assert desk.ledger.put(run_id, "s", b"b", 100) == "full"
    assert put(desk, other, "o", 40) == "kept"
    assert desk.store() == (100, 100)


def test_a_job_that_takes_more_than_it_was_promised_is_promised_what_it_takes(bushy: Desk) -> None:
    run_id = bushy.begin(4, need=15)
    promised = []
    for name in ("one", "two", "three"):
        put(bushy, run_id, name)
        promised.append(bushy.store())
    assert promised == [(10, 15), (20, 20), (30, 30)]
    for _ in range(3):
        bushy.take_and_keep()
    bushy.keep(bushy.take(), freed=["one"])
    assert bushy.store() == (20, 20)
    bushy.keep(bushy.take())
    bushy.keep(bushy.take(), freed=["two", "three"])
    assert bushy.store() == (0, 15)
    bushy.ledger.cancel(run_id)
    assert bushy.store() == (0, 0)


def test_room_comes_back_when_a_job_ends(desk: Desk) -> None:
    first, second = desk.begin(1), desk.begin(1)
    put(desk, first, "r", 100)
    assert put(desk, second, "s") == "full"
    desk.finish(desk.to_join())
    desk.finish(desk.to_join())
    third = desk.begin(1)
    assert put(desk, third, "s") == "kept"


def test_nothing_is_stored_for_a_job_that_has_ended(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.ledger.cancel(run_id)
    assert put(desk, run_id, "r") == "ended"
    assert there(desk) == set()
    assert desk.keys_of(run_id) == ENDED


def test_a_merge_frees_what_its_value_takes_the_place_of(bushy: Desk) -> None:
    run_id = bushy.begin(4)
    for place in range(3):
        piece = bushy.take()
        put(bushy, run_id, f"chunk{place}")
        bushy.keep(piece)
    merge = bushy.take()
    assert merge.name == "1.0"
    put(bushy, run_id, "merged")
    assert bushy.keep(merge, freed=["chunk0", "chunk1", "chunk2"]) == "kept"
    assert there(bushy) == {"merged"}
    # asked again because the answer was lost
    assert bushy.keep(merge, freed=["merged"]) == "twice"
    assert there(bushy) == {"merged"}
    assert bushy.store() == (10, 10)


def test_equal_blobs_of_two_chunks_are_freed_one_by_one(bushy: Desk) -> None:
    run_id = bushy.begin(7)
    for _ in range(2):
        put(bushy, run_id, "equal")
    for freed in (["equal"], ["equal"]):
        while (piece := bushy.take()).level == 0:
            bushy.keep(piece)
        assert there(bushy) == {"equal"}
        bushy.keep(piece, freed=freed)
    assert there(bushy) == set()


def test_the_next_stage_frees_what_it_does_not_need(desk: Desk) -> None:
    run_id = desk.begin(1)
    put(desk, run_id, "field")
    put(desk, run_id, "points")
    join = desk.to_join()
    following = stage(1, 1, "contest")
    assert desk.advance(join, following, freed=["field"]) == "kept"
    assert there(desk) == {"points"}
    assert desk.advance(join, following, freed=["points"]) == "ended"
    assert there(desk) == {"points"}


@pytest.mark.parametrize("name", ["others", "nobodys"])
def test_a_job_frees_only_what_it_holds(desk: Desk, name: str) -> None:
    desk.begin(1, run_id="a" * 32, owner="bob")
    put(desk, "a" * 32, "others")
    desk.begin(1, run_id="b" * 32, owner="ann")
    desk.take_and_keep()
    desk.take_and_keep()
    joins = [desk.take("one"), desk.take("two")]
    join = next(join for join in joins if join.run_id == "b" * 32)
    holder = "one" if join is joins[0] else "two"
    desk.advance(join, stage(1, 1), holder, freed=[name, name])
    assert there(desk) == {"others"}
    assert desk.store() == (10, 10)
    assert desk.keys_of("b" * 32) == {"axiomatic:job:", "axiomatic:work:"}


def test_a_merge_frees_the_blob_of_a_chunk_that_was_done_twice(bushy: Desk) -> None:
    run_id = bushy.begin(4)
    late = bushy.take("late")
    bushy.end_leases()
    second = bushy.take("second")
    assert (second.index, second.tries) == (0, 2)
    put(bushy, run_id, "chunk0")
    assert bushy.keep(late, "late") == "kept"
    put(bushy, run_id, "chunk0")
    assert bushy.keep(second, "second", stored=["chunk0"]) == "twice"
    bushy.take_and_keep()
    bushy.take_and_keep()
    merge = bushy.take()
    assert merge.name == "1.0"
    bushy.keep(merge, freed=["chunk0"])
    assert there(bushy) == set()


def test_a_value_keeps_its_arrays_though_the_answer_was_lost(desk: Desk) -> None:
    run_id = desk.begin(1)
    piece = desk.take()
    put(desk, run_id, "r")
    assert desk.keep(piece, stored=["r"]) == "kept"
    assert desk.keep(piece, stored=["r"]) == "twice"
    assert there(desk) == {"r"}
    assert desk.store() == (10, 10)


def test_a_value_keeps_its_arrays_however_often_another_comes_late(desk: Desk) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    put(desk, run_id, "r")
    put(desk, run_id, "r")
    assert desk.keep(late, "late", stored=["r"]) == "kept"
    for _ in range(3):
        assert desk.keep(second, "second", stored=["r"]) == "twice"
    assert there(desk) == {"r"}


def test_blobs_of_a_late_chunk_go_with_the_job_at_the_latest(desk: Desk) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    put(desk, run_id, "r")
    desk.keep(desk.take())
    put(desk, run_id, "r")
    assert desk.keep(late, "late") == "twice"
    desk.finish(desk.take())
    assert there(desk) == set()
    assert desk.store() == (0, 0)
