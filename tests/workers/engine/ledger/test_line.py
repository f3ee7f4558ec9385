"""A user's jobs beyond those that may go on stand in line, first come, first served."""

import random
import uuid

import pytest

from tests.workers.engine.ledger.desk import Desk, stage


def in_line(desk: Desk, owner: str = "ann") -> list[str]:
    names = desk.redis.lrange(f"axiomatic:line:{desk.version}:{owner}", 0, -1)
    return [name.decode() for name in names]  # type: ignore[union-attr]


def test_jobs_beyond_those_that_may_go_on_are_not_handed_out(desk: Desk) -> None:
    going = [desk.begin(2, most_going=2) for _ in range(2)]
    waiting = [desk.begin(2, most_going=2) for _ in range(2)]
    assert in_line(desk) == waiting
    assert set(desk.lane()) == set(going)
    taken = [desk.take(f"h{number}").run_id for number in range(4)]
    assert set(taken) == set(going)
    assert desk.ledger.take("other") is None


def test_the_outcome_says_who_stands_in_line_also_when_it_is_asked_twice(desk: Desk) -> None:
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    for _ in range(2):
        assert desk.ask(run_id=first, most_going=1).outcome == "begun"
        assert desk.ask(run_id=second, most_going=1).outcome == "in line"
    assert in_line(desk) == [second]


def test_they_go_on_in_the_order_in_which_they_came(desk: Desk) -> None:
    jobs = [desk.begin(1, most_going=1) for _ in range(5)]
    ended = []
    for _ in jobs:
        piece = desk.to_join()
        assert desk.finish(piece) == "kept"
        ended.append(piece.run_id)
    assert ended == jobs


@pytest.mark.parametrize("how", ["completed", "failed", "cancelled"])
def test_the_next_goes_on_however_the_one_before_ends(desk: Desk, how: str) -> None:
    first, second = desk.begin(1, most_going=1), desk.begin(1, most_going=1)
    piece = desk.take()
    if how == "cancelled":
        assert desk.ledger.cancel(first)
    elif how == "failed":
        assert desk.fail(piece) == "kept"
    else:
        assert desk.keep(piece) == "kept"
        assert desk.finish(desk.take()) == "kept"
    assert desk.job(first)["outcome"] == how
    assert desk.take().run_id == second


def test_a_job_cancelled_in_line_leaves_it_and_lets_nobody_in(desk: Desk) -> None:
    first, second, third = (desk.begin(1, most_going=1) for _ in range(3))
    assert desk.ledger.cancel(second)
    assert in_line(desk) == [third]
    assert set(desk.lane()) == {first}
    assert desk.take().run_id == first
    assert desk.ledger.take("other") is None


def test_another_users_jobs_wait_for_nobody_elses(desk: Desk) -> None:
    desk.begin(1, most_going=1)
    desk.begin(1, most_going=1)
    bobs = desk.begin(1, owner="bob", most_going=1)
    assert bobs in {desk.take(holder).run_id for holder in ("one", "two")}


def test_who_comes_when_more_may_go_on_does_not_pass_those_in_line(desk: Desk) -> None:
    first, second = desk.begin(1, most_going=1), desk.begin(1, most_going=1)
    third, fourth = desk.begin(1, most_going=3), desk.begin(1, most_going=3)
    assert set(desk.lane()) == {first, second, third}
    assert in_line(desk) == [fourth]


def test_a_job_that_stood_in_line_needs_no_chord_to_join_its_stage(desk: Desk) -> None:
    first, second = (desk.begin(3, fans_out=True, most_going=1) for _ in range(2))
    desk.ledger.open(first, 0)
    assert desk.finish(desk.to_join()) == "kept"
    piece = desk.to_join()
    assert piece.run_id == second
    assert desk.finish(piece) == "kept"


def test_a_later_stage_stays_in_its_lane(desk: Desk) -> None:
    first = desk.begin(1, most_going=1)
    desk.begin(1, most_going=1)
    assert desk.advance(desk.to_join(), stage(2, number=1)) == "kept"
    assert set(desk.lane()) == {first}


def test_nobody_is_lost_or_passed_whatever_ends_in_whatever_order(desk: Desk) -> None:
    chance = random.Random(7)
    came: list[str] = []
    ended: set[str] = set()
    for _ in range(120):
        if chance.random() < 0.5:
            came.append(desk.begin(1, most_going=3))
        elif alive := [run_id for run_id in came if run_id not in ended]:
            run_id = chance.choice(alive)
            assert desk.ledger.cancel(run_id)
            ended.add(run_id)
        alive = [run_id for run_id in came if run_id not in ended]
        assert set(desk.lane()) == set(alive[:3])
        assert in_line(desk) == alive[3:]
