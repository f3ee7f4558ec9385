"""Messages are hints: doubled, early or lost ones do not change a job's result."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.faults.harness import PATIENCE_SECONDS, House, open_house, until
from tests.faults.probe import Probe, expected
from workers.app import QUEUE
from workers.engine.jobs import JobStatus
from workers.engine.submission import submit
from workers.engine.tasks import join, publish_turns, turn

CHILDREN = 4


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("messages"), children=CHILDREN) as house:
        house.start_workers(2)
        yield house


@pytest.fixture
def held_up(house: House) -> Iterator[House]:
    """No worker takes a message until the test allows it."""
    house.hold_workers()
    yield house
    house.let_workers_go()


def test_doubled_turns_and_bodies_give_one_result(
    house: House, request_document: bytes, undisturbed: bytes
) -> None:
    run_id = submit(house.jobs, "optimize", request_document, "tester", chunk_units=1)
    for _ in range(20):
        for stage in range(7):
            turn.apply_async((run_id, stage))
            join.apply_async(([],), {"run_id": run_id, "stage": stage})
        publish_turns(1, "one more", run_id)
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.stored_result(run_id) == undisturbed
    until(lambda: not house.redis.exists(QUEUE), PATIENCE_SECONDS, lambda: "messages pile up")


def test_one_message_delivered_many_times_gives_one_result(held_up: House) -> None:
    asked = Probe((40, 40), 0.05)
    run_id = held_up.probe(asked)
    for message in held_up.redis.lrange(QUEUE, 0, -1):
        held_up.redis.rpush(QUEUE, *[message] * 10)
    held_up.let_workers_go()
    assert held_up.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert held_up.jobs.result(run_id) == expected(asked)


def test_a_body_that_comes_before_its_turns_joins_nothing_too_early(held_up: House) -> None:
    asked = Probe((30, 30), 0.02)
    run_id = held_up.probe(asked)
    for stage in (1, 0):
        join.apply_async(([],), {"run_id": run_id, "stage": stage})
        # to the head of the queue: the next to be delivered
        held_up.redis.lmove(QUEUE, QUEUE, "LEFT", "RIGHT")
    held_up.let_workers_go()
    assert held_up.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert held_up.jobs.result(run_id) == expected(asked)


def has_done(house: House, run_id: str, share: float) -> bool:
    return house.jobs.get(run_id).progress >= share


def test_all_messages_lost_again_and_again_delay_a_job_and_no_more(house: House) -> None:
    asked = Probe((60, 60), 0.02)
    run_id = house.probe(asked)
    for share in (0.0, 0.1, 0.3, 0.6):
        until(partial(has_done, house, run_id, share), PATIENCE_SECONDS, str)
        house.redis.delete(QUEUE)
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(asked)


def test_a_job_none_of_whose_messages_ever_came_is_done(held_up: House) -> None:
    asked = Probe((20, 20), 0.02)
    run_id = held_up.probe(asked)
    held_up.redis.delete(QUEUE)
    held_up.let_workers_go()
    assert held_up.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert held_up.jobs.result(run_id) == expected(asked)
