"""The file that FanDuel's upload page takes: a lineup a line, under a header of roster slots."""

from collections.abc import Sequence

from core.sites.rows import Pick, PickedLineup
from core.tables import csv_text

SLOT = "Driver"


def cell(pick: Pick) -> str:
    """A driver as FanDuel's templates write one ("Player ID + Player Name"): ``80857-1:Name``."""
    return f"{pick.driver_id}:{pick.name}"


def write_upload(lineups: Sequence[PickedLineup], roster_size: int) -> str:
    """Text of an upload file: a header of ``Driver`` for each slot, then a line a lineup."""
    return csv_text([[SLOT] * roster_size, *([cell(pick) for pick in each] for each in lineups)])
