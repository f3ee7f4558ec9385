"""Made-up salary files, and the directory of real ones where there is one."""

from pathlib import Path

import pytest

from core.slate import Driver, Slate
from core.slate.drivers import NO_GRID

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
HEADER = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"


@pytest.fixture(scope="session")
def shared():
    if not (SHARED / "data" / "dk_raw").is_dir():
        pytest.skip("the real files are not beside this checkout (../shared)")
    return SHARED


def make_row(number, **changes):
    cells = {
        "position": "D",
        "name": f"Driver {number}",
        "id": f"4000{number}",
        "roster": "D",
        "salary": str(11_000 - 100 * number),
        "race": "Made-up 400",
        "team": "Nasca",
        "average": "31.5",
        **changes,
    }
    cells["both"] = f"{cells['name']} ({cells['id']})"
    order = ("position", "both", "name", "id", "roster", "salary", "race", "team", "average")
    return ",".join(cells[cell] for cell in order)


def make_file(drivers=8, changes=None):
    """A salary file's bytes; ``changes`` are to the cells of a row by its number from 0."""
    rows = [make_row(number, **(changes or {}).get(number, {})) for number in range(drivers)]
    return "\n".join([HEADER, *rows, ""]).encode()


@pytest.fixture(scope="session")
def salary_file():
    return make_file


@pytest.fixture(scope="session")
def named_slate():
    """A slate of drivers whose names files like to spell differently."""
    names = [
        "Daniel Suarez",
        "Martin Truex Jr.",
        "A.J. Allmendinger",
        "Ricky Stenhouse Jr.",
        "Pato O'Ward",
        "Kyle Larson",
        "Ross Chastain",
    ]
    return Slate(
        tuple(Driver(f"9{i}", name, 9_000 - 500 * i) for i, name in enumerate(names)),
        warnings=(NO_GRID,),
    )
