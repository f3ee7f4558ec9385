"""The scenario cache on a real Redis: what it returns and evicts, and that it keeps its limit."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.race import BlockStrength
from core.slate import DRAFTKINGS_CLASSIC
from workers.engine.arrays import pack
from workers.engine.scenario_cache import LIFETIME_SECONDS, CacheStats, ScenarioCache
from workers.installation.embedded_store import EmbeddedStore
from workers.installation.settings import Settings
from workers.installation.versions import VERSION
from workers.plans.stages.simulation import block_name

DATABASE = 8
BLOCKS = "axiomatic:scenarios:block:"
USED, SIZES = "axiomatic:scenarios:used", "axiomatic:scenarios:sizes"
COUNTS = "axiomatic:scenarios:counts"

ROOM = 1_000_000
BESIDE = 32 + 1
"""Bytes that a small block takes beside its arrays as they are packed: its seal, and how."""

Spoil = Callable[[Redis, str, str], object]


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator["Redis"]:
    connection = Redis.from_url(settings.redis_url, db=DATABASE)
    yield connection
    connection.flushdb()
    connection.close()


@pytest.fixture
def redis(database: "Redis") -> "Redis":
    database.flushdb()
    return database


def noise(size: int, seed: int = 0) -> dict[str, Any]:
    """A block that cannot be made smaller."""
    return {"a": np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)}


def weight(size: int) -> int:
    """Stored bytes of a block with this many bytes of noise."""
    return BESIDE + len(pack(noise(size)))


def keep(cache: ScenarioCache, *names: str, size: int = 100) -> CacheStats:
    stats = cache.put([], {name: noise(size, seed) for seed, name in enumerate(names)})
    assert stats is not None
    return stats


def there(cache: ScenarioCache, names: Sequence[str]) -> list[str]:
    """Which of some blocks are there, without using them."""
    return [
        name for name, arrays in zip(names, cache.get(names), strict=True) if arrays is not None
    ]


def stored(redis: "Redis") -> dict[str, int]:
    """What really lies in Redis: every block's key and bytes."""
    keys = cast("list[bytes]", redis.keys(f"{BLOCKS}*"))
    return {key.decode(): cast("int", redis.strlen(key)) for key in keys}


def test_what_one_worker_kept_another_finds(redis: "Redis") -> None:
    arrays = {
        "points": np.arange(-30, 30, dtype=np.int16).reshape(6, 10),
        "regime": np.zeros(6_000, dtype=np.uint8),
    }
    ScenarioCache(redis, ROOM, VERSION).put([], {"x": arrays})
    absent, found = ScenarioCache(redis, ROOM, VERSION).get(["y", "x"])
    assert absent is None
    assert found is not None
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable


def test_a_block_has_another_name_where_anything_that_shapes_it_differs() -> None:
    given: dict[str, Any] = {
        "spec_hash": "ab" * 32,
        "strength": BlockStrength(np.zeros(2), np.ones(2), 0.5),
        "rules": DRAFTKINGS_CLASSIC,
        "seed": 1,
        "block": 11,
        "races": 500,
    }
    others = {
        "spec_hash": "ba" * 32,
        "strength": BlockStrength(np.zeros(2), np.ones(2), 0.4),
        "rules": replace(DRAFTKINGS_CLASSIC, ticks_per_lap_led=6),
        "seed": 11,
        "block": 1,
        "races": 200,
    }
    names = [block_name(**{**given, name: other}) for name, other in others.items()]
    assert block_name(**given) == block_name(**given)
    assert len({block_name(**given), *names}) == 1 + len(others)


def test_two_versions_share_the_room_and_no_block(redis: "Redis") -> None:
    size = weight(100)
    old, new = (ScenarioCache(redis, 2 * size, version) for version in ("0.1-a", "0.1-b"))
    keep(old, "x")
    assert there(new, ["x"]) == []
    assert keep(new, "x", "y").blocks == 2
    assert there(new, ["x", "y"]) == ["x", "y"]
    assert there(old, ["x"]) == []


