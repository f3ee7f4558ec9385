"""``make test-fast`` leaves out what starts a process, and fails what does so unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "tests" / "fast_profile.py"

STARTS = "import subprocess\ndef test_it(): subprocess.run(['true'], check=True)\n"
MARKED = f"import pytest\n@pytest.mark.slow\n{STARTS.splitlines()[1]}\n"
OF_REDIS = "def test_it(settings): pass\n"
FEWER = """
from hypothesis import given, settings, strategies as st

drawn = []

@settings(max_examples=500)
@given(st.integers())
def test_many_are_drawn(number):
    drawn.append(number)

def test_no_more_than_ten_were():
    assert 0 < len(drawn) <= 10
"""


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A folder of tests with the fast profile and nothing else."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: slow\npythonpath = .\n")
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "fast_profile.py").write_bytes(PROFILE.read_bytes())
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.fast_profile"]\n')
    return folder


def fast(tests: Path) -> str:
    """What ``pytest --fast`` prints."""
    command = [sys.executable, "-m", "pytest", "--fast", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tests.parent, capture_output=True, text=True, check=False)
    return done.stdout


def test_a_test_that_starts_a_process_fails_and_says_how_to_mark_it(tests: Path) -> None:
    (tests / "test_room.py").write_text(STARTS)
    assert "starts a process (['true']); mark it `slow`" in fast(tests)


@pytest.mark.parametrize("text", [MARKED, OF_REDIS])
def test_what_is_slow_or_uses_redis_is_left_out(tests: Path, text: str) -> None:
    (tests / "test_room.py").write_text(text)
    assert "1 deselected" in fast(tests)


@pytest.mark.parametrize("folder", ["deployment", "faults", "recipes", "revisions", "system"])
def test_a_folder_that_starts_programs_is_not_even_read(tests: Path, folder: str) -> None:
    assert (ROOT / "tests" / folder).is_dir()
    (tests / folder).mkdir()
    (tests / folder / "test_room.py").write_text("raise RuntimeError\n")
    assert "no tests ran" in fast(tests)


def test_fewer_random_examples_are_drawn_even_of_tests_that_name_a_number(tests: Path) -> None:
    (tests / "test_room.py").write_text(FEWER)
    assert "2 passed" in fast(tests)
