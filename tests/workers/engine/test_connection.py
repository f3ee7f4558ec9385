import threading
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from workers.engine.connection import connect, connect_briefly
from workers.installation.embedded_store import find_server
from workers.installation.processes import Process
from workers.installation.settings import Settings


def serve(folder: Path) -> Process:
    command = [find_server(), "--port", "0", "--unixsocket", str(folder / "redis.sock")]
    options = ["--dir", str(folder), "--save", "", "--appendonly", "yes"]
    return Process([*command, *options], folder / "redis.log")


def answer(settings: Settings) -> object:
    return connect(settings).ping()


def test_a_pool_is_shared_by_all_who_have_the_same_settings(settings: Settings) -> None:
    assert connect(settings) is connect(Settings(settings.redis_url))
    assert connect(settings) is not connect(Settings(settings.redis_url, keep_seconds=60))
    brief = connect_briefly(settings)
    assert brief is not connect_briefly(settings)
    brief.close()


@pytest.mark.slow
def test_a_call_outlasts_a_restart_of_redis(tmp_path: Path) -> None:
    settings = Settings(f"unix://{tmp_path / 'redis.sock'}")
    first = serve(tmp_path)
    assert answer(settings)
    connect(settings).set("kept", "yes")
    first.kill()
    first.stop(10)
    found: list[object] = []
    asking = threading.Thread(target=lambda: found.append(connect(settings).get("kept")))
    asking.start()
    # Redis is down now, wherever the thread is: a brief connection fails at once
    with connect_briefly(settings) as brief, pytest.raises(RedisError):
        brief.ping()
    second = serve(tmp_path)
    asking.join(60)
    assert found == [b"yes"]
    connect(settings).close()
    second.stop(10)


@pytest.mark.slow
def test_a_brief_connection_does_not_wait_for_a_redis_that_stalls(tmp_path: Path) -> None:
    settings = Settings(f"unix://{tmp_path / 'redis.sock'}")
    running = serve(tmp_path)
    assert answer(settings)
    connect(settings).execute_command("CLIENT", "PAUSE", "5000", "ALL")
    with connect_briefly(settings) as brief, pytest.raises(RedisError, match="Timeout"):
        brief.ping()
    # while a connection that retries waits for the answer
    assert answer(settings)
    connect(settings).close()
    running.stop(10)


def test_the_retries_leave_time_for_a_restart(settings: Settings) -> None:
    retry = connect(settings).get_retry()
    assert retry is not None
    waits = [retry._backoff.compute(failures) for failures in range(1, retry.get_retries() + 1)]
    assert max(waits) <= 1
    assert 15 <= sum(waits) <= 20
