"""Made-up files of FanDuel, in the shape of its player lists of other single-athlete sports."""

import csv
import io

import pytest

PLAYER_LIST = [
    *("Id", "Position", "First Name", "Nickname", "Last Name", "FPPG", "Played", "Salary"),
    *("Game", "Team", "Opponent", "Injury Indicator", "Injury Details", "Tier", "", ""),
]


def make_player_list(drivers=8, changes=None, header=PLAYER_LIST):
    """A player list's bytes; ``changes`` are to the cells of a row by its number from 0."""
    rows = []
    for number in range(drivers):
        cells = dict.fromkeys(PLAYER_LIST, "") | {
            "Id": f"80857-{4000 + number}",
            "Position": "D",
            "First Name": "Driver",
            "Nickname": f"Driver {number}",
            "Last Name": str(number),
            "FPPG": "41.5500030517578",
            "Played": "29",
            "Salary": str(14_000 - 500 * number),
        }
        cells |= (changes or {}).get(number, {})
        rows.append([cells.get(name, "") for name in header])
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    return text.getvalue().encode()


@pytest.fixture(scope="session")
def player_list():
    return make_player_list
