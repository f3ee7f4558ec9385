import csv
import shutil

import numpy as np
import pytest
from scipy.special import ndtri

from core.errors import InvalidInput
from core.history import read_races
from core.history.races import normal_scores, read_yellow_flags
from core.slate.tracks import TrackType


def copy(folder, to):
    for path in folder.iterdir():
        shutil.copy(path, to)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_races_are_read_the_oldest_first(made_up_data):
    races = read_races(made_up_data)
    assert [(race.season, race.round) for race in races] == [
        (season, number) for season in range(2015, 2026) for number in range(1, 5)
    ]
    assert [race.track_type for race in races[:4]] == list(TrackType)


def test_a_race_is_read_as_it_was_run(made_up_data):
    for race in read_races(made_up_data):
        assert sorted(race.finish) == sorted(race.start) == list(range(1, 15))
        assert race.laps_led.sum() == race.race_laps == 60
        assert (~race.running).sum() == 2
        assert race.rating[race.finish == 1] == [115]


def test_an_accident_names_its_cars_and_a_stage_break_is_none(made_up_data):
    flags = read_yellow_flags(made_up_data, {(2020, 2): TrackType.INTERMEDIATE})
    assert [(flag.stage_break, flag.cars) for flag in flags] == [
        (True, None),
        (False, 2),
        (False, None),
        (False, 1),
    ]


def test_an_absent_file_is_refused_by_name(tmp_path):
    with pytest.raises(InvalidInput, match=r"cup_results\.csv"):
        read_races(tmp_path)


def test_an_absent_column_is_refused_by_name(made_up_data, tmp_path):
    for name in ("cup_races.csv", "cup_results.csv", "loop_stats.csv"):
        text = (made_up_data / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("rating", "grade"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="rating"):
        read_races(tmp_path)


def test_drivers_stand_in_the_order_of_the_grid(made_up_data):
    for race in read_races(made_up_data):
        assert race.start.tolist() == list(range(1, 15))
        assert (np.diff(race.finish) != 1).any()


def test_loop_data_counts_where_there_is_any_and_the_official_count_elsewhere(
    made_up_data, tmp_path
):
    copy(made_up_data, tmp_path)
    rows = read(tmp_path / "cup_results.csv")
    rows[0].update(laps_led="7", laps_led_loop="9", finish_unofficial="3")
    rows[1].update(laps_led="5", laps_led_loop="", finish_unofficial="")
    write(tmp_path / "cup_results.csv", rows)
    race = read_races(tmp_path)[0]
    led = dict(zip(race.drivers, race.laps_led, strict=True))
    under_the_flag = dict(zip(race.drivers, race.flag_finish, strict=True))
    assert (led[rows[0]["driver"]], under_the_flag[rows[0]["driver"]]) == (9, 3)
    assert (led[rows[1]["driver"]], under_the_flag[rows[1]["driver"]]) == (5, 2)


def test_practice_is_the_mean_normal_score_over_sessions(made_up_data, tmp_path):
    copy(made_up_data, tmp_path)
    key = {"season": 2015, "round": 1}
    names = [f"Driver {i}" for i in range(9)]
    sessions = [
        {**key, "session": "one", "driver": name, "best_time": 30 + i, "con10_time": ""}
        for i, name in enumerate(names)
    ]
    # reversed, and with too few timed over ten laps to say anything
    sessions += [
        {
            **key,
            "session": "two",
            "driver": name,
            "best_time": 40 - i,
            "con10_time": 41 if i else "",
        }
        for i, name in enumerate(names[:8])
    ]
    for i in range(1, 8):
        sessions[9 + i]["con10_time"] = ""
    write(tmp_path / "practice.csv", sessions)
    race = read_races(tmp_path)[0]
    best = dict(zip(race.drivers, race.practice_best, strict=True))
    nine, eight = normal_scores(np.arange(9)), normal_scores(np.arange(8))
    assert best["Driver 0"] == pytest.approx((nine[0] + eight[7]) / 2)
    assert best["Driver 8"] == pytest.approx(nine[8])
    assert np.isnan(best["Driver 9"])
    assert np.isnan(race.practice_long).all()
    assert np.isnan(read_races(made_up_data)[0].practice_best).all()


def test_laps_not_announced_are_those_of_the_race_before_on_that_track(made_up_data, tmp_path):
    copy(made_up_data, tmp_path)
    rows = read(tmp_path / "cup_races.csv")
    rows[0].update(sched_laps="", actual_laps="57")
    rows[4].update(sched_laps="55")
    rows[8].update(sched_laps="")
    write(tmp_path / "cup_races.csv", rows)
    races = read_races(tmp_path)
    assert [races[place].scheduled_laps for place in (0, 4, 8, 9)] == [57, 55, 55, 60]


def test_laps_not_announced_on_a_new_track_are_the_usual_distance(made_up_data, tmp_path):
    copy(made_up_data, tmp_path)
    rows = read(tmp_path / "cup_races.csv")
    # three races of 60 laps of 1.5 miles before it; it was cut short
    rows[12].update(sched_laps="", actual_laps="31", track="Brand New", length_mi="2.0")
    write(tmp_path / "cup_races.csv", rows)
    assert read_races(tmp_path)[12].scheduled_laps == 45


def test_points_are_those_that_the_site_pays(real_data):
    paid = {
        (int(row["season"]), int(row["round"]), row["driver"]): float(row["dk_points"])
        for row in read(real_data / "cup_results.csv")
        if row["dk_points"] and int(row["season"]) >= 2020
    }
    for race in read_races(real_data):
        if race.season >= 2020:
            for driver, ticks in zip(race.drivers, race.points(), strict=True):
                assert ticks == round(20 * paid[race.season, race.round, driver])


def test_equal_times_share_their_score():
    scores = normal_scores(np.array([3.0, 1.0, 1.0, 9.0]))
    assert scores[1] == scores[2] > scores[0] > scores[3]
    # the score of the place halfway between the first and the second of four
    assert scores[1] == pytest.approx(-ndtri(0.25))


def test_every_real_race_has_one_grid_and_one_finish(real_data):
    races = read_races(real_data)
    assert len(races) == 295
    for race in races:
        field = np.arange(1, len(race.drivers) + 1)
        np.testing.assert_array_equal(np.sort(race.finish), field)
        np.testing.assert_array_equal(np.sort(race.start), field)
