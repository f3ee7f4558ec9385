"""DraftKings' contest-standings export in: what the field played, and nothing of who played it.

The file is two tables side by side: an entry a row on the left, and from the top of the right a
driver a row with the share of entries that drafted him. Names of entries are skipped unread.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, Problem
from core.field.ownership import TOLERANCE
from core.slate import TICKS_PER_POINT, Slate, plain_name
from core.slate.tables import decode, number
from core.wording import many

COLUMNS = ("EntryId", "TimeRemaining", "Points", "Lineup", "Player", "%Drafted", "FPTS")
MOST_BYTES = 200_000_000
COMPLETE = 0.98  # of a roster's 100% each: what drivers' shares sum to where all are listed

_FIELD = "standings"
_NOISE_TICKS = 0.05  # the export's floats miss whole ticks in the fifth decimal
_MOST_PROBLEMS = 20
LineupReader = Callable[[str], tuple[str, ...] | None]
_LIKE = {
    "Points": "points such as 335.25",
    "%Drafted": "percent such as 33.2%, 0 to 100",
    "FPTS": "points such as 45.5",
}


@dataclass(frozen=True, slots=True)
class Standings:
    """One contest as it was played.

    Parameters
    ----------
    lineups
        The different lineups, each the drivers' names in the order of the alphabet, as spelt in the
        file; the most played first.
    copies
        Entries that played each.
    points_ticks
        What each scored, in ticks of 0.05 point.
    drivers
        Names of the drivers drafted.
    percent_drafted
        Percent of entries that drafted each.
    driver_ticks
        What each scored, in ticks.
    entries, empty_entries
        All entries, and those without a lineup.
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
        """Give the contest by the slate's driver indices; names need not be spelt as there.

        Raises
        ------
        InvalidInput
            A driver of the contest is not on the slate, or two drivers of the slate share the name;
            shares that are no percent of entries, since they do not make up the rosters.
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
        """Refuse shares that, with what the unlisted can have, do not make up all rosters."""
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

        # six or more are listed, and not all of the most owned are below 1% of entries
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
        message = (
            f"the shares of {many(listed, 'driver')} sum to {total:g}; percent of entries sum to "
            f"{whole:g}{empty}, as a lineup has {size} drivers, within {TOLERANCE:.0%}. {meant}"
        )
        raise InvalidInput(Problem(_FIELD, message, at="column %Drafted"))


@dataclass(frozen=True, eq=False)
class SlateStandings:
    """A contest by the indices of a slate's drivers.

    Parameters
    ----------
    lineups, copies
        The different lineups, u8 ``[U, R]``, and the entries that played each, ``[U]``.
    ownership_percent
        Percent of entries with a lineup, ``[D]``. A driver whom the file does not list has 0 where
        the listed account for all rosters, and NaN where they do not.
    points_ticks
        What each driver scored, ``[D]``, in ticks of 0.05 point; 0 for who is not listed.
    entries
        All entries.
    """

    lineups: npt.NDArray[np.uint8]
    copies: npt.NDArray[np.int32]
    ownership_percent: npt.NDArray[np.float64]
    points_ticks: npt.NDArray[np.int64]
    entries: int


def read_standings(data: bytes, roster_size: int = 6) -> Standings:
    """Read a contest-standings CSV as the site exports it.

    Parameters
    ----------
    data
        The file's bytes: UTF-8 with or without a mark, or Windows-1252.
    roster_size
        Drivers in a lineup.

    Raises
    ------
    InvalidInput
        Not a CSV, not that header, a cell that is not what its column holds, a lineup of another
        size or with a driver twice, a driver listed twice, no entry or no driver.
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
            problems.append(Problem(_FIELD, message, at=f"line {line}, column Lineup"))
        elif ticks is None:
            problems.append(_wrong(line, row, at, "Points"))
        else:
            played[lineup] += 1
            scored[lineup] = ticks
    if problems:
        raise InvalidInput(problems[:_MOST_PROBLEMS])
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
        at = f"line {reader.line_num}"
        raise InvalidInput(Problem(_FIELD, f"not CSV: {error}.", at=at)) from None
    if not rows:
        raise InvalidInput({_FIELD: "the file has no line of text; give a CSV with a header line."})
    return rows


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _ticks(text: str) -> int | None:
    points = number(text)
    if points is None:
        return None
    ticks = round(points * TICKS_PER_POINT)
    return ticks if abs(points * TICKS_PER_POINT - ticks) <= _NOISE_TICKS else None


def _wrong(line: int, row: Sequence[str], at: Mapping[str, int], column: str) -> Problem:
    message = f"{_cell(row, at[column])!r}; give {_LIKE[column]}."
    return Problem(_FIELD, message, at=f"line {line}, column {column}")


def _drivers(
    rows: Sequence[tuple[int, list[str]]], at: Mapping[str, int], problems: list[Problem]
) -> dict[str, tuple[float, int]]:
    drivers: dict[str, tuple[float, int]] = {}
    for line, row in rows:
        name = " ".join(_cell(row, at["Player"]).split())
        if not name:
            continue
        share = number(_cell(row, at["%Drafted"]).removesuffix("%"))
        ticks = _ticks(_cell(row, at["FPTS"]))
        if name in drivers:
            twice = f"{name} is listed twice."
            problems.append(Problem(_FIELD, twice, at=f"line {line}, column Player"))
        elif share is None or not 0.0 <= share <= 100.0:
            problems.append(_wrong(line, row, at, "%Drafted"))
        elif ticks is None:
            problems.append(_wrong(line, row, at, "FPTS"))
        drivers[name] = (share or 0.0, ticks or 0)
    return drivers


def _lineup_reader(names: tuple[str, ...], roster_size: int) -> LineupReader:
    """Give what reads a lineup's cell: the file's own names, each after its ``D``.

    A name may hold a ``D`` of its own, so cells are not cut at every ``D``.
    """
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(re.escape(name) for name in longest_first)
    whole = re.compile(rf"(?:D ({either})(?: |$))" * roster_size)

    def read(text: str) -> tuple[str, ...] | None:
        found = whole.fullmatch(" ".join(text.split())) if names else None
        if found is None or len(set(found.groups())) < roster_size:
            return None
        return tuple(sorted(found.groups()))

    return read


def _index(names: Sequence[str], slate: Slate) -> dict[str, int]:
    """Give the slate's index of every name.

    By the slate's own spelling, or else by the plain name where only one driver has it.
    """
    plain: dict[str, list[int]] = {}
    for place, driver in enumerate(slate.drivers):
        plain.setdefault(plain_name(driver.name), []).append(place)
    spelt = {driver.name: place for place, driver in enumerate(slate.drivers)}
    index: dict[str, int] = {}
    unknown: list[str] = []
    for name in names:
        alike = [spelt[name]] if name in spelt else plain.get(plain_name(name), [])
        if len(alike) == 1:
            index[name] = alike[0]
        else:
            unknown.append(name)
    if unknown:
        message = (
            f"not one driver of the slate: {', '.join(unknown[:5])}; give the salary file of the "
            "same slate."
        )
        raise InvalidInput(Problem(_FIELD, message, at="column Player"))
    twice = [name for name, count in Counter(index.values()).items() if count > 1]
    if twice:
        name = slate.drivers[twice[0]].name
        message = f"{name} is listed under two spellings; give each driver once."
        raise InvalidInput(Problem(_FIELD, message, at="column Player"))
    return index
