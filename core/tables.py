"""Reading a user's CSV file, in UTF-8 or Windows-1252, and writing CSV text.

What is wrong with a file is reported with the number of its line.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from core.errors import InvalidInput, Problem

MAX_BYTES = 2_000_000
MAX_ROWS = 5_000
MAX_CELLS = 500
"""Cells of one row."""
MAX_CELL = 4_000
"""Characters of one cell."""

Rows = list[tuple[int, list[str]]]
"""Lines of a table, each with its number in the file."""


def decode(data: bytes, where: str, most_bytes: int = MAX_BYTES) -> str:
    """Text of a file: UTF-8, with or without a byte order mark, or else Windows-1252.

    Raises
    ------
    InvalidInput
        The file is empty, larger than ``most_bytes``, or no text.
    """
    if not data.strip():
        raise InvalidInput({where: "the file is empty."})
    if len(data) > most_bytes:
        raise InvalidInput({where: f"{len(data)} bytes; give a CSV of at most {most_bytes}."})
    if b"\0" in data:
        raise InvalidInput({where: "this is not a text file; give a CSV."})
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput({where: "neither UTF-8 nor Windows-1252 text; save the CSV as UTF-8."})


def read_rows(
    data: bytes, where: str, *, most_bytes: int = MAX_BYTES, most_rows: int = MAX_ROWS
) -> Rows:
    """Rows of a CSV, each with its line number, the cells as they stand and empty ones too.

    Parameters
    ----------
    data
        The file's bytes.
    where
        The request key that errors name.
    most_bytes, most_rows
        How large the file may be. A row has :data:`MAX_CELLS` at the most, of :data:`MAX_CELL`
        characters each.

    Raises
    ------
    InvalidInput
        The file is no CSV, has too many rows, or a row is too large. The reading stops there.
    """
    reader = csv.reader(io.StringIO(decode(data, where, most_bytes), newline=""), strict=True)
    rows: Rows = []
    try:
        for row in reader:
            if message := _too_large(row, len(rows), most_rows):
                raise InvalidInput(Problem(where, message, at=f"line {reader.line_num}"))
            rows.append((reader.line_num, row))
    except csv.Error as error:
        at = f"line {reader.line_num}"
        raise InvalidInput(Problem(where, f"not CSV: {error}.", at=at)) from None
    return rows


def _too_large(row: list[str], count: int, most_rows: int) -> str | None:
    if count >= most_rows:
        return f"the file goes on; give a CSV of at most {most_rows:,} rows."
    if len(row) > MAX_CELLS:
        return f"{len(row):,} cells; give at most {MAX_CELLS} in a row."
    longest = max(map(len, row), default=0)
    if longest > MAX_CELL:
        return f"a cell of {longest:,} characters; give at most {MAX_CELL:,}."
    return None


def read_table(data: bytes, where: str, *, may_be_short: bool = True) -> tuple[list[str], Rows]:
    """Cells of the header, and the rows under it, each with its line number.

    Parameters
    ----------
    data
        The file's bytes.
    where
        The request key that errors name.
    may_be_short
        Whether a row may leave out its last, empty cells, as spreadsheets do.

    Raises
    ------
    InvalidInput
        As :func:`read_rows`, or a row has more cells than the header, or fewer where
        ``may_be_short`` is False.
    """
    stripped = [(line, [cell.strip() for cell in row]) for line, row in read_rows(data, where)]
    rows = [(line, row) for line, row in stripped if any(row)]
    if not rows:
        raise InvalidInput({where: "the file has no line of text; give a CSV with a header line."})
    header = rows[0][1]
    for line, row in rows[1:]:
        if len(row) > len(header) and any(row[len(header) :]):
            cells = f"{len(row)} cells under a header of {len(header)}"
            message = f"{cells}; quote a cell that holds a comma."
            raise InvalidInput(Problem(where, message, at=f"line {line}"))
        if len(row) < len(header) and not may_be_short:
            cells = f"{len(row)} cells under a header of {len(header)}"
            message = f"{cells}; is the file cut off?"
            raise InvalidInput(Problem(where, message, at=f"line {line}"))
    width = len(header)
    return header, [(line, (row + [""] * width)[:width]) for line, row in rows[1:]]


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """CSV text of rows, one line each, a cell quoted only where it must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def whole_number(text: str) -> int | None:
    """Whole number that a text holds (``9800``, ``12.0``), or ``None``."""
    value = number(text)
    return int(value) if value is not None and value == int(value) else None


def number(text: str) -> float | None:
    """Finite number that a text holds, or ``None``."""
    try:
        value = float(text)
    except ValueError:
        return None
    # float() also reads 1_000 and inf, which are no numbers in a user's file
    return value if math.isfinite(value) and "_" not in text else None
