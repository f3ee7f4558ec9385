"""Redis is killed, held up, or forgets: jobs are done once it is back."""

from collections.abc import Iterator

import pytest

from tests.faults.harness import PATIENCE_SECONDS, START_SECONDS, House, open_house, until
from tests.faults.probe import Probe, expected
from workers.engine.jobs import JobStatus
from workers.engine.submission import submit

ASKED = Probe((60, 40), 0.05)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("redis")) as house:
        house.start_workers(2)
        yield house


@pytest.fixture
def runs(house: House, request_document: bytes) -> dict[str, str]:
    """A real job and a probe, both in their middle."""
    probe = house.probe(ASKED)
    until(lambda: house.jobs.get(probe).progress > 0.2, START_SECONDS, lambda: house.state(probe))
    real = submit(house.jobs, "optimize", request_document, "another", chunk_units=1)
    until(lambda: house.jobs.get(real).progress > 0.0, START_SECONDS, lambda: house.state(real))
    return {"probe": probe, "real": real}


def complete(house: House, runs: dict[str, str], undisturbed: bytes) -> None:
    for run_id in runs.values():
        assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(runs["probe"]) == expected(ASKED)
    assert house.stored_result(runs["real"]) == undisturbed
    assert all(worker.running for worker in house.workers)


def test_a_killed_redis_comes_back_with_what_its_append_only_file_has(
    house: House, runs: dict[str, str], undisturbed: bytes
) -> None:
    house.store.restart(away_seconds=1.0)
    complete(house, runs, undisturbed)


def test_a_redis_that_stalls_for_five_seconds_holds_everything_up_and_nothing_more(
    house: House, runs: dict[str, str], undisturbed: bytes
) -> None:
    house.store.stall(5.0)
    complete(house, runs, undisturbed)


def test_a_redis_that_has_forgotten_its_scripts_is_given_them_again(
    house: House, runs: dict[str, str], undisturbed: bytes
) -> None:
    house.redis.script_flush()
    complete(house, runs, undisturbed)


def test_a_redis_killed_while_nobody_works_finds_its_workers_again(house: House) -> None:
    house.store.restart(away_seconds=0.2)
    asked = Probe((10,), 0.02)
    run_id = house.probe(asked)
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(asked)


def test_a_redis_killed_three_times_in_one_job_delays_it_and_no_more(
    house: House, runs: dict[str, str], undisturbed: bytes
) -> None:
    for _ in range(3):
        house.store.restart(away_seconds=0.5)
    complete(house, runs, undisturbed)
