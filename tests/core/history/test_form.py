import dataclasses

import numpy as np
import pytest

from core.history import read_races
from core.history.form import FEATURES, NEW_TEAM, FormBook, features_before, performance
from core.slate.tracks import TrackType


def feature(rows, name):
    return rows[:, FEATURES.index(name)]


def renamed(race, **names):
    """The race with the first of its drivers, teams or cars replaced by those in the lists."""
    return dataclasses.replace(
        race, **{what: (*new, *getattr(race, what)[len(new) :]) for what, new in names.items()}
    )


def test_before_the_first_race_everybody_is_a_newcomer(made_up_data):
    rows = features_before(read_races(made_up_data))[0]
    assert (feature(rows, "form") == NEW_TEAM).all()
    assert (feature(rows, "unproven") == 1.0).all()
    assert not rows[:, 5:].any()


def test_form_is_the_mean_of_ratings_drawn_towards_the_team(made_up_data):
    first, second = read_races(made_up_data)[:2]
    rows = features_before([first, second])[1]
    quality = dict(zip(first.drivers, performance(first), strict=True))
    teams = dict(zip(first.drivers, first.teams, strict=True))
    kept = 0.5 ** (1 / 20)
    for driver, form in zip(second.drivers, feature(rows, "form"), strict=True):
        mates = [quality[name] for name in quality if teams[name] == teams[driver]]
        of_team = (kept * sum(mates) + 6 * NEW_TEAM) / (kept * len(mates) + 6)
        assert form == pytest.approx((kept * quality[driver] + 4 * of_team) / (kept + 4))


def test_a_race_counts_half_after_twenty_more(made_up_data):
    races = read_races(made_up_data)
    other = [renamed(race, drivers=("Somebody",)) for race in races[1:21]]
    book = FormBook()
    book.learn(races[0])
    name = races[0].drivers[0]
    fresh = next(d for d in book.drivers() if d.driver == name)
    for race in other:
        book.learn(dataclasses.replace(race, drivers=tuple(f"x{n}" for n in race.drivers)))
    stale = next(d for d in book.drivers() if d.driver == name)
    assert fresh.races == pytest.approx(0.5 ** (1 / 20))
    assert stale.races == pytest.approx(fresh.races / 2)
    assert stale.error > 0


def test_performance_is_the_rating_in_deviations_of_the_field(made_up_data):
    race = read_races(made_up_data)[0]
    quality = performance(race)
    assert quality.mean() == pytest.approx(0.0)
    assert quality.std() == pytest.approx(1.0)
    unrated = dataclasses.replace(race, rating=np.full(len(race.drivers), np.nan))
    np.testing.assert_array_equal(np.argsort(-performance(unrated)), np.argsort(race.finish))


def test_form_at_a_kind_of_track_is_learnt_there_alone(made_up_data):
    races = read_races(made_up_data)
    book = FormBook()
    for race in races[:-1]:
        # driver 13 is the best on road courses and the worst elsewhere
        road = race.track_type is TrackType.ROAD
        rating = np.array(
            [
                200.0 if road and d == "Driver 13" else r
                for d, r in zip(race.drivers, race.rating, strict=True)
            ]
        )
        book.learn(dataclasses.replace(race, rating=rating))
    known = next(d for d in book.drivers() if d.driver == "Driver 13")
    here = FEATURES.index("here")
    assert known.features[TrackType.ROAD][here] > 0.3
    assert known.features[TrackType.SHORT][here] < 0.0


def test_a_new_driver_stands_where_newcomers_to_the_team_do(made_up_data):
    races = list(read_races(made_up_data))
    teams = dict(zip(races[-1].drivers, races[-1].teams, strict=True))
    best, worst = teams["Driver 0"], teams["Driver 13"]
    rookies = renamed(
        races[-1], drivers=("Rookie", "Novice"), teams=(best, worst), cars=("98", "99")
    )
    rows = features_before([*races[:-1], rookies])[-1]
    form = feature(rows, "form")
    assert form[0] > 0.3 > -0.3 > form[1]
    assert feature(rows, "car")[0] == pytest.approx(form[0])
    assert feature(rows, "unproven")[0] == 1.0


def test_practice_is_read_and_its_absence_is_the_average(made_up_data):
    races = list(read_races(made_up_data))
    best = np.full(len(races[-1].drivers), np.nan)
    best[2] = 1.5
    races[-1] = dataclasses.replace(races[-1], practice_best=best)
    rows = features_before(races)[-1]
    assert feature(rows, "practice_best").tolist() == [0, 0, 1.5] + [0] * 11


def test_nothing_of_the_race_itself_or_later_is_used(made_up_data):
    races = list(read_races(made_up_data))
    before = features_before(races)
    for place in range(30, len(races)):
        race = races[place]
        races[place] = dataclasses.replace(
            race, rating=200 - race.rating, finish=15 - race.finish, laps_led=race.laps_led[::-1]
        )
    after = features_before(races)
    for place in range(31):
        np.testing.assert_array_equal(before[place], after[place])
    assert (before[31] != after[31]).any()
