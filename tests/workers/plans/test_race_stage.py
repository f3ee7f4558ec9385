"""Chunks of races with the scenario cache: recalled blocks change no value."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from redis import Redis

from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler
from core.slate import Slate, find_track
from tests.workers.engine.ledger.desk import Desk, own_desk
from workers.engine.arrays import Memory, RecentArrays
from workers.engine.facts import Facts
from workers.engine.job_arrays import JobBlobs
from workers.engine.records import encode
from workers.engine.scenario_cache import ScenarioCache
from workers.engine.stages import CheckCancelled, Work, bounds, merged
from workers.installation.settings import Settings
from workers.installation.versions import VERSION
from workers.plans import optimize
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.races import block_rows
from workers.plans.stages.simulation import RACES_STAGE, RacesPart

DESKS, CACHES = 10, 11
ROOM = 10_000_000


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    with Redis.from_url(settings.redis_url, db=DESKS) as redis:
        with own_desk(redis) as desk:
            yield desk
        redis.flushdb()


@pytest.fixture
def redis(settings: Settings) -> Iterator["Redis"]:
    with Redis.from_url(settings.redis_url, db=CACHES) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()


Blobs = Callable[[], JobBlobs]


@pytest.fixture
def blobs(desk: Desk, redis: "Redis") -> Blobs:
    """The blobs of a piece of another job each time, on one cache."""

    def of_another_job() -> JobBlobs:
        cache = ScenarioCache(redis, ROOM, VERSION)
        return JobBlobs(desk.redis, desk.ledger, desk.begin(), ROOM, RecentArrays(), cache)

    return of_another_job


def request_of(slate: Slate, **changes: Any) -> OptimizeRequest:
    request = OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=80),
        n_scenarios=1_700,
        seed=5,
        rules=LineupRules(tuple(driver.salary_usd for driver in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 4),
    )
    return replace(request, **changes)


def go_on() -> None:
    """Let a chunk simulate."""


def never() -> None:
    raise AssertionError("something is simulated")


def work(
    request: OptimizeRequest, blobs: JobBlobs | Memory, check: CheckCancelled = go_on
) -> Work[OptimizeRequest]:
    return Work(request, Facts(), blobs, check)


Chunk = tuple[RacesPart, int, list[int]]


def chunk(
    request: OptimizeRequest,
    blobs: JobBlobs | Memory,
    units: range = range(4),
    check: CheckCancelled = go_on,
) -> Chunk:
    """A chunk's part, and what its blob holds: how many races, and their regimes."""
    part = RACES_STAGE.run(work(request, blobs, check), units)
    arrays = blobs.get(part.races)
    # the reference is the hash of all of it
    return part, len(arrays["points"]), arrays["regime"].tolist()


def test_a_chunk_gives_the_same_simulated_recalled_and_without_a_cache(
    slate: Slate, blobs: Blobs
) -> None:
    request = request_of(slate)
    first, again = blobs(), blobs()
    simulated = chunk(request, first)
    recalled = chunk(request, again, check=never)
    assert simulated == recalled == chunk(request, Memory())
    assert simulated[1] == 1_700
    assert encode(simulated[0]) == encode(recalled[0])
    assert (first.hits, first.misses) == (0, 4)
    assert (again.hits, again.misses) == (4, 0)


def test_what_is_recalled_does_not_depend_on_how_a_job_is_cut(slate: Slate, blobs: Blobs) -> None:
    request = request_of(slate)
    for chunks in (2, 4, 1):
        piece = blobs()
        here = work(request, piece)
        parts = [RACES_STAGE.run(here, bounds(4, chunks, index)) for index in range(chunks)]
        assert (piece.hits, piece.misses) == ((0, 4) if chunks == 2 else (4, 0))
        fact = RACES_STAGE.join(here, merged(RACES_STAGE, here, parts))
        alone = work(request, Memory())
        assert fact == RACES_STAGE.join(alone, RACES_STAGE.run(alone, range(4)))


