from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput
from core.field.estimators import FEATURES, OwnershipSlate, ownership_features
from core.slate import Driver, Slate, Veto, find_track
from tests.core.field.made_up_contests import made_up_slate

AT = {name: place for place, name in enumerate(FEATURES)}


def test_a_row_a_driver_with_ranks_and_distances_worked_out_over_those_who_race():
    slate = OwnershipSlate(
        names=tuple("abcdefgh"),
        salaries_usd=np.array([8, 7, 6, 5, 4, 3, 2, 20]) * 1_000.0,
        track_archetype="road_course",
        projected_points=np.array([40, 30, 20, 10, np.nan, 30, 30, 90.0]),
        racing=np.array([True] * 7 + [False]),
        entries=10_000,
        race_date="2030-01-01",
    )
    x = ownership_features(slate)
    np.testing.assert_allclose(x[:7, AT["salary"]], [3, 2, 1, 0, -1, -2, -3])
    np.testing.assert_allclose(x[[0, 3, 6], AT["salary_rank"]], [1, 0, -1])
    np.testing.assert_allclose(x[0, AT["points"]], 4 - 16 / 6)
    np.testing.assert_allclose(x[0, AT["points_rank"]], 1.0)
    assert x[1, AT["points_rank"]] == x[5, AT["points_rank"]]
    np.testing.assert_allclose(x[0, AT["value"]] - x[1, AT["value"]], 40 / 8 - 30 / 7)
    assert np.isnan(x[4, AT["points"]])
    assert np.isnan(x[:, AT["skill"]]).all()
    assert (x[:, AT["road_course"]] == 1).all()
    assert (x[:, AT["intermediate"]] == 0).all()
    assert (x[:, AT["log_entries"]] == 1.0).all()
    assert x[:, AT["racing"]].tolist() == [1] * 7 + [0]


def test_a_surplus_is_what_the_line_through_the_salaries_leaves():
    slate = made_up_slate(1)
    x = ownership_features(slate)
    salary, left = x[:, AT["salary"]], x[:, AT["points_surplus"]]
    assert abs(salary @ left) < 1e-9
    slope = np.polyfit(slate.salaries_usd, slate.projected_points, 1)
    np.testing.assert_allclose(
        10 * left, slate.projected_points - np.polyval(slope, slate.salaries_usd), atol=1e-9
    )


def test_a_projection_that_spreads_wider_says_more():
    slate = made_up_slate(1)
    wider = replace(slate, projected_points=2 * slate.projected_points)
    np.testing.assert_allclose(
        ownership_features(wider)[:, AT["points"]], 2 * ownership_features(slate)[:, AT["points"]]
    )


def test_a_driver_is_the_same_however_spelt():
    one = made_up_slate(1)
    names = ("DANIEL  Suárez", *one.names[1:])
    other = replace(one, names=("Daniel Suarez Jr.", *one.names[1:]))
    numbers = [
        ownership_features(replace(one, names=n))[0, AT["driver"]] for n in (names, other.names)
    ]
    assert numbers[0] == numbers[1] != ownership_features(one)[0, AT["driver"]]


def test_a_slate_of_drivers_gives_what_it_knows():
    drivers = tuple(
        Driver(str(i), f"D {i}", 9_000 - 100 * i, average_points=30.0 + i, start_position=i + 1)
        for i in range(8)
    )
    drivers = (
        replace(drivers[0], vetoes=frozenset({Veto.OUT}), ownership_percent=12.0),
        *drivers[1:],
    )
    seen = OwnershipSlate.of(Slate(drivers, track=find_track("bristol")), entries=400)
    assert seen.track_archetype == "short_track"
    assert not seen.racing[0]
    assert seen.racing[1:].all()
    assert seen.ownership_percent[0] == 12.0
    assert np.isnan(seen.projected_points).all()
    assert seen.average_points[3] == 33.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"track_archetype": "oval"}, "track_archetype"),
        ({"salaries_usd": np.full(16, np.nan)}, "salaries_usd"),
        ({"skill": np.ones(3)}, "skill"),
        ({"projected_points": np.full(16, np.inf)}, "projected_points"),
        ({"ownership_percent": np.full(16, 101.0)}, "ownership_percent"),
        ({"racing": np.arange(16) < 5}, "racing"),
        ({"entries": 0}, "entries"),
        ({"race_date": "in May"}, "race_date"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(changes, field):
    with pytest.raises(InvalidInput) as refused:
        made_up_slate(1, **changes)
    assert list(refused.value.messages) == [field]
