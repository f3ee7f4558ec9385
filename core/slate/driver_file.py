"""The user's own drivers file: grid, teams, projections, ownership and rules, laid over a slate."""

import difflib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.errors import InvalidInput, Problem
from core.slate.drivers import NO_GRID, Driver, Slate, Veto
from core.slate.names import plain_name
from core.slate.prices import LEAST_AMERICAN, doubted_odds, is_signed, read_price
from core.tables import Rows, number, read_table, whole_number
from core.text import flaw, shown
from core.wording import listed

_KEY = "drivers"

# names that other tools have for the same columns
_SYNONYMS = {
    "name": "driver",
    "player": "driver",
    "id": "driver_id",
    "dk_id": "driver_id",
    "fd_id": "driver_id",
    "start": "start_position",
    "starting_position": "start_position",
    "grid": "start_position",
    "make": "manufacturer",
    "fpts": "projected_points",
    "projection": "projected_points",
    "proj": "projected_points",
    "own": "ownership_percent",
    "ownership": "ownership_percent",
    "projected_ownership": "ownership_percent",
    "median_finish": "finish_median",
}


def _text(cell: str) -> str | None:
    return cell if 1 <= len(cell) <= 80 and flaw(cell) is None else None


def _points(cell: str) -> float | None:
    value = number(cell)
    return value if value is not None and abs(value) <= 1_000.0 else None


def _flag(cell: str) -> bool | None:
    known = {"1": True, "true": True, "yes": True, "y": True}
    known |= {"0": False, "false": False, "no": False, "n": False}
    return known.get(cell.lower())


def _position(cell: str) -> int | None:
    value = whole_number(cell)
    return value if value is not None and 1 <= value <= 60 else None


def _laps(cell: str) -> int | None:
    value = whole_number(cell)
    return value if value is not None and 0 <= value <= 600 else None


def _share(cell: str) -> float | None:
    value = number(cell)
    return value if value is not None and 0.0 <= value <= 1.0 else None


def _percent(cell: str) -> float | None:
    value = number(cell.removesuffix("%"))
    return value if value is not None and 0.0 <= value <= 100.0 else None


def _odds(cell: str) -> float | None:
    # without a sign a number is decimal: 650 is a long shot's, +650 is 7.5
    value = number(cell)
    if is_signed(cell) or value is None:
        return read_price(cell)
    return value if value > 1.0 else None


def _median_position(cell: str) -> float | None:
    value = number(cell)
    return value if value is not None and 1.0 <= value <= 60.0 else None


def _vetoes(cell: str) -> frozenset[Veto] | None:
    words = [word for word in re.split(r"[;|,\s]+", cell.lower()) if word]
    try:
        return frozenset(Veto(word) for word in words)
    except ValueError:
        return None


_COLUMNS: dict[str, tuple[Callable[[str], Any], str]] = {
    "team": (_text, "a name of 80 characters at most"),
    "manufacturer": (_text, "a name of 80 characters at most"),
    "start_position": (_position, "a grid position from 1 to 60"),
    "starts_from_rear": (_flag, "yes or no"),
    "projected_points": (_points, "points such as 43.5, within 1,000"),
    "ownership_percent": (_percent, "percent of entries, 0 to 100"),
    "win_odds": (_odds, "decimal odds above 1, such as 7.5, or American ones, such as +650"),
    "top5_odds": (_odds, "decimal odds above 1, such as 2.4, or American ones, such as +140"),
    "finish_median": (_median_position, "a finishing position from 1 to 60"),
    "skill": (_share, "a number from 0 to 1"),
    "aggression": (_share, "a number from 0 to 1"),
    "shadow_risk": (_share, "a number from 0 to 1"),
    "min_laps_led": (_laps, "laps from 0 to 600"),
    "max_laps_led": (_laps, "laps from 0 to 600"),
    "veto_rules": (_vetoes, f"any of {', '.join(Veto)}, divided by ;"),
}
_ATTRIBUTE = {"veto_rules": "vetoes"}
_ODDS = {"win_odds": 1, "top5_odds": 5}  # and how many positions each is for