def test_hits_misses_and_evictions_are_counted_for_everybody(redis: "Redis") -> None:
    size = weight(100)
    cache = ScenarioCache(redis, 2 * size, VERSION)
    keep(cache, "x", "y")
    stats = cache.put(["x", "y"], {"z": noise(100)})
    assert stats == CacheStats(2, 3, 1, 2, 2 * size, 2 * size)
    assert cache.put(["x", "y", "z"], {}) == ScenarioCache(redis, 2 * size, VERSION).stats()
    assert cache.stats() == CacheStats(5, 3, 1, 2, 2 * size, 2 * size)


def test_what_was_used_least_lately_goes_first(redis: "Redis") -> None:
    cache = ScenarioCache(redis, 3 * weight(100), VERSION)
    keep(cache, "x", "y", "z")
    cache.put(["x"], {})
    keep(cache, "w")
    assert there(cache, "wxyz") == ["w", "x", "z"]
    cache.put(["z", "x"], {"v": noise(100)})
    assert there(cache, "vwxyz") == ["v", "x", "z"]


def test_a_large_block_takes_the_place_of_several_and_one_too_large_of_none(
    redis: "Redis",
) -> None:
    cache = ScenarioCache(redis, 4 * weight(100), VERSION)
    keep(cache, "w", "x", "y", "z")
    keep(cache, "large", size=150)
    assert there(cache, ["w", "x", "y", "z", "large"]) == ["y", "z", "large"]
    assert keep(cache, "too large", size=4 * weight(100)).blocks == 3
    assert there(cache, ["y", "z", "large", "too large"]) == ["y", "z", "large"]


def test_a_limit_that_was_lowered_holds_from_the_next_block_on(redis: "Redis") -> None:
    size = weight(100)
    keep(ScenarioCache(redis, 5 * size, VERSION), *"vwxyz")
    lower = ScenarioCache(redis, 2 * size, VERSION)
    assert sum(stored(redis).values()) == 5 * size
    assert keep(lower, "new").stored_bytes == 2 * size
    assert there(lower, ["v", "w", "x", "y", "z", "new"]) == ["z", "new"]


STEPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True),
        st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), max_size=3),
    ),
    max_size=12,
)


@hypothesis_settings(max_examples=60, deadline=None)
@given(limit=st.integers(1, 1_500), steps=STEPS)
def test_whatever_is_put_the_bytes_stay_below_the_limit_and_the_latest_stay(
    database: "Redis", limit: int, steps: list[tuple[list[str], dict[str, int]]]
) -> None:
    database.flushdb()
    cache = ScenarioCache(database, limit, VERSION)
    model: OrderedDict[str, int] = OrderedDict()
    evictions = 0
    for used, made in steps:
        stats = cache.put(used, {name: noise(size) for name, size in made.items()})
        for name in used:
            if name in model:
                model.move_to_end(name)
        for name, size in made.items():
            model.pop(name, None)
            if weight(size) <= limit:
                while sum(model.values()) + weight(size) > limit:
                    model.popitem(last=False)
                    evictions += 1
                model[name] = weight(size)
        assert stats is not None
        assert stats.stored_bytes == sum(stored(database).values()) == sum(model.values()) <= limit
        assert (stats.blocks, stats.evictions) == (len(model), evictions)
        assert there(cache, "abcdefgh") == sorted(model)


