"""DraftKings' contest-standings export: what the field played, not who played it.

The file has two tables side by side. The left one has a row for each entry. The right one, which
starts at the top too, has a row for each driver, with the share of entries that drafted him. The
column with the entrants' names is never read.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from core.errors import InvalidInput, Problem
from core.sites.rows import Standings
from core.sites.rules import TICKS_PER_POINT
from core.tables import Rows, number, read_rows
from core.text import flaw

COLUMNS = ("EntryId", "TimeRemaining", "Points", "Lineup", "Player", "%Drafted", "FPTS")
MOST_BYTES = 200_000_000
MOST_ROWS = 1_000_000

_KEY = "standings"
_NOISE_TICKS = 0.05  # points in the export are floats, off a whole tick in the fifth decimal
_MOST_PROBLEMS = 20
LineupReader = Callable[[str], tuple[str, ...] | None]
_LIKE = {
    "Points": "points such as 335.25",
    "%Drafted": "percent such as 33.2%, 0 to 100",
    "FPTS": "points such as 45.5",
}


def read_standings(data: bytes, roster_size: int = 6) -> Standings:
    """Contest read from a contest-standings CSV as DraftKings exports it.

    Parameters
    ----------
    data
        The file's bytes: UTF-8 with or without a byte order mark, or Windows-1252.
    roster_size
        Drivers in a lineup.

    Raises
    ------
    InvalidInput
        Not a CSV, or a header without the columns of :data:`COLUMNS`; a cell that cannot be read;
        a lineup of another size or with a driver twice; a driver listed twice; no entry; no driver.
    """
    rows = _rows(data)
    header = [cell.strip() for cell in rows[0][1]]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise InvalidInput(
            {
                _KEY: f"the header lacks {', '.join(missing)}; give the contest-standings CSV as "
                "exported (Rank,EntryId,EntryName,TimeRemaining,Points,Lineup,,Player,"
                "Roster Position,%Drafted,FPTS)."
            }
        )
    at = {column: header.index(column) for column in COLUMNS}
    problems: list[Problem] = []
    drivers = _drivers(rows[1:], at, problems)
    lineup_of = _lineup_reader(tuple(drivers), roster_size)
    played: Counter[tuple[str, ...]] = Counter()
    scored: dict[tuple[str, ...], int] = {}
    entries = empty = 0
    finished = True
    for line, row in rows[1:]:
        if not _cell(row, at["EntryId"]):
            continue
        entries += 1
        finished &= _cell(row, at["TimeRemaining"]) in {"", "0"}
        text = _cell(row, at["Lineup"])
        if not text:
            empty += 1
            continue
        lineup = lineup_of(text)
        ticks = _ticks(_cell(row, at["Points"]))
        if lineup is None:
            message = (
                f"{text[:120]!r} is not {roster_size} different drivers of those listed on the "
                "right; give 'D Name D Name ..'."
            )
            problems.append(Problem(_KEY, message, at=f"line {line}, column Lineup"))
        elif ticks is None:
            problems.append(_wrong(line, row, at, "Points"))
        else:
            played[lineup] += 1
            scored[lineup] = ticks
    if problems:
        raise InvalidInput(problems[:_MOST_PROBLEMS])
    if not entries:
        raise InvalidInput({_KEY: "no entry is listed; give the export of a contest that ran."})
    if not drivers:
        raise InvalidInput({_KEY: "no driver is listed under Player; export it after the lock."})
    order = sorted(played, key=lambda lineup: (-played[lineup], lineup))
    return Standings(
        lineups=tuple(order),
        copies=tuple(played[lineup] for lineup in order),
        points_ticks=tuple(scored[lineup] for lineup in order),
        drivers=tuple(drivers),
        percent_drafted=tuple(share for share, _ in drivers.values()),
        driver_ticks=tuple(ticks for _, ticks in drivers.values()),
        entries=entries,
        empty_entries=empty,
        finished=finished,
    )


def _rows(data: bytes) -> Rows:
    read = read_rows(data, _KEY, most_bytes=MOST_BYTES, most_rows=MOST_ROWS)
    rows = [(line, row) for line, row in read if any(row)]
    if not rows:
        raise InvalidInput({_KEY: "the file has no line of text; give a CSV with a header line."})
    return rows


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _ticks(text: str) -> int | None:
    points = number(text)
    if points is None:
        return None
    ticks = round(points * TICKS_PER_POINT)
    return ticks if abs(points * TICKS_PER_POINT - ticks) <= _NOISE_TICKS else None


def _wrong(line: int, row: Sequence[str], at: Mapping[str, int], column: str) -> Problem:
    message = f"{_cell(row, at[column])!r}; give {_LIKE[column]}."
    return Problem(_KEY, message, at=f"line {line}, column {column}")


def _drivers(
    rows: Rows, at: Mapping[str, int], problems: list[Problem]
) -> dict[str, tuple[float, int]]:
    drivers: dict[str, tuple[float, int]] = {}
    for line, row in rows:
        name = " ".join(_cell(row, at["Player"]).split())
        if not name:
            continue
        share = number(_cell(row, at["%Drafted"]).removesuffix("%"))
        ticks = _ticks(_cell(row, at["FPTS"]))
        if wrong := flaw(name):
            problems.append(Problem(_KEY, f"{name!r} {wrong}", at=f"line {line}, column Player"))
        if name in drivers:
            twice = f"{name} is listed twice."
            problems.append(Problem(_KEY, twice, at=f"line {line}, column Player"))
        elif share is None or not 0.0 <= share <= 100.0:
            problems.append(_wrong(line, row, at, "%Drafted"))
        elif ticks is None:
            problems.append(_wrong(line, row, at, "FPTS"))
        drivers[name] = (share or 0.0, ticks or 0)
    return drivers


def _lineup_reader(names: tuple[str, ...], roster_size: int) -> LineupReader:
    """Function that reads a lineup cell: names of the file's drivers, each after a ``D``.

    A name may contain a ``D`` itself, so the cell is matched against the names and not split.
    """
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(re.escape(name) for name in longest_first)
    whole = re.compile(rf"(?:D ({either})(?: |$))" * roster_size)

    def read(text: str) -> tuple[str, ...] | None:
        match = whole.fullmatch(" ".join(text.split())) if names else None
        if match is None or len(set(match.groups())) < roster_size:
            return None
        return tuple(sorted(match.groups()))

    return read
