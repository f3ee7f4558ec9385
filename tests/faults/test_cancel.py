"""A job of 10,000 chunks, cancelled in the middle: nothing of it remains, at once."""

from collections.abc import Iterator, Set

import pytest

from tests.faults.harness import PATIENCE_SECONDS, House, open_house, until
from tests.faults.probe import Probe
from workers.app import QUEUE
from workers.engine.jobs import JobStatus
from workers.engine.ledger.keys import GONE

MARGIN_BYTES = 1_024
"""What the keys of an installation may grow by: an entry in the list of the user's jobs."""
STORE_MARGIN_BYTES = 512 * 1_024
"""What Redis itself may: the buffers of its connections come and go."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("cancel"), application="tests.faults.probe") as house:
        house.start_workers(2)
        yield house


def names(house: House) -> set[str]:
    """The names of all keys."""
    return {key.decode() for key in house.redis.scan_iter("*", count=10_000)}


def kept_bytes(house: House, but: Set[str] = frozenset()) -> int:
    """Bytes of all keys but the given ones."""
    return sum(house.redis.memory_usage(key, samples=0) or 0 for key in names(house) - but)


def used_bytes(house: House) -> int:
    """What Redis has allocated."""
    house.redis.memory_purge()
    return int(house.redis.info("memory")["used_memory_dataset"])


def test_nothing_is_left_of_a_cancelled_job_of_ten_thousand_chunks(house: House) -> None:
    first = house.probe(Probe((200,), 0.001))
    assert house.done(first, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    until(lambda: at_rest(house, first), PATIENCE_SECONDS, lambda: house.state(first))
    # a reaper's lock may be among them, and gone later
    keys = names(house)
    size, used = kept_bytes(house), used_bytes(house)

    run_id = house.probe(Probe((10_000,), 0.001))
    record = {f"{name}{run_id}" for name in ("axiomatic:job:", GONE, "celery-task-meta-")}
    until(
        lambda: house.jobs.get(run_id).progress > 0.3, PATIENCE_SECONDS, lambda: house.state(run_id)
    )
    assert kept_bytes(house, record) > size + 10 * MARGIN_BYTES
    assert house.jobs.cancel(run_id)
    until(lambda: at_rest(house, run_id), PATIENCE_SECONDS, lambda: house.state(run_id))

    assert house.jobs.get(run_id).status is JobStatus.CANCELLED
    assert house.keys_of(run_id) == record
    # the broker's own list of messages that workers hold comes and goes with them
    until(lambda: names(house) - keys == record, PATIENCE_SECONDS, lambda: str(names(house) - keys))
    assert kept_bytes(house, record) <= size + MARGIN_BYTES
    assert used_bytes(house) <= used + STORE_MARGIN_BYTES
    assert house.redis.hmget("axiomatic:store", "bytes", "promised") == [b"0", b"0"]


def at_rest(house: House, run_id: str) -> bool:
    """Whether no worker computes for a job and no message is about it."""
    messages = [*house.redis.lrange(QUEUE, 0, -1), *house.redis.hvals("unacked")]
    return run_id not in f"{house.leases()} {messages}"
