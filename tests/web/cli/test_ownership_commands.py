"""``axiomatic ownership learn``, from arguments to exit code and files."""

import json
import re

import numpy as np
import pytest

from core.field.estimators import OwnershipSlate, PlayedContest, ownership_model

NAMES = [
    f"{first} {last}"
    for first in ("Ana", "Bo", "Cy", "Dee")
    for last in ["Lee", "Núñez", "Orr", "Poe"]
]
SALARIES = [10_500 - 350 * place for place in range(len(NAMES))]


def salary_file(folder, race="Test 400"):
    rows = [
        f"D,{name} ({i}),{name},{i},D,{salary},{race},Nasca,{30 - i}"
        for i, (name, salary) in enumerate(zip(NAMES, SALARIES, strict=True), start=1)
    ]
    header = (
        "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"
    )
    path = folder / "DKSalaries.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def standings_file(folder, contest, seed=1, entries=200):
    """A field that prefers the dearest drivers and also the very cheapest."""
    rng = np.random.default_rng(seed)
    liked = np.array(SALARIES) / 10_000.0
    liked[-1] = 3.0
    lineups = []
    while len(lineups) < entries:
        lineup = rng.choice(len(NAMES), 6, replace=False, p=liked / liked.sum())
        if sum(SALARIES[i] for i in lineup) <= 50_000:
            lineups.append(lineup)
    drafted = 100.0 * np.bincount(np.concatenate(lineups), minlength=len(NAMES)) / entries
    rows = [
        "Rank,EntryId,EntryName,TimeRemaining,Points,Lineup,,Player,Roster Position,%Drafted,FPTS"
    ]
    for place, lineup in enumerate(lineups):
        cell = " ".join(f"D {NAMES[i]}" for i in lineup)
        right = (
            f"{NAMES[place].replace('ú', 'u')},D,{drafted[place]:.2f}%,{20 + place}"
            if place < len(NAMES)
            else ",,,"
        )
        row = f"{place + 1},{900 + place},secret_user_{place},0,{120 + place}.00003,{cell}"
        rows.append(f"{row.replace('ú', 'u')},,{right}")
    path = folder / f"contest-standings-{contest}.csv"
    path.write_bytes(("\ufeff" + "\r\n".join(rows) + "\r\n").encode())
    return path


