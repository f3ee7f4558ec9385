import csv

import pytest

from core.errors import InvalidInput
from core.slate import Veto, apply_driver_file, plain_name, read_salaries


def laid_over(slate, *lines):
    return apply_driver_file(slate, "\n".join(lines).encode())


def refused(slate, *lines):
    with pytest.raises(InvalidInput) as error:
        laid_over(slate, *lines)
    return error.value.messages


def test_every_column_is_laid_over_the_driver_it_names(named_slate):
    slate = laid_over(
        named_slate,
        "driver_id,team,manufacturer,start_position,starts_from_rear,projected_points,"
        "ownership_percent,win_odds,top5_odds,finish_median,skill,aggression,shadow_risk,min_laps_led,max_laps_led,"
        "veto_rules",
        "95,Hendrick,CHE,4,yes,52.5,31.2%,6.5,2.2,7.5,0.9,0.4,0.1,5,120,may_not_win; rear_start",
    )
    driver = slate.drivers[5]
    assert driver.name == "Kyle Larson"
    assert (driver.team, driver.manufacturer) == ("Hendrick", "CHE")
    assert (driver.start_position, driver.starts_from_rear) == (4, True)
    assert (driver.projected_points, driver.ownership_percent) == (52.5, 31.2)
    assert (driver.top5_odds, driver.finish_median) == (2.2, 7.5)
    assert (driver.win_odds, driver.skill, driver.aggression) == (6.5, 0.9, 0.4)
    assert (driver.shadow_risk, driver.min_laps_led, driver.max_laps_led) == (0.1, 5, 120)
    assert driver.vetoes == {Veto.MAY_NOT_WIN, Veto.REAR_START}
    assert not driver.out
    others = [place for place in range(7) if place != 5]
    assert all(slate.drivers[place] == named_slate.drivers[place] for place in others)


@pytest.mark.parametrize(
    ("spelled", "place"),
    [
        ("Daniel Su\u00e1rez", 0),
        ("DANIEL  SUAREZ", 0),
        ("Martin Truex", 1),
        ("martin truex, jr", 1),
        ("AJ Allmendinger", 2),
        ("Ricky Stenhouse Jr", 3),
        ("Pato O\u2019Ward", 4),
        ("pato oward", 4),
    ],
)
def test_a_driver_is_found_however_the_file_spells_the_name(named_slate, spelled, place):
    slate = laid_over(named_slate, "driver,skill", f'"{spelled}",0.75')
    assert [d.skill for d in slate.drivers] == [0.75 if i == place else None for i in range(7)]


def test_an_id_counts_before_a_name_and_a_stale_id_gives_way_to_it(named_slate):
    slate = laid_over(
        named_slate, "driver_id,driver,skill", "90,Kyle Larson,0.1", "77777,Ross Chastain,0.2"
    )
    assert slate.drivers[0].skill == 0.1
    assert slate.drivers[5].skill is None
    assert slate.drivers[6].skill == 0.2


def test_a_father_and_a_son_are_told_apart_by_the_slates_own_spelling(salary_file):
    slate = read_salaries(
        salary_file(changes={0: {"name": "Dale Earnhardt"}, 1: {"name": "Dale Earnhardt Jr."}})
    )
    told = laid_over(slate, "driver,skill", "Dale Earnhardt Jr.,0.9", "Dale Earnhardt,0.2")
    assert [driver.skill for driver in told.drivers[:2]] == [0.2, 0.9]
    # a spelling that could mean either means neither
    unclear = laid_over(slate, "driver,skill", "dale earnhardt jr,0.9", "Driver 2,0.5")
    assert [driver.skill for driver in unclear.drivers[:3]] == [None, None, 0.5]
    assert "dale earnhardt jr" in " ".join(unclear.warnings)


def test_who_is_not_on_the_slate_is_left_out_with_a_warning(named_slate):
    slate = laid_over(named_slate, "driver,skill", "Kyle Larson,0.9", "Richard Petty,1")
    assert [d.driver_id for d in slate.drivers] == [d.driver_id for d in named_slate.drivers]
    assert any("Richard Petty" in said for said in slate.warnings)
    assert any("No grid:" in said for said in slate.warnings)
    assert any("Ross Chastain" in said for said in slate.warnings)


def test_a_file_of_another_race_is_refused(named_slate):
    problems = refused(named_slate, "driver,skill", "Richard Petty,1", "David Pearson,1")
    assert "another race" in problems["drivers"][0]


def test_a_missing_grid_spot_is_warned_of_until_the_driver_is_out(named_slate):
    grid = [f"{d.name},{i + 1}," for i, d in enumerate(named_slate.drivers[:6])]
    slate = laid_over(named_slate, "driver,start_position,veto_rules", *grid)
    (said,) = slate.warnings
    assert said.startswith("No grid spot for Ross Chastain:")
    withdrawn = laid_over(
        named_slate, "driver,start_position,veto_rules", *grid, "Ross Chastain,,out"
    )
    assert withdrawn.drivers[6].out
    assert withdrawn.warnings == ()


def test_so_many_withdrawn_that_no_roster_is_left_are_refused(named_slate):
    problems = refused(named_slate, "driver,veto_rules", "Kyle Larson,out", "Ross Chastain,out")
    assert "5 drivers" in problems["drivers"][0]


def test_an_empty_cell_leaves_what_is_known(named_slate):
    first = laid_over(named_slate, "driver,skill,start_position", "Kyle Larson,0.9,3")
    second = laid_over(first, "driver,skill,start_position", "Kyle Larson,,5")
    assert (second.drivers[5].skill, second.drivers[5].start_position) == (0.9, 5)