def test_the_limit_holds_while_several_write_at_once(redis: "Redis", settings: Settings) -> None:
    limit = 20_000
    seen: list[int] = []

    def write(writer: int) -> None:
        with Redis.from_url(settings.redis_url, db=DATABASE) as own:
            cache = ScenarioCache(own, limit, VERSION)
            for step in range(60):
                # several writers share some blocks, so each may write what another has just written
                names = [f"{writer} {step}", f"all {step % 7}"]
                seen.append(keep(cache, *names, size=700 + 90 * (step % 5)).stored_bytes)
                cache.put(there(cache, [f"all {number}" for number in range(7)]), {})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stats = ScenarioCache(redis, limit, VERSION).stats()
    assert stats is not None
    assert len(seen) == 4 * 60
    assert max(seen) <= limit
    assert stats.evictions > 0
    assert stats.stored_bytes == sum(stored(redis).values()) <= limit
    assert stats.blocks == len(stored(redis))
    # every block is counted, and every counted block is there
    assert {name.decode() for name in redis.zrange(USED, 0, -1)} == {
        key.removeprefix(BLOCKS) for key in stored(redis)
    }


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def kept_bytes(redis: "Redis", key: str) -> bytes:
    return cast("bytes", redis.get(key))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda redis, key, _: redis.set(key, b""),
        lambda redis, key, _: redis.set(key, b"somebody else's"),
        lambda redis, key, _: redis.set(key, kept_bytes(redis, key)[:-1]),
        lambda redis, key, _: redis.set(key, kept_bytes(redis, key)[:20]),
        lambda redis, key, _: redis.set(key, changed(kept_bytes(redis, key), 0)),
        lambda redis, key, _: redis.set(key, changed(kept_bytes(redis, key), 32)),
        lambda redis, key, _: redis.set(key, changed(kept_bytes(redis, key), -1)),
        lambda redis, key, other: redis.copy(other, key, replace=True),
        lambda redis, key, _: (redis.delete(key), redis.rpush(key, "a list")),
        lambda redis, key, _: redis.delete(key),
    ],
    ids=[
        *("empty", "foreign", "cut short", "cut to less than a seal", "another seal"),
        *("another way of packing", "another last byte", "another block", "a list", "gone"),
    ],
)
def test_a_block_that_is_not_what_was_kept_is_none(redis: "Redis", spoil: Spoil) -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    keep(cache, "x", size=5_000)
    (key,) = stored(redis)
    keep(cache, "y", size=5_000)
    (other,) = stored(redis).keys() - {key}
    spoil(redis, key, other)
    assert there(cache, ["x", "y"]) == ["y"]
    # once the block is stored again, it can be read and the counted bytes are right
    assert keep(cache, "x", size=5_000).stored_bytes == sum(stored(redis).values())
    assert there(cache, ["x", "y"]) == ["x", "y"]


@pytest.mark.parametrize(
    "harm",
    [
        lambda redis: redis.delete(USED),
        lambda redis: redis.delete(SIZES),
        lambda redis: redis.hincrby(SIZES, "all", 10 * ROOM),
    ],
    ids=["no list", "no sizes", "another sum"],
)
def test_the_limit_holds_when_somebody_has_deleted_its_list_or_its_sizes(
    redis: "Redis", harm: Callable[["Redis"], object]
) -> None:
    limit = 4 * weight(100)
    cache = ScenarioCache(redis, limit, VERSION)
    keep(cache, "w", "x", "y", "z")
    harm(redis)
    for names in (["v"], ["u", "t"], ["s", "r", "q"]):
        stats = keep(cache, *names)
        assert stats.stored_bytes == sum(stored(redis).values()) <= limit
        assert stats.blocks == len(stored(redis))
        assert there(cache, names) == names


@pytest.mark.parametrize("key", [USED, SIZES])
def test_nothing_that_nobody_counts_is_left_where_only_a_hit_is_noted(
    redis: "Redis", key: str
) -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    keep(cache, "x", "y")
    redis.delete(key)
    assert cache.put(["x"], {}) == CacheStats(1, 2, 0, 0, 0, ROOM)
    assert not stored(redis)


def test_all_of_it_is_gone_a_day_after_it_was_used_last(redis: "Redis") -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    keep(cache, "x", "y")
    keys = {key.decode() for key in cast("list[bytes]", redis.keys("*"))}
    assert keys == {*stored(redis), USED, SIZES, COUNTS}
    assert redis.ttl(COUNTS) == -1
    for key in keys - {COUNTS}:
        redis.expire(key, 60)
    cache.put(["x"], {})
    ttls = sorted(cast("int", redis.ttl(key)) for key in keys - {COUNTS})
    assert ttls[0] <= 60
    assert all(LIFETIME_SECONDS - 60 < ttl <= LIFETIME_SECONDS for ttl in ttls[1:])


