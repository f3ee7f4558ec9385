import numpy as np
import pytest

from core.errors import InvalidInput
from core.history import read_races
from core.history.races import read_yellow_flags
from core.slate.tracks import TrackType


def test_races_are_read_the_oldest_first(made_up_data):
    races = read_races(made_up_data)
    assert [(race.season, race.round) for race in races] == [
        (season, number) for season in range(2020, 2026) for number in range(1, 5)
    ]
    assert [race.track_type for race in races[:4]] == list(TrackType)


def test_a_race_is_read_as_it_was_run(made_up_data):
    for race in read_races(made_up_data):
        assert sorted(race.finish) == sorted(race.start) == list(range(1, 15))
        assert race.laps_led.sum() == race.race_laps == 60
        assert (~race.running).sum() == 2
        assert race.crashed.sum() == 1
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


def test_every_real_race_has_one_grid_and_one_finish(real_data):
    races = read_races(real_data)
    assert len(races) == 295
    for race in races:
        field = np.arange(1, len(race.drivers) + 1)
        np.testing.assert_array_equal(np.sort(race.finish), field)
        np.testing.assert_array_equal(np.sort(race.start), field)
