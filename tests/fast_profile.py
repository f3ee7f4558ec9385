"""``pytest --fast``, which is ``make test-fast``: the tests that are quick and start no process.

Left out are tests marked ``slow``, those that use Redis or the folder of real data, and the folders
that start workers, servers or other programs. Of random examples there are fewer. A test that is
not left out and starts a process fails, so that none does unnoticed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

TESTS = Path(__file__).parent
FOLDERS = ("deployment", "faults", "recipes", "revisions", "system")
FIXTURES = frozenset({"settings", "shared", "real_data"})
EXAMPLES = 10

_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"})
_running: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only tests that start no process")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--fast"):
        hypothesis.settings.register_profile("fast", max_examples=EXAMPLES, deadline=None)
        hypothesis.settings.load_profile("fast")
        sys.addaudithook(_refuse_process)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    left_out = collection_path.parent == TESTS and collection_path.name in FOLDERS
    return True if left_out and config.getoption("--fast") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--fast"):
        return
    config.hook.pytest_deselected(items=[item for item in items if _is_slow(item)])
    items[:] = [item for item in items if not _is_slow(item)]
    for item in items:
        _take_fewer_examples(item)


def _is_slow(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("slow") is not None or not fixtures.isdisjoint(FIXTURES)


def _take_fewer_examples(item: pytest.Item) -> None:
    """Limit the examples of a test that names a number of its own."""
    test = getattr(item, "obj", None)
    own = getattr(test, "_hypothesis_internal_use_settings", None)
    if own is not None and own.max_examples > EXAMPLES:
        test._hypothesis_internal_use_settings = hypothesis.settings(own, max_examples=EXAMPLES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _running.append(item.nodeid)
    try:
        return (yield)
    finally:
        _running.pop()


def _refuse_process(event: str, args: tuple[object, ...]) -> None:
    if event in _STARTS and _running:
        command = args[1] if event == "subprocess.Popen" else event
        pytest.fail(f"starts a process ({command}); mark it `slow`, for `make test-fast`.")
