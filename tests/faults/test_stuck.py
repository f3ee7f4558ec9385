"""Children that hear nothing, as compiled code does, are ended once their jobs are cancelled."""

import json
from collections.abc import Iterator

import pytest

from tests.faults.harness import PATIENCE_SECONDS, House, open_house, until
from tests.faults.probe import Bad, Probe, expected
from workers.app import QUEUE
from workers.engine.jobs import JobStatus

CHILDREN = 2


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("stuck")
    with open_house(folder, application="tests.faults.probe", children=CHILDREN) as house:
        house.start_workers(1)
        yield house


def stuck(house: House, seed: int) -> bool:
    """Whether the one unit of a job that sticks has been begun."""
    return bool(house.redis.exists(f"fault:stuck:{seed}"))


def test_a_job_sent_after_all_children_stuck_in_cancelled_ones_is_done(house: House) -> None:
    seeds = range(1, CHILDREN + 1)
    runs = [house.probe(Probe((1,), seed=seed, bad=Bad.STICKS)) for seed in seeds]
    for seed in seeds:
        until(lambda seed=seed: stuck(house, seed), PATIENCE_SECONDS, lambda: house.state(runs[0]))
    children = set(house.workers[0].children)
    load = house.jobs.load()
    assert (load.busy_slots, load.stuck_slots, load.free_slots) == (CHILDREN, 0, 0)
    for run_id in runs:
        assert house.jobs.cancel(run_id)
    after = house.probe(Probe((4, 2), seed=9))
    # without an end of the children it would wait for the limit of five minutes
    assert house.done(after, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(after) == expected(Probe((4, 2), seed=9))
    assert children.isdisjoint(house.workers[0].children)
    until(
        lambda: house.jobs.load().free_slots == CHILDREN,
        PATIENCE_SECONDS,
        house.jobs.load,
    )
    assert all(house.jobs.get(run_id).status is JobStatus.CANCELLED for run_id in runs)


def test_nothing_waits_or_is_held_after_that(house: House) -> None:
    until(lambda: not house.leases(), PATIENCE_SECONDS, house.leases)
    # the messages of ended children come back as turns, and find nothing
    until(
        lambda: not house.redis.llen(QUEUE) and not house.redis.hlen("unacked"),
        PATIENCE_SECONDS,
        lambda: json.dumps([str(value) for value in house.redis.hvals("unacked")]),
    )
