"""Reader of DraftKings' contest-standings export: what the field played, not who played it.

The file has two tables side by side. The left one has a row for each entry. The right one, which
starts at the top too, has a row for each driver, with the share of entries that drafted him. The
column with the entrants' names is never read.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field.ownership import TOLERANCE
from core.slate import TICKS_PER_POINT, Slate, plain_name
from core.slate.tables import decode, number
from core.wording import many

COLUMNS = ("EntryId", "TimeRemaining", "Points", "Lineup", "Player", "%Drafted", "FPTS")
MOST_BYTES = 200_000_000
COMPLETE = 0.98  # of 100% per roster spot: drivers' shares sum to more where all are listed

_FIELD = "standings"
_NOISE_TICKS = 0.05  # points in the export are floats, off a whole tick in the fifth decimal
_MOST_PROBLEMS = 20
LineupReader = Callable[[str], tuple[str, ...] | None]
_LIKE = {
    "Points": "points such as 335.25",
    "%Drafted": "percent such as 33.2%, 0 to 100",
    "FPTS": "points such as 45.5",
}


@dataclass(frozen=True, slots=True)
class Standings:
    """One contest as it was played, with drivers by name.

    Parameters
    ----------
    lineups
        The different lineups, the most played first. Each is its drivers' names in alphabetical
        order, as spelt in the file.
    copies
        Number of entries with each lineup.
    points_ticks
        Score of each lineup, in ticks of 0.05 point.
    drivers
        Names of the drivers drafted.
    percent_drafted
        Percent of entries that drafted each driver.
    driver_ticks
        Score of each driver, in ticks of 0.05 point.
    entries, empty_entries
        Number of all entries, and of those without a lineup.
    finished
        Whether no entry had race time remaining.
    """

    lineups: tuple[tuple[str, ...], ...]
    copies: tuple[int, ...]
    points_ticks: tuple[int, ...]
    drivers: tuple[str, ...]
    percent_drafted: tuple[float, ...]
    driver_ticks: tuple[int, ...]
    entries: int
    empty_entries: int
    finished: bool

    def on(self, slate: Slate) -> "SlateStandings":
        """Contest with drivers by index into the slate; names may be spelt differently there.

        Raises
        ------
        InvalidInput
            A driver of the contest is not on the slate, or two drivers of the slate share the name;
            drivers' shares that do not fill the rosters, and so are no percent of entries.
        """
        index = _index(self.drivers, slate)
        percent = np.full(len(slate), np.nan)
        ticks = np.zeros(len(slate), dtype=np.int64)
        for name, share, scored in zip(
            self.drivers, self.percent_drafted, self.driver_ticks, strict=True
        ):
            percent[index[name]], ticks[index[name]] = share, scored
        size = slate.rules.roster_size
        filled = 1.0 - self.empty_entries / self.entries
        self._require_rosters(slate, percent, filled)
        if np.nansum(percent) >= COMPLETE * 100.0 * size * filled:
            percent = np.nan_to_num(percent)
            if filled < 1.0:
                percent = np.minimum(percent * (100.0 * size / percent.sum()), 100.0)
        rows = [sorted(index[name] for name in lineup) for lineup in self.lineups]
        return SlateStandings(
            lineups=np.array(rows, dtype=np.uint8).reshape(len(rows), size),
            copies=np.array(self.copies, dtype=np.int32),
            ownership_percent=percent,
            points_ticks=ticks,
            entries=self.entries,
        )

    def _require_rosters(
        self, slate: Slate, percent: npt.NDArray[np.float64], filled: float
    ) -> None:
        """Refuse shares that cannot fill all rosters, whatever the drivers not listed have."""
        if filled == 0.0:
            raise InvalidInput({_FIELD: f"none of {self.entries:,} entries has a lineup."})
        size = slate.rules.roster_size
        whole = 100.0 * size * filled
        missing = sum(
            np.isnan(share) and not driver.out
            for share, driver in zip(percent, slate.drivers, strict=True)
        )
        total, listed = float(np.nansum(percent)), len(self.drivers)

        def near(target: float) -> bool:
            return abs(total - target) <= TOLERANCE * target

        # if shares were percent, the most owned of the six or more drivers listed would be above 1
        fractions = total > 0.0 and np.nanmax(percent) <= 1.0
        if not fractions and (
            near(whole) or total < whole <= total + 100.0 * filled * missing + TOLERANCE * whole
        ):
            return
        if fractions:
            meant = "These are fractions: give percent, 100 times as much."
        elif near(100.0 * filled):
            meant = f"These are shares of roster spots: give {size} times as much."
        elif total < whole and missing:
            meant = (
                f"The {missing} of the slate who are not listed cannot make up the rest, each in "
                "at most every entry: give them too, or the file as exported."
            )
        else:
            meant = "Give the file as exported."
        empty = "" if filled == 1.0 else f" where {filled:.1%} of entries have a lineup"
        raise InvalidInput(
            {
                f"{_FIELD}, column %Drafted": f"the shares of {many(listed, 'driver')} sum to "
                f"{total:g}; percent of entries sum to {whole:g}{empty}, as a lineup has {size} "
                f"drivers, within {TOLERANCE:.0%}. {meant}"
            }
        )


@dataclass(frozen=True, eq=False)
class SlateStandings:
    """One contest as it was played, with drivers by index into a slate.

    Parameters
    ----------
    lineups, copies
        The different lineups, u8 ``[U, R]``, and the number of entries with each, i32 ``[U]``.
    ownership_percent
        Ownership in percent of the entries that have a lineup, ``[D]``. A driver whom the file does
        not list has 0 if the drivers listed fill all rosters, else NaN.
    points_ticks
        Score of each driver, ``[D]``, in ticks of 0.05 point; 0 for a driver not listed.
    entries
        Number of all entries, those without a lineup among them.
    """

    lineups: npt.NDArray[np.uint8]
    copies: npt.NDArray[np.int32]
    ownership_percent: npt.NDArray[np.float64]
    points_ticks: npt.NDArray[np.int64]
    entries: int


def read_standings(data: bytes, roster_size: int = 6) -> Standings:
    """Contest read from a contest-standings CSV as DraftKings exports it.

    Parameters
    ----------
    data
        The file's bytes: UTF-8 with or without a byte-order mark, or Windows-1252.
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
                _FIELD: f"the header lacks {', '.join(missing)}; give the contest-standings CSV as "
                "exported (Rank,EntryId,EntryName,TimeRemaining,Points,Lineup,,Player,"
                "Roster Position,%Drafted,FPTS)."
            }
        )
    at = {column: header.index(column) for column in COLUMNS}
    problems: dict[str, str] = {}
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
            problems[f"{_FIELD} line {line}, column Lineup"] = (
                f"{text[:120]!r} is not {roster_size} different drivers of those listed on the "
                "right; give 'D Name D Name ..'."
            )
        elif ticks is None:
            problems[f"{_FIELD} line {line}, column Points"] = _wrong(row, at, "Points")
        else:
            played[lineup] += 1
            scored[lineup] = ticks
    if problems:
        raise InvalidInput(dict(list(problems.items())[:_MOST_PROBLEMS]))
    if not entries:
        raise InvalidInput({_FIELD: "no entry is listed; give the export of a contest that ran."})
    if not drivers:
        raise InvalidInput({_FIELD: "no driver is listed under Player; export it after the lock."})
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


