"""The files ``axiomatic run`` takes prizes and ownership from, in every form they come in."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.field.ownership import TOLERANCE
from core.slate import read_salaries
from web.cli.driver_names import DriverNames, names_of
from web.cli.ownership_file import NEAR, read_ownership_file
from web.cli.request import Prepared, RunOptions, prepare

HEADER = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"
DRIVERS = {str(11 + i): f"Driver {chr(65 + i)}" for i in range(10)}
PERCENT = {"11": 100.0, "12": 90.0, "13": 85.0, "14": 75.0, "15": 70.0, "16": 60.0}
PERCENT |= {"17": 50.0, "18": 40.0, "19": 20.0, "20": 10.0}

NAMES = DriverNames(
    {name: i for i, name in DRIVERS.items()} | {i: i for i in DRIVERS},
    {name.lower(): [i] for i, name in DRIVERS.items()},
    DRIVERS,
)
SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "bench"


def rows(line: str) -> str:
    return "".join(
        line.format(id=i, name=name, own=PERCENT[i]) + "\n" for i, name in DRIVERS.items()
    )


def standings() -> str:
    """Write an export: 10 drivers beside the first of many entries."""
    lines = [
        "\ufeffRank,EntryId,EntryName,TimeRemaining,Points,Lineup,,Player,Roster Position,"
        "%Drafted,FPTS"
    ]
    right = rows(",,{name},D,{own:.2f}%,30.5").splitlines()
    for place in range(3_000):
        entry = f"{place + 1},{9_000 + place},entrant,0,{300 - place},D Driver A D Driver B"
        lines.append(entry + (right[place] if place < len(right) else ""))
    return "\r\n".join([*lines, ""])


@pytest.mark.parametrize(
    "text",
    [
        "driver,ownership_percent\n" + rows("{name},{own}"),
        "driver,ownership_percent\n" + rows("{id},{own}%"),
        "Name,ID,Salary,Fpts,StdDev,Own%,fieldFpts\n" + rows("{name},{id},9000,1,2,{own},3"),
        # an id counts before a name that is spelt another way
        "Name,ID,Own%\n" + rows("{name} the Great,{id},{own}"),
        "Name,ID,Own%\n" + rows("{name},unknown,{own}"),
        "Position,Name + ID,Salary,Projected Ownership\n" + rows("D,{name} ({id}),9000,{own} %"),
        "Name + ID,pOwn\n" + rows("{name},{own}"),
        '"Player","Team","Ownership %"\n' + rows('"{name}",X,{own}'),
        "DK_ID,Ownership\n" + rows("{id},{own}") + "777,0\n",
        standings(),
    ],
)
def test_ownership_is_read_from_the_columns_that_tools_and_sites_write(text: str) -> None:
    assert read_ownership_file(text.encode(), NAMES, 6) == PERCENT


def test_of_standings_only_drivers_and_their_ownership_are_read() -> None:
    text = standings()
    # entries that are no CSV are never read, and entrants' names are never shown
    late = text + '3001,1,"someone,0,1,D x\r\n'
    assert read_ownership_file(late.encode(), NAMES, 6) == PERCENT
    wrong = text.replace("Driver C,D,85.00%", "Driver Z,D,85.00%")
    with pytest.raises(InvalidInput) as refused:
        read_ownership_file(wrong.encode(), NAMES, 6)
    assert list(refused.value.messages) == ["ownership line 4"]
    assert "no driver 'Driver Z'" in str(refused.value)
    assert "entrant" not in str(refused.value)


def test_a_sum_is_near_where_the_field_takes_it() -> None:
    assert NEAR == TOLERANCE


def test_shares_of_roster_spots_are_left_for_the_field_to_scale() -> None:
    shares = "driver,own\n" + "".join(f"{i},{PERCENT[i] / 6}\n" for i in DRIVERS)
    assert sum(read_ownership_file(shares.encode(), NAMES, 6).values()) == pytest.approx(100)


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("driver,points\n11,5\n", "ownership", "ownership_percent (or Own%"),
        ("Own%,Salary\n11,5\n", "ownership", "the header lacks driver"),
        ("driver,own\n11,5\n11,6\n", "ownership line 3", "twice"),
        ("driver,own\n11,lots\n", "ownership line 2", "own 'lots'; give percent"),
        ("driver,own\n11,\n", "ownership line 2", "give percent"),
        ("driver,own\n11,-5%\n", "ownership line 2", "own '-5%'; give percent of entries, 0 to"),
        ("driver,own\n11,100.1\n", "ownership line 2", "own '100.1'; give percent of entries, 0"),
        ("driver,own\n11,50\n", "ownership", "the numbers of 1 driver sum to 50"),
        ("driver,own\n99,5\n", "ownership line 2", "no driver '99'"),
        (
            "driver,own\n" + "".join(f"{i},{PERCENT[i] / 100}\n" for i in DRIVERS),
            "ownership",
            "10 drivers sum to 6; percent of entries sum to 600, as a lineup has 6 drivers, or to "
            "100 as shares of roster spots, each within 2%. These are fractions: give percent",
        ),
        (
            "driver,own\n" + "".join(f"{i},{PERCENT[i]}\n" for i in list(DRIVERS)[:3]),
            "ownership",
            "3 drivers sum to 275; percent of entries sum to 600, as a lineup has 6 drivers, or to "
            "100 as shares of roster spots, each within 2%. 7 of the slate are not in the file "
            "(Driver D, Driver E, Driver F, Driver G, Driver H ..) and count as 0",
        ),
        (
            "driver,own\n" + "".join(f"{i},{PERCENT[i] / 2}\n" for i in DRIVERS),
            "ownership",
            "Scale the numbers",
        ),
    ],
)
def test_ownership_that_cannot_be_read_is_refused_saying_what_would_be_right(
    text: str, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_ownership_file(text.encode(), NAMES, 6)
    assert list(refused.value.messages) == [field]
    assert said in str(refused.value)


@pytest.fixture
def prepared(tmp_path: Path) -> Any:
    """The request that a run with these files would send to the API."""
    salaries = tmp_path / "DKSalaries_kansas.csv"
    lines = [f"D,{n} ({i}),{n},{i},D,8000,Test 400,Nasca,30" for i, n in DRIVERS.items()]
    salaries.write_text("\n".join([HEADER, *lines]), encoding="utf-8")

    def asking(contest: object = None, **more: Any) -> Prepared:
        path = None
        if contest is not None:
            path = tmp_path / "contest"
            text = contest if isinstance(contest, str) else json.dumps(contest)
            path.write_text(text, encoding="utf-8")
        options = RunOptions(salaries=salaries, out=tmp_path, track="kansas", contest=path, **more)
        return prepare(options)

    return asking


OWN = {"id": "a", "entries": 50, "entry_fee": 2, "tiers": [{"from": 1, "to": 5, "prize": 17}]}
DRAFTKINGS = {
    "contestDetail": {
        "contestKey": "77",
        "entryFee": 2.0,
        "maximumEntries": 50,
        "totalPayouts": 85.0,
        "payoutSummary": [
            {
                "minPosition": 1,
                "maxPosition": 5,
                "payoutDescriptions": [{"payoutDescription": "Seat", "value": 17.0}],
                "tierPayoutDescriptions": {"Ticket": "Seat"},
            }
        ],
    }
}
PAID = {
    "field_size": 50,
    "contest_buyin": 2.0,
    "payouts": [{"from": 1, "to": 5, "prize": 17.0}],
}


@pytest.mark.parametrize(
    ("contest", "contest_id", "note"),
    [
        ("Place,Payout,Field Size,Entry Fee\n1-5,$17.00,50,2\n", None, None),
        (OWN, None, None),
        ({"contests": [OWN, {**OWN, "id": "b", "entry_fee": 3}]}, "a", None),
        (
            DRAFTKINGS,
            None,
            "Prizes: the contest's own prizes, tickets counted as money: Seat at $17.00.",
        ),
        ([OWN, DRAFTKINGS], "a", None),
    ],
)
def test_prizes_are_read_from_every_kind_of_contest_file(
    prepared: Any, contest: object, contest_id: str | None, note: str | None
) -> None:
    asked = prepared(contest, contest_id=contest_id)
    assert asked.body["contest"] == PAID
    assert asked.note == note


def test_without_a_file_the_contest_is_the_one_given_or_the_default(prepared: Any) -> None:
    given = prepared(field_size=100, contest_buyin=0.0).body["contest"]
    assert given == {"field_size": 100, "contest_buyin": 0.0}
    assert prepared().body["contest"] == {"field_size": 10_000, "contest_buyin": 10.0}


def test_a_size_and_fee_equal_to_the_files_are_fine(prepared: Any) -> None:
    assert prepared(OWN, field_size=50, contest_buyin=2.0).body["contest"] == PAID


@pytest.mark.slow
def test_a_size_or_fee_that_is_not_the_files_is_refused(prepared: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        prepared({**OWN, "entries": 10_000}, field_size=500, contest_buyin=2.5)
    assert refused.value.messages == {
        "--field-size": ["500, but the payout file has 10,000; leave it out."],
        "--fee": ["2.5, but the payout file has 2; leave it out."],
    }
    with pytest.raises(InvalidInput, match="--fee: 0, but"):
        prepared(OWN, contest_buyin=0.0)


def test_a_ticket_is_worth_what_the_command_line_says(prepared: Any) -> None:
    asked = prepared([OWN, DRAFTKINGS], contest_id="77", tickets=("seat = 12.50",))
    assert asked.body["contest"]["payouts"] == [{"from": 1, "to": 5, "prize": 12.5}]
    assert "Seat at $12.50" in asked.note


@pytest.mark.parametrize(
    ("contest", "more", "field"),
    [
        ([OWN, DRAFTKINGS], {}, "contest_id"),
        (DRAFTKINGS, {"tickets": ("Seat",)}, "--ticket"),
        (DRAFTKINGS, {"tickets": ("=4",)}, "--ticket"),
        (DRAFTKINGS, {"tickets": ("Seat=lots",)}, "tickets 'Seat'"),
        (DRAFTKINGS, {"tickets": ("Other=4",)}, "tickets"),
        (None, {"tickets": ("Seat=4",)}, "--contest"),
        (None, {"contest_id": "7"}, "--contest"),
    ],
)
def test_a_contest_that_is_not_there_is_refused(
    prepared: Any, contest: object, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        prepared(contest, **more)
    assert list(refused.value.messages) == [field]


@pytest.mark.skipif(not SHARED.exists(), reason="the bench slate is not part of the project")
def test_the_bench_projections_hold_ownership() -> None:
    names = names_of(read_salaries((SHARED / "DKSalaries.csv").read_bytes()))
    owned = read_ownership_file((SHARED / "projections.csv").read_bytes(), names, 6)
    assert len(owned) == 38
    assert sum(owned.values()) == pytest.approx(600, abs=0.1)
