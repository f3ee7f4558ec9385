"""What a worker does every second: report, renew its leases, and look after all jobs."""

from tests.workers.engine.ledger.desk import A_DAY, ENDED, LEASES, LONG_AGO, Desk
from workers.engine.ledger import VERSION_GRACE_SECONDS, Ledger, Load, holder_name, ledger

NODES, SEEN, VERSIONS = "axiomatic:nodes", "axiomatic:nodes-seen", "axiomatic:versions"


def age(desk: Desk, key: str, name: str, seconds: float) -> None:
    """Move the times of the last calls into the past."""
    desk.redis.zadd(key, {name: desk.now() - seconds}, xx=True)


def test_nobody_is_there_before_the_first_heartbeat(desk: Desk) -> None:
    assert desk.ledger.load() == Load(0, 0, 0, 0, 0, 0.0, 0.0, 0, 0, 0, ())
    assert desk.ledger.workers() == (0, ())


def test_children_of_all_workers_of_a_version_are_its_slots(desk: Desk) -> None:
    desk.heartbeat("celery@one", 2)
    desk.heartbeat("celery@two", 3)
    assert desk.ledger.load().slots == 5
    desk.heartbeat("celery@one", 4)
    assert desk.ledger.load().slots == 7
    assert desk.fields(NODES) == {
        "celery@one": f"{desk.version} 4",
        "celery@two": f"{desk.version} 3",
    }


def test_workers_of_other_versions_are_named_and_not_counted(desk: Desk) -> None:
    desk.heartbeat("celery@one", 2)
    for version in ("0.3-b", "0.2-a"):
        desk.heartbeat(f"celery@{version}", 4, version=version)
    load = desk.ledger.load()
    assert (load.slots, load.other_versions) == (2, ("0.2-a", "0.3-b"))
    other = Ledger(desk.redis, "0.2-a").load()
    assert (other.slots, other.other_versions) == (4, tuple(sorted(["0.3-b", desk.version])))
    assert desk.ledger.workers() == (2, ("0.2-a", "0.3-b"))
    leave(desk, "0.2-a", "0.3-b")


def test_a_worker_that_has_not_been_seen_for_seconds_does_not_count(desk: Desk) -> None:
    desk.heartbeat("celery@one", 2)
    desk.heartbeat("celery@two", 3)
    desk.begin(10)
    age(desk, SEEN, "celery@one", 6)
    assert desk.ledger.load().slots == 3
    assert desk.heartbeat("celery@two", 3) == 3
    assert set(desk.scores(SEEN)) == {"celery@one", "celery@two"}
    assert desk.heartbeat("celery@one", 2) == 5


def test_a_worker_that_has_not_been_seen_for_a_minute_is_forgotten(desk: Desk) -> None:
    desk.heartbeat("celery@one", 2)
    age(desk, SEEN, "celery@one", 61)
    desk.heartbeat("celery@two", 3)
    assert set(desk.scores(SEEN)) == {"celery@two"}
    assert set(desk.fields(NODES)) == {"celery@two"}


def test_a_worker_that_leaves_is_off_the_list_at_once(desk: Desk) -> None:
    desk.heartbeat("celery@one", 2)
    desk.heartbeat("celery@two", 3)
    desk.ledger.leave("celery@one")
    desk.ledger.leave("celery@one")
    assert desk.ledger.load().slots == 3
    assert set(desk.scores(SEEN)) == {"celery@two"}
    assert set(desk.fields(NODES)) == {"celery@two"}


def test_turns_are_published_for_what_waits_and_for_who_is_there(desk: Desk) -> None:
    assert desk.heartbeat(slots=4) == 0
    desk.begin(2)
    assert desk.heartbeat(slots=4) == 2
    desk.begin(1, owner="bob")
    assert desk.heartbeat(slots=4) == 3
    desk.begin(10_000)
    assert desk.heartbeat(slots=4) == 4
    assert desk.heartbeat("celery@two", slots=3) == 7
    assert desk.heartbeat(slots=0) == 3


def test_no_turns_are_published_while_messages_wait(desk: Desk) -> None:
    desk.begin(10)
    desk.redis.rpush(desk.queue, "a turn")
    assert desk.heartbeat(slots=4) == 0
    desk.redis.delete(desk.queue)
    assert desk.heartbeat(slots=4) == 4


def test_pieces_that_are_held_need_no_turn_and_those_given_back_do(desk: Desk) -> None:
    desk.begin(3)
    desk.take("one")
    desk.take("two")
    assert desk.heartbeat(slots=4) == 1
    desk.end_leases(of="one")
    assert desk.heartbeat(slots=4) == 2


def test_one_worker_a_second_sees_to_the_whole(desk: Desk) -> None:
    lock = f"axiomatic:reaper:{desk.version}"
    looked_after(desk)
    assert not desk.ledger.heartbeat("celery@one", 4, A_DAY, [])
    assert b"celery@two" in desk.redis.get(lock)
    # the worker counts as present all the same
    assert desk.ledger.workers() == (4, ())
    desk.redis.delete(lock)
    assert desk.ledger.heartbeat("celery@one", 4, A_DAY, [])
    assert desk.redis.get(lock).endswith(b" celery@one")
    assert desk.redis.ttl(lock) > 0
    # and again as soon as the turn is over
    desk.redis.set(lock, f"{desk.now() - ledger.TURN_SECONDS:.6f} celery@one")
    assert desk.ledger.heartbeat("celery@two", 4, A_DAY, [])


