"""The clock of Redis's machine is put back by two hours: what it had noted is ahead of it."""

import pytest

from tests.workers.engine.ledger.desk import A_DAY, LEASES, Desk
from workers.engine.ledger import VERSION_GRACE_SECONDS, holder_name, ledger

AHEAD = 7_200.0
SEEN, VERSIONS = "axiomatic:nodes-seen", "axiomatic:versions"


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LEASE_SECONDS", 60.0)


@pytest.mark.parametrize("value", ["x", "celery@two", "{ahead:.6f} celery@two", ""])
def test_a_turn_that_was_taken_ahead_of_the_clock_keeps_nobody_off(desk: Desk, value: str) -> None:
    turn = f"axiomatic:reaper:{desk.version}"
    desk.redis.set(turn, value.format(ahead=desk.now() + AHEAD), px=int(AHEAD * 1_000))
    assert desk.ledger.heartbeat("celery@one", 4, A_DAY, [])
    assert not desk.ledger.heartbeat("celery@two", 4, A_DAY, [])


def test_a_dead_child_s_lease_that_ends_hours_ahead_ends_soon(desk: Desk) -> None:
    desk.begin(2)
    desk.take("dead")
    alive = holder_name("celery@one", 7, "message")
    desk.take(alive)
    desk.redis.zadd(LEASES, dict.fromkeys(desk.leases(), desk.now() + AHEAD))
    desk.ledger.look_after(3_600)
    assert max(desk.scores(LEASES).values()) <= desk.now() + ledger.LEASE_SECONDS
    # who lives renews it, who does not loses it
    desk.redis.zadd(LEASES, dict.fromkeys(desk.leases(), desk.now() + 0.5))
    desk.ledger.heartbeat("celery@one", 4, A_DAY, [alive])
    desk.end_leases(of="dead")
    desk.ledger.look_after(3_600)
    assert [lease.partition(" ")[0] for lease in desk.leases()] == [alive]
    assert desk.take("next").tries == 2


def test_leases_in_good_time_are_left_as_they_are(desk: Desk) -> None:
    desk.begin(1)
    desk.take("one")
    before = desk.scores(LEASES)
    desk.ledger.look_after(3_600)
    assert desk.scores(LEASES) == before


def test_a_worker_that_was_last_seen_hours_ahead_is_not_there(desk: Desk) -> None:
    desk.heartbeat("celery@gone", 3)
    desk.redis.zadd(SEEN, {"celery@gone": desk.now() + AHEAD})
    assert desk.ledger.workers() == (0, ())
    assert desk.heartbeat("celery@one", 2) == 0
    assert desk.ledger.load().slots == 2
    assert set(desk.scores(SEEN)) == {"celery@one"}


def test_a_version_that_was_last_seen_hours_ahead_is_missed_from_now_on(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.redis.zadd(VERSIONS, {desk.version: desk.now() + AHEAD})
    desk.heartbeat("celery@new", version="0.2-a")
    assert desk.scores(VERSIONS)[desk.version] <= desk.now()
    assert "outcome" not in desk.job(run_id)
    desk.redis.zadd(VERSIONS, {desk.version: desk.now() - VERSION_GRACE_SECONDS - 1})
    desk.heartbeat("celery@new", version="0.2-a")
    assert desk.job(run_id)["outcome"] == "failed"
    desk.redis.zrem(VERSIONS, "0.2-a")
    desk.redis.delete("axiomatic:reaper:0.2-a")