def test_contests_are_learnt_and_the_model_written_says_so(axiomatic, tmp_path):
    salaries = salary_file(tmp_path)
    files = [
        standings_file(tmp_path, number, seed) for seed, number in enumerate((1234567, 1234568))
    ]
    out = tmp_path / "new" / "model.json"
    given = ("--salaries", salaries, "--track", "bristol", "--date", "2030-04-05", "--out", out)
    code, said, errors = axiomatic("ownership", "learn", *files, *given, "--json")
    assert (code, errors) == (0, "")
    document = json.loads(said)
    assert [one["contest"] for one in document["contests"]] == ["1234567", "1234568"]
    assert all(one["drivers"] == len(NAMES) for one in document["contests"])
    assert all(one["mae_after"] < one["mae_before"] for one in document["contests"])
    assert document["own_slates"] == 1
    model = ownership_model(out)
    assert model.about_ == document["model"]
    assert model.about_["fitted_on"]["to"] == "2030-04-05"
    for path in (tmp_path / "new").iterdir():
        assert "secret_user" not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_contest_learnt_again_takes_its_own_place(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    one, two = (standings_file(tmp_path, number, number) for number in (1000001, 1000002))
    out = tmp_path / "model.json"
    first = json.loads(axiomatic("ownership", "learn", one, "--out", out, "--json")[1])
    model = out.read_bytes()
    again = json.loads(axiomatic("ownership", "learn", one, "--out", out, "--json")[1])
    assert out.read_bytes() == model
    assert (first["learnt_before"], again["learnt_before"]) == (False, True)
    more = json.loads(axiomatic("ownership", "learn", two, "--out", out, "--json")[1])
    assert (again["own_contests"], more["own_contests"]) == (1, 2)
    assert more["model"]["n_contests"] == first["model"]["n_contests"] + 1


@pytest.mark.slow
def test_a_contest_is_known_by_what_was_played_whatever_its_file_is_called(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    one, two = (standings_file(tmp_path, number, number) for number in (1000001, 1000002))
    copy = tmp_path / "standings (1).csv"
    copy.write_bytes(one.read_bytes())
    out = ("--out", tmp_path / "model.json", "--json")
    axiomatic("ownership", "learn", one, two, *out)
    model = (tmp_path / "model.json").read_bytes()
    again = json.loads(axiomatic("ownership", "learn", copy, *out)[1])
    assert (again["own_contests"], again["learnt_before"]) == (2, True)
    assert (
        f"{copy}: this contest was learnt before as 1000001, which it replaces."
        in (again["warnings"])
    )
    back = json.loads(axiomatic("ownership", "learn", one, two, *out)[1])
    assert (back["own_contests"], back["contests"][0]["contest"]) == (2, "1000001")
    assert (tmp_path / "model.json").read_bytes() == model
    code, _, errors = axiomatic("ownership", "learn", one, copy, *out)
    assert code == 2
    assert f"is given twice, as {one} too; give it once" in errors


def test_contests_that_the_site_numbers_apart_are_two_though_played_alike(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    one = standings_file(tmp_path, 1000001)
    two = one.with_name("contest-standings-1000002.csv")
    two.write_bytes(one.read_bytes())
    out = ("--out", tmp_path / "model.json", "--json")
    assert json.loads(axiomatic("ownership", "learn", one, two, *out)[1])["own_contests"] == 2


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"race_date": None}, True),
        ({"race_date": "2030-04-06"}, False),
        ({"entries": 201}, False),
        ({"names": ("ana lee", "Bo Orr", "Cy Poe")}, True),
        ({"names": ("Ana Lee", "Cy Poe", "Bo Orr")}, False),
        ({"ownership_percent": [50.25, 30.5, 20.0]}, False),
        ({"ownership_percent": [50.25, 30.5, np.nan]}, True),
    ],
)
def test_two_contests_play_alike_by_date_entries_and_shares_alone(changes, alike):
    def contest(name, names, race_date, entries, ownership_percent):
        slate = OwnershipSlate(
            names,
            np.full(3, 5_000.0),
            "short_track",
            roster_size=1,
            race_date=race_date,
            entries=entries,
        )
        return PlayedContest(name, name, slate, np.array(ownership_percent))

    same = {
        "names": ("Ana Lee", "Bo Orr", "Cy Poe"),
        "race_date": "2030-04-05",
        "entries": 200,
        "ownership_percent": [50.25, 30.5, 0.0],
    }
    one, other = contest("a", **same), contest("b", **{**same, **changes})
    assert one.plays_as(other) is other.plays_as(one) is alike


def test_a_table_is_printed_for_people(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    path = standings_file(tmp_path, 7654321)
    code, said, _ = axiomatic("ownership", "learn", path, "--out", tmp_path / "model.json")
    assert code == 0
    assert "7654321" in said
    assert "left out" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((",%Drafted", ",Drafted"), "lacks %Drafted"),
        (("120.00003", "none"), "line 2, column Points"),
        (("Ana Lee", "Ana Leek"), "not one driver of the slate: Ana Leek"),
    ],
)
def test_what_is_wrong_with_an_export_is_said_with_its_place(axiomatic, tmp_path, change, words):
    salary_file(tmp_path, race="Bristol 500")
    path = standings_file(tmp_path, 1000001)
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    code, said, errors = axiomatic("ownership", "learn", path, "--out", tmp_path / "model.json")
    assert (code, said) == (2, "")
    assert path.name in errors
    assert words in errors
    assert not (tmp_path / "model.json").exists()


