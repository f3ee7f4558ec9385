"""Pieces whose holders die are handed out again; values are kept once, whoever comes first."""

import json

from tests.workers.engine.ledger.desk import ENDED, LEASES, LONG_AGO, Desk, plain, stage, worth
from workers.engine.ledger import MOST_TRIES, Piece, ledger

DIED = "each time its worker died: killed, out of memory, or over the time limit"


def test_a_piece_is_its_holders_for_a_lease(desk: Desk) -> None:
    run_id = desk.begin(2)
    before = desk.now()
    desk.take("one")
    lease = desk.lease("one", run_id, "0.0")
    assert desk.held() == {"one": lease}
    assert before <= desk.scores(LEASES)[lease] - ledger.LEASE_SECONDS <= desk.now()
    assert desk.take("two").index == 1
    assert desk.ledger.take("three") is None


def test_a_piece_whose_lease_ended_is_taken_next(desk: Desk) -> None:
    desk.begin(3)
    desk.take("dead")
    desk.end_leases()
    again = desk.take("two")
    assert (again.index, again.tries) == (0, 2)
    assert "dead" not in desk.held()
    assert [desk.take("three").index, desk.take("four").index] == [1, 2]


def test_a_heartbeat_gives_back_what_nobody_renewed(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.take("dead")
    desk.end_leases()
    assert desk.heartbeat(slots=3) == 1
    assert desk.leases() == []
    assert desk.held() == {}
    assert desk.redis.lrange(f"axiomatic:ready:{run_id}", 0, -1) == [b"0.0"]
    assert desk.take("two").tries == 2


def test_a_heartbeat_renews_the_leases_of_its_own_holders_alone(desk: Desk) -> None:
    run_id = desk.begin(2)
    desk.take("mine")
    desk.take("other")
    desk.end_leases()
    before = desk.now()
    desk.heartbeat(holders=["mine", "unknown"])
    assert desk.leases() == [desk.lease("mine", run_id, "0.0")]
    ends = desk.scores(LEASES)[desk.lease("mine", run_id, "0.0")]
    assert before <= ends - ledger.LEASE_SECONDS <= desk.now()
    assert desk.take("two").index == 1


def test_a_lease_that_was_taken_away_is_not_renewed(desk: Desk) -> None:
    desk.begin(1)
    desk.take("slow")
    desk.end_leases()
    desk.heartbeat()
    desk.heartbeat(holders=["slow"])
    assert desk.leases() == []
    assert desk.take("two").tries == 2


def test_a_message_that_comes_again_lets_go_of_what_it_held(desk: Desk) -> None:
    run_id = desk.begin(2)
    desk.take("one")
    again = desk.take("one")
    assert (again.index, again.tries) == (0, 2)
    assert desk.leases() == [desk.lease("one", run_id, "0.0")]
    assert desk.keep(again, "one") == "kept"
    assert (desk.leases(), desk.held()) == ([], {})


def test_a_message_that_comes_again_finds_its_value_kept(desk: Desk) -> None:
    desk.begin(2)
    desk.take_and_keep("one")
    assert desk.take("one").index == 1


def test_a_value_is_kept_once_however_often_it_was_computed(desk: Desk) -> None:
    run_id = desk.begin(2)
    piece = desk.take("one")
    assert desk.keep(piece, "one", value="first") == "kept"
    kept = desk.dump()
    assert desk.keep(piece, "one", value="second") == "twice"
    assert desk.keep(piece, "other", value="third") == "twice"
    assert desk.dump() == kept
    assert desk.fields(f"axiomatic:work:{run_id}")["v:0.0"] == '"first"'


def test_a_late_value_counts_if_it_is_the_first(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    assert desk.keep(late, "late", value="late") == "kept"
    assert desk.keep(second, "second", value="second") == "twice"
    join = desk.take("third")
    assert join.inputs == (b'"late"',)
    assert desk.leases() == [desk.lease("third", join.run_id, "1.0")]


def test_a_late_value_is_dropped_if_another_was_first(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    assert desk.keep(desk.take("second"), "second", value="second") == "kept"
    assert desk.keep(late, "late", value="late") == "twice"
    assert desk.take("third").inputs == (b'"second"',)


def test_a_piece_kept_late_is_not_handed_out_again(desk: Desk) -> None:
    desk.begin(2)
    late = desk.take("late")
    desk.end_leases()
    desk.heartbeat()
    assert desk.keep(late, "late") == "kept"
    assert desk.take_and_keep().index == 1
    assert desk.take().join


def test_a_piece_kept_late_is_not_given_back_by_its_second_holder(desk: Desk) -> None:
    run_id = desk.begin(2)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    assert desk.keep(late, "late") == "kept"
    desk.ledger.give_back("second", second, "no")
    desk.end_leases()
    desk.heartbeat()
    assert desk.redis.llen(f"axiomatic:ready:{run_id}") == 0
    assert desk.take("third").index == 1


def test_a_value_is_kept_once_though_it_has_been_merged(desk: Desk) -> None:
    run_id = desk.begin(65)
    first = desk.take_and_keep()
    while (piece := desk.take()).level == 0:
        desk.keep(piece)
    assert desk.keep(piece) == "kept"
    assert desk.keep(first) == "twice"
    work = desk.fields(f"axiomatic:work:{run_id}")
    assert (work["done"], work["v:0.0"]) == ("64", "")
    desk.keep(desk.take())
    assert worth(desk.to_join()) == list(range(65))


def test_a_piece_kept_late_is_not_handed_out_again_though_it_has_been_merged(desk: Desk) -> None:
    desk.begin(65)
    late = desk.take("late")
    for _ in range(63):
        desk.take_and_keep()
    last = desk.take("last")
    desk.end_leases(of="late")
    desk.heartbeat()
    assert desk.keep(late, "late") == "kept"
    merge = desk.take()
    assert (merge.level, merge.index) == (1, 0)
    assert desk.keep(merge) == "kept"
    assert desk.ledger.take("idle") is None
    assert desk.keep(last, "last") == "kept"
    assert worth(desk.to_join()) == list(range(65))


def test_a_merge_kept_late_is_not_handed_out_again_without_its_inputs(bushy: Desk) -> None:
    bushy.begin(10)
    while (late := bushy.take("late")).name != "1.2":
        bushy.keep(late, "late")
    last = bushy.take("last")
    assert last.name == "0.9"
    bushy.end_leases(of="late")
    bushy.heartbeat()
    assert bushy.keep(late, "late") == "kept"
    assert bushy.take_and_keep().name == "2.0"
    assert bushy.ledger.take("idle") is None
    assert bushy.keep(late, "late") == "twice"
    assert bushy.keep(last, "last") == "kept"
    assert worth(bushy.to_join()) == list(range(10))


def test_a_value_of_a_stage_that_is_over_is_not_wanted(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    desk.keep(desk.take("second"), "second")
    join = desk.take("second")
    desk.advance(join, stage(1, 1, "points"), "second")
    kept = desk.dump()
    assert desk.keep(late, "late") == "ended"
    assert desk.ledger.give_back("late", late, "no") == "ended"
    assert desk.fail(late, "late") == "ended"
    assert desk.dump() == kept
    assert desk.take("third").stage == 1


def test_a_lease_on_a_stage_that_is_over_gives_nothing_back(desk: Desk) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    lease = desk.lease("second", run_id, second.name)
    desk.keep(late, "late")
    join = desk.take("late")
    desk.advance(join, stage(1, 1, "points"), "late")
    assert desk.leases() == [lease]
    desk.end_leases()
    desk.heartbeat()
    assert desk.leases() == []
    piece = desk.take("third")
    assert (piece.stage, piece.tries) == (1, 1)


def test_a_piece_given_back_waits_twice_as_long_each_time(desk: Desk) -> None:
    run_id = desk.begin(1)
    lease = desk.lease("-", run_id, "0.0")
    for tries, waits in zip(range(1, MOST_TRIES), (1, 2, 4), strict=True):
        piece = desk.take()
        assert piece.tries == tries
        before = desk.now()
        assert desk.ledger.give_back("h", piece, "no") == "kept"
        assert desk.leases() == [lease]
        assert before <= desk.scores(LEASES)[lease] - waits <= desk.now()
        desk.end_leases(of="-")
    # no try is left to wait for
    assert desk.ledger.give_back("h", desk.take(), "no, again") == "ended"
    assert desk.reason(run_id) == (
        f"A part of the stage walk failed {MOST_TRIES} times and was given up; no, again."
    )


def test_a_piece_is_its_holders_alone_to_give_back(desk: Desk) -> None:
    desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    held = desk.dump()
    assert desk.ledger.give_back("late", late, "no") == "ended"
    assert desk.dump() == held
    assert desk.ledger.give_back("second", second, "no") == "kept"
    # asked again because the answer was lost
    given = desk.dump()
    assert desk.ledger.give_back("second", second, "another reason") == "ended"
    assert desk.dump() == given


def test_a_piece_held_too_long_is_not_renewed_any_more(desk: Desk) -> None:
    run_id = desk.begin(1)
    desk.take("mine")
    desk.redis.hset(f"axiomatic:work:{run_id}", "a:0.0", f"{desk.now() - 330:.6f}")
    desk.end_leases()
    desk.heartbeat(holders=["mine"], longest=360.0)
    assert desk.leases() == [desk.lease("mine", run_id, "0.0")]
    desk.end_leases()
    desk.heartbeat(holders=["mine"], longest=300.0)
    assert desk.leases() == []
    assert desk.take("two").tries == 2


def test_a_value_without_its_arrays_is_not_kept(desk: Desk) -> None:
    run_id = desk.begin(1)
    piece = desk.take()
    desk.ledger.put(run_id, "there", b"1", 100)
    assert desk.keep(piece, stored=["there", "forgotten"]) == "lost"
    assert "v:0.0" not in desk.fields(f"axiomatic:work:{run_id}")
    assert (desk.leases(), desk.held()) == ([], {})
    again = desk.take()
    assert (again.index, again.tries) == (0, 2)
    desk.ledger.put(run_id, "forgotten", b"2", 100)
    assert desk.keep(again, stored=["there", "forgotten"]) == "kept"


def test_a_stage_whose_facts_lost_their_arrays_is_joined_again(desk: Desk) -> None:
    desk.begin(1)
    join = desk.to_join()
    following = stage(1, 1, "points")
    assert desk.advance(join, following, stored=["forgotten"]) == "lost"
    assert "facts:walk" not in desk.job(join.run_id)
    again = desk.take()
    assert (again.stage, again.join, again.tries) == (0, True, 2)
    desk.ledger.put(join.run_id, "forgotten", b"2", 100)
    assert desk.advance(again, following, stored=["forgotten"]) == "kept"
    assert desk.take().stage == 1


def test_a_late_value_without_its_arrays_does_not_take_the_piece_from_its_holder(
    desk: Desk,
) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    assert desk.keep(late, "late", stored=["forgotten"]) == "lost"
    assert desk.leases() == [desk.lease("second", run_id, "0.0")]
    assert desk.ledger.take("third") is None
    assert desk.keep(second, "second") == "kept"


def test_what_came_of_an_older_cut_is_not_wanted(desk: Desk) -> None:
    run_id = desk.begin(2, run_id="a" * 32)
    old = desk.take("old")
    # Redis came back without the job, and whoever asked for it asked again
    for kind in ("job", "work", "ready"):
        desk.redis.delete(f"axiomatic:{kind}:{run_id}")
    assert desk.begin(3, run_id=run_id) == run_id
    before = {key: value for key, value in desk.dump().items() if run_id in key}
    assert desk.keep(old, "old") == "ended"
    assert desk.fail(old, "old") == "ended"
    assert desk.ledger.give_back("old", old, "no") == "ended"
    assert desk.ledger.postpone("old", old, "no") == "ended"
    assert desk.finish(old, "old") == "ended"
    assert desk.advance(old, stage(1, 1), "old") == "ended"
    assert {key: value for key, value in desk.dump().items() if run_id in key} == before
    assert [desk.take(f"h{place}").tries for place in range(3)] == [1, 1, 1]


def test_a_piece_given_back_is_taken_before_chunks_that_nobody_had(desk: Desk) -> None:
    desk.begin(4)
    pieces = [desk.take(f"h{place}") for place in range(3)]
    assert desk.ledger.give_back("h1", pieces[1], "the last time: no") == "kept"
    assert "h1" not in desk.held()
    desk.end_leases(of="-")
    assert [desk.take("one").index, desk.take("two").index] == [1, 3]


def test_a_merge_is_taken_before_pieces_given_back(desk: Desk) -> None:
    desk.begin(66)
    for _ in range(63):
        desk.take_and_keep()
    piece, given = desk.take("one"), desk.take("two")
    desk.ledger.give_back("two", given, "no")
    desk.end_leases(of="-")
    desk.heartbeat()
    desk.keep(piece, "one")
    assert [desk.take(f"h{i}").name for i in range(3)] == ["1.0", "0.64", "0.65"]


def test_a_piece_that_always_dies_fails_its_job(desk: Desk) -> None:
    run_id = desk.begin(2)
    for tries in range(1, MOST_TRIES + 1):
        piece = desk.take("dies")
        assert (piece.index, piece.tries) == (0, tries)
        desk.end_leases()
    assert desk.ledger.take("next") is None
    reason = f"A part of the stage walk failed {MOST_TRIES} times and was given up; {DIED}."
    assert desk.reason(run_id) == reason
    assert desk.result(run_id)["result"]["exc_message"] == [reason]
    assert desk.keys_of(run_id) == ENDED


def test_a_piece_that_is_always_given_back_fails_its_job_with_the_last_reason(desk: Desk) -> None:
    run_id = desk.begin(2)
    for tries in range(MOST_TRIES):
        desk.ledger.give_back("h", desk.take(), f"the last time: reason {tries}")
        desk.end_leases(of="-")
    assert desk.ledger.take("h") is None
    assert desk.reason(run_id) == (
        f"A part of the stage walk failed {MOST_TRIES} times and was given up; "
        f"the last time: reason {MOST_TRIES - 1}."
    )


def test_a_job_given_up_does_not_keep_others_waiting(desk: Desk) -> None:
    poison = desk.begin(1, run_id="a" * 32)
    for _ in range(MOST_TRIES):
        desk.ledger.give_back("h", desk.take(), "no")
        desk.end_leases(of="-")
    sound = desk.begin(1, run_id="b" * 32, owner="bob")
    # whichever comes first, one job ends and the other is done
    taken = [desk.ledger.take("one"), desk.ledger.take("two")]
    assert [piece.run_id for piece in taken if piece is not None] == [sound]
    assert desk.job(poison)["outcome"] == "failed"


def test_each_piece_has_its_own_tries(desk: Desk) -> None:
    run_id = desk.begin(2)
    for _ in range(MOST_TRIES - 1):
        desk.ledger.give_back("h", desk.take(), "no")
        desk.end_leases(of="-")
    assert desk.take_and_keep().tries == MOST_TRIES
    assert desk.take_and_keep().tries == 1
    assert desk.take_and_keep().join
    assert "outcome" not in desk.job(run_id)


def test_a_failure_is_the_holders_alone_to_tell(desk: Desk) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    second = desk.take("second")
    held = desk.dump()
    assert desk.fail(late, "late") == "ended"
    assert desk.dump() == held
    assert desk.keep(second, "second") == "kept"
    # the value is kept already, so the blobs that its second holder lacks are not needed
    kept = desk.dump()
    assert desk.fail(second, "second") == "ended"
    assert desk.dump() == kept
    assert "outcome" not in desk.job(run_id)


def test_a_failure_of_a_piece_that_waits_again_is_nobodys_to_tell(desk: Desk) -> None:
    run_id = desk.begin(1)
    late = desk.take("late")
    desk.end_leases()
    desk.heartbeat()
    assert desk.fail(late, "late") == "ended"
    assert "outcome" not in desk.job(run_id)
    assert desk.take("second").tries == 2


def test_a_failure_says_all_that_is_known_of_it(desk: Desk) -> None:
    run_id = desk.begin(1)
    error = {"reason": "At most 12.", "limits": ["exposure"], "largest": 12}
    assert desk.ledger.fail("h", desk.take(), json.dumps(error), "At most 12.") == "kept"
    assert json.loads(desk.job(run_id)["error"]) == error


def test_it_is_known_who_holds_something(desk: Desk) -> None:
    desk.begin(2)
    piece = desk.take("one")
    assert desk.ledger.any_held(["other", "one"])
    assert not desk.ledger.any_held(["other"])
    assert not desk.ledger.any_held([])
    desk.keep(piece, "one")
    assert not desk.ledger.any_held(["one"])


def test_a_chord_turn_takes_nothing_once_its_stage_has_nothing_waiting(desk: Desk) -> None:
    mine = desk.begin(1, run_id="b" * 32)
    desk.begin(1, run_id="a" * 32, owner="bob")
    assert desk.ledger.take("one", ("c" * 32, 0)) is None
    assert desk.ledger.take("one", (mine, 1)) is None
    # while its stage has pieces it takes those; then the fairest of any job
    fairest = min((owner for owner in desk.levels()), key=lambda owner: desk.levels()[owner])
    piece = desk.ledger.take("one", (mine, 0))
    assert piece is not None
    assert desk.job(piece.run_id)["owner"] == fairest


def test_a_chord_turn_is_wanted_until_its_stage_has_nothing_waiting(desk: Desk) -> None:
    run_id = desk.begin(2)
    assert desk.ledger.wanted(desk.queue, (run_id, 0))
    assert not desk.ledger.wanted(desk.queue, (run_id, 1))
    desk.take("one")
    assert desk.ledger.wanted(desk.queue, (run_id, 0))
    desk.take("two")
    assert not desk.ledger.wanted(desk.queue, (run_id, 0))
    assert not desk.ledger.wanted(desk.queue, ("f" * 32, 0))


def test_a_turn_is_wanted_where_pieces_wait_and_no_message_does(desk: Desk) -> None:
    assert not desk.ledger.wanted(desk.queue, None)
    desk.begin(1)
    assert desk.ledger.wanted(desk.queue, None)
    desk.redis.rpush(desk.queue, "a message")
    assert not desk.ledger.wanted(desk.queue, None)
    desk.redis.delete(desk.queue)
    desk.take()
    assert not desk.ledger.wanted(desk.queue, None)


def test_versions_take_their_own_jobs_alone(desk: Desk) -> None:
    other = Desk(desk.redis)
    theirs = other.begin(1)
    assert desk.ledger.take("one") is None
    piece = other.take("two")
    assert plain(piece) == Piece(theirs, 0, "", 0, 0, False, 2, 1, 1, ())
    # but any worker gives back pieces whose leases have ended
    desk.redis.zadd(LEASES, {desk.lease("two", theirs, "0.0"): LONG_AGO})
    assert desk.ledger.take("three") is None
    assert other.take("four").tries == 2
    other.ledger.cancel(theirs)
    other.heartbeat("celery@two")


def test_tries_of_a_worker_that_was_ended_as_a_whole_do_not_count(desk: Desk) -> None:
    desk.begin(2)
    for _ in range(3 * MOST_TRIES):
        assert desk.take("ann@home|1|m").tries == 1
        assert desk.take("bob@home|1|m").index == 1
        desk.ledger.forgive("ann@home")
        desk.ledger.forgive("bob@home")
        assert desk.leases() == []
        assert desk.held() == {}


def test_another_workers_pieces_and_tries_stay_as_they_are(desk: Desk) -> None:
    run_id = desk.begin(2)
    desk.take("ann@home|1|m")
    desk.take("ann@home2|1|m")
    desk.ledger.forgive("ann@home")
    assert desk.leases() == [desk.lease("ann@home2|1|m", run_id, "0.1")]
    assert desk.take("ann@home|2|m").tries == 1


def test_a_piece_that_ends_its_whole_worker_again_and_again_is_given_up(desk: Desk) -> None:
    run_id = desk.begin(1)
    for _ in range(ledger.MOST_FORGIVEN + MOST_TRIES):
        desk.take("ann@home|1|m")
        desk.ledger.forgive("ann@home")
    assert desk.ledger.take("ann@home|1|m") is None
    assert desk.reason(run_id).endswith(f"{DIED}.")
