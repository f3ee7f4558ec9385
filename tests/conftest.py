"""What every test may use: the real data where it is, slates, and a real Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.slate import Driver, Slate, find_track
from workers.app import configure
from workers.installation.embedded_store import EmbeddedStore
from workers.installation.settings import Settings

pytest_plugins = ["tests.fast_profile"]

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real races, slates and contests, beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("no folder of real data beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """A Redis of this test session's own, and the Celery application pointed at it."""
    with EmbeddedStore() as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", store.url)
        settings = Settings.from_environment()
        configure(settings)
        yield settings


@pytest.fixture(scope="session", autouse=True)
def _compiling(pytestconfig: pytest.Config) -> Iterator[None]:
    """Compile the hot loops while the first tests run, if no compiled code is on disk yet.

    Compiled code is kept on disk, so whichever process is first serves the others. If several
    processes share the tests, one of them does it.
    """
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if not first or pytestconfig.getoption("--fast"):
        yield
        return
    warming = subprocess.Popen(
        [sys.executable, "-c", "from workers.plans.warming import warm; warm()"]
    )
    yield
    warming.kill()
    warming.wait()


def small_slate(drivers: int = 14, track: str = "martinsville") -> Slate:
    """A made-up slate small enough to walk in no time."""
    return Slate(
        tuple(
            Driver(
                driver_id=str(100 + i),
                name=f"Driver {i:02d}",
                salary_usd=10_800 - 450 * i,
                team=f"Team {i % 4}",
                start_position=(i * 5) % drivers + 1 if drivers % 5 else i + 1,
            )
            for i in range(drivers)
        ),
        race_name="Test 400",
        track=find_track(track),
    )


@pytest.fixture
def slate() -> Slate:
    return small_slate()


@pytest.fixture
def gridless() -> Slate:
    plain = small_slate()
    return replace(
        plain, drivers=tuple(replace(driver, start_position=None) for driver in plain.drivers)
    )
