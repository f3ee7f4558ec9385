"""A job from its beginning to its end, whichever that is."""

import json

import pytest
from celery import states
from redis import Redis

from tests.workers.engine.ledger.desk import ENDED, KEEP, Desk, plain, stage
from workers.app import app
from workers.engine.connection import connect
from workers.engine.ledger import Piece
from workers.installation.settings import Settings


def test_a_job_begins_with_its_record_and_its_room(desk: Desk) -> None:
    before = desk.now()
    run_id = desk.begin(3, need=5_000, arrays={"r": b"12345"})
    job = desk.job(run_id)
    assert before <= float(job.pop("created_at")) <= desk.now()
    assert job == {
        "kind": "walks",
        "owner": "ann",
        "version": desk.version,
        "request": '{"drivers": 38}',
        "need": "5000",
        "used": "5",
        "keep_seconds": str(KEEP),
        "most_going": "0",
        "chunk_units": "",
        "stage": "walk",
    }
    assert desk.store() == (5, 5_000)
    assert desk.keys_of(run_id) == {"axiomatic:job:", "axiomatic:work:", "axiomatic:refs:"}
    assert desk.redis.ttl(f"axiomatic:job:{run_id}") == -1


def test_a_jobs_pieces_come_in_order_and_say_what_they_are(desk: Desk) -> None:
    run_id = desk.begin(3)
    for place in range(3):
        assert plain(desk.take_and_keep()) == Piece(run_id, 0, "", 0, place, False, 6, 3, 1, ())
    assert plain(desk.take()) == Piece(run_id, 0, "", 1, 0, True, 6, 3, 1, (b"[0]", b"[1]", b"[2]"))


def test_a_job_is_running_once_its_first_piece_is_taken(desk: Desk) -> None:
    run_id = desk.begin(2)
    assert "started_at" not in desk.job(run_id)
    before = desk.now()
    desk.take_and_keep()
    started = desk.job(run_id)["started_at"]
    assert before <= float(started) <= desk.now()
    desk.take_and_keep()
    assert desk.job(run_id)["started_at"] == started


def test_a_stage_after_another_has_its_facts_and_new_pieces(desk: Desk) -> None:
    run_id = desk.begin(2)
    join = desk.to_join()
    # the pace has changed: the stage before took less of the job than it was thought to
    following = stage(3, 1, "points", before=0.25, within=0.75)
    assert desk.advance(join, following, facts='{"best": 7}') == "kept"
    assert desk.job(run_id)["stage"] == "points"
    assert desk.job(run_id)["facts:walk"] == '{"best": 7}'
    work = desk.fields(f"axiomatic:work:{run_id}")
    # progress never falls, and ends where it should
    assert (work["before"], work["within"], work["done"]) == ("1", "0", "0")
    assert [name for name in work if name[1] == ":"] == []
    assert plain(desk.take()) == Piece(run_id, 1, "", 0, 0, False, 6, 3, 1, ())


def test_a_finished_job_leaves_its_record_and_its_result_for_a_while(desk: Desk) -> None:
    run_id = desk.begin(2, need=70, arrays={"r": b"12345"})
    join = desk.to_join()
    desk.advance(join, stage(1, 1, "points"))
    join = desk.to_join()
    before = desk.now()
    assert desk.finish(join, result={"lineups": 150}) == "kept"
    after = desk.now()
    job = desk.job(run_id)
    assert job["outcome"] == "completed"
    assert before <= float(job["ended_at"]) <= after
    # its lineups are named from its request
    assert job["request"] == '{"drivers": 38}'
    assert "facts:walk" not in job
    assert "error" not in job
    assert desk.result(run_id)["result"] == {"lineups": 150}
    assert desk.store() == (0, 0)
    assert desk.keys_of(run_id) == ENDED
    assert desk.leases() == []
    assert desk.held() == {}
    ends = {
        desk.redis.pexpiretime(key)
        for key in (
            f"axiomatic:job:{run_id}",
            f"celery-task-meta-{run_id}",
            "axiomatic:jobs-of:ann",
        )
    }
    assert len(ends) == 1
    assert int(before * 1_000) <= ends.pop() - KEEP * 1_000 <= after * 1_000


