"""Of jobs that have ended only records and results remain; when those expire, nothing does."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.faults.harness import PATIENCE_SECONDS, START_SECONDS, House, open_house, until
from tests.faults.probe import KIND, Bad, Probe
from workers.app import QUEUE, open_jobs
from workers.engine.jobs import Jobs, JobStatus
from workers.engine.submission import Attachments, submit
from workers.installation.versions import VERSION

JOBS = 200
KEEP_SECONDS = 2
OWNERS = ("ann", "bob", "cy")

INSTALLATION = re.compile(
    r"axiomatic:(gone:\S+|nodes|nodes-seen|versions|store|kept|looked-after|counts|(pace|reaper):\S+)"
    r"|_kombu\.\S+|unacked_mutex|fault:\w+"
)
"""What an installation has whether there are jobs or not."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("orphans"), children=2) as house:
        house.start_workers(2)
        yield house


def send(house: House, jobs: Jobs, count: int, owners: Sequence[str]) -> dict[JobStatus, list[str]]:
    """Send jobs with every kind of end, by end; cancel some at once, some in their middle."""
    sent: dict[JobStatus, list[str]] = {
        JobStatus.COMPLETED: [],
        JobStatus.FAILED: [],
        JobStatus.CANCELLED: [],
    }
    for number in range(count):
        end = list(sent)[number % 3]
        arrays = Attachments()
        arrays.add({"points": np.full(1_000, number // 8)})
        asked = Probe(
            (70, 3) if number % 16 == 0 else (3, 2),
            seconds=0.3 if end is JobStatus.CANCELLED else 0.002,
            seed=number,
            bad=Bad.HUNGERS if end is JobStatus.FAILED else Bad.NOTHING,
        )
        run_id = submit(
            jobs,
            KIND,
            asked.document(),
            owners[number % len(owners)],
            chunk_units=None if number % 8 == 0 else 1,
            attachments=arrays,
            once=(f"{owners[0]}:key {number}", "body") if number % 10 == 0 else ("", ""),
        )
        if end is JobStatus.CANCELLED:
            if number % 2:
                until(partial(has_begun, jobs, run_id), PATIENCE_SECONDS, str)
            assert jobs.cancel(run_id)
        sent[end].append(run_id)
    return sent


def has_begun(jobs: Jobs, run_id: str) -> bool:
    return jobs.get(run_id).status is not JobStatus.PENDING


def rests(house: House) -> bool:
    """Whether no worker works, and the keys that jobs share are gone with the last job."""
    shared = (f"axiomatic:{name}:{VERSION}" for name in ("clock", "lanes", "served"))
    return not house.redis.exists(QUEUE, "unacked", "axiomatic:held", *shared)


def of_jobs(house: House) -> set[str]:
    """All keys but the installation's own."""
    keys = {key.decode() for key in house.redis.scan_iter("*", count=10_000)}
    return {key for key in keys if not INSTALLATION.fullmatch(key)}


def test_records_and_results_are_all_that_is_left_of_jobs_that_ended(house: House) -> None:
    sent = send(house, house.jobs, JOBS, OWNERS)
    for end, run_ids in sent.items():
        assert {house.done(run_id, START_SECONDS).status for run_id in run_ids} == {end}
    until(partial(rests, house), PATIENCE_SECONDS, lambda: str(of_jobs(house)))
    runs = [run_id for run_ids in sent.values() for run_id in run_ids]
    assert of_jobs(house) == {
        *(f"axiomatic:job:{run_id}" for run_id in runs),
        *(f"celery-task-meta-{run_id}" for run_id in runs),
        *(f"axiomatic:jobs-of:{owner}" for owner in OWNERS),
        *(f"axiomatic:key:{OWNERS[0]}:key {number}" for number in range(0, JOBS, 10)),
    }
    assert house.redis.hmget("axiomatic:store", "bytes", "promised") == [b"0", b"0"]
    # all of it for a day, none of it for ever
    assert all(0 < house.redis.ttl(key) <= house.settings.keep_seconds for key in of_jobs(house))


def test_nothing_is_left_of_them_when_they_expire(house: House) -> None:
    def left() -> tuple[set[str], int, list[Any]]:
        counts = house.redis.hmget("axiomatic:store", "bytes", "promised", "kept")
        return of_jobs(house), house.redis.zcard("axiomatic:kept"), counts

    before = left()
    keeps_briefly = open_jobs(replace(house.settings, keep_seconds=KEEP_SECONDS))
    send(house, keeps_briefly, 40, ("dee", "eve"))
    assert left() != before
    until(lambda: left() == before, START_SECONDS, lambda: str(left()[0] - before[0]))
