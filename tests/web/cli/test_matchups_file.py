"""Prices of pairs as players have them: a table, or lines pasted from a bookmaker's page."""

import pytest

from core.errors import InvalidInput
from core.slate import Driver, Slate
from web.cli.driver_names import names_of
from web.cli.matchups_file import read_matchups_file

NAMES = names_of(
    Slate(
        tuple(
            Driver(driver_id=driver_id, name=name, salary_usd=8_000)
            for driver_id, name in (
                ("11", "Kyle Larson"),
                ("12", "Kyle Busch"),
                ("13", "Ricky Stenhouse Jr."),
                ("14", "Shane Van Gisbergen"),
                ("15", "Austin Dillon"),
                ("16", "Ty Dillon"),
            )
        )
    )
)


def read(text: str) -> list[dict[str, object]]:
    return read_matchups_file(text.encode(), NAMES)


def refused(text: str) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as error:
        read(text)
    return {
        f"{problem.key} {problem.at}" if problem.at else problem.key: [problem.message]
        for problem in error.value.problems
    }


def test_a_table_is_read_with_drivers_by_name_or_id_and_any_kind_of_price() -> None:
    text = (
        "driver_a,driver_b,odds_a,odds_b,taken\n"
        "Kyle Larson,12,-125,+105,closing\n"
        'ricky stenhouse,"Van Gisbergen",1.85,,\n'
    )
    assert read(text) == [
        {"driver_a": "11", "driver_b": "12", "odds_a": 1.8, "odds_b": 2.05, "taken": "closing"},
        {"driver_a": "13", "driver_b": "14", "odds_a": 1.85, "odds_b": None},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Kyle Larson -125 vs Kyle Busch +105",
        "Kyle Larson (-125) v. Kyle Busch (+105)",
        "Larson -125 versus Kyle Busch 2.05",
        "  11: -125 VS 12: +105  ",
        "Kyle Larson; -125 vs Kyle Busch; +105;",
        "Kyle Larson \N{MINUS SIGN}125 vs Kyle Busch +105",
    ],
)
def test_a_pasted_line_is_a_matchup(line: str) -> None:
    assert read(f"\n{line}\n") == [
        {"driver_a": "11", "driver_b": "12", "odds_a": 1.8, "odds_b": 2.05}
    ]


def test_one_side_may_have_no_price() -> None:
    assert read("Kyle Larson vs Kyle Busch even") == [
        {"driver_a": "11", "driver_b": "12", "odds_a": None, "odds_b": 2.0}
    ]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("Kyle Larson -125, Kyle Busch +105", "matchups line 1", "is no matchup"),
        ("Kyle Larson -125 vs Nobody +105", "matchups line 1", "no driver 'Nobody'"),
        ("Kyle Larson -125 vs Dillon +105", "matchups line 1", "no driver 'Dillon'"),
        ("\nKyle Larson -25 vs Kyle Busch +105", "matchups line 2", "odds_a '-25'"),
        ("driver_a,driver_b,odds_a\n11,12,2.0", "matchups", "lacks odds_b"),
        ("driver_a,driver_a,driver_b,odds_a,odds_b\n1,1,2,2,2", "matchups", "a column twice"),
        (
            "driver_a,driver_b,odds_a,odds_b,taken\n11,12,2.0,1.8,late",
            "matchups line 2",
            "taken 'late'; give early or closing",
        ),
        ("", "matchups", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_value(
    text: str, where: str, words: str
) -> None:
    problems = refused(text)
    assert list(problems) == [where]
    assert words in problems[where][0]
