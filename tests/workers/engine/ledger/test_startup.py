"""A worker's checks before it takes a job, against real servers."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.engine.connection import connect
from workers.installation.embedded_store import EmbeddedStore, find_server
from workers.installation.processes import Process
from workers.installation.readiness import UnsoundStore, require_sound_store, store_problem
from workers.installation.settings import MEBIBYTE, Settings


@pytest.fixture(scope="module")
def server() -> Iterator[Settings]:
    with EmbeddedStore() as store:
        yield Settings(store.url, store_bytes=48 * MEBIBYTE, cache_bytes=16 * MEBIBYTE)


@pytest.fixture
def admin(server: Settings) -> Iterator["Redis"]:
    connection = Redis.from_url(server.redis_url)
    yield connection
    connection.config_set("maxmemory", 0)
    connection.config_set("maxmemory-policy", "noeviction")
    connection.config_set("requirepass", "")
    connection.close()


def problem(settings: Settings, url: str = "") -> str | None:
    """Check once, without waiting for a server that has not started yet."""
    redis = Redis.from_url(url or settings.redis_url, retry=Retry(NoBackoff(), 0))
    try:
        return store_problem(redis, settings)
    finally:
        redis.close()


@pytest.mark.slow
def test_the_store_that_we_start_ourselves_is_sound(server: Settings) -> None:
    assert problem(server) is None


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "volatile-lru"])
def test_a_redis_that_evicts_is_refused(server: Settings, admin: "Redis", policy: str) -> None:
    admin.config_set("maxmemory-policy", policy)
    assert problem(server) == (
        f"Redis has maxmemory-policy {policy}: it would drop jobs and their data when it is full. "
        "Set maxmemory-policy noeviction."
    )


@pytest.mark.slow
def test_a_redis_smaller_than_the_arrays_may_be_is_refused(
    server: Settings, admin: "Redis"
) -> None:
    admin.config_set("maxmemory", 64 * MEBIBYTE - 1)
    assert problem(server) == (
        "Redis has maxmemory 63 MB, less than the 64 MB that jobs' arrays and the scenario cache "
        "may take; raise maxmemory, or lower AXIOMATIC_STORE_MB or AXIOMATIC_CACHE_MB."
    )
    admin.config_set("maxmemory", 64 * MEBIBYTE)
    assert problem(server) is None
    assert problem(replace(server, store_bytes=48 * MEBIBYTE + 1)) is not None
    assert problem(replace(server, cache_bytes=16 * MEBIBYTE + 1)) is not None


@pytest.mark.slow
def test_a_redis_that_wants_a_password_is_refused_without_it(
    server: Settings, admin: "Redis"
) -> None:
    admin.config_set("requirepass", "secret")
    said = problem(server)
    assert said is not None
    assert said.startswith("Redis refuses the password: ")
    assert problem(server, server.redis_url + "?password=secret") is None
    wrong = problem(server, server.redis_url + "?password=wrong")
    assert wrong is not None
    assert wrong.startswith("Redis refuses the password: ")
    assert "wrong" not in wrong.removeprefix("Redis refuses the password: ").split()


@pytest.mark.slow
def test_a_worker_does_not_start_on_an_unsound_redis(server: Settings, admin: "Redis") -> None:
    admin.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(UnsoundStore, match=r"^Redis has maxmemory-policy allkeys-lru"):
        require_sound_store(server)
    admin.config_set("maxmemory-policy", "noeviction")
    require_sound_store(server)
    connect(server).close()


@pytest.mark.slow
def test_a_cluster_is_refused(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    command = [find_server(), "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path)]
    options = ["--save", "", "--cluster-enabled", "yes", "--cluster-port", "1"]
    running = Process([*command, *options], tmp_path / "redis.log")
    try:
        settings = Settings(f"unix://{socket}")
        assert store_problem(connect(settings), settings) == (
            "Redis Cluster cannot be used: a job's keys lie on one node. Give a single Redis."
        )
        connect(settings).close()
    finally:
        running.stop(10)


def allocate(limit: int, size: int) -> subprocess.CompletedProcess[str]:
    code = (
        "import numpy as np; from workers.installation.readiness import limit_memory\n"
        f"limit_memory({limit})\n"
        "try:\n"
        f"    print(np.ones({size}, dtype=np.uint8)[-1])\n"
        "except MemoryError:\n"
        "    print('MemoryError', np.ones(1_000_000, dtype=np.uint8).sum())\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count private memory")
@pytest.mark.parametrize(
    ("limit", "said"), [(300 * MEBIBYTE, "MemoryError 1000000"), (900 * MEBIBYTE, "1"), (0, "1")]
)
def test_an_allocation_above_the_limit_is_an_error_to_go_on_from(limit: int, said: str) -> None:
    assert allocate(limit, 400 * MEBIBYTE).stdout.strip() == said
