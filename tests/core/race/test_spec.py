import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.race import (
    ConstraintSpec,
    DriverConstraints,
    TrackConstraints,
    load_priors,
)
from core.slate.drivers import Veto
from core.slate.tracks import TrackType

PRIORS = load_priors()[TrackType.SHORT]
TRACK = TrackConstraints(
    track_type=TrackType.SHORT,
    race_laps=300,
    difficulty=0.5,
    aggression_factor=1.0,
    caution_rate=8.0,
    pit_window_laps=80,
)

shares = st.floats(0, 1)
drivers = st.builds(
    DriverConstraints,
    driver_id=st.just("x"),
    skill=shares,
    aggression=shares,
    shadow_risk=shares,
    team=st.none() | st.text(max_size=8),
    manufacturer=st.none() | st.just("Ford"),
    starts_from_rear=st.booleans(),
    max_laps_led=st.none() | st.integers(200, 600),
    vetoes=st.sets(st.just(Veto.REAR_START)).map(frozenset),
)


def two(**first: object) -> ConstraintSpec:
    return ConstraintSpec(
        drivers=(DriverConstraints(driver_id="a", **first), DriverConstraints(driver_id="b")),
        track=TRACK,
        priors=PRIORS,
    )


@pytest.mark.slow
@given(st.lists(drivers, min_size=2, max_size=5))
def test_a_spec_survives_json_with_its_hash(parts):
    spec = ConstraintSpec(
        drivers=tuple(
            dataclasses.replace(driver, driver_id=f"driver {i}") for i, driver in enumerate(parts)
        ),
        track=TRACK,
        priors=PRIORS,
    )
    again = ConstraintSpec.from_json(spec.to_json())
    assert again == spec
    assert again.spec_hash == spec.spec_hash


def test_the_hash_is_the_sha256_of_sorted_compact_json():
    spec = two(vetoes=frozenset({Veto.REAR_START, Veto.MAY_NOT_WIN}))
    document = json.loads(spec.to_json())
    assert document["drivers"][0]["vetoes"] == ["may_not_win", "rear_start"]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert spec.spec_hash == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [{"skill": 0.6}, {"start_position": 1}, {"vetoes": frozenset({Veto.MAY_NOT_WIN})}],
)
def test_any_change_changes_the_hash(changed):
    assert two(**changed).spec_hash != two().spec_hash


def test_every_field_is_in_the_hash():
    spec = two()
    other = {
        "driver_id": "somebody",
        "skill": 0.61,
        "aggression": 0.61,
        "shadow_risk": 0.61,
        "tilt": 0.61,
        "team": "another",
        "manufacturer": "another",
        "start_position": 19,
        "starts_from_rear": True,
        "min_laps_led": 1,
        "max_laps_led": 299,
        "vetoes": frozenset({Veto.MAY_NOT_WIN}),
    }
    first, *others = spec.drivers
    assert set(other) == {part.name for part in dataclasses.fields(first)}
    hashes = {spec.spec_hash}
    for name, value in other.items():
        changed = dataclasses.replace(first, **{name: value})
        hashes.add(dataclasses.replace(spec, drivers=(changed, *others)).spec_hash)
    for part, numbers in (("track", spec.track), ("priors", spec.priors)):
        for field in dataclasses.fields(numbers):
            value = getattr(numbers, field.name)
            moved = (
                TrackType.ROAD if field.name == "track_type" else type(value)(value * 0.9 + 0.01)
            )
            if field.name in {"race_laps", "pit_window_laps"}:
                moved = value - 1
            elif field.name in {
                "cars_involved",
                "laps_per_caution",
                "short_lead_laps",
                "fastest_run",
            }:
                moved = value + 0.1
            changed = dataclasses.replace(numbers, **{field.name: moved})
            hashes.add(dataclasses.replace(spec, **{part: changed}).spec_hash)
    parts = len(other) + len(dataclasses.fields(spec.track)) + len(dataclasses.fields(spec.priors))
    assert len(hashes) == 1 + parts


def test_numbers_that_are_equal_hash_alike():
    one = two(skill=1, start_position=np.int64(3), tilt=-0.0, starts_from_rear=1)
    assert one.spec_hash == two(skill=1.0, start_position=3, starts_from_rear=True).spec_hash


def test_drivers_in_a_list_are_frozen_too():
    spec = two()
    assert dataclasses.replace(spec, drivers=list(spec.drivers)) == spec
    assert hash(dataclasses.replace(spec, drivers=list(spec.drivers))) == hash(spec)


