"""A part that dies is started again, later each time; its log stays small."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.system.kept import until
from workers.installation import kept_part
from workers.installation.kept_part import Backoff, KeptPart, Part
from workers.installation.log_files import rotate


def test_each_death_in_a_row_costs_twice_the_pause_up_to_a_most() -> None:
    backoff = Backoff()
    pauses = [backoff.pause(ran_seconds=0.1) for _ in range(8)]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert pauses[-1] == kept_part.MOST_SECONDS


def test_a_part_that_has_been_well_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.pause(ran_seconds=0.1)
    assert backoff.pause(ran_seconds=kept_part.HEALTHY_SECONDS) == kept_part.FIRST_SECONDS
    assert backoff.pause(ran_seconds=0.1) == 2 * kept_part.FIRST_SECONDS


@pytest.mark.slow
def test_a_part_is_started_again_and_what_was_left_of_it_is_ended(tmp_path: Path) -> None:
    # a parent that waits for its child, which outlives it
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=0)"
    lasting = f"import os; r, w = os.pipe(); os.dup2(r, 0); {code}"
    part = Part("thing", [sys.executable, "-c", lasting], dict(os.environ), tmp_path, 5.0)
    kept = KeptPart(part, tmp_path)
    try:
        first = kept.process
        assert not kept.mend()
        os.killpg(first.group, signal.SIGKILL)
        until(lambda: not first.running, 30, lambda: "still running")
        until(kept.mend, 30, lambda: "not started again")
        assert kept.process.group != first.group
        assert kept.process.running
        assert first.ending == "killed by SIGKILL"
    finally:
        kept.stop()
    assert (tmp_path / "thing.log").read_text().count("--- thing started") == 2


@pytest.mark.slow
def test_a_part_that_ends_says_how_and_its_last_words(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo no memory left; exit 3"]
    kept = KeptPart(Part("thing", command, {}, tmp_path, 5.0), tmp_path)
    until(lambda: not kept.process.running, 30, lambda: "still running")
    assert kept.process.ending == "exit code 3"
    assert kept.process.last_words() == "no memory left"
    kept.stop()


def test_a_log_that_has_grown_is_moved_aside_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(6):
            writer.write(b"%d" % number * 11)
            assert rotate(log, most_bytes=10, older=3)
        writer.write(b"now")
        assert not rotate(log, most_bytes=10, older=3)
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {
        "worker.log": "now",
        **{f"worker.log.{number}": str(6 - number) * 11 for number in (1, 2, 3)},
    }