def test_a_longer_job_recalls_the_whole_blocks_of_a_shorter_one(slate: Slate, blobs: Blobs) -> None:
    chunk(request_of(slate), blobs())
    longer = blobs()
    found = chunk(request_of(slate, n_scenarios=2_001), longer, range(5))
    # two whole blocks; the third and the fourth had been cut at 350 races
    assert (longer.hits, longer.misses) == (2, 3)
    assert found == chunk(request_of(slate, n_scenarios=2_001), Memory(), range(5))


def spec_with(slate: Slate, **changes: Any) -> OptimizeRequest:
    drivers = (replace(slate.drivers[0], **changes), *slate.drivers[1:])
    return request_of(replace(slate, drivers=drivers))


@pytest.mark.parametrize(
    "other",
    [
        lambda slate: request_of(slate, seed=6),
        lambda slate: spec_with(slate, skill=0.9),
        lambda slate: spec_with(slate, max_laps_led=70),
        lambda slate: request_of(replace(slate, track=find_track("kansas"))),
        lambda slate: request_of(slate, spec=ConstraintCompiler().compile(slate, race_laps=81)),
        lambda slate: request_of(
            replace(slate, rules=replace(slate.rules, ticks_per_fastest_lap=4))
        ),
    ],
    ids=["seed", "skill", "limit on laps led", "track", "laps", "scoring"],
)
def test_another_race_recalls_nothing(
    slate: Slate, blobs: Blobs, other: Callable[[Slate], OptimizeRequest]
) -> None:
    first = chunk(request_of(slate), blobs())
    piece = blobs()
    found = chunk(other(slate), piece)
    assert (piece.hits, piece.misses) == (0, 4)
    assert found != first
    assert found == chunk(other(slate), Memory())


def test_other_lineups_of_the_same_race_recall_everything(slate: Slate, blobs: Blobs) -> None:
    chunk(request_of(slate), blobs())
    piece = blobs()
    chunk(request_of(slate, limits=portfolio_limits(slate, 9), correlation_weight=0.7), piece)
    assert (piece.hits, piece.misses) == (4, 0)


def test_a_spoilt_block_is_simulated_anew(slate: Slate, blobs: Blobs, redis: "Redis") -> None:
    request = request_of(slate)
    whole = chunk(request, blobs())
    for key in cast("list[bytes]", redis.keys("axiomatic:scenarios:block:*"))[:2]:
        redis.setrange(key, 40, b"?")
    piece = blobs()
    assert chunk(request, piece) == whole
    assert (piece.hits, piece.misses) == (2, 2)
    assert chunk(request, blobs(), check=never) == whole


def test_a_chunk_says_what_it_recalled(
    slate: Slate, blobs: Blobs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "workers")
    chunk(request_of(slate), blobs(), range(3))
    chunk(request_of(slate), blobs())
    messages = [record.message.split() for record in caplog.records]
    assert [words[0] for words in messages] == ["scenario_cache"] * 2
    counts = [dict(word.split("=") for word in words[1:]) for words in messages]
    assert [(each["hits"], each["misses"], each["blocks"]) for each in counts] == [
        ("0", "3", "3"),
        ("3", "1", "4"),
    ]
    assert all(int(each["bytes"]) > 0 and len(each["run_id"]) == 32 for each in counts)


def test_without_a_cache_nothing_is_counted(slate: Slate, desk: Desk, redis: "Redis") -> None:
    off = ScenarioCache(redis, 0, VERSION)
    piece = JobBlobs(desk.redis, desk.ledger, desk.begin(), ROOM, RecentArrays(), off)
    assert chunk(request_of(slate), piece) == chunk(request_of(slate), Memory())
    assert (piece.hits, piece.misses) == (0, 0)
    assert not redis.keys("*")


def test_points_of_a_block_are_those_of_its_rows(slate: Slate, blobs: Blobs) -> None:
    request = request_of(slate)
    piece = blobs()
    whole = piece.get(chunk(request, piece)[0].races)["points"]
    for block in range(4):
        alone, _, _ = chunk(request, piece, range(block, block + 1), never)
        points = piece.get(alone.races)["points"]
        np.testing.assert_array_equal(points, whole[block_rows(block, 1_700)])


def test_the_request_that_workers_read_has_the_same_race(slate: Slate) -> None:
    request = request_of(slate)
    read = optimize.PLAN.read(msgspec.json.encode(request))
    assert read.spec.spec_hash == request.spec.spec_hash
