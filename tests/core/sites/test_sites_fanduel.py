import csv

import pytest

from core.errors import InvalidInput
from core.sites import DriverRow, Pick, site_of

FANDUEL = site_of("fanduel")
LINEUPS = [
    [Pick(f"80857-{4000 + number}", f"Driver {number}") for number in places]
    for places in ((0, 1, 2, 3, 4), (1, 2, 3, 4, 5))
]
# in some years entries templates have no column for the fee and are otherwise the same
ENTRIES = f'entry_id,contest_id,contest_name,entry_fee,{"Driver," * 5}"",Instructions'


def test_a_player_list_is_read_driver_by_driver(player_list):
    rows = FANDUEL.salaries.read(player_list())
    assert len(rows) == 8
    assert rows[2] == DriverRow(
        driver_id="80857-4002",
        name="Driver 2",
        salary_usd=13_000,
        average_points=pytest.approx(41.55),
    )


def test_the_mark_of_who_is_out_is_kept(player_list):
    rows = FANDUEL.salaries.read(player_list(changes={3: {"Injury Indicator": "O"}}))
    assert [row.mark for row in rows] == ["", "", "", "O", "", "", "", ""]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Position": "QB"}, "Position 'QB'"),
        ({"Salary": "$9,000"}, "Salary '$9,000'"),
        ({"FPPG": "many"}, "FPPG 'many'"),
        ({"Nickname": ""}, "Nickname and Id"),
        ({"Id": ""}, "Nickname and Id"),
    ],
)
def test_a_bad_cell_is_refused_by_its_line(player_list, change, said):
    with pytest.raises(InvalidInput) as error:
        FANDUEL.salaries.read(player_list(changes={3: change}))
    assert set(error.value.messages) == {"salaries line 5"}
    assert said in error.value.messages["salaries line 5"][0]


def test_an_upload_file_has_five_columns_and_cells_that_fanduels_own_lists_hold():
    header, *lines = csv.reader(FANDUEL.write_upload(LINEUPS, 5).splitlines())
    assert header == ["Driver"] * 5
    assert lines[0] == [f"80857-{4000 + number}:Driver {number}" for number in range(5)]
    assert len(lines) == 2


def test_an_upload_file_read_back_holds_the_lineups_that_were_written(player_list):
    rows = FANDUEL.salaries.read(player_list(changes={1: {"Nickname": 'Smith, "Smitty": Jr.'}}))
    lineup = [Pick(row.driver_id, row.name) for row in rows[:5]]
    _, line = csv.reader(FANDUEL.write_upload([lineup], 5).splitlines())
    assert [Pick(*cell.split(":", 1)) for cell in line] == lineup


@pytest.mark.parametrize("fee", [True, False])
def test_an_entries_template_is_filled_contest_by_contest(fee):
    rows = [
        ENTRIES,
        '"370","80857-11","Big one","4","","","","","","","1) Paste lineups"',
        '"371","80857-12","Small one","1","","","","","","","2) and upload"',
        '"372","80857-11","Big one","4","","","","","","",""',
        '"","","","","","","","","","","Player ID + Player Name"',
    ]
    if not fee:
        cut = [next(csv.reader([row])) for row in rows]
        rows = [",".join([*cells[:3], *cells[4:]]) for cells in cut]
    text = FANDUEL.entries.fill("\r\n".join(rows).encode(), LINEUPS, 5, None)
    table = list(csv.reader(text.splitlines()))
    first = 4 if fee else 3
    picked = [row[first : first + 5] for row in table[1:4]]
    names = [[f"{pick.driver_id}:{pick.name}" for pick in lineup] for lineup in LINEUPS]
    assert picked == [names[0], names[0], names[1]]
    # all else stays
    assert table[1][-1] == "1) Paste lineups"
    assert table[4][-1] == "Player ID + Player Name"
    assert [row[:3] for row in table[1:3]] == [
        ["370", "80857-11", "Big one"],
        ["371", "80857-12", "Small one"],
    ]


def test_draftkings_entries_are_no_fanduel_entries():
    data = b"Entry ID,Contest Name,Contest ID,Entry Fee,D,D,D,D,D,D\n1,A,91,$4,,,,,,\n"
    with pytest.raises(InvalidInput, match="5 columns Driver"):
        FANDUEL.entries.fill(data, LINEUPS, 5, None)
