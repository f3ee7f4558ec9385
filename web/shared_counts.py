"""The folder into which the processes of one server count their requests together.

prometheus_client looks for the folder when it is imported, and counts for one process alone without
it; so whoever makes the folder does not import it first.
"""

import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder; processes inherit it."""


def share() -> str | None:
    """Make the folder, if nobody has; returns it where it was made, and is to be removed."""
    made = None
    if VARIABLE not in os.environ:
        made = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="axiomatic-counts-")
    Path(os.environ[VARIABLE]).mkdir(parents=True, exist_ok=True)
    return made


def remove(made: str | None) -> None:
    """Remove a folder that :func:`share` made."""
    if made is not None:
        shutil.rmtree(made, ignore_errors=True)


def are_shared() -> bool:
    """Whether there is such a folder."""
    return VARIABLE in os.environ
