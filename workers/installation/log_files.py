"""Logs of bounded size."""

import shutil
from pathlib import Path

MOST_BYTES = 10 * 1024 * 1024
OLDER = 3
"""How many older files are kept beside a log: ``worker.log.1`` is the latest of them."""


def rotate(log: Path, most_bytes: int = MOST_BYTES, older: int = OLDER) -> bool:
    """Move a log that has grown too large aside, and say whether it had.

    The file is copied and then emptied, because the process that appends to it keeps it open; what
    it writes between the two is lost. The standard library's rotating handlers are for what this
    process writes itself: a log that ran through it would break off when it dies.
    """
    if not log.exists() or log.stat().st_size <= most_bytes:
        return False
    for number in range(older - 1, 0, -1):
        aside = _numbered(log, number)
        if aside.exists():
            aside.replace(_numbered(log, number + 1))
    shutil.copyfile(log, _numbered(log, 1))
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
