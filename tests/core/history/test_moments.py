import dataclasses

import numpy as np
import pytest

from core.history import read_races, skill_before
from core.history.learning.moments import Moments, average, moments, replay, scatter_of_means
from core.race import load_priors


@pytest.fixture(scope="module")
def three(made_up_data):
    """A race of three cars: b wins from the back, a leads 30 of 40 laps and is third."""
    race = read_races(made_up_data)[0]
    return dataclasses.replace(
        race,
        drivers=("a", "b", "c"),
        start=np.array([1, 3, 2]),
        finish=np.array([3, 1, 2]),
        laps_led=np.array([30, 10, 0]),
        fastest_laps=np.array([6, 12, 2]),
        running=np.array([False, True, True]),
        cautions=4,
    )


def test_the_moments_of_a_race_are_those_one_reads_off_it(three):
    found = moments(np.array([1.0, 0.0, -1.0]), three)
    expected = {
        "skill_finish": 0.5,
        "start_finish": -1.0,
        "led_finish": np.corrcoef(np.sqrt([30, 10, 0]), [3, 1, 2])[0, 1],
        "top_led_share": 0.75,
        "top_led_square": 0.5625,
        "winner_led_share": 0.25,
        "pole_led_share": 0.75,
        "leaders": 2,
        "skill_led": 0.75,
        "top_fastest_share": 0.6,
        "leader_fastest_share": 0.3,
        "fastest_drivers": 1.0,
        "out_share": 1 / 3,
        "out_square": 1 / 9,
        "out_root": 3**-0.5,
        "pole_wins": 0.0,
        "cautions": 4.0,
    }
    assert set(expected) == set(Moments.__dataclass_fields__)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx([value]), name


def test_what_is_not_known_is_nan(three):
    unknown = dataclasses.replace(three, cautions=None, fastest_laps=np.zeros(3, dtype=int))
    found = moments(np.zeros(3), unknown)
    for name in ("cautions", "top_fastest_share", "leader_fastest_share", "fastest_drivers"):
        assert np.isnan(getattr(found, name)).all()
    assert found.skill_finish == [0.0]


def test_averages_weigh_races_and_leave_out_the_unknown(three):
    other = dataclasses.replace(three, laps_led=np.array([20, 20, 0]), cautions=None)
    each = [moments(np.zeros(3), race) for race in (three, other)]
    found = average(each, np.array([3.0, 1.0]))
    assert found.value["top_led_share"] == pytest.approx(0.75 * 0.75 + 0.25 * 0.5)
    assert found.value["cautions"] == 4.0
    assert np.isnan(found.error["cautions"])
    equal = average(each, np.ones(2))
    assert equal.error["top_led_share"] == pytest.approx(0.125)


def test_means_scatter_as_their_standard_errors_say_and_together(three):
    led = ([30, 10, 0], [20, 20, 0], [35, 5, 0])
    each = [
        moments(np.zeros(3), dataclasses.replace(three, laps_led=np.array(laps))) for laps in led
    ]
    names = ("top_led_share", "winner_led_share", "cautions")
    scatter = scatter_of_means(each, np.ones(3), names)
    errors = average(each, np.ones(3)).error
    np.testing.assert_allclose(np.sqrt(np.diag(scatter)), [errors[name] for name in names])
    # whoever led most of the rest won: the two shares sum to one
    assert scatter[0, 1] == pytest.approx(-scatter[0, 0])


def test_races_are_replayed_the_same_every_time(made_up_data):
    races = read_races(made_up_data)[-3:]
    skills = skill_before(read_races(made_up_data))[-3:]
    priors = load_priors()[races[0].track_type]
    one, two = (replay(races, skills, priors, 1, 40) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_equal(dataclasses.asdict(first), dataclasses.asdict(second))
    assert len(one[0].leaders) == 40
