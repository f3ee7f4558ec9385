"""A piece that finds no room for its arrays is put off until there is some."""

import uuid
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from tests.workers.engine.ledger.conftest import DATABASE
from tests.workers.engine.ledger.desk import ENDED, KEEP, LEASES, Desk, stage
from workers.app import open_jobs
from workers.engine import tasks
from workers.engine.arrays import ArrayRef
from workers.engine.facts import Key
from workers.engine.ledger import MOST_TRIES, Begin, ledger
from workers.engine.pieces import PieceRunner
from workers.engine.stages import Plan, Stage, Work
from workers.installation.settings import Settings
from workers.plans.registry import PLANS

REASON = "There was no room for minutes."


def postpone(desk: Desk, holder: str = "h") -> str:
    return desk.ledger.postpone(holder, desk.take(holder), REASON)


def test_a_piece_put_off_waits_while_others_are_taken(desk: Desk) -> None:
    run_id = desk.begin(2)
    before = desk.now()
    assert postpone(desk) == "kept"
    lease = desk.lease("-", run_id, "0.0")
    assert desk.leases() == [lease]
    assert before <= desk.scores(LEASES)[lease] - ledger.ROOM_SECONDS <= desk.now()
    assert desk.held() == {}
    assert desk.take_and_keep().index == 1
    assert desk.ledger.take("h") is None
    assert not desk.ledger.wanted(desk.queue, (run_id, 0))
    desk.end_leases(of="-")
    piece = desk.take()
    assert (piece.index, piece.tries) == (0, 1)


def test_a_heartbeat_hands_out_what_was_put_off(desk: Desk) -> None:
    desk.begin(1)
    postpone(desk)
    assert desk.heartbeat(slots=2) == 0
    desk.end_leases(of="-")
    assert desk.heartbeat(slots=2) == 1
    assert desk.take_and_keep().tries == 1


def test_what_was_put_off_is_not_charged(desk: Desk) -> None:
    desk.begin(3, cost=3.0)
    desk.begin(3, owner="bob", cost=3.0)
    desk.take_and_keep(seconds=2.0)
    desk.take_and_keep(seconds=2.0)
    postpone(desk)
    assert desk.served() == {"ann": 2.0, "bob": 2.0}
    assert desk.levels() == {"ann": 2.0, "bob": 2.0}


def test_a_piece_put_off_too_often_fails_its_job_and_says_why(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_POSTPONED", 7)
    run_id = desk.begin(1)
    for _ in range(7):
        assert postpone(desk) == "kept"
        desk.end_leases(of="-")
    assert postpone(desk) == "ended"
    assert desk.reason(run_id) == REASON
    assert desk.result(run_id)["result"]["exc_message"] == [REASON]
    assert desk.keys_of(run_id) == ENDED


def test_a_piece_is_its_holders_alone_to_put_off(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    held = desk.dump()
    assert desk.ledger.postpone("late", late, REASON) == "ended"
    assert desk.dump() == held
    assert desk.ledger.postpone("second", second, REASON) == "kept"
    # asked again because the answer was lost
    put_off = desk.dump()
    assert desk.ledger.postpone("second", second, REASON) == "ended"
    assert desk.dump() == put_off


def test_a_value_for_a_piece_put_off_is_kept_and_the_piece_not_handed_out(desk: Desk) -> None:
    desk.begin(2)
    late = desk.take("late")
    desk.end_leases()
    postpone(desk, "second")
    assert desk.keep(late, "late") == "kept"
    desk.end_leases(of="-")
    assert desk.take_and_keep().index == 1
    assert desk.take().join


def test_a_join_can_be_put_off(desk: Desk) -> None:
    run_id = desk.begin(1, fans_out=True)
    desk.take_and_keep()
    desk.ledger.open(run_id, 0)
    postpone(desk)
    assert desk.ledger.take("h") is None
    desk.end_leases(of="-")
    join = desk.take()
    assert (join.join, join.tries, join.inputs) == (True, 1, (b"[0]",))
    assert desk.finish(join) == "kept"
    assert desk.ledger.postpone("h", join, REASON) == "ended"


class Stored(msgspec.Struct, frozen=True):
    arrays: ArrayRef


class Units(msgspec.Struct, frozen=True):
    units: tuple[int, ...]


WALK = Key("walk", Units)


def store(work: Work[None], units: range) -> Stored:
    return Stored(work.arrays.put(units=np.arange(units.start, units.stop), rest=np.zeros(1_000)))


def merge(work: Work[None], parts: Sequence[Stored]) -> Stored:
    units = [work.arrays.get(part.arrays)["units"] for part in parts]
    return Stored(work.arrays.put(units=np.concatenate(units)))


def join(work: Work[None], part: Stored) -> Units:
    return Units(tuple(work.arrays.get(part.arrays)["units"].tolist()))


STORES: Stage[None, Stored, Units] = Stage(
    key=WALK,
    part=Stored,
    units=lambda *_: 2,
    seconds=lambda _: 1.0,
    run=store,
    merge=merge,
    join=join,
)
PLAN: Plan[None] = Plan(
    kind="stores",
    read=lambda _: None,
    stages=lambda _: (STORES,),
    finish=lambda work: {"units": list(work.facts.of(WALK).units)},
    stored_bytes=lambda _: 0,
)


def begin_storing(desk: Desk) -> str:
    """Begin a job of one chunk that stores arrays."""
    run_id = uuid.uuid4().hex
    job = Begin(
        run_id=run_id,
        kind="stores",
        owner="ann",
        version=desk.version,
        request=b"",
        need_bytes=0,
        keep_seconds=KEEP,
        chunk_units=None,
        once="",
        body="",
        arrays={},
        first=stage(1),
    )
    assert desk.ledger.begin(job, 0).outcome == "begun"
    return run_id


def test_a_job_that_finds_no_room_is_done_when_there_is_some(
    desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[str, Any]", PLANS), "stores", PLAN)
    message = cast(
        "Any", SimpleNamespace(request=SimpleNamespace(id="turn", hostname="celery@one"))
    )

    def have_turn(room: int) -> None:
        jobs = open_jobs(Settings(f"{settings.redis_url}?db={DATABASE}", store_bytes=room))
        jobs.ledger = desk.ledger
        monkeypatch.setattr(tasks, "_runner", lambda: (jobs, PieceRunner(jobs)))
        tasks._take_turn(message, None)
        jobs.redis.close()

    run_id = begin_storing(desk)
    for _ in range(MOST_TRIES + 1):
        have_turn(room=10)
        assert "outcome" not in desk.job(run_id)
        assert desk.leases() == [desk.lease("-", run_id, "0.0")]
        desk.end_leases(of="-")
    assert desk.store() == (0, 0)
    have_turn(room=1_000_000)
    assert desk.job(run_id)["outcome"] == "completed"
    assert desk.result(run_id)["result"] == {"units": [0, 1]}
    assert desk.store() == (0, 0)
