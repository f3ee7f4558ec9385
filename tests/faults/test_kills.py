"""Processes are killed, stopped and held up from outside: jobs are done all the same, once."""

import signal
from collections.abc import Iterator

import pytest

import workers.engine.submission
from tests.faults.harness import (
    PATIENCE_SECONDS,
    STAGES,
    START_SECONDS,
    House,
    holds,
    open_house,
    until,
)
from tests.faults.probe import Probe, expected
from workers.engine.jobs import JobStatus
from workers.engine.submission import submit

FORK_SECONDS = 2.5
"""The pool looks for children that are gone every second."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("kills")) as house:
        yield house


def start(house: House, document: bytes) -> str:
    return submit(house.jobs, "optimize", document, "tester", chunk_units=1)


def reaches(house: House, run_id: str, stage: str) -> None:
    """Wait until the real job has reached a stage."""
    there = {*STAGES[STAGES.index(stage) :], "done"}
    until(
        lambda: house.jobs.get(run_id).stage in there,
        PATIENCE_SECONDS,
        lambda: house.state(run_id),
    )


def completes(house: House, run_id: str, result: bytes) -> None:
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.stored_result(run_id) == result


def test_all_children_killed_in_every_stage_that_lasts_are_replaced_and_go_on(
    house: House, request_document: bytes, undisturbed: bytes
) -> None:
    house.mend(2)
    run_id = start(house, request_document)
    # stages that last; others end before a child can be found and killed
    for stage in ("scenarios", "prizes", "lineups", "contest"):
        reaches(house, run_id, stage)
        for worker in house.workers:
            worker.kill_child()
    completes(house, run_id, undisturbed)


def test_a_worker_killed_with_all_its_children_leaves_its_job_to_another(
    house: House, request_document: bytes, undisturbed: bytes
) -> None:
    house.mend(2)
    run_id = start(house, request_document)
    reaches(house, run_id, "lineups")
    house.workers[0].kill()
    completes(house, run_id, undisturbed)


def test_a_killed_parent_takes_its_children_with_it(house: House) -> None:
    house.mend(2)
    worker = house.workers[0]
    worker.kill_parent()
    until(lambda: not worker.processes, PATIENCE_SECONDS, lambda: str(worker.processes))


def test_after_all_workers_were_killed_one_started_later_does_everything(
    house: House, request_document: bytes, undisturbed: bytes
) -> None:
    house.mend(2)
    runs = [start(house, request_document), start(house, request_document)]
    reaches(house, runs[0], "lineups")
    for worker in house.workers:
        worker.kill()
    assert not any(house.jobs.get(run_id).status.ended for run_id in runs)
    house.mend(1)
    for run_id in runs:
        completes(house, run_id, undisturbed)


def test_no_child_is_forked_while_its_parent_publishes_lost_turns(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in house.workers[1:]:
        other.kill()
    house.mend(1)
    worker = house.workers[0]
    # the sender dies before the job's first message, so the reaper must publish turns
    monkeypatch.setattr(workers.engine.submission, "fan_out", lambda *_: None)
    house.arm("", "publishing", -1)
    asked = Probe((8, 8), 0.02)
    run_id = house.probe(asked)
    until(house.somebody_is_held_up, PATIENCE_SECONDS, lambda: worker.log)
    before = worker.children
    worker.kill_child()
    # a child forked now would find the locks of the broker's connection held, for ever
    assert not holds(lambda: set(worker.children) - set(before), FORK_SECONDS)
    house.let_go()
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(asked)


def test_a_warm_stop_in_the_middle_computes_nothing_twice(house: House) -> None:
    house.mend(2)
    asked = Probe((40, 10), 0.05)
    run_id = house.probe(asked)
    stopping = house.workers[0]
    until(lambda: house.jobs.get(run_id).progress > 0.2, PATIENCE_SECONDS, lambda: stopping.log)
    stopping.tell_to_stop()
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(asked)
    # chunks and joins of both stages
    assert house.taken(run_id) == 40 + 1 + 10 + 1
    until(lambda: not stopping.running, START_SECONDS, lambda: stopping.log)


def test_a_worker_held_up_loses_its_piece_and_does_no_harm_when_it_comes_back(
    house: House,
) -> None:
    house.mend(2)
    asked = Probe((45, 5), 0.2)
    run_id = house.probe(asked)
    until(lambda: len(house.leases()) == 2, PATIENCE_SECONDS, lambda: house.state(run_id))
    held_up = house.workers[0]
    held_up.signal(signal.SIGSTOP)
    stuck = house.leases()
    until(
        # that of the other worker changes with every chunk
        lambda: (
            len(still := [lease for lease in stuck if lease in house.leases()]) == 1
            and stuck.intersection(still)
        ),
        PATIENCE_SECONDS,
        lambda: house.state(run_id),
    )
    piece = next(iter(stuck.intersection(house.leases()))).split()[-1]
    until(
        lambda: house.redis.hexists(f"axiomatic:work:{run_id}", f"v:{piece}"),
        PATIENCE_SECONDS,
        lambda: house.state(run_id),
    )
    assert house.jobs.get(run_id).stage == "probe 0"
    held_up.signal(signal.SIGCONT)
    assert house.done(run_id, START_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(asked)
    assert house.taken(run_id) == 45 + 1 + 5 + 1 + 1
    # it works again as before
    again = Probe((8,), 0.05)
    assert house.done(house.probe(again), PATIENCE_SECONDS).status is JobStatus.COMPLETED