def test_the_result_is_where_celery_looks_for_it(settings: Settings) -> None:
    # Celery's backend is pointed at the first database
    desk = Desk(connect(settings))
    owner = f"ann-{desk.version}"
    # in addition to what other tests' jobs have left
    run_id = desk.begin(1, owner=owner, limit=10**12)
    desk.finish(desk.to_join(), result={"lineups": [1, 2]})
    assert app.AsyncResult(run_id).status == "SUCCESS"
    assert app.AsyncResult(run_id).result == {"lineups": [1, 2]}
    cancelled = desk.begin(1, owner=owner, limit=10**12)
    desk.ledger.cancel(cancelled)
    # which Celery's types forget
    assert str(app.AsyncResult(cancelled).state) == states.REVOKED
    failed = desk.begin(1, owner=owner, limit=10**12)
    desk.fail(desk.take(), reason="No lineup fits the cap.")
    assert app.AsyncResult(failed).status == "FAILURE"
    assert str(app.AsyncResult(failed).result) == "No lineup fits the cap."
    desk.heartbeat()
    desk.redis.zrem("axiomatic:versions", desk.version)
    desk.redis.zrem("axiomatic:nodes-seen", "celery@one")
    desk.redis.hdel("axiomatic:nodes", "celery@one")
    mine = [*(f"axiomatic:job:{run}" for run in (run_id, cancelled, failed))]
    mine += [f"celery-task-meta-{run}" for run in (run_id, cancelled, failed)]
    mine += [f"axiomatic:{kind}:{desk.version}" for kind in ("pace", "reaper")]
    desk.redis.delete(*mine, f"axiomatic:jobs-of:{owner}", f"axiomatic:gone:{run_id}")
    left = [key for key in desk.names() if desk.version in key or run_id in key]
    assert left == []


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_a_job_without_a_result_leaves_no_more_than_why(desk: Desk, end: str) -> None:
    run_id = desk.begin(3, need=70, arrays={"r": b"12345"})
    desk.take_and_keep()
    piece = desk.take()
    if end == "fail":
        assert desk.fail(piece, reason="No lineup fits the cap.") == "kept"
        assert desk.reason(run_id) == "No lineup fits the cap."
        assert desk.result(run_id) == {
            "task_id": run_id,
            "status": "FAILURE",
            "traceback": None,
            "result": {
                "exc_type": "JobFailed",
                "exc_message": ["No lineup fits the cap."],
                "exc_module": "workers.engine.jobs",
            },
        }
    else:
        assert desk.ledger.cancel(run_id)
        assert desk.job(run_id)["outcome"] == "cancelled"
        assert "error" not in desk.job(run_id)
        assert desk.result(run_id) == {
            "task_id": run_id,
            "status": "REVOKED",
            "traceback": None,
            "result": None,
        }
    assert desk.job(run_id)["progress"] == "0.3333"
    assert "request" not in desk.job(run_id)
    assert desk.store() == (0, 0)
    assert desk.keys_of(run_id) == ENDED
    assert desk.ledger.take("other") is None


def test_a_job_ends_once(desk: Desk) -> None:
    run_id = desk.begin(1)
    join = desk.to_join()
    assert desk.finish(join, result={"lineups": 1}) == "kept"
    kept = desk.dump()
    assert desk.finish(join, result={"lineups": 2}) == "ended"
    assert desk.fail(join) == "ended"
    assert desk.keep(join) == "ended"
    assert desk.ledger.give_back("h", join, "no") == "ended"
    assert desk.advance(join, stage(1, 1)) == "ended"
    assert desk.ledger.put(run_id, "r", b"1", 1_000) == "ended"
    desk.ledger.open(run_id, 0)
    assert not desk.ledger.cancel(run_id)
    assert desk.dump() == kept


def test_a_stage_advances_once(desk: Desk) -> None:
    desk.begin(1)
    join = desk.to_join()
    assert desk.advance(join, stage(2, 1, "points")) == "kept"
    kept = desk.dump()
    assert desk.advance(join, stage(2, 1, "points")) == "ended"
    assert desk.finish(join) == "ended"
    assert desk.dump() == kept


def test_an_owners_jobs_are_listed_as_long_as_one_goes_on(desk: Desk) -> None:
    first = desk.begin(1)
    desk.finish(desk.to_join())
    listed = "axiomatic:jobs-of:ann"
    # as long as a job may take, and as long again as its record is kept
    desk.redis.zadd(listed, {"older": desk.now() - 2 * KEEP - 1, "old": desk.now() - 2 * KEEP + 60})
    second = desk.begin(1)
    assert desk.redis.ttl(listed) == -1
    assert set(desk.scores(listed)) == {"old", first, second}
    assert desk.scores(listed)[second] == float(desk.job(second)["created_at"])


def test_what_a_chunk_took_is_learned_and_fades(desk: Desk) -> None:
    desk.begin(70)
    desk.take_and_keep(seconds=3.0)
    pace = f"axiomatic:pace:{desk.version}"
    assert desk.fields(pace) == {"walks/walk:took": "3", "walks/walk:thought": "1"}
    desk.take_and_keep(seconds=60.0)
    learned = {name: float(text) for name, text in desk.fields(pace).items()}
    fade = 0.36787944117144233
    assert learned["walks/walk:took"] == pytest.approx(3 * fade + 60, rel=1e-12)
    assert learned["walks/walk:thought"] == pytest.approx(fade + 1, rel=1e-12)


def test_merges_teach_nothing(desk: Desk) -> None:
    desk.begin(65)
    while (piece := desk.take()).level == 0:
        desk.keep(piece)
    pace = f"axiomatic:pace:{desk.version}"
    learned = desk.fields(pace)
    assert desk.ledger.keep("h", piece, "[]", 9.0, ("", 0.0), (), ()) == "kept"
    assert desk.fields(pace) == learned


def test_an_unknown_job_is_nobodys(desk: Desk, redis: "Redis") -> None:
    nobody = Piece("f" * 32, 0, "", 0, 0, False, 1, 1, 1, ())
    assert desk.keep(nobody) == "ended"
    assert desk.finish(nobody) == "ended"
    assert desk.fail(nobody) == "ended"
    assert desk.ledger.give_back("h", nobody, "no") == "ended"
    assert desk.ledger.put("f" * 32, "r", b"1", 1_000) == "ended"
    assert not desk.ledger.cancel("f" * 32)
    desk.ledger.open("f" * 32, 0)
    assert desk.ledger.take("h", ("f" * 32, 0)) is None
    assert desk.names() == set()


def test_values_are_kept_as_they_are_given(desk: Desk) -> None:
    desk.begin(1)
    text = json.dumps({"value": {"driver": "Suárez", "big": 2**60, "small": 1e-300}, "blobs": []})
    desk.ledger.keep("h", desk.take(), text, 1.0, ("", 0.0), (), ())
    assert desk.take().inputs == (text.encode(),)