def test_what_has_expired_takes_no_room(redis: "Redis") -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    keep(cache, "x", "y")
    (oldest, _) = cast("list[bytes]", redis.zrange(USED, 0, -1))
    # as Redis does a day later
    redis.delete(f"{BLOCKS}{oldest.decode()}")
    redis.zincrby(USED, -LIFETIME_SECONDS, oldest)
    stats = cache.put(["y"], {})
    assert stats is not None
    assert (stats.blocks, stats.evictions) == (1, 0)
    assert stats.stored_bytes == sum(stored(redis).values())


def test_reading_the_counts_evicts_nothing_and_writes_nothing(redis: "Redis") -> None:
    assert ScenarioCache(redis, ROOM, VERSION).stats() == CacheStats(0, 0, 0, 0, 0, ROOM)
    assert not redis.keys("*")
    keep(ScenarioCache(redis, ROOM, VERSION), "x")
    # expired, and deleted with the next block that is written
    (name,) = cast("list[bytes]", redis.zrange(USED, 0, -1))
    redis.zincrby(USED, -2 * LIFETIME_SECONDS, name)
    stats = ScenarioCache(redis, 1, VERSION).stats()
    assert stats == CacheStats(0, 1, 0, 1, sum(stored(redis).values()), 1)


@pytest.mark.parametrize("key", [USED, SIZES, COUNTS])
def test_keys_of_another_type_make_it_a_cache_that_says_and_keeps_nothing(
    redis: "Redis", key: str
) -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    redis.set(key, "somebody else's")
    assert cache.stats() is None
    assert cache.put([], {"x": noise(1)}) is None


def test_without_room_nothing_is_kept_nor_found(redis: "Redis") -> None:
    keep(ScenarioCache(redis, ROOM, VERSION), "x")
    off = ScenarioCache(redis, 0, VERSION)
    assert not off.is_on
    assert off.put(["x"], {"y": noise(1)}) is None
    assert off.get(["x", "y"]) == [None, None]
    assert len(stored(redis)) == 1
    assert off.stats() is None
    stats = ScenarioCache(redis, ROOM, VERSION).stats()
    assert stats is not None
    assert stats.hits == 0


def test_a_redis_that_has_forgotten_the_script_is_told_it_again(redis: "Redis") -> None:
    cache = ScenarioCache(redis, ROOM, VERSION)
    keep(cache, "x")
    redis.script_flush()
    keep(cache, "y")
    assert there(cache, ["x", "y"]) == ["x", "y"]


def test_a_redis_that_is_away_has_nothing_and_keeps_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = Redis.from_url(f"unix://{tmp_path / 'nobody.sock'}", retry=Retry(NoBackoff(), 0))
    cache = ScenarioCache(away, ROOM, VERSION)
    assert cache.get(["x"]) == [None]
    assert cache.put(["x"], {"y": noise(1)}) is None
    assert cache.stats() is None
    said = [record.message.partition(":")[0].rpartition(" ")[2] for record in caplog.records]
    assert said == ["read", "written", "read"]


@pytest.mark.slow
def test_a_full_redis_keeps_nothing_more_and_gives_what_it_has() -> None:
    with EmbeddedStore() as store, Redis.from_url(store.url) as redis:
        cache = ScenarioCache(redis, 100_000_000, VERSION)
        keep(cache, "x", size=100_000)
        before: Mapping[str, int] = stored(redis)
        redis.config_set("maxmemory", 1_000_000)
        assert cache.put(["x"], {"y": noise(100_000)}) is None
        assert there(cache, ["x", "y"]) == ["x"]
        assert stored(redis) == before
        redis.config_set("maxmemory", 0)
        assert cache.stats() == CacheStats(0, 1, 0, 1, sum(before.values()), 100_000_000)
