from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput
from core.field import standings_on
from core.sites.draftkings.standings import read_standings
from core.slate import Driver, Slate, Veto

HEADER = "Rank,EntryId,EntryName,TimeRemaining,Points,Lineup,,Player,Roster Position,%Drafted,FPTS"
FIELD = ("Ana Ruiz", "Bo D Lee", "Cy Oh Jr.", "D.J. Low", "Eve O'Ryan", "Fred Ng", "Gus Suárez")
SLATE = Slate(
    tuple(
        Driver(str(i), name, 9_000 - 500 * i)
        for i, name in enumerate(
            (
                "ANA RUIZ",
                "Bo  D Lee",
                "Cy Oh",
                "DJ Low",
                "Eve ORyan",
                "Fred Ng",
                "Gus Suarez",
                "Hal",
            )
        )
    )
)


def cell(*left_out):
    return " ".join(f"D {name}" for name in FIELD if name not in left_out)


def export(*rows, end="\r\n", mark="\ufeff"):
    return (mark + end.join([HEADER, *rows]) + end).encode()


ENTRIES = [
    f'1,11,"sharp, sally (1/2)",0,335.25003,{cell("Ana Ruiz")}',
    f"1,12,bob,0,335.25003,{cell('Ana Ruiz')}",
    f"3,13,carl,0,280.7,{cell('Gus Suárez')}",
    "4,14,dora,0,0,",
]
DRIVERS = [
    ",,Bo D Lee,D,75.00%,40.15",
    ",,Cy Oh Jr.,D,75.00%,-4.2",
    ",,D.J. Low,D,75%,61.850002",
    ",,Eve O'Ryan,D,75%,20",
    ",,Fred Ng,D,75%,20",
    ",,Gus Suárez,D,50%,20",
    ",,Ana Ruiz,D,25%,20",
]


def standings_rows():
    """The right block beside the left: more drivers than entries, so the left is short."""
    rows = []
    for place, driver in enumerate(DRIVERS):
        left = ENTRIES[place] if place < len(ENTRIES) else ",,,,,"
        rows.append(left + driver)
    return rows


def test_lineups_are_counted_with_their_copies_and_points_lose_their_float_noise():
    read = read_standings(export(*standings_rows()))
    assert (read.entries, read.empty_entries, read.finished) == (4, 1, True)
    assert read.copies == (2, 1)
    assert read.points_ticks == (6705, 5614)
    assert read.lineups[0] == tuple(sorted(set(FIELD) - {"Ana Ruiz"}))
    assert dict(zip(read.drivers, read.driver_ticks, strict=True))["D.J. Low"] == 1237


def test_names_meet_the_slates_whatever_their_accents_case_dots_suffix_and_spacing():
    on = standings_on(SLATE, read_standings(export(*standings_rows())))
    assert on.lineups.tolist() == [[1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5]]
    # three of four entries hold a lineup: shares are of those
    np.testing.assert_allclose(
        on.ownership_percent, [33.3333, 100, 100, 100, 100, 100, 66.6667, 0], atol=1e-3
    )
    assert on.points_ticks[3] == 1237


@pytest.mark.parametrize(("end", "mark"), [("\n", ""), ("\r\n", "\ufeff"), ("\n", "\ufeff")])
def test_line_ends_and_the_mark_do_not_matter(end, mark):
    assert read_standings(export(*standings_rows(), end=end, mark=mark)) == read_standings(
        export(*standings_rows())
    )


def test_a_right_block_shorter_than_the_left_may_end_with_its_rows_cut():
    more = [f"5,{20 + i},x{i},0,280.7,{cell('Gus Suárez')}" for i in range(6)]
    cut = read_standings(export(*standings_rows(), *more))
    padded = read_standings(export(*standings_rows(), *(f"{row},,,,," for row in more)))
    assert cut == padded
    assert cut.entries == 10
    assert cut.copies == (7, 2)


def test_nothing_of_who_entered_is_kept():
    read = read_standings(export(*standings_rows()))
    for who in ("sally", "bob", "carl", "dora"):
        assert who not in repr(read)
        assert who not in repr(standings_on(SLATE, read))


def test_windows_text_is_read_too():
    data = "\r\n".join([HEADER, *standings_rows()]).encode("cp1252")
    assert read_standings(data).drivers == read_standings(export(*standings_rows())).drivers


def test_drivers_who_account_for_part_of_the_rosters_leave_the_others_unknown():
    rows = standings_rows()
    part = [row.replace("Jr.,D,75.00%", "Jr.,D,25.00%") for row in rows]
    owned = standings_on(SLATE, read_standings(export(*part))).ownership_percent
    assert owned[2] == 25.0
    assert np.isnan(owned[7])


