"""Files that are larger than any real one are refused where they become so."""

import pytest

from core.errors import InvalidInput
from core.tables import MAX_BYTES, MAX_CELL, MAX_CELLS, MAX_ROWS, read_rows, read_table


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as raised:
        read_table(data, "drivers")
    return str(raised.value)


def test_the_reading_stops_at_a_row_too_many() -> None:
    assert read_table(b"a\n" + b"1\n" * (MAX_ROWS - 1), "drivers")
    assert "line 5001: the file goes on" in refusal(b"a\n" + b"1\n" * MAX_ROWS)


def test_a_row_of_too_many_cells_is_refused_by_its_line() -> None:
    said = refusal(b"a\n" + b"," * MAX_CELLS + b"\n")
    assert "line 2: 501 cells; give at most 500" in said


def test_a_cell_too_long_is_refused_by_its_line() -> None:
    said = refusal(b"a\n" + b"x" * (MAX_CELL + 1))
    assert "line 2: a cell of 4,001 characters; give at most 4,000" in said


def test_a_file_too_large_is_refused_unread() -> None:
    assert f"at most {MAX_BYTES}" in refusal(b"a\n" * MAX_BYTES)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read_table("\ufeffdriver\nA".encode(), "drivers") == (["driver"], [(2, ["A"])])


def test_empty_rows_stay_where_a_file_is_given_back() -> None:
    assert read_rows(b"a,b\n\n,\n", "entries") == [(1, ["a", "b"]), (2, []), (3, ["", ""])]
