"""A stream of jobs under random kills, in small; ``python -m benchmarks.soak`` is the long one."""

from pathlib import Path

from benchmarks.soak import soak


def test_a_few_random_kills_lose_double_and_spoil_nothing(tmp_path: Path) -> None:
    report = soak(tmp_path, kills=3, seed=5, gap_seconds=1.0)
    assert sum(report.kills.values()) == 3
    assert report.jobs > 3
    assert report.sound, report.line()