@pytest.mark.parametrize(("share", "words"), [(0.01, "fractions"), (0.5, "sum to 300; percent")])
def test_shares_in_another_unit_are_refused_with_the_files_name(axiomatic, tmp_path, share, words):
    salary_file(tmp_path, race="Bristol 500")
    path = standings_file(tmp_path, 1000001)
    text = re.sub(
        r"([\d.]+)%,", lambda cell: f"{share * float(cell[1]):.6g}%,", path.read_text("utf-8")
    )
    path.write_text(text, encoding="utf-8")
    code, said, errors = axiomatic("ownership", "learn", path, "--out", tmp_path / "model.json")
    assert (code, said) == (2, "")
    assert path.name in errors
    assert words in errors
    assert not (tmp_path / "model.json").exists()


def test_no_track_no_salaries_or_one_contest_twice_is_refused(axiomatic, tmp_path):
    path = standings_file(tmp_path, 1000001)
    out = ("--out", tmp_path / "model.json")
    code, _, errors = axiomatic("ownership", "learn", path, *out)
    assert (code, "--salaries" in errors) == (2, True)
    salary_file(tmp_path)
    code, _, errors = axiomatic("ownership", "learn", path, *out)
    assert (code, "--track" in errors) == (2, True)
    code, _, errors = axiomatic("ownership", "learn", path, path, "--track", "bristol", *out)
    assert (code, "given twice" in errors) == (2, True)


def test_a_model_file_that_is_none_is_refused_and_kept(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    path, out = standings_file(tmp_path, 1000001), tmp_path / "model.json"
    out.write_text("{}", encoding="utf-8")
    code, _, errors = axiomatic("ownership", "learn", path, "--out", out)
    assert (code, "model.json" in errors) == (2, True)
    assert out.read_text(encoding="utf-8") == "{}"


@pytest.mark.slow
def test_exports_of_one_name_but_other_slates_are_other_contests(axiomatic, tmp_path):
    out = tmp_path / "model.json"
    learnt = []
    for week, race in enumerate(("Bristol 500", "Bristol 400")):
        folder = tmp_path / f"week{week}"
        folder.mkdir()
        salary_file(folder, race=race)
        path = standings_file(folder, 1000001, week).rename(folder / "20300405-main.csv")
        learnt.append(json.loads(axiomatic("ownership", "learn", path, "--out", out, "--json")[1]))
    assert [one["own_contests"] for one in learnt] == [1, 2]
    assert learnt[1]["own_slates"] == 2
    assert not learnt[1]["learnt_before"]


@pytest.mark.slow
def test_the_date_of_a_slate_need_be_said_but_once(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    one, two = (standings_file(tmp_path, number, number) for number in (1000001, 1000002))
    out = ("--out", tmp_path / "model.json", "--json")
    axiomatic("ownership", "learn", one, "--date", "2030-04-05", *out)
    told = json.loads(axiomatic("ownership", "learn", one, two, *out)[1])
    assert told["model"]["fitted_on"]["to"] == "2030-04-05"


def test_an_export_made_while_the_race_was_on_is_noted(axiomatic, tmp_path):
    salary_file(tmp_path, race="Bristol 500")
    path = standings_file(tmp_path, 1000001)
    path.write_text(
        path.read_text(encoding="utf-8").replace("secret_user_3,0,", "secret_user_3,12,"),
        encoding="utf-8",
    )
    told = json.loads(
        axiomatic("ownership", "learn", path, "--out", tmp_path / "model.json", "--json")[1]
    )
    assert told["warnings"][-1] == f"{path}: the race was still on when it was exported."
    # files are written whole: nothing of the writing is left beside them
    assert {one.name for one in tmp_path.iterdir()} == {
        "DKSalaries.csv",
        path.name,
        "model.json",
        "model.contests.json",
    }