def _column(cell: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_")
    return _SYNONYMS.get(plain, plain)


def apply_driver_file(slate: Slate, data: bytes) -> Slate:
    """Slate with the contents of a drivers CSV laid over it.

    Drivers are matched by ``driver_id`` or by ``driver`` (the name; accents, case and ``Jr.`` do
    not matter). An empty cell leaves what the slate says as it is.

    Odds with a sign are American, others decimal. In a column that holds any with a sign, a number
    of 100 or more has lost its own, as spreadsheets drop a plus; a warning says so.

    Parameters
    ----------
    slate
        From the salary file, or whatever is known so far.
    data
        A CSV with ``driver`` or ``driver_id`` and any of team, manufacturer, start_position,
        starts_from_rear, projected_points, ownership_percent, win_odds, top5_odds, finish_median,
        skill, aggression, shadow_risk, min_laps_led, max_laps_led, veto_rules. Other columns are
        left out with a warning.

    Raises
    ------
    InvalidInput
        On ``drivers``, with the line where it is one row's: not a CSV, no column to match drivers
        by, no column that is read, a cell that cannot be read, one driver twice, odds of ten or
        more drivers that can only be American ones without their signs. Else as :class:`Slate`: two
        drivers on one grid spot.
    """
    header, rows = read_table(data, _KEY)
    columns = [_column(cell) for cell in header]
    twice = sorted({c for c in columns if columns.count(c) > 1 and not _unused(c)})
    if twice:
        raise InvalidInput({_KEY: f"the column {twice[0]} stands in the header twice."})
    if not {"driver", "driver_id"} & set(columns):
        raise InvalidInput({_KEY: "no column 'driver' (a name) or 'driver_id' to match by."})
    if not set(columns) & set(_COLUMNS):
        raise InvalidInput({_KEY: f"no column of {', '.join(_COLUMNS)}; give at least one."})
    rows, signed = _with_signs(columns, rows)

    by_id = {driver.driver_id: index for index, driver in enumerate(slate.drivers)}
    by_name = _index_by_name(slate)
    changed: dict[int, Driver] = {}
    unmatched: list[str] = []
    problems: list[Problem] = []
    for line, row in rows:
        cells = dict(zip(columns, row, strict=True))
        index = by_id.get(cells.get("driver_id", ""))
        if index is None:
            name = cells.get("driver", "")
            index = by_name.get(name, by_name.get(plain_name(name)))
        if index is None:
            called = cells.get("driver") or cells.get("driver_id", "")
            # a warning names it
            if unsound := flaw(called):
                problems.append(Problem(_KEY, f"{shown(called)!r} {unsound}", at=f"line {line}"))
            unmatched.append(called)
            continue
        changes, wrong = _read_cells(cells)
        if index in changed:
            wrong.append(f"{slate.drivers[index].name} stands in the file twice.")
        if wrong:
            problems += [Problem(_KEY, message, at=f"line {line}") for message in wrong]
            continue
        changed[index] = replace(slate.drivers[index], **changes)
    if problems:
        raise InvalidInput(problems[:20])
    if not changed:
        raise InvalidInput({_KEY: "none of its drivers is on the slate; is it another race's?"})
    drivers = tuple(changed.get(index, driver) for index, driver in enumerate(slate.drivers))
    _require_decimal(drivers)
    ignored = [shown(cell) for cell, column in zip(header, columns, strict=True) if _unused(column)]
    warnings = [*_warnings(slate, drivers, changed, unmatched, ignored), *signed]
    return replace(slate, drivers=drivers, warnings=tuple(warnings))


def _with_signs(columns: list[str], rows: Rows) -> tuple[Rows, list[str]]:
    """The rows, with the signs that American odds have lost; and a warning for each such column."""
    warnings: list[str] = []
    for at, column in enumerate(columns):
        if column not in _ODDS or not any(is_signed(row[at]) for _, row in rows):
            continue
        bare = [row for _, row in rows if (number(row[at]) or 0.0) >= LEAST_AMERICAN]
        lost = [row[at] for row in bare if not is_signed(row[at])]
        if lost:
            warnings.append(
                f"Other {column} have a sign, so numbers of {LEAST_AMERICAN} and more without one "
                f"are read as American odds too: {lost[0]} as +{lost[0]}."
            )
        rows = [
            (line, [*row[:at], f"+{row[at]}", *row[at + 1 :]] if row[at] in lost else row)
            for line, row in rows
        ]
    return rows, warnings


def _require_decimal(drivers: tuple[Driver, ...]) -> None:
    """Refuse odds that are probably American ones without their signs."""
    for column, top in _ODDS.items():
        doubt = doubted_odds([getattr(driver, column) for driver in drivers if not driver.out], top)
        if doubt is not None:
            raise InvalidInput({_KEY: f"{column}: {doubt}"})


def _index_by_name(slate: Slate) -> dict[str, int]:
    """Indices by the slate's spelling, and by the plain name where only one driver has it."""
    plain = [plain_name(driver.name) for driver in slate.drivers]
    by_name = {name: index for index, name in enumerate(plain) if plain.count(name) == 1}
    return by_name | {driver.name: index for index, driver in enumerate(slate.drivers)}


def _unused(column: str) -> bool:
    return column not in _COLUMNS and column not in ("driver", "driver_id")


def _read_cells(cells: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What a row says of its driver, by the driver's attribute; and what cannot be read."""
    changes: dict[str, Any] = {}
    wrong: list[str] = []
    for column, (read, wanted) in _COLUMNS.items():
        cell = cells.get(column, "")
        if not cell:
            continue
        value = read(cell)
        if value is None:
            unsound = flaw(cell) if read is _text else None
            remedy = f"; give {wanted}." if unsound is None else f" {unsound}"
            wrong.append(f"{column} {shown(cell)!r}{remedy}")
        changes[_ATTRIBUTE.get(column, column)] = value
    return changes, wrong


def _nearest(name: str, slate: Slate) -> str:
    names = [driver.name for driver in slate.drivers]
    near = difflib.get_close_matches(name[:80], names, n=1, cutoff=0.6)
    return f"{shown(name)} (nearest: {near[0]})" if near else shown(name)


def _warnings(
    slate: Slate,
    drivers: tuple[Driver, ...],
    changed: dict[int, Driver],
    unmatched: list[str],
    ignored: list[str],
) -> list[str]:
    gridded = [driver for driver in drivers if driver.start_position is not None]
    missing = [d.name for d in drivers if d.start_position is None and not d.out]
    warnings = [text for text in slate.warnings if not (gridded and text == NO_GRID)]
    if unmatched:
        near = listed([_nearest(name, slate) for name in unmatched])
        warnings.append(f"Not on the slate, so left out: {near}.")
    if gridded and missing:
        warnings.append(
            f"No grid spot for {listed(missing)}: drawn from the spots left over. A "
            "driver who was withdrawn should be marked 'out' under veto_rules."
        )
    absent = [driver.name for index, driver in enumerate(drivers) if index not in changed]
    if absent and not (gridded and missing):
        warnings.append(f"Not in the drivers file: {listed(absent)}.")
    if ignored:
        warnings.append(f"Columns left out of the drivers file: {listed(ignored)}.")
    return warnings
