"""DraftKings' salary file, as its lineup page exports it."""

from core.sites.rows import DriverRow
from core.sites.salary_files import SalaryColumns, read_salary_rows

COLUMNS = SalaryColumns(
    driver_id="ID",
    name="Name",
    salary="Salary",
    average="AvgPointsPerGame",
    position="Roster Position",
    positions=("D",),
    race="Game Info",
    mark=None,
    source="give the CSV that DraftKings' lineup page exports (Position,Name + ID,Name,ID,"
    "Roster Position,Salary,..).",
)


def read_salaries(data: bytes) -> tuple[DriverRow, ...]:
    """Drivers of a ``DKSalaries.csv``.

    The file lists drivers who were withdrawn later, and names no team (``TeamAbbrev`` is the same
    for all) and no grid.

    Raises
    ------
    InvalidInput
        As :func:`~core.sites.salary_files.read_salary_rows`.
    """
    return read_salary_rows(data, COLUMNS)
