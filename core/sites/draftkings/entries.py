"""DraftKings' entries file, as its lineup page exports it."""

from collections.abc import Collection, Sequence

from core.sites.draftkings.upload import SLOT, cell
from core.sites.entries_files import EntriesColumns, fill_rows
from core.sites.rows import PickedLineup

COLUMNS = EntriesColumns(
    entry_id="Entry ID",
    contest_id="Contest ID",
    slot=SLOT,
    others="Entry ID,Contest Name,Contest ID,Entry Fee",
    source="give the DKEntries.csv of a NASCAR Classic slate.",
)


def fill_entries(
    data: bytes,
    lineups: Sequence[PickedLineup],
    roster_size: int,
    contest_ids: Collection[str] | None = None,
) -> str:
    """Text of a ``DKEntries.csv`` with lineups in it.

    See :func:`~core.sites.entries_files.fill_rows`.
    """
    return fill_rows(data, lineups, roster_size, contest_ids, COLUMNS, cell)
