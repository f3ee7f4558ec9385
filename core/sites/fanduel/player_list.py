"""FanDuel's player list, as a contest's page exports it."""

from core.sites.rows import DriverRow
from core.sites.salary_files import SalaryColumns, read_salary_rows

COLUMNS = SalaryColumns(
    driver_id="Id",
    name="Nickname",
    salary="Salary",
    average="FPPG",
    position="Position",
    positions=("D", "Driver"),
    race=None,
    mark="Injury Indicator",
    source="give the player list that FanDuel's contest page exports (Id,Position,First Name,"
    "Nickname,Last Name,FPPG,Played,Salary,Game,Team,..).",
)


def read_player_list(data: bytes) -> tuple[DriverRow, ...]:
    """Drivers of a FanDuel player list.

    An id is the slate's number and the player's, ``80857-12345``. ``Nickname`` is the full name.
    ``Game`` and ``Team`` are not read: what they hold in a NASCAR file is not known.

    Raises
    ------
    InvalidInput
        As :func:`~core.sites.salary_files.read_salary_rows`.
    """
    return read_salary_rows(data, COLUMNS)