def drafted(*shares, out=False, slate=9):
    """Eight or nine drivers are owned; the export lists one for each share."""
    lineup = " ".join(f"D Driver {place}" for place in range(6))
    rows = [f",,Driver {place},D,{share}%,20" for place, share in enumerate(shares)]
    rows[0] = f"1,11,bob,0,120,{lineup}{rows[0]}"
    rows[1:] = [f",,,,,{row}" for row in rows[1:]]
    drivers = [Driver(str(i), f"Driver {i}", 5_000) for i in range(slate)]
    if out:
        drivers[8] = replace(drivers[8], vetoes=frozenset({Veto.OUT}))
    return standings_on(Slate(tuple(drivers)), read_standings(export(*rows))).ownership_percent


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([2 / 3] * 9, "9 drivers sum to 6; percent of entries sum to 600, as a lineup has 6"),
        ([2 / 3] * 9, "These are fractions: give percent, 100 times as much."),
        ([0.9] * 6, "These are fractions"),
        ([100 / 9] * 9, "These are shares of roster spots: give 6 times as much."),
        ([33.333] * 9, "sum to 299.997"),
        ([70.0] * 9, "sum to 630"),
        ([91.0] * 7, "sum to 637"),
        ([40.0] * 7, "The 2 of the slate who are not listed cannot make up the rest"),
    ],
)
def test_shares_that_do_not_make_up_the_rosters_are_refused_with_their_sum(shares, words):
    with pytest.raises(InvalidInput, match=r"standings column %Drafted: .*within 2%") as said:
        drafted(*shares)
    assert words in str(said.value)


@pytest.mark.parametrize("shares", [[66.0] * 9, [67.5] * 9, [60.0] * 7, [85.0] * 7])
def test_shares_that_make_up_the_rosters_about_or_with_the_unlisted_are_taken(shares):
    owned = drafted(*shares)
    assert owned[0] == shares[0]
    assert np.isnan(owned[8]) == (sum(shares) < 588)


def test_a_few_who_are_owned_by_little_are_no_fractions():
    assert drafted(1.5, 1.0, 1.0, 1.0, 1.0, 0.5, slate=14)[0] == 1.5
    with pytest.raises(InvalidInput, match="fractions"):
        drafted(0.9, 1.0, 1.0, 1.0, 1.0, 0.5, slate=14)
    with pytest.raises(InvalidInput, match="cannot make up the rest"):
        drafted(*[0.0] * 6)


def test_the_withdrawn_cannot_make_up_what_is_missing():
    assert np.isnan(drafted(*[60.0] * 7)[7])
    with pytest.raises(InvalidInput, match="The 1 of the slate who"):
        drafted(*[60.0] * 7, out=True)


def test_a_contest_without_a_lineup_is_refused():
    rows = ["1,11,bob,0,0,,,Ana Ruiz,D,0%,20"]
    with pytest.raises(InvalidInput, match="none of 1 entries has a lineup"):
        standings_on(SLATE, read_standings(export(*rows)))


def test_a_race_that_is_still_run_is_said_to_be():
    rows = standings_rows()
    rows[1] = rows[1].replace("bob,0,", "bob,57,")
    assert not read_standings(export(*rows)).finished


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (("%Drafted", "Drafted"), "standings", "lacks %Drafted"),
        (("335.25003", "many"), "standings line 2, column Points", "'many'; give points"),
        (("335.25003", "335.27"), "standings line 2, column Points", "give points such as 335.25"),
        (("75.00%", "175%"), "standings line 2, column %Drafted", "0 to 100"),
        (("40.15", ""), "standings line 2, column FPTS", "''; give points"),
        (("D Fred Ng D Gus Suárez", "D Fred Ng"), "standings line 2, column Lineup", "6 different"),
        (
            ("D Fred Ng D Gus", "D Gus Suárez D Gus"),
            "standings line 2, column Lineup",
            "6 different",
        ),
        ((",,Ana Ruiz,D", ",,Fred Ng,D"), "standings line 8, column Player", "twice"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_column(change, field, words):
    text = export(*standings_rows()).decode().replace(*change)
    with pytest.raises(InvalidInput) as refused:
        read_standings(text.encode())
    assert words in " ".join(refused.value.messages[field])


@pytest.mark.parametrize("data", [b"", b"a,b\r\n1,2\r\n", HEADER.encode(), b"\x00\x01"])
def test_other_files_are_refused(data):
    with pytest.raises(InvalidInput, match="standings"):
        read_standings(data)


def test_an_unclosed_quote_is_refused_with_its_line():
    data = export(*standings_rows()).decode().replace('"sharp, sally (1/2)"', '"sharp').encode()
    with pytest.raises(InvalidInput, match="standings line"):
        read_standings(data)


def test_a_contest_of_another_slate_is_refused_by_name():
    other = replace(SLATE, drivers=(*SLATE.drivers[:-2], Driver("9", "Ivy", 5_000)))
    with pytest.raises(InvalidInput, match="Gus Suárez"):
        standings_on(other, read_standings(export(*standings_rows())))
