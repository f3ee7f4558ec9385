"""DraftKings' own entries file, filled: the player's reserved entries with a lineup each."""

import csv
import io
from collections import Counter
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.slate.drivers import Slate
from core.slate.upload import cells_of
from core.tables import decode

_FIELD = "entries"
_ENTRY, _CONTEST = "Entry ID", "Contest ID"


def fill_entries(
    slate: Slate,
    lineups: npt.NDArray[np.uint8],
    data: bytes,
    contest_ids: Collection[str] | None = None,
) -> str:
    """Fill a ``DKEntries.csv``: in each contest the first entry gets the first lineup, and so on.

    Parameters
    ----------
    slate
        For names and ids.
    lineups
        u8 ``[L, R]``, best first.
    data
        The file as DraftKings' lineup page exports it; beside the entries it lists instructions and
        players, which stay as they are.
    contest_ids
        The contests to fill; all of the file's by default.

    Returns
    -------
    The file's text, only the roster cells of the chosen contests changed.

    Raises
    ------
    InvalidInput
        Not that file, a contest that is not in it, or more entries in a contest than lineups.
    """
    rows = list(csv.reader(io.StringIO(decode(data, _FIELD), newline="")))
    header = [cell.strip() for cell in rows[0]]
    size = slate.rules.roster_size
    slots = [place for place, cell in enumerate(header) if cell == "D"]
    if _ENTRY not in header or _CONTEST not in header or len(slots) != size:
        raise InvalidInput(
            {
                _FIELD: f"the header is not Entry ID,Contest Name,Contest ID,Entry Fee and {size} "
                "columns D; give the DKEntries.csv of a NASCAR Classic slate."
            }
        )
    entry_at, contest_at = header.index(_ENTRY), header.index(_CONTEST)
    entries = [
        row
        for row in rows[1:]
        if len(row) > max(entry_at, contest_at, *slots) and row[entry_at].strip().isdecimal()
    ]
    held = Counter(row[contest_at].strip() for row in entries)
    chosen = set(held) if contest_ids is None else set(contest_ids)
    if absent := sorted(chosen - set(held)):
        raise InvalidInput({"contest_ids": f"no entry in contest {', '.join(absent[:5])}."})
    if not entries:
        raise InvalidInput({_FIELD: "the file holds no entry; enter a contest first."})
    for contest in sorted(chosen):
        if held[contest] > len(lineups):
            raise InvalidInput(
                {
                    _FIELD: f"contest {contest} holds {held[contest]} entries and there are "
                    f"{len(lineups)} lineups; ask for at least {held[contest]}."
                }
            )
    filled: Counter[str] = Counter()
    for row in entries:
        contest = row[contest_at].strip()
        if contest in chosen:
            cells = cells_of(slate, lineups[filled[contest]])
            filled[contest] += 1
            for place, cell in zip(slots, cells, strict=True):
                row[place] = cell
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
