import csv

import numpy as np
import pytest

from core.errors import InvalidInput
from core.sites import SITES, site_of
from core.slate import FANDUEL, apply_driver_file, fill_entries, read_salaries, write_upload
from core.slate.drivers import NO_GRID

LIST = (
    "Id,Position,First Name,Nickname,Last Name,FPPG,Played,Salary,Game,Team,Opponent,"
    "Injury Indicator,Injury Details,Tier,,"
)


def player_list(drivers=8, mark=""):
    rows = [
        f"80857-{i},D,Driver,Driver {i},{i},40.5,20,{14_000 - 200 * i},,,,"
        f"{mark if i == 3 else ''},,,,"
        for i in range(drivers)
    ]
    return "\n".join([LIST, *rows]).encode()


def test_a_player_list_is_a_fanduel_slate_of_five_a_roster():
    slate = read_salaries(player_list())
    assert slate.rules == FANDUEL
    assert slate.site is site_of("fanduel")
    assert [d.driver_id for d in slate.drivers] == [f"80857-{i}" for i in range(8)]
    assert slate.drivers[1].salary_usd == 13_800
    assert slate.drivers[1].average_points == 40.5
    assert slate.race_name == ""


def test_a_draftkings_file_is_a_draftkings_slate(salary_file):
    assert read_salaries(salary_file()).site is site_of("draftkings")


def test_the_site_may_be_said_where_it_is_the_files(salary_file):
    assert read_salaries(salary_file(), "draftkings") == read_salaries(salary_file())
    assert read_salaries(player_list(), "FanDuel") == read_salaries(player_list())


@pytest.mark.parametrize(("said", "read"), [("fanduel", "DraftKings"), ("draftkings", "FanDuel")])
def test_a_site_that_the_file_contradicts_is_refused_naming_both(salary_file, said, read):
    data = salary_file() if read == "DraftKings" else player_list()
    with pytest.raises(InvalidInput) as error:
        read_salaries(data, said)
    assert set(error.value.messages) == {"site"}
    assert said in error.value.messages["site"][0]
    assert read in error.value.messages["site"][0]


def test_a_site_that_is_none_is_refused():
    with pytest.raises(InvalidInput) as error:
        read_salaries(player_list(), "nowhere")
    assert set(error.value.messages) == {"site"}


def test_a_header_of_no_site_is_refused_by_the_one_it_is_nearest_to():
    for site in SITES.values():
        absent, *header = site.salaries.columns
        with pytest.raises(InvalidInput) as error:
            read_salaries(",".join(header).encode())
        (said,) = error.value.messages["salaries"]
        assert f"lacks {absent};" in said
        assert site.name in said


def test_a_fanduel_slate_says_what_is_not_certain_with_a_grid_and_without():
    slate = read_salaries(player_list())
    cautions = site_of("fanduel").cautions
    assert slate.warnings == (*cautions, NO_GRID)
    rows = [f"Driver {i},{i + 1}" for i in range(8)]
    gridded = apply_driver_file(slate, "\n".join(["driver,start_position", *rows]).encode())
    assert gridded.warnings == cautions


def test_a_driver_whom_fanduel_marks_out_is_named():
    said = " ".join(read_salaries(player_list(mark="O")).warnings)
    assert "Driver 3 (O)" in said


def test_lineups_are_written_in_the_sites_own_file_dearest_first():
    slate = read_salaries(player_list())
    lineups = np.array([[0, 1, 2, 3, 7], [3, 4, 5, 6, 7]], dtype=np.uint8)
    header, first, second = csv.reader(write_upload(slate, lineups).splitlines())
    assert header == ["Driver"] * 5
    assert first == [f"80857-{i}:Driver {i}" for i in (0, 1, 2, 3, 7)]
    assert second[0] == "80857-3:Driver 3"


def test_entries_are_filled_in_the_sites_own_file():
    slate = read_salaries(player_list())
    lineups = np.array([[0, 1, 2, 3, 7]], dtype=np.uint8)
    header = "entry_id,contest_id,contest_name,Driver,Driver,Driver,Driver,Driver"
    text = fill_entries(slate, lineups, f"{header}\n37,80857-1,One,,,,,\n".encode())
    assert text.splitlines()[1].split(",")[3] == "80857-0:Driver 0"
    with pytest.raises(InvalidInput, match="FanDuel"):
        fill_entries(slate, lineups, b"Entry ID,Contest ID,D,D,D,D,D\n1,2,,,,,\n")


@pytest.mark.parametrize("drivers", [4, 51])
def test_four_drivers_or_fifty_one_are_no_fanduel_slate(drivers):
    with pytest.raises(InvalidInput) as error:
        read_salaries(player_list(drivers))
    assert str(drivers) in error.value.messages["drivers"][0]


def test_every_real_draftkings_file_is_known_for_one_and_refused_as_fanduels(shared):
    for path in (shared / "data" / "dk_raw").glob("*.csv"):
        assert read_salaries(path.read_bytes()).site.key == "draftkings"
        with pytest.raises(InvalidInput, match="DraftKings"):
            read_salaries(path.read_bytes(), "fanduel")
