"""A full Redis accepts no new jobs, and lets running jobs go on and end."""

from collections.abc import Iterator
from typing import cast

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.workers.engine.ledger.desk import ENDED, Desk, stage
from workers.installation.embedded_store import EmbeddedStore

pytestmark = pytest.mark.slow

STUFFING = 100_000


class FullDesk(Desk):
    """A desk on a Redis that can be filled to the brim."""

    def fill(self) -> None:
        """Use up all memory, and check that none is left."""
        used = int(cast("dict[str, int]", self.redis.info("memory"))["used_memory"])
        self.redis.config_set("maxmemory", used + 2_000_000)
        with pytest.raises(OutOfMemoryError):
            self._stuff()
        # to the last byte, so that nothing fits by chance
        self.redis.config_set("maxmemory", 1_000_000)

    def _stuff(self) -> None:
        for number in range(1_000):
            self.redis.set(f"stuffing{number}", b"s" * STUFFING)

    def end_leases(self, *, of: str = "") -> None:
        """End the time of leases; this write of the test itself needs room."""
        limit = self.redis.config_get("maxmemory")["maxmemory"]
        self.redis.config_set("maxmemory", 0)
        super().end_leases(of=of)
        self.redis.config_set("maxmemory", str(limit))

    def empty(self) -> None:
        """Free the memory again."""
        self.redis.config_set("maxmemory", 0)
        self.redis.delete(*(key for key in self.names() if key.startswith("stuffing")), "nothing")


@pytest.fixture(scope="module")
def small() -> Iterator["Redis"]:
    with EmbeddedStore() as store:
        connection = Redis.from_url(store.url)
        yield connection
        connection.close()


@pytest.fixture
def full(small: "Redis") -> Iterator[FullDesk]:
    small.flushdb()
    desk = FullDesk(small)
    yield desk
    desk.empty()
    desk.clean_up()


def test_no_job_is_begun(full: FullDesk) -> None:
    full.begin(2, need=5)
    full.fill()
    before = full.dump()
    with pytest.raises(OutOfMemoryError):
        full.ask(2, need=5, once="ann:key", body="hash", arrays={"r": b"1"})
    assert full.dump() == before
    full.empty()
    assert full.ask(2, need=5, once="ann:key", body="hash").outcome == "begun"


def test_no_blob_is_stored(full: FullDesk) -> None:
    run_id = full.begin(2)
    full.fill()
    before = full.dump()
    with pytest.raises(OutOfMemoryError):
        full.ledger.put(run_id, "r", b"1", 1_000)
    assert full.dump() == before
    full.empty()
    assert full.ledger.put(run_id, "r", b"1", 1_000) == "kept"


def test_a_job_that_goes_on_is_completed(full: FullDesk) -> None:
    run_id = full.begin(2, need=5, arrays={"r": b"12345"})
    full.fill()
    join = full.to_join()
    assert full.advance(join, stage(66, 1, "points"), freed=["r"]) == "kept"
    assert full.store() == (0, 5)
    join = full.to_join()
    assert full.finish(join) == "kept"
    assert full.result(run_id)["result"] == {"places": list(range(66))}
    assert full.store() == (0, 0)


def test_a_job_can_be_cancelled(full: FullDesk) -> None:
    run_id = full.begin(2, arrays={"r": b"12345"})
    full.take()
    full.redis.rpush(full.queue, f"a turn for {run_id}")
    full.fill()
    assert full.ledger.cancel(run_id)
    assert full.store() == (0, 0)
    assert full.keys_of(run_id) == ENDED
    assert full.redis.llen(full.queue) == 0


def test_a_job_can_fail(full: FullDesk) -> None:
    run_id = full.begin(2)
    piece = full.take()
    full.fill()
    assert full.fail(piece, reason="No lineup fits the cap.") == "kept"
    assert full.reason(run_id) == "No lineup fits the cap."


def test_pieces_change_hands(full: FullDesk) -> None:
    full.begin(2)
    full.fill()
    assert full.ledger.give_back("one", full.take("one"), "no") == "kept"
    assert full.ledger.postpone("two", full.take("two"), "no room") == "kept"
    full.end_leases()
    full.take("dead")
    full.end_leases()
    assert full.heartbeat(slots=3) == 2
    assert full.ledger.workers() == (3, ())
    assert full.ledger.wanted(full.queue, None)
    pieces = [full.take("slow"), full.take("quick")]
    full.end_leases()
    full.heartbeat(holders=["slow", "quick"])
    assert full.ledger.any_held(["slow"])
    assert full.keep(pieces[0], "slow") == "kept"
    assert full.keep(pieces[1], "quick") == "kept"
    assert full.take().join
    full.ledger.leave("celery@one")
    assert full.ledger.workers() == (0, ())


def test_a_join_opens(full: FullDesk) -> None:
    run_id = full.begin(1, fans_out=True)
    full.take_and_keep()
    full.fill()
    full.ledger.open(run_id, 0)
    assert full.finish(full.take()) == "kept"
