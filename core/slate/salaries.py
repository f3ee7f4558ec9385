"""DraftKings' salary file in, as its lineup page exports it."""

from core.errors import InvalidInput, Problem
from core.slate.drivers import MAX_SALARY_USD, Driver, Slate
from core.slate.rules import DRAFTKINGS_CLASSIC
from core.slate.tables import number, read_table, whole_number

COLUMNS = ("Name", "ID", "Roster Position", "Salary", "Game Info", "AvgPointsPerGame")
_FIELD = "salaries"


def read_salaries(data: bytes) -> Slate:
    """Read a ``DKSalaries.csv`` of DraftKings' NASCAR Classic.

    The file lists drivers who were withdrawn later, names no team (``TeamAbbrev`` is the same for
    all) and no grid; the slate's warnings say what that leaves open.

    Parameters
    ----------
    data
        The file's bytes, UTF-8 or Windows-1252.

    Raises
    ------
    InvalidInput
        Not a CSV, not that header, another game's roster positions, a salary or average that is no
        number, two drivers of one id or name, fewer than six drivers or more than fifty.
    """
    header, rows = read_table(data, _FIELD, may_be_short=False)
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise InvalidInput(
            {
                _FIELD: f"the header lacks {', '.join(missing)}; give the CSV that DraftKings' "
                "lineup page exports (Position,Name + ID,Name,ID,Roster Position,Salary,..)."
            }
        )
    at = {column: header.index(column) for column in COLUMNS}
    problems: list[Problem] = []
    drivers: list[Driver] = []
    races: list[str] = []
    for line, row in rows:
        wrong: list[str] = []
        name, driver_id = row[at["Name"]], row[at["ID"]]
        position, salary_text = row[at["Roster Position"]], row[at["Salary"]]
        average_text = row[at["AvgPointsPerGame"]]
        if not name or not driver_id:
            wrong.append("Name and ID must be given.")
        if position != "D":
            wrong.append(f"Roster Position {position!r}; NASCAR Classic has only 'D'.")
        salary = whole_number(salary_text)
        if salary is None or not 0 < salary <= MAX_SALARY_USD:
            wrong.append(f"Salary {salary_text!r}; give whole USD such as 9800.")
        average = number(average_text) if average_text else None
        if average_text and average is None:
            wrong.append(f"AvgPointsPerGame {average_text!r}; give points such as 43.93, or none.")
        if wrong:
            problems += [Problem(_FIELD, message, at=f"line {line}") for message in wrong]
            continue
        assert salary is not None  # noqa: S101  (said so above)
        races.append(row[at["Game Info"]])
        drivers.append(Driver(driver_id, name, salary, average_points=average))
    if problems:
        raise InvalidInput(problems[:20])
    names = sorted(set(filter(None, races)))
    if len(names) > 1:
        raise InvalidInput(
            {_FIELD: f"more than one race in the file: {', '.join(names[:3])}; give one slate."}
        )
    return Slate(
        drivers=tuple(drivers),
        rules=DRAFTKINGS_CLASSIC,
        race_name=names[0] if names else "",
        warnings=(
            "No grid: start positions are drawn in every simulated race. Give them with the "
            "drivers file once qualifying is over.",
        ),
    )
