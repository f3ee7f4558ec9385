"""The session's Redis, a database of it that these tests have to themselves."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.workers.engine.ledger.desk import Desk, own_desk
from workers.engine.ledger import ledger, scripts
from workers.installation.settings import Settings

DATABASE = 9


@pytest.fixture(scope="module")
def redis(settings: Settings) -> Iterator["Redis"]:
    connection = Redis.from_url(settings.redis_url, db=DATABASE)
    yield connection
    connection.flushdb()
    connection.close()


@pytest.fixture(autouse=True, scope="module")
def _long_leases() -> Iterator[None]:
    """Let no lease end by itself, however slow the machine: the tests end them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "LEASE_SECONDS", 6_000.0)
        patch.setattr(ledger, "TURN_SECONDS", 3_000.0)
        patch.setattr(ledger, "GRACE_SECONDS", 3_000.0)
        patch.setattr(ledger, "ROOM_SECONDS", 1_000.0)
        yield


@pytest.fixture
def desk(redis: "Redis") -> Iterator[Desk]:
    with own_desk(redis) as desk:
        yield desk


@pytest.fixture
def three_a_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge three values into one, not 64: a few chunks make a deep tree."""
    true_source = scripts.source

    def source(name: str) -> str:
        text = true_source(name)
        assert text.count("local FAN = 64 ") == 1
        return text.replace("local FAN = 64 ", "local FAN = 3 ")

    monkeypatch.setattr(scripts, "source", source)


@pytest.fixture
def bushy(redis: "Redis", three_a_merge: None) -> Iterator[Desk]:
    with own_desk(redis) as desk:
        yield desk
