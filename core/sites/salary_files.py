"""Reading a salary file: a CSV with a driver a row, whose columns a site names."""

from dataclasses import dataclass

from core.errors import InvalidInput, Problem
from core.sites.rows import DriverRow
from core.tables import number, read_table, whole_number
from core.text import flaw, shown

MAX_SALARY_USD = 1_000_000
FIELD = "salaries"

_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class SalaryColumns:
    """The columns of a site's salary file, by its own names for them.

    Parameters
    ----------
    driver_id, name, salary, average
        Id, full name, salary in USD and the site's average points of a driver.
    position
        The position that a driver is listed at.
    positions
        What that may be in a NASCAR contest.
    race, mark
        The race, and what is known of a driver's fitness; ``None`` = not read.
    source
        How a user comes by the file, for refusals.
    """

    driver_id: str
    name: str
    salary: str
    average: str
    position: str
    positions: tuple[str, ...]
    race: str | None
    mark: str | None
    source: str

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that a file must have: by these it is known for the site's."""
        columns = (
            self.name,
            self.driver_id,
            self.position,
            self.salary,
            self.race,
            self.average,
            self.mark,
        )
        return tuple(column for column in columns if column is not None)


def read_salary_rows(data: bytes, columns: SalaryColumns) -> tuple[DriverRow, ...]:
    """Drivers of a salary file, in its order.

    Parameters
    ----------
    data
        The file's bytes, UTF-8 or Windows-1252.
    columns
        What the site calls its columns; they may stand in any order, and others beside them.

    Raises
    ------
    InvalidInput
        On ``salaries``, with the line where it is one row's: not a CSV, a column is absent, no id
        or name, another game's position, a text that may not be kept
        (:func:`core.text.flaw`), a salary or average that is no number.
    """
    header, rows = read_table(data, FIELD, may_be_short=False)
    missing = [column for column in columns.needed if column not in header]
    if missing:
        raise InvalidInput({FIELD: f"the header lacks {', '.join(missing)}; {columns.source}"})
    at = {column: header.index(column) for column in columns.needed}
    problems: list[Problem] = []
    drivers: list[DriverRow] = []
    for line, row in rows:
        wrong: list[str] = []
        driver = _driver({column: row[at[column]] for column in at}, columns, wrong)
        if driver is None:
            problems += [Problem(FIELD, message, at=f"line {line}") for message in wrong]
        else:
            drivers.append(driver)
    if problems:
        raise InvalidInput(problems[:_MOST_PROBLEMS])
    return tuple(drivers)


def _driver(cells: dict[str, str], columns: SalaryColumns, wrong: list[str]) -> DriverRow | None:
    """Driver of a row, or ``None`` after what is wrong with it was added to ``wrong``."""
    name, driver_id = cells[columns.name], cells[columns.driver_id]
    position, average_text = cells[columns.position], cells[columns.average]
    if not name or not driver_id:
        wrong.append(f"{columns.name} and {columns.driver_id} must be given.")
    wrong.extend(
        f"{column} {shown(cells[column])!r} {unsound}"
        for column in (columns.name, columns.driver_id, columns.race)
        if column is not None and (unsound := flaw(cells[column]))
    )
    if position not in columns.positions:
        wrong.append(
            f"{columns.position} {position!r}; a NASCAR contest has only "
            f"{' or '.join(map(repr, columns.positions))}."
        )
    salary = whole_number(cells[columns.salary])
    if salary is None or not 0 < salary <= MAX_SALARY_USD:
        wrong.append(f"{columns.salary} {cells[columns.salary]!r}; give whole USD such as 9800.")
    average = number(average_text) if average_text else None
    if average_text and average is None:
        wrong.append(f"{columns.average} {average_text!r}; give points such as 43.93, or none.")
    if wrong or salary is None:
        return None
    race = "" if columns.race is None else cells[columns.race]
    mark = "" if columns.mark is None else cells[columns.mark]
    return DriverRow(driver_id, name, salary, average, race, mark)
