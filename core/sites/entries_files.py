"""Filling a player's own entries file: each reserved entry gets a lineup, all else stays."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput, Problem
from core.sites.rows import Pick, PickedLineup
from core.tables import Rows, csv_text, number, read_rows
from core.text import flaw, shown

_KEY = "entries"
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class EntriesColumns:
    """The columns of a site's entries file, by its own names for them.

    Parameters
    ----------
    entry_id, contest_id
        An entry's id and its contest's.
    slot
        What every roster column is called.
    others
        The columns before the roster, as a refusal lists them.
    source
        How a user comes by the file, for refusals.
    """

    entry_id: str
    contest_id: str
    slot: str
    others: str
    source: str


def fill_rows(
    data: bytes,
    lineups: Sequence[PickedLineup],
    roster_size: int,
    contest_ids: Collection[str] | None,
    columns: EntriesColumns,
    cell: Callable[[Pick], str],
) -> str:
    """Text of an entries file with lineups in it.

    In each contest the first entry gets the first lineup, the second entry the second, and so on.

    Parameters
    ----------
    data
        The file's bytes; beside entries it may list instructions and players, which stay.
    lineups
        Best first.
    roster_size
        Drivers in a lineup.
    contest_ids
        The contests to fill; ``None`` = all of the file's.
    columns
        What the site calls its columns.
    cell
        What the site writes into a roster cell.

    Raises
    ------
    InvalidInput
        On ``entries``: not that file, no entry in it, more entries in a contest than lineups. On
        ``contest_ids``: a contest that is not in it.
    """
    numbered = read_rows(data, _KEY, most_rows=MOST_ROWS)
    rows = [row for _, row in numbered]
    header = [name.strip() for name in rows[0]]
    slots = [index for index, name in enumerate(header) if name == columns.slot]
    if (
        columns.entry_id not in header
        or columns.contest_id not in header
        or len(slots) != roster_size
    ):
        raise InvalidInput(
            {
                _KEY: f"the header is not {columns.others} and {roster_size} columns "
                f"{columns.slot}; {columns.source}"
            }
        )
    entry_at, contest_at = header.index(columns.entry_id), header.index(columns.contest_id)
    entries = [
        row
        for row in rows[1:]
        if len(row) > max(entry_at, contest_at, *slots) and row[entry_at].strip().isdecimal()
    ]
    _require_plain(numbered)
    held = Counter(row[contest_at].strip() for row in entries)
    chosen = set(held) if contest_ids is None else set(contest_ids)
    if absent := sorted(chosen - set(held)):
        raise InvalidInput({"contest_ids": f"no entry in contest {', '.join(absent[:5])}."})
    if not entries:
        raise InvalidInput({_KEY: "the file holds no entry; enter a contest first."})
    for contest in sorted(chosen):
        if held[contest] > len(lineups):
            raise InvalidInput(
                {
                    _KEY: f"contest {contest} holds {held[contest]} entries and there are "
                    f"{len(lineups)} lineups; ask for at least {held[contest]}."
                }
            )
    filled: Counter[str] = Counter()
    for row in entries:
        contest = row[contest_at].strip()
        if contest in chosen:
            for index, pick in zip(slots, lineups[filled[contest]], strict=True):
                row[index] = cell(pick)
            filled[contest] += 1
    return csv_text(rows)


def _require_plain(rows: Rows) -> None:
    """Refuse a cell that would be a formula, or drive a terminal, in the file that is given back.

    Raises
    ------
    InvalidInput
        Naming the line of each.
    """
    problems = []
    for line, row in rows:
        for cell in row:
            # instructions have lines of their own, and a number may have a sign
            wrong = flaw(" ".join(cell.split()))
            if wrong and number(cell) is None:
                problems.append(Problem(_KEY, f"{shown(cell)!r} {wrong}", at=f"line {line}"))
    if problems:
        raise InvalidInput(problems[:20])