def test_who_looks_after_the_whole_gives_back_every_lease_that_ended(desk: Desk) -> None:
    desk.begin(600)
    for number in range(600):
        desk.take(f"h{number}")
    desk.end_leases()
    left = []
    for _ in range(2):
        desk.ledger.look_after(3_600)
        left.append(len(desk.leases()))
    assert left == [100, 0]


def test_a_worker_whose_main_thread_is_stuck_is_not_there(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.take("mine")
    desk.end_leases()
    desk.heartbeat("celery@one", -1, ["mine"])
    assert desk.ledger.workers() == (0, ())
    assert desk.names() & {NODES, SEEN} == set()
    # its child goes on
    assert desk.leases() == [desk.lease("mine", run_id, "0.0")]


def test_a_worker_gives_back_at_once_what_its_dead_children_held(desk: Desk) -> None:
    run_id = desk.begin(4)
    lives, dead, other = (
        holder_name(node, process, "message")
        for node, process in (("celery@one", 7), ("celery@one", 8), ("celery@one-two", 8))
    )
    for holder in (lives, dead, other):
        desk.take(holder)
    # none has been renewed for three seconds, and all have some left
    left = desk.now() + ledger.LEASE_SECONDS - 3
    desk.redis.zadd(LEASES, dict.fromkeys(desk.leases(), left))
    fresh = desk.take(holder_name("celery@one", 9, "message"))
    # another worker has just looked after all jobs
    looked_after(desk)
    desk.ledger.heartbeat("celery@two", 1, A_DAY, [])
    assert len(desk.leases()) == 4
    desk.ledger.heartbeat("celery@one", 3, A_DAY, [lives])
    assert {lease.partition(" ")[0] for lease in desk.leases()} == {
        lives,
        other,
        holder_name("celery@one", 9, "message"),
    }
    assert dead not in desk.held()
    piece = desk.take("next")
    assert (piece.run_id, piece.index, piece.tries) == (run_id, 1, 2)
    assert (fresh.index, fresh.tries) == (3, 1)


def test_a_copy_of_a_message_in_another_child_is_another_holder(desk: Desk) -> None:
    desk.begin(2)
    first = desk.take(holder_name("celery@one", 7, "message"))
    copy = desk.take(holder_name("celery@two", 7, "message"))
    assert (first.index, copy.index) == (0, 1)
    names = {holder_name(node, 7, "m") for node in ("a", "b")} | {holder_name("a", 8, "m")}
    assert names == {"a|7|m", "b|7|m", "a|8|m"}


def test_the_workers_of_each_version_see_to_it(desk: Desk) -> None:
    desk.begin(3)
    assert desk.heartbeat("celery@new", 4, version="0.2-a") == 0
    assert desk.ledger.heartbeat("celery@one", 4, A_DAY, [])
    assert desk.ledger.turns(desk.queue) == 3
    leave(desk, "0.2-a")


def test_leases_of_any_version_are_seen_to_by_all(desk: Desk) -> None:
    desk.begin(1)
    desk.take("dead")
    desk.end_leases()
    desk.heartbeat("celery@new", version="0.2-a")
    assert desk.leases() == []
    assert desk.take("two").tries == 2
    leave(desk, "0.2-a")


def test_a_job_that_no_worker_can_run_fails_and_says_who_could(desk: Desk) -> None:
    run_id = desk.begin(1, need=70)
    desk.redis.hset(f"axiomatic:pace:{desk.version}", "walks/walk:took", "1")
    desk.redis.rpush(desk.queue, "a turn")
    desk.redis.sadd(f"_kombu.binding.{desk.queue}", "a binding")
    desk.heartbeat("celery@new", version="0.2-a")
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS - 30)
    desk.heartbeat("celery@new", version="0.2-a")
    assert "outcome" not in desk.job(run_id)
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS + 1)
    desk.heartbeat("celery@new", version="0.2-a")
    assert desk.reason(run_id) == (
        f"The job was accepted by version {desk.version}, which no worker runs any more; "
        "the workers run 0.2-a. Send it again."
    )
    assert desk.keys_of(run_id) == ENDED
    # and nothing is left of the version
    assert set(desk.scores(VERSIONS)) == {"0.2-a"}
    assert [key for key in desk.names() if desk.version in key] == []
    leave(desk, "0.2-a")


def test_while_redis_was_away_no_version_was_missed(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.heartbeat("celery@new", version="0.2-a")
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS + 1)
    desk.redis.set("axiomatic:looked-after", f"{desk.now() - 11:.6f}")
    before = desk.now()
    desk.heartbeat("celery@new", version="0.2-a")
    assert "outcome" not in desk.job(run_id)
    assert before <= desk.scores(VERSIONS)[desk.version] <= desk.now()
    # but a second later there is still no worker
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS + 1)
    desk.heartbeat("celery@new", version="0.2-a")
    assert desk.job(run_id)["outcome"] == "failed"
    leave(desk, "0.2-a")