def test_rows_cut_short_or_drawn_long_by_a_spreadsheet_are_read(named_slate):
    slate = laid_over(
        named_slate, "driver,skill,veto_rules", "Kyle Larson,0.9", "Ross Chastain,0.4,out,,,"
    )
    assert slate.drivers[5].skill == 0.9
    assert slate.drivers[6].out


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("start_position", "0"),
        ("start_position", "61"),
        ("start_position", "3.5"),
        ("starts_from_rear", "perhaps"),
        ("projected_points", "nan"),
        ("projected_points", "many"),
        ("ownership_percent", "101"),
        ("ownership_percent", "-1"),
        ("win_odds", "1"),
        ("top5_odds", "+20"),
        ("top5_odds", "0.9"),
        ("finish_median", "0"),
        ("finish_median", "61"),
        ("finish_median", "first"),
        ("win_odds", "+65"),
        ("win_odds", "-15"),
        ("skill", "1.01"),
        ("aggression", "-0.1"),
        ("shadow_risk", "2"),
        ("min_laps_led", "601"),
        ("max_laps_led", "-1"),
        ("veto_rules", "may_not_lose"),
    ],
)
def test_a_bad_cell_is_refused_by_line_column_and_value(named_slate, column, cell):
    problems = refused(named_slate, f"driver,{column}", "Ross Chastain,", f"Kyle Larson,{cell}")
    assert set(problems) == {"drivers line 3"}
    assert f"{column} {cell!r}" in problems["drivers line 3"][0]


def test_a_driver_in_two_rows_is_refused_under_any_spelling(named_slate):
    problems = refused(
        named_slate, "driver,driver_id,skill", "A.J. Allmendinger,,0.5", "AJ Allmendinger,,0.6"
    )
    assert "twice" in problems["drivers line 3"][0]
    problems = refused(named_slate, "driver,driver_id,skill", "Kyle Larson,,0.5", ",95,0.6")
    assert "Kyle Larson" in problems["drivers line 3"][0]


def test_two_drivers_on_one_grid_spot_are_refused(named_slate):
    problems = refused(named_slate, "driver,start_position", "Kyle Larson,3", "Ross Chastain,3")
    assert "3" in problems["start_position"][0]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("skill,aggression", "to match by"),
        ("driver,shoe_size", "give at least one"),
        ("driver,name,skill", "driver stands in the header twice"),
        ("id,dk_id,skill", "driver_id stands in the header twice"),
        ("driver,proj,fpts", "projected_points stands in the header twice"),
    ],
)
def test_a_header_that_says_nothing_or_the_same_twice_is_refused(named_slate, header, said):
    problems = refused(named_slate, header, ",".join(["Kyle Larson"] * (1 + header.count(","))))
    assert said in problems["drivers"][0]


def test_unknown_columns_are_left_out_with_a_warning(named_slate):
    slate = laid_over(named_slate, "driver,skill,Shoe Size", "Kyle Larson,0.9,44")
    assert any("Shoe Size" in said for said in slate.warnings)


@pytest.mark.parametrize("header", ["Player,Proj,Own%", "NAME,Fpts,Projected Ownership"])
def test_other_tools_names_of_the_columns_are_understood(named_slate, header):
    slate = laid_over(named_slate, header, "Kyle Larson,44.5,12.5%")
    assert slate.drivers[5].projected_points == 44.5
    assert slate.drivers[5].ownership_percent == 12.5


def test_another_tools_projections_are_laid_over_the_whole_slate(shared):
    bench = shared / "bench"
    slate = read_salaries((bench / "DKSalaries.csv").read_bytes())
    told = apply_driver_file(slate, (bench / "projections.csv").read_bytes())
    with (bench / "projections.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["ID"]: row for row in csv.DictReader(file)}
    assert len(told) == len(rows) == 38
    for driver in told.drivers:
        row = rows[driver.driver_id]
        assert driver.projected_points == float(row["Fpts"])
        assert driver.ownership_percent == float(row["Own%"])
        assert driver.start_position == int(row["Start"])
        assert (driver.team, driver.manufacturer) == (row["Team"], row["Manufacturer"])
    assert told.warnings == ("Columns left out of the drivers file: Salary, StdDev and fieldFpts.",)


def test_names_of_a_real_field_stay_different_when_made_plain(shared):
    for path in (shared / "data" / "dk_raw").glob("*.csv"):
        names = [driver.name for driver in read_salaries(path.read_bytes()).drivers]
        assert len({plain_name(name) for name in names}) == len(names)


def test_a_name_that_is_only_a_suffix_is_left_whole():
    assert plain_name("Jr.") == "jr"
    assert plain_name("") == ""


def test_odds_with_a_sign_are_american_and_others_decimal(named_slate):
    text = "driver,win_odds,top5_odds\nKyle Larson,+650,-120\nRoss Chastain,7.5,even\n"
    slate = apply_driver_file(named_slate, text.encode())
    found = {driver.name: driver for driver in slate.drivers}
    assert found["Kyle Larson"].win_odds == found["Ross Chastain"].win_odds == 7.5
    assert found["Kyle Larson"].top5_odds == pytest.approx(1 + 100 / 120)
    assert found["Ross Chastain"].top5_odds == 2.0


def test_a_plus_that_a_spreadsheet_dropped_is_put_back_with_a_warning(named_slate):
    text = "driver,win_odds\nKyle Larson,-110\nRoss Chastain,650\n"
    slate = apply_driver_file(named_slate, text.encode())
    assert next(d for d in slate.drivers if d.name == "Ross Chastain").win_odds == 7.5
    assert any("650 as +650" in warning for warning in slate.warnings)
