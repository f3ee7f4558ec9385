import csv
import json
from fractions import Fraction

import numpy as np
import pytest

from core.errors import InvalidInput
from core.sites import DRAFTKINGS_CLASSIC, FANDUEL, TICKS_PER_POINT, score


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_scored_as_published(rows, led):
    finished = [row for row in rows if row["finish"]]
    counts = [
        np.array([int(row[column]) for row in finished])
        for column in ("start", "finish", led, "fastest_laps")
    ]
    ticks = score(DRAFTKINGS_CLASSIC, *counts)
    published = [Fraction(row["dk_points"]) * TICKS_PER_POINT for row in finished]
    wrong = [row for row, mine, dk in zip(finished, ticks, published, strict=True) if mine != dk]
    assert wrong == []
    return len(finished)


def test_every_driver_of_every_slate_with_results_scores_what_draftkings_paid(shared):
    slates = [rows_of(path) for path in sorted((shared / "data" / "dk_slates").glob("*.csv"))]
    with_results = [rows for rows in slates if "finish" in rows[0]]
    assert len(with_results) == 10
    # no row is disputed: official finish and loop data's laps led give every published total
    assert sum(assert_scored_as_published(rows, "laps_led") for rows in with_results) == 367


def test_every_driver_of_every_race_since_2020_scores_to_the_tick(shared):
    rows = rows_of(shared / "data" / "cup_results.csv")
    since = [row for row in rows if int(row["season"]) >= 2020]
    assert assert_scored_as_published(since, "laps_led_loop") > 8_000


def test_the_scoring_table_is_the_one_verified_against_draftkings(shared):
    verified = json.loads((shared / "data" / "scoring.json").read_text(encoding="utf-8"))
    rules = verified["draftkings_nascar_classic"]
    paid = {str(place): points for place, points in enumerate(DRAFTKINGS_CLASSIC.finish_points, 1)}
    assert paid == rules["finish_points"]
    assert DRAFTKINGS_CLASSIC.finish_ticks(45)[41:].tolist() == [rules["finish_41_or_worse"]] * 5
    per_unit = (
        DRAFTKINGS_CLASSIC.ticks_per_position,
        DRAFTKINGS_CLASSIC.ticks_per_lap_led,
        DRAFTKINGS_CLASSIC.ticks_per_fastest_lap,
    )
    assert tuple(Fraction(ticks, TICKS_PER_POINT) for ticks in per_unit) == tuple(
        Fraction(str(rules[what]))
        for what in ("place_differential_per_position", "lap_led", "fastest_lap")
    )
    assert len(rules["roster"]["slots"]) == DRAFTKINGS_CLASSIC.roster_size
    assert rules["roster"]["salary_cap"] == DRAFTKINGS_CLASSIC.salary_cap_usd


@pytest.mark.parametrize(
    ("start", "finish", "led", "fastest", "points"),
    [
        (1, 1, 0, 0, 45),
        (10, 1, 100, 50, 45 + 9 + 25 + 22.5),
        (1, 40, 0, 0, 1 - 39),
        (40, 41, 0, 0, -1),
        (5, 10, 1, 1, 34 - 5 + 0.25 + 0.45),
        (12, 11, 0, 0, 32 + 1),
        (38, 0, 200, 90, 0),
    ],
)
def test_a_race_scores_place_places_gained_laps_led_and_fastest_laps(
    start, finish, led, fastest, points
):
    assert score(DRAFTKINGS_CLASSIC, start, finish, led, fastest) == round(points * 20)


def test_a_grid_for_all_races_is_spread_over_them():
    finish = np.array([[1, 2, 3], [3, 2, 1]], dtype=np.uint8)
    nothing = np.zeros_like(finish)
    ticks = score(DRAFTKINGS_CLASSIC, np.array([1, 2, 3], dtype=np.uint8), finish, nothing, nothing)
    assert ticks.dtype == np.int16
    # unsigned positions must not wrap where a driver falls back
    assert (ticks / 20).tolist() == [[45, 42, 41], [39, 42, 47]]


def test_every_race_scores_on_fanduel_as_recomputed_from_its_rules(shared):
    rows = [row for row in rows_of(shared / "data" / "cup_results.csv") if row["fd_points"]]
    counts = [
        np.array([int(row[column]) for row in rows]) for column in ("start", "finish", "laps_led")
    ]
    laps = np.array([int(row["laps"]) for row in rows])
    ticks = score(FANDUEL, *counts, 0, laps)
    known = [Fraction(row["fd_points"]) * TICKS_PER_POINT for row in rows]
    assert len(rows) > 11_000
    assert ticks.tolist() == known


def test_the_fanduel_rules_are_those_of_the_scoring_table(shared):
    table = json.loads((shared / "data" / "scoring.json").read_text(encoding="utf-8"))
    rules = table["fanduel_nascar"]
    paid = {str(place): points for place, points in enumerate(FANDUEL.finish_points, 1)}
    assert paid == rules["finish_points"]
    per_unit = (
        FANDUEL.ticks_per_position,
        FANDUEL.ticks_per_lap_led,
        FANDUEL.ticks_per_fastest_lap,
        FANDUEL.ticks_per_lap_completed,
    )
    assert tuple(Fraction(ticks, TICKS_PER_POINT) for ticks in per_unit) == tuple(
        Fraction(str(rules[what]))
        for what in ("place_differential_per_position", "lap_led", "fastest_lap", "lap_completed")
    )
    assert len(rules["roster"]["slots"]) == FANDUEL.roster_size
    assert rules["roster"]["salary_cap"] == FANDUEL.salary_cap_usd


@pytest.mark.parametrize(
    ("start", "finish", "led", "completed", "points"),
    [
        (1, 1, 0, 0, 43),
        (11, 1, 100, 267, 43 + 5 + 10 + 26.7),
        (2, 5, 0, 3, 36 - 1.5 + 0.3),
        (1, 40, 0, 9, 1 - 19.5 + 0.9),
        (5, 0, 10, 10, 0),
    ],
)
def test_a_race_scores_laps_completed_on_fanduel(start, finish, led, completed, points):
    assert score(FANDUEL, start, finish, led, 0, completed) == round(points * 20)


def test_a_fastest_lap_is_worth_nothing_on_fanduel_nor_a_completed_one_on_draftkings():
    assert score(FANDUEL, 1, 1, 0, 50, 0) == score(FANDUEL, 1, 1, 0, 0, 0)
    assert score(DRAFTKINGS_CLASSIC, 1, 1, 0, 0, 500) == score(DRAFTKINGS_CLASSIC, 1, 1, 0, 0)


def test_rules_that_pay_for_laps_completed_are_not_scored_without_them():
    with pytest.raises(InvalidInput, match="laps_completed"):
        score(FANDUEL, 1, 1, 0, 0)