@pytest.mark.parametrize(
    ("ahead", "behind", "field"),
    [
        ({"max_laps_led": 0}, {}, "max_laps_led"),
        ({}, {"min_laps_led": 300}, "min_laps_led"),
    ],
)
def test_a_first_lap_that_nobody_may_lead_is_refused(ahead, behind, field):
    first, second = two().drivers
    drivers = (
        dataclasses.replace(first, **ahead),
        dataclasses.replace(second, starts_from_rear=True, **behind),
    )
    with pytest.raises(InvalidInput, match="first") as refused:
        dataclasses.replace(two(), drivers=drivers)
    assert set(refused.value.messages) == {field}
    both = tuple(dataclasses.replace(d, starts_from_rear=True, max_laps_led=None) for d in drivers)
    dataclasses.replace(two(), drivers=both)


@pytest.mark.parametrize(
    ("name", "value"), [("lead_depth", 1e25), ("residual_sd", 1e308), ("short_lead_laps", 1e30)]
)
def test_priors_that_are_no_race_are_refused(name, value):
    with pytest.raises(InvalidInput, match=name):
        dataclasses.replace(two().priors, **{name: value})


def test_a_spec_cannot_be_changed():
    spec = two()
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.drivers[0].skill = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.track = TRACK


@pytest.mark.parametrize(
    ("given_fields", "field"),
    [
        ({"skill": 1.01}, "skill of a"),
        ({"skill": -0.01}, "skill of a"),
        ({"skill": math.nan}, "skill of a"),
        ({"aggression": math.inf}, "aggression of a"),
        ({"shadow_risk": 2.0}, "shadow_risk of a"),
        ({"start_position": 0}, "start_position of a"),
        ({"min_laps_led": 10, "max_laps_led": 9}, "min_laps_led of a"),
        ({"min_laps_led": -1}, "min_laps_led of a"),
        ({"min_laps_led": 1, "vetoes": frozenset({Veto.OUT})}, "min_laps_led of a"),
        ({"min_laps_led": 301}, "min_laps_led"),
        ({"skill": "0.5"}, "skill of a"),
        ({"skill": True}, "skill of a"),
        ({"max_laps_led": 10.5}, "max_laps_led of a"),
        ({"vetoes": frozenset({"slow"})}, "vetoes of a"),
    ],
)
def test_a_driver_that_cannot_be_is_refused_by_field(given_fields, field):
    with pytest.raises(InvalidInput) as refused:
        two(**given_fields)
    assert set(refused.value.messages) == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("race_laps", 19),
        ("race_laps", 601),
        ("difficulty", 1.5),
        ("aggression_factor", -1.0),
        ("caution_rate", math.nan),
        ("pit_window_laps", 4),
    ],
)
def test_a_track_that_cannot_be_is_refused_by_field(field, value):
    with pytest.raises(InvalidInput) as refused:
        dataclasses.replace(TRACK, **{field: value})
    assert set(refused.value.messages) == {field}


def test_rules_that_no_race_can_meet_together_are_refused():
    a, b = DriverConstraints(driver_id="a"), DriverConstraints(driver_id="b")
    no_win = frozenset({Veto.MAY_NOT_WIN})
    for drivers_given, field in (
        (
            (dataclasses.replace(a, vetoes=no_win), dataclasses.replace(b, max_laps_led=0)),
            "vetoes",
        ),
        (
            (dataclasses.replace(a, min_laps_led=200), dataclasses.replace(b, min_laps_led=101)),
            "min_laps_led",
        ),
        (
            (dataclasses.replace(a, max_laps_led=100), dataclasses.replace(b, max_laps_led=199)),
            "max_laps_led",
        ),
        (
            (dataclasses.replace(a, start_position=3), dataclasses.replace(b, start_position=3)),
            "start_position",
        ),
        ((a, a), "driver_id"),
        ((a, dataclasses.replace(b, vetoes=frozenset({Veto.OUT}))), "drivers"),
    ):
        with pytest.raises(InvalidInput) as refused:
            ConstraintSpec(drivers=drivers_given, track=TRACK, priors=PRIORS)
        assert field in refused.value.messages


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"drivers": 1}', "null"])
def test_text_that_is_no_spec_is_refused(text):
    with pytest.raises(InvalidInput):
        ConstraintSpec.from_json(text)


def test_a_spec_of_another_version_is_refused():
    document = json.loads(two().to_json())
    document["version"] = 0
    with pytest.raises(InvalidInput, match="version"):
        ConstraintSpec.from_json(json.dumps(document))
