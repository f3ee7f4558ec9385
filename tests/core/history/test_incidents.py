import dataclasses

import numpy as np
import pytest

from core.errors import InvalidInput
from core.history import read_races, read_yellow_flags, skill_before
from core.history.learning.fit import NO_FLAGS
from core.history.learning.incidents import count_incidents, count_shared, flags_of
from core.slate.tracks import TrackType


@pytest.fixture
def road(made_up_data):
    races = [race for race in read_races(made_up_data) if race.track_type is TrackType.ROAD]
    flags = read_yellow_flags(made_up_data, {race.key: race.track_type for race in races})
    return races, flags


def test_cautions_and_accidents_are_counted(road):
    races, flags = road
    counted = count_incidents(races, np.ones(len(races)), flags, NO_FLAGS)
    cautions = np.array([race.cautions for race in races])
    assert counted["cautions_mean"].value == pytest.approx(cautions.mean())
    error = cautions.std(ddof=1) / len(races) ** 0.5
    assert counted["cautions_mean"].error == pytest.approx(error)
    assert counted["laps_per_caution"].value == pytest.approx(4.0)
    # of an accident of two cars, debris and an accident of one
    assert counted["cars_involved"].value == pytest.approx(1.5)
    assert counted["incident_share"].value == pytest.approx(2 / 3)


def test_a_race_counts_by_its_weight(road):
    races, flags = road
    weights = np.zeros(len(races))
    weights[-1] = weights[-2] = 1.0
    counted = count_incidents(races, weights, flags, NO_FLAGS)
    assert counted["cautions_mean"].value == np.mean([race.cautions for race in races[-2:]])


def test_cautions_not_counted_follow_from_the_laps_under_them(road):
    races, flags = road
    hidden = [dataclasses.replace(race, cautions=None) for race in races[:5]] + races[5:]
    weights = np.ones(len(races))
    assert (
        count_incidents(hidden, weights, flags, NO_FLAGS)["cautions_mean"]
        == count_incidents(races, weights, flags, NO_FLAGS)["cautions_mean"]
    )


def test_without_flags_accidents_are_what_is_said_of_them(road):
    races, _ = road
    counted = count_incidents(races, np.ones(len(races)), (), NO_FLAGS)
    assert {name: counted[name].value for name in NO_FLAGS} == NO_FLAGS


def test_too_few_counted_races_are_refused(road):
    races, flags = road
    hidden = [dataclasses.replace(race, cautions=None) for race in races[2:]] + races[:2]
    with pytest.raises(InvalidInput, match="known cautions"):
        count_incidents(hidden, np.ones(len(hidden)), flags, NO_FLAGS)


def test_flags_are_told_apart_by_kind_and_race(made_up_data):
    races = read_races(made_up_data)
    flags = read_yellow_flags(made_up_data, {race.key: race.track_type for race in races})
    by_kind = flags_of(flags, races[:8])
    assert {kind: len(found) for kind, found in by_kind.items()} == dict.fromkeys(TrackType, 8)
    assert {flag.race for flag in by_kind[TrackType.SHORT]} == {(2015, 3), (2016, 3)}


@pytest.mark.parametrize("what", ["teams", "makes"])
def test_a_shared_good_day_is_found(made_up_data, what):
    """Performances of which 20% of the variance is the team's, or the make's, are seen to be so."""
    rng = np.random.default_rng(5)
    cars = 36
    races = []
    for race in read_races(made_up_data) * 8:
        teams, makes = np.arange(cars) // 4, np.arange(cars) % 3
        if what == "makes":
            teams = np.arange(cars)
        shared = rng.standard_normal(cars)[teams if what == "teams" else makes]
        driven = 0.2**0.5 * shared + 0.8**0.5 * rng.standard_normal(cars)
        grid = rng.permutation(cars) + 1
        races.append(
            dataclasses.replace(
                race,
                drivers=tuple(f"Driver {i}" for i in range(cars)),
                teams=tuple(f"team {t}" for t in teams),
                makes=tuple(f"make {m}" for m in makes),
                start=grid,
                finish=grid,
                rating=80 + 20 * driven,
            )
        )
    skills = [np.random.default_rng(6).standard_normal(cars)] * len(races)
    found = count_shared(races, skills, np.ones(len(races)))
    name, other = ("team_share", "make_share") if what == "teams" else ("make_share", "team_share")
    assert found[name].value == pytest.approx(0.2, abs=0.06)
    assert found[other].value < 0.025


def test_cars_in_line_count_at_superspeedways_alone(made_up_data):
    races = read_races(made_up_data)
    skills = skill_before(races)
    for kind in TrackType:
        chosen = [i for i, race in enumerate(races) if race.track_type is kind]
        found = count_shared(
            [races[i] for i in chosen], [skills[i] for i in chosen], np.ones(len(chosen))
        )["pack_share"]
        assert (found.error > 0) is (kind is TrackType.SUPERSPEEDWAY)
