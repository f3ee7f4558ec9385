"""No file brings in a text that a spreadsheet or a terminal would take for a command."""

import pytest

from core.errors import InvalidInput
from core.slate import apply_driver_file, fill_entries, read_salaries
from tests.conftest import small_slate

HEADER = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"
HOSTILE = ["=1+1", "@SUM(A1)", "-2+3", "Kyle\x1b[31m", "Kyle\u202e", "Ky\u200ble"]


def salaries(name: str) -> bytes:
    rows = [f"D,x,Driver {n},{n},D,9000,Race,NAS,40" for n in range(8)]
    return "\n".join([HEADER, *rows, f'D,x,"{name}",9,D,9000,Race,NAS,40']).encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_a_salary_file_is_refused_with_its_line(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"line 10: Name .*(begins with|cannot be seen)"):
        read_salaries(salaries(name))


def test_a_column_that_is_not_kept_is_not_looked_at() -> None:
    data = salaries("Kyle Larson").replace(b"D,x,", b"D,=cmd(),")
    assert read_salaries(data).drivers[-1].name == "Kyle Larson"


@pytest.mark.parametrize("team", HOSTILE)
def test_a_team_of_a_drivers_file_is_refused_with_its_line(team: str) -> None:
    slate = small_slate()
    data = f'driver,team\n{slate.drivers[0].name},"{team}"\n'.encode()
    with pytest.raises(InvalidInput, match=r"line 2: team .*(begins with|cannot be seen)"):
        apply_driver_file(slate, data)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_driver_who_is_not_on_the_slate_is_refused_where_a_warning_would_name_him(
    name: str,
) -> None:
    slate = small_slate()
    data = f'driver,team\n{slate.drivers[0].name},A\n"{name}",B\n'.encode()
    with pytest.raises(InvalidInput, match="line 3"):
        apply_driver_file(slate, data)


def test_odds_and_points_keep_their_signs() -> None:
    slate = small_slate()
    name = slate.drivers[0].name
    data = f"driver,win_odds,projected_points\n{name},+650,-3.5\n".encode()
    driver = apply_driver_file(slate, data).drivers[0]
    assert (driver.win_odds, driver.projected_points) == (7.5, -3.5)


def test_a_name_of_a_column_that_is_left_out_is_shown_without_what_cannot_be_seen() -> None:
    slate = small_slate()
    data = f"driver,team,a\x1b[31m\n{slate.drivers[0].name},A,1\n".encode()
    warnings = apply_driver_file(slate, data).warnings
    assert any("a?[31m" in warning for warning in warnings)


def test_an_entries_file_with_a_formula_is_refused_with_its_line() -> None:
    slate = small_slate()
    data = b"Entry ID,Contest Name,Contest ID,Entry Fee,D,D,D,D,D,D\n1,=1+1,7,$1,,,,,,\n"
    with pytest.raises(InvalidInput, match="line 2: '=1\\+1' begins with ="):
        fill_entries(slate, [list(range(6))], data)