def _rows(data: bytes) -> list[tuple[int, list[str]]]:
    text = decode(data, _FIELD, MOST_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise InvalidInput({f"{_FIELD} line {reader.line_num}": f"not CSV: {error}."}) from None
    if not rows:
        raise InvalidInput({_FIELD: "the file has no line of text; give a CSV with a header line."})
    return rows


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _ticks(text: str) -> int | None:
    points = number(text)
    if points is None:
        return None
    ticks = round(points * TICKS_PER_POINT)
    return ticks if abs(points * TICKS_PER_POINT - ticks) <= _NOISE_TICKS else None


def _wrong(row: Sequence[str], at: Mapping[str, int], column: str) -> str:
    return f"{_cell(row, at[column])!r}; give {_LIKE[column]}."


def _drivers(
    rows: Sequence[tuple[int, list[str]]], at: Mapping[str, int], problems: dict[str, str]
) -> dict[str, tuple[float, int]]:
    drivers: dict[str, tuple[float, int]] = {}
    for line, row in rows:
        name = " ".join(_cell(row, at["Player"]).split())
        if not name:
            continue
        share = number(_cell(row, at["%Drafted"]).removesuffix("%"))
        ticks = _ticks(_cell(row, at["FPTS"]))
        where = f"{_FIELD} line {line}, column "
        if name in drivers:
            problems[f"{where}Player"] = f"{name} is listed twice."
        elif share is None or not 0.0 <= share <= 100.0:
            problems[f"{where}%Drafted"] = _wrong(row, at, "%Drafted")
        elif ticks is None:
            problems[f"{where}FPTS"] = _wrong(row, at, "FPTS")
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


def _index(names: Sequence[str], slate: Slate) -> dict[str, int]:
    """Index into the slate by name.

    A name is looked up in the slate's spelling, then as a plain name that only one driver has.
    """
    plain: dict[str, list[int]] = {}
    for index, driver in enumerate(slate.drivers):
        plain.setdefault(plain_name(driver.name), []).append(index)
    spelt = {driver.name: index for index, driver in enumerate(slate.drivers)}
    index_of: dict[str, int] = {}
    unknown: list[str] = []
    for name in names:
        alike = [spelt[name]] if name in spelt else plain.get(plain_name(name), [])
        if len(alike) == 1:
            index_of[name] = alike[0]
        else:
            unknown.append(name)
    if unknown:
        raise InvalidInput(
            {
                f"{_FIELD}, column Player": f"not one driver of the slate: "
                f"{', '.join(unknown[:5])}; give the salary file of the same slate."
            }
        )
    twice = [name for name, count in Counter(index_of.values()).items() if count > 1]
    if twice:
        raise InvalidInput(
            {
                f"{_FIELD}, column Player": f"{slate.drivers[twice[0]].name} is listed under two "
                "spellings; give each driver once."
            }
        )
    return index_of
