import dataclasses

import pytest

from core.errors import InvalidInput
from core.race import ConstraintCompiler, load_priors, skill_from_slate
from core.slate.drivers import Driver, Slate, Veto
from core.slate.tracks import TrackType, find_track

SALARIES = (11_000, 10_000, 9_000, 8_000, 7_000, 6_000, 5_000)


def slate(**first: object) -> Slate:
    drivers = [
        Driver(driver_id=str(i), name=f"Driver {i}", salary_usd=salary, average_points=salary / 250)
        for i, salary in enumerate(SALARIES)
    ]
    drivers[0] = dataclasses.replace(drivers[0], **first)
    return Slate(drivers=tuple(drivers), track=find_track("las_vegas"))


def test_skill_follows_salary_and_average_around_one_half():
    skill = skill_from_slate(slate().drivers)
    assert all(skill[:-1] > skill[1:])
    assert skill[3] == 0.5
    assert skill[0] == pytest.approx(0.875)


def test_equal_salaries_without_averages_are_equal_skill():
    drivers = tuple(
        dataclasses.replace(driver, salary_usd=8_000, average_points=None)
        for driver in slate().drivers
    )
    assert set(skill_from_slate(drivers)) == {0.5}


def test_what_the_user_put_on_a_driver_stands():
    spec = ConstraintCompiler().compile(
        slate(
            skill=0.1,
            shadow_risk=0.3,
            team="Blue",
            start_position=4,
            max_laps_led=20,
            vetoes=frozenset({Veto.MAY_NOT_WIN}),
        )
    )
    first = spec.drivers[0]
    assert (first.skill, first.shadow_risk, first.team) == (0.1, 0.3, "Blue")
    assert (first.start_position, first.max_laps_led) == (4, 20)
    assert first.vetoes == {Veto.MAY_NOT_WIN}
    assert [driver.driver_id for driver in spec.drivers] == list("0123456")


def test_the_track_gives_laps_cautions_and_priors():
    spec = ConstraintCompiler().compile(slate())
    priors = load_priors()[TrackType.INTERMEDIATE]
    assert spec.track.race_laps == find_track("las_vegas").race_laps
    assert spec.track.caution_rate == priors.cautions_mean
    assert spec.track.pit_window_laps == 60  # 90 miles of fuel at 1.5 miles a lap
    assert spec.priors == priors
    road = ConstraintCompiler().compile(slate(), find_track("sonoma"), 80)
    assert road.track.race_laps == 80
    assert road.priors == load_priors()[TrackType.ROAD]


def test_overrides_come_last():
    spec = ConstraintCompiler().compile(
        slate(skill=0.1),
        driver_overrides={"0": {"skill": 0.9}, "1": {"aggression": 0.8}},
        track_overrides={"caution_rate": 11.0},
    )
    assert spec.drivers[0].skill == 0.9
    assert spec.drivers[1].aggression == 0.8
    assert spec.track.caution_rate == 11.0


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"driver_overrides": {"99": {"skill": 0.5}}}, "drivers.99"),
        ({"driver_overrides": {"0": {"speed": 1}}}, "drivers.0.speed"),
        ({"driver_overrides": {"0": {"driver_id": "1"}}}, "drivers.0.driver_id"),
        ({"driver_overrides": {"0": {"skill": 3}}}, "drivers.0.skill"),
        ({"track_overrides": {"banking": 31}}, "track.banking"),
        ({"race_laps": 5}, "race_laps"),
    ],
)
def test_an_override_that_cannot_be_is_refused_by_field(overrides, field):
    with pytest.raises(InvalidInput) as refused:
        ConstraintCompiler().compile(slate(), **overrides)
    assert set(refused.value.problems) == {field}


def test_a_slate_without_a_track_is_refused():
    with pytest.raises(InvalidInput, match="track_id"):
        ConstraintCompiler().compile(dataclasses.replace(slate(), track=None))


def test_there_are_priors_for_every_kind_of_track():
    assert set(load_priors()) == set(TrackType)
