import csv

import pytest

from core.errors import InvalidInput
from core.slate import Slate, read_salaries


def refused(data):
    with pytest.raises(InvalidInput) as error:
        read_salaries(data)
    return error.value.messages


def test_all_real_salary_files_are_read_driver_by_driver(shared):
    paths = sorted((shared / "data" / "dk_raw").glob("*.csv"))
    assert len(paths) == 10
    for path in paths:
        data = path.read_bytes()
        slate = read_salaries(data)
        rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
        assert [(d.driver_id, d.name, d.salary_usd) for d in slate.drivers] == [
            (row["ID"], row["Name"], int(row["Salary"])) for row in rows
        ]
        assert [d.average_points for d in slate.drivers] == [
            float(row["AvgPointsPerGame"]) for row in rows
        ]
        assert {slate.race_name} == {row["Game Info"] for row in rows}
        assert slate.track is None
        assert "No grid" in slate.warnings[0]


def test_real_files_in_other_encodings_are_the_same_slate(shared):
    for path in (shared / "data" / "dk_raw").glob("*.csv"):
        text = path.read_bytes().decode("utf-8-sig")
        slate = read_salaries(path.read_bytes())
        assert read_salaries(text.encode("utf-8-sig")) == slate
        assert read_salaries(text.encode("cp1252")) == slate
        assert read_salaries(text.replace("\n", "\r\n").encode()) == slate


def test_an_accent_survives_the_windows_code_page(salary_file):
    text = salary_file(changes={0: {"name": "Daniel Su\u00e1rez"}}).decode()
    names = {
        read_salaries(text.encode(encoding)).drivers[0].name
        for encoding in ("utf-8", "utf-8-sig", "cp1252")
    }
    assert names == {"Daniel Su\u00e1rez"}


def test_columns_may_stand_in_any_order_and_more_of_them(salary_file):
    rows = [line.split(",") for line in salary_file().decode().splitlines()]
    turned = "\n".join(",".join([*reversed(row), "x"]) for row in rows)
    assert read_salaries(turned.encode()) == read_salaries(salary_file())


def test_an_average_left_empty_is_not_known(salary_file):
    slate = read_salaries(salary_file(changes={2: {"average": ""}}))
    assert slate.drivers[2].average_points is None
    assert slate.drivers[3].average_points == 31.5


def test_commas_after_every_row_change_nothing(salary_file):
    text = salary_file().decode().replace(",31.5", ",31.5,,")
    assert read_salaries(text.encode()) == read_salaries(salary_file())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "no line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
        (b"\x81\x8d\x8f", "neither UTF-8 nor Windows-1252"),
        (b"<!doctype html><html><body>Sign in</body></html>", "header lacks Name, ID"),
        (b"Position;Name + ID;Name;ID;Roster Position;Salary\nD;x;x;1;D;9000", "header lacks"),
        (b"x" * 2_000_001, "2000001 bytes"),
    ],
)
def test_what_is_no_salary_file_is_refused(data, said):
    problems = refused(data)
    assert set(problems) == {"salaries"}
    assert said in problems["salaries"][0]


def test_a_text_file_in_utf_16_is_refused(salary_file):
    assert "not a text file" in refused(salary_file().decode().encode("utf-16"))["salaries"][0]


def test_a_header_without_a_column_names_the_column(salary_file):
    problems = refused(salary_file().replace(b",Salary,", b",Cost,"))
    assert "Salary" in problems["salaries"][0]


def test_a_quote_that_never_ends_names_the_line(salary_file):
    problems = refused(salary_file(changes={7: {"average": '"31.5'}}))
    assert set(problems) == {"salaries line 9"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"salary": "a lot"}, "'a lot'"),
        ({"salary": "-9000"}, "'-9000'"),
        ({"salary": "0"}, "'0'"),
        ({"salary": "9000.5"}, "'9000.5'"),
        ({"salary": "9_000"}, "'9_000'"),
        ({"salary": "1e300"}, "'1e300'"),
        ({"salary": ""}, "Salary ''"),
        ({"average": "NaN"}, "'NaN'"),
        ({"average": "inf"}, "'inf'"),
        ({"roster": "CPT"}, "'CPT'"),
        ({"name": ""}, "Name and ID"),
        ({"id": ""}, "Name and ID"),
    ],
)
def test_a_bad_cell_is_refused_by_its_line(salary_file, change, said):
    problems = refused(salary_file(changes={3: change}))
    assert set(problems) == {"salaries line 5"}
    assert said in problems["salaries line 5"][0]


def test_every_bad_line_is_named(salary_file):
    problems = refused(salary_file(changes={0: {"salary": "x"}, 6: {"average": "y"}}))
    assert set(problems) == {"salaries line 2", "salaries line 8"}


def test_a_row_of_too_many_or_too_few_cells_is_refused_by_its_line(salary_file):
    lines = salary_file().decode().splitlines()
    longer = [*lines[:4], lines[4] + ",more", *lines[5:]]
    assert set(refused("\n".join(longer).encode())) == {"salaries line 5"}
    # an upload that broke off in the middle of a salary must not make a driver cheap
    cut = "\n".join(lines).encode()[: -len("00,Made-up 400,Nasca,31.5")]
    problems = refused(cut)
    assert set(problems) == {"salaries line 9"}
    assert "cut off" in problems["salaries line 9"][0]


@pytest.mark.parametrize("drivers", [5, 51])
def test_five_drivers_or_fifty_one_are_no_slate(salary_file, drivers):
    assert str(drivers) in refused(salary_file(drivers))["drivers"][0]


@pytest.mark.parametrize("drivers", [6, 50])
def test_six_drivers_and_fifty_are_a_slate(salary_file, drivers):
    assert len(read_salaries(salary_file(drivers))) == drivers


def test_two_drivers_of_one_id_or_name_are_refused(salary_file):
    assert "40001" in refused(salary_file(changes={2: {"id": "40001"}}))["driver_id"][0]
    assert "Driver 1" in refused(salary_file(changes={2: {"name": "Driver 1"}}))["name"][0]


def test_two_races_in_one_file_are_refused_with_their_names(salary_file):
    said = refused(salary_file(changes={2: {"race": "Another 500"}}))["salaries"][0]
    assert "Another 500" in said
    assert "Made-up 400" in said


def test_a_slate_refuses_a_salary_no_site_has(salary_file):
    drivers = read_salaries(salary_file()).drivers
    for salary in (0, -1, 10**18):
        with pytest.raises(InvalidInput) as error:
            Slate((*drivers[:-1], type(drivers[0])("x", "X", salary)))
        assert set(error.value.messages) == {"salary_usd"}


def test_an_id_that_is_not_on_the_slate_is_blamed_on_its_field(salary_file):
    slate = read_salaries(salary_file())
    assert slate.index_of(["40003", "40000"], "locks").tolist() == [3, 0]
    with pytest.raises(InvalidInput) as error:
        slate.index_of(["40003", "1"], "locks")
    assert "'1'" in error.value.messages["locks"][0]