def test_a_version_with_a_worker_keeps_its_jobs(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.heartbeat("celery@new", version="0.2-a")
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS + 1)
    desk.heartbeat("celery@one")
    desk.heartbeat("celery@new", version="0.2-a")
    assert "outcome" not in desk.job(run_id)
    leave(desk, "0.2-a")


def test_however_many_jobs_nobody_can_run_all_fail(desk: Desk) -> None:
    runs = [desk.begin(1) for _ in range(101)]
    desk.heartbeat("celery@new", version="0.2-a")
    age(desk, VERSIONS, desk.version, VERSION_GRACE_SECONDS + 1)
    outcomes = []
    for _ in range(2):
        desk.heartbeat("celery@new", version="0.2-a")
        outcomes.append([desk.job(run_id).get("outcome") for run_id in runs].count("failed"))
    assert outcomes == [100, 101]
    assert set(desk.scores(VERSIONS)) == {"0.2-a"}
    leave(desk, "0.2-a")


def test_a_job_waits_for_a_worker_of_its_version_from_when_it_was_begun(desk: Desk) -> None:
    # all workers, of whatever version, were stopped long ago: none has reported since
    desk.redis.zadd(VERSIONS, {desk.version: LONG_AGO})
    run_id = desk.begin(1)
    desk.heartbeat("celery@new", version="0.2-a")
    assert "outcome" not in desk.job(run_id)
    leave(desk, "0.2-a")


def test_a_job_that_has_waited_too_long_fails(desk: Desk) -> None:
    old, young = desk.begin(1), desk.begin(1)
    active = f"axiomatic:active:{desk.version}"
    age(desk, active, old, 7_201)
    age(desk, active, young, 7_100)
    desk.heartbeat(most=7_200)
    assert desk.reason(old) == (
        "The job was not done within 2 hours; send it again, or add workers."
    )
    assert "outcome" not in desk.job(young)
    assert set(desk.scores(active)) == {young}


def test_service_that_everybody_has_had_is_forgotten(desk: Desk) -> None:
    desk.begin(100)
    for owner in ("bob", "cat"):
        run_id = desk.begin(10, owner=owner)
        while (piece := desk.take()).run_id != run_id:
            desk.keep(piece)
        desk.keep(piece, seconds=1.0 if owner == "bob" else 500.0)
        desk.ledger.cancel(run_id)
    while desk.levels()["ann"] < 20:
        desk.take_and_keep()
    assert desk.served() == {"bob": 1.0, "ann": 20.0, "cat": 500.0 + desk.served()["cat"] - 500.0}
    desk.heartbeat()
    assert set(desk.served()) == {"ann", "cat"}
    assert desk.levels() == {"ann": 20.0}


def test_with_the_last_job_all_service_is_forgotten(desk: Desk) -> None:
    desk.begin(1)
    desk.finish(desk.to_join())
    assert set(desk.served()) == {"ann"}
    desk.heartbeat()
    assert desk.served() == {}
    for kind in ("clock", "lanes"):
        assert not desk.redis.exists(f"axiomatic:{kind}:{desk.version}")


def test_the_load_says_what_waits_and_for_how_long(desk: Desk) -> None:
    first = desk.begin(3, need=30, cost=2.0)
    desk.begin(4, owner="bob", need=5, cost=0.5)
    load = desk.ledger.load()
    assert (load.waiting_chunks, load.waiting_seconds, load.promised_bytes) == (7, 8.0, 35)
    pieces = [desk.take("one"), desk.take("two")]
    load = desk.ledger.load()
    assert (load.waiting_chunks, load.waiting_seconds) == (5, 5.5)
    desk.ledger.give_back("one", pieces[0], "no")
    assert desk.ledger.load().waiting_chunks == 5
    desk.end_leases(of="-")
    desk.heartbeat()
    assert desk.ledger.load().waiting_chunks == 6
    begun = desk.now() - 100
    desk.redis.hset(f"axiomatic:work:{first}", "since", f"{begun:.6f}")
    before = desk.now()
    oldest = desk.ledger.load().oldest_waiting_seconds
    assert before - begun - 2e-6 <= oldest <= desk.now() - begun + 2e-6


def test_a_job_with_nothing_waiting_does_not_wait(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.take()
    desk.redis.hset(f"axiomatic:work:{run_id}", "since", "1000")
    load = desk.ledger.load()
    assert (load.waiting_chunks, load.oldest_waiting_seconds) == (0, 0.0)


def looked_after(desk: Desk) -> None:
    """Note that another worker has just looked after all jobs."""
    desk.redis.set(f"axiomatic:reaper:{desk.version}", f"{desk.now():.6f} celery@two")


def leave(desk: Desk, *versions: str) -> None:
    """Remove the traces of other versions' heartbeats."""
    for version in versions:
        desk.redis.zrem(VERSIONS, version)
        desk.redis.delete(f"axiomatic:reaper:{version}")
