"""FanDuel's entries file, as its page of upcoming entries exports it (an "upload template")."""

from collections.abc import Collection, Sequence

from core.sites.entries_files import EntriesColumns, fill_rows
from core.sites.fanduel.upload import SLOT, cell
from core.sites.rows import PickedLineup

COLUMNS = EntriesColumns(
    entry_id="entry_id",
    contest_id="contest_id",
    slot=SLOT,
    others="entry_id,contest_id,contest_name",
    source="give the entries template of a FanDuel NASCAR slate.",
)


def fill_entries(
    data: bytes,
    lineups: Sequence[PickedLineup],
    roster_size: int,
    contest_ids: Collection[str] | None = None,
) -> str:
    """Text of an entries template with lineups in it.

    See :func:`~core.sites.entries_files.fill_rows`.
    """
    return fill_rows(data, lineups, roster_size, contest_ids, COLUMNS, cell)
