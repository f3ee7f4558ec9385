import dataclasses

import numpy as np

from core.history import read_races, skill_before


def test_before_the_first_race_nobody_is_known_to_be_better(made_up_data):
    assert not skill_before(read_races(made_up_data))[0].any()


def test_skill_comes_to_follow_the_results(made_up_data):
    races = read_races(made_up_data)
    last, skill = races[-1], skill_before(races)[-1]
    best = dict(zip(last.drivers, skill, strict=True))
    assert best["Driver 0"] > best["Driver 6"] > best["Driver 13"]


def test_nothing_of_the_race_itself_or_later_is_used(made_up_data):
    races = list(read_races(made_up_data))
    before = skill_before(races)
    for place in range(10, len(races)):
        upside_down = 200 - races[place].rating
        races[place] = dataclasses.replace(races[place], rating=upside_down)
    after = skill_before(races)
    for place in range(11):
        np.testing.assert_array_equal(before[place], after[place])
    assert (before[11] != after[11]).any()


def test_a_driver_never_rated_is_below_the_field(made_up_data):
    races = list(read_races(made_up_data))
    names = ("A Newcomer", *races[-1].drivers[1:])
    races[-1] = dataclasses.replace(races[-1], drivers=names)
    assert skill_before(races)[-1][0] < 0
