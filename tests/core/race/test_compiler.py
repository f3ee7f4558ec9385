import dataclasses

import pytest

from core.errors import InvalidInput
from core.race import (
    ConstraintCompiler,
    KnownDriver,
    KnownDrivers,
    load_known_drivers,
    load_priors,
    skill_from_slate,
)
from core.slate.drivers import Driver, Slate, Veto
from core.slate.names import plain_name
from core.slate.tracks import TrackType, find_track

SALARIES = (11_000, 10_000, 9_000, 8_000, 7_000, 6_000, 5_000)


def slate(**first: object) -> Slate:
    drivers = [
        Driver(driver_id=str(i), name=f"Driver {i}", salary_usd=salary, average_points=salary / 250)
        for i, salary in enumerate(SALARIES)
    ]
    drivers[0] = dataclasses.replace(drivers[0], **first)
    return Slate(drivers=tuple(drivers), track=find_track("las_vegas"))


def known_drivers(**strengths: float) -> KnownDrivers:
    """Drivers known at short tracks alone; a new driver in team Blue has skill 0.4."""
    return KnownDrivers(
        drivers={
            plain_name(name): KnownDriver(
                name=name,
                team="Red",
                manufacturer="Ford",
                raced="2026-01-01",
                races=20.0,
                strength=dict.fromkeys(TrackType, 0.0) | {TrackType.SHORT: strength},
            )
            for name, strength in strengths.items()
        },
        newcomers={"Blue": dict.fromkeys(TrackType, 0.4)},
    )


def test_skill_follows_salaries_alone_where_nobody_is_known():
    skill = skill_from_slate(slate().drivers, TrackType.SHORT, known_drivers())
    assert all(skill[:-1] > skill[1:])
    assert skill[3] == 0.5
    assert skill[0] == pytest.approx(0.875)


def test_equal_salaries_of_unknown_drivers_are_equal_skill():
    drivers = tuple(dataclasses.replace(d, salary_usd=8_000) for d in slate().drivers)
    assert set(skill_from_slate(drivers, TrackType.SHORT, known_drivers())) == {0.5}


def test_what_past_races_know_outweighs_the_salary():
    names = [f"Driver {i}" for i in range(7)]
    upside_down = known_drivers(
        **dict(zip(names, (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6), strict=True))
    )
    short = skill_from_slate(slate().drivers, TrackType.SHORT, upside_down)
    assert all(short[:-1] < short[1:])
    # elsewhere they are all alike, so the salaries decide
    road = skill_from_slate(slate().drivers, TrackType.ROAD, upside_down)
    assert all(road[:-1] > road[1:])


def test_an_unknown_driver_is_as_strong_as_his_salary_says_among_the_known():
    known = known_drivers(**{f"Driver {i}": 0.6 - 0.2 * i for i in range(7) if i != 3})
    skill = skill_from_slate(slate().drivers, TrackType.SHORT, known)
    assert skill[2] > skill[3] > skill[4]
    assert skill[3] == pytest.approx(0.5, abs=0.01)


def test_a_newcomer_is_as_strong_as_the_team_s_newcomers():
    drivers = slate().drivers
    known = known_drivers(**{f"Driver {i}": -0.1 * i for i in range(6)})
    of_nobody = skill_from_slate(drivers, TrackType.SHORT, known)[6]
    in_blue = (*drivers[:6], dataclasses.replace(drivers[6], team="Blue"))
    assert skill_from_slate(in_blue, TrackType.SHORT, known)[6] > of_nobody + 0.1


def test_a_known_driver_brings_team_and_manufacturer_unless_the_slate_names_them():
    compiler = ConstraintCompiler(known=known_drivers(**{"Driver 0": 0.1, "Driver 1": 0.1}))
    spec = compiler.compile(slate(team="Green"))
    assert [(d.team, d.manufacturer) for d in spec.drivers[:3]] == [
        ("Green", "Ford"),
        ("Red", "Ford"),
        (None, None),
    ]


def test_a_slate_is_given_the_cars_that_are_known_and_keeps_its_own():
    known = known_drivers(**{"Driver 0": 0.1, "Driver 1": 0.1})
    given = slate(name="DRIVER 0", manufacturer="Toyota", start_position=3)
    filled = known.with_cars(given)
    assert [(d.team, d.manufacturer) for d in filled.drivers[:3]] == [
        ("Red", "Toyota"),
        ("Red", "Ford"),
        (None, None),
    ]
    # nothing else is touched, and the race is the same
    taken = [dataclasses.replace(d, team=None, manufacturer=None) for d in filled.drivers]
    assert taken == [dataclasses.replace(d, manufacturer=None) for d in given.drivers]
    compiler = ConstraintCompiler(known=known)
    assert compiler.compile(filled).spec_hash == compiler.compile(given).spec_hash
    assert known.with_cars(filled) == filled


def test_the_shipped_field_knows_drivers_however_they_are_spelt():
    known = load_known_drivers()
    suarez = known.find("daniel suarez")
    assert suarez is not None
    assert suarez is known.find("Daniel Su\u00e1rez")
    assert set(suarez.strength) == set(TrackType)
    assert known.find("Nobody Atall") is None


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
        ({"driver_overrides": {"99": {"skill": 0.5}}}, "driver_overrides of 99"),
        ({"driver_overrides": {"0": {"speed": 1}}}, "speed of 0"),
        ({"driver_overrides": {"0": {"driver_id": "1"}}}, "driver_id of 0"),
        ({"driver_overrides": {"0": {"skill": 3}}}, "skill of 0"),
        ({"track_overrides": {"banking": 31}}, "banking of track"),
        ({"race_laps": 5}, "race_laps"),
    ],
)
def test_an_override_that_cannot_be_is_refused_by_field(overrides, field):
    with pytest.raises(InvalidInput) as refused:
        ConstraintCompiler().compile(slate(), **overrides)
    assert set(refused.value.messages) == {field}


def test_a_slate_without_a_track_is_refused():
    with pytest.raises(InvalidInput, match="track_id"):
        ConstraintCompiler().compile(dataclasses.replace(slate(), track=None))


def test_there_are_priors_for_every_kind_of_track():
    assert set(load_priors()) == set(TrackType)
