"""The file that DraftKings' upload page takes: a lineup a line, under a header of roster slots."""

from collections.abc import Sequence

from core.sites.rows import Pick, PickedLineup
from core.tables import csv_text

SLOT = "D"


def cell(pick: Pick) -> str:
    """A driver as DraftKings reads one: ``Name (ID)``."""
    return f"{pick.name} ({pick.driver_id})"


def write_upload(lineups: Sequence[PickedLineup], roster_size: int) -> str:
    """Text of an upload file: a header of ``D`` for each roster slot, then a line a lineup."""
    return csv_text([[SLOT] * roster_size, *([cell(pick) for pick in each] for each in lineups)])
