"""A chunk that cannot be done fails its own job alone, with the reason in words."""

from collections.abc import Iterator

import pytest

from tests.faults.harness import PATIENCE_SECONDS, House, open_house, until
from tests.faults.probe import Bad, Probe, expected
from workers.engine.jobs import Job, JobStatus
from workers.engine.ledger import MOST_TRIES

LIMIT_SECONDS = 10

TAKEN_DOWN = "each time its worker died: killed, out of memory, or over the time limit"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    environment = {
        "AXIOMATIC_CHUNK_LIMIT_SECONDS": str(LIMIT_SECONDS),
        "AXIOMATIC_CHILD_MEMORY_MB": "512",
        "AXIOMATIC_STORE_MB": "16",
    }
    folder = tmp_path_factory.mktemp("poison")
    with open_house(folder, environment=environment, children=4) as house:
        house.start_workers(1)
        yield house


@pytest.fixture(scope="module")
def bad(house: House) -> dict[Bad, tuple[str, str]]:
    """A job of every bad kind, each beside a good one of the same user, all at once."""
    return {
        kind: (
            house.probe(Probe((6,), 0.02, seed=place, bad=kind), owner=kind.name),
            house.probe(Probe((6, 3), 0.02, seed=place), owner=kind.name),
        )
        for place, kind in enumerate(Bad)
        if kind is not Bad.NOTHING
    }


def reason(job: Job) -> str:
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    return str(job.error["reason"])


@pytest.mark.parametrize("kind", [kind for kind in Bad if kind is not Bad.NOTHING])
def test_a_job_beside_a_bad_one_completes(
    house: House, bad: dict[Bad, tuple[str, str]], kind: Bad
) -> None:
    run_id = bad[kind][1]
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.result(run_id) == expected(Probe((6, 3), seed=list(Bad).index(kind)))


def test_a_chunk_that_raises_is_tried_again_and_then_fails_its_job_with_the_error(
    house: House, bad: dict[Bad, tuple[str, str]]
) -> None:
    said = reason(house.done(bad[Bad.RAISES][0], PATIENCE_SECONDS))
    assert said == (
        f"A part of the stage probe 0 failed {MOST_TRIES} times and was given up; the last time: "
        "An unexpected error, ZeroDivisionError; the worker's log has it."
    )


def test_a_chunk_that_needs_too_much_memory_fails_its_job_at_once(
    house: House, bad: dict[Bad, tuple[str, str]]
) -> None:
    said = reason(house.done(bad[Bad.HUNGERS][0], PATIENCE_SECONDS))
    assert said == (
        "A part of the job needed more memory than a worker has (512 MB, "
        "AXIOMATIC_CHILD_MEMORY_MB); ask for less of it."
    )


def test_a_chunk_that_kills_its_child_each_time_fails_its_job_after_a_few_tries(
    house: House, bad: dict[Bad, tuple[str, str]]
) -> None:
    said = reason(house.done(bad[Bad.DIES][0], PATIENCE_SECONDS))
    assert said == (
        f"A part of the stage probe 0 failed {MOST_TRIES} times and was given up; {TAKEN_DOWN}."
    )


def test_a_job_that_finds_no_room_for_its_arrays_waits_until_another_ends(house: House) -> None:
    large = Probe((1, 15), 0.1, seed=1, bulk_bytes=12 * 2**20)
    second = Probe((1,), 0.0, seed=2, bulk_bytes=6 * 2**20)
    holding = house.probe(large, owner="large")
    until(
        lambda: int(house.redis.hget("axiomatic:store", "bytes") or 0) > large.bulk_bytes,
        PATIENCE_SECONDS,
        lambda: house.state(holding),
    )
    waiting = house.probe(second, owner="second")
    assert house.done(waiting, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert house.jobs.get(holding).status is JobStatus.COMPLETED
    assert house.jobs.result(waiting) == expected(second)


def test_a_chunk_that_loops_is_stopped_at_the_limit_and_fails_its_job(
    house: House, bad: dict[Bad, tuple[str, str]]
) -> None:
    said = reason(house.done(bad[Bad.LOOPS][0], PATIENCE_SECONDS))
    assert said == (
        f"A part of the job ran longer than {LIMIT_SECONDS} s (AXIOMATIC_CHUNK_LIMIT_SECONDS); "
        "ask for less of it."
    )


def test_a_chunk_that_hears_nothing_is_ended_at_the_limit_and_not_tried_again(
    house: House, bad: dict[Bad, tuple[str, str]]
) -> None:
    # a second try would be done at once: the chunk sticks only once
    said = reason(house.done(bad[Bad.STICKS][0], PATIENCE_SECONDS))
    assert said == (
        f"A part of the job ran longer than {LIMIT_SECONDS} s (AXIOMATIC_CHUNK_LIMIT_SECONDS); "
        "ask for less of it."
    )
