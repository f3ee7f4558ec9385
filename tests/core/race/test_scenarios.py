import numpy as np
import pytest

from core.errors import InvalidInput
from core.race import Scenarios, concatenate, simulate_block
from core.sites import DRAFTKINGS_CLASSIC, FANDUEL


def test_scenarios_survive_as_plain_arrays(field):
    races, _ = simulate_block(field(), 1, 0, 20)
    again = Scenarios.from_arrays(races.arrays())
    for name, array in races.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])
    assert len(again) == 20
    assert again.drivers == 36


def test_the_arrays_have_the_types_that_everyone_reads(field):
    races, _ = simulate_block(field(), 1, 0, 20)
    types = {name: array.dtype.name for name, array in races.arrays().items()}
    assert types == {
        "finish": "uint8",
        "start": "uint8",
        "laps_led": "uint16",
        "fastest_laps": "uint16",
        "laps_completed": "uint16",
        "running": "bool",
        "regime": "uint8",
        "cautions": "uint8",
    }
    assert races.points(DRAFTKINGS_CLASSIC).dtype == np.int16


# 100 laps: the second driver crashes after 80 of them, the third does not race
ONE_RACE = Scenarios(
    finish=np.array([[1, 3, 0, 2]], dtype=np.uint8),
    start=np.array([[3, 1, 0, 2]], dtype=np.uint8),
    laps_led=np.array([[60, 40, 0, 0]], dtype=np.uint16),
    fastest_laps=np.array([[11, 20, 0, 30]], dtype=np.uint16),
    laps_completed=np.array([[100, 80, 0, 100]], dtype=np.uint16),
    running=np.array([[True, False, False, True]]),
    regime=np.zeros(1, dtype=np.uint8),
    cautions=np.zeros(1, dtype=np.uint8),
)


def test_a_race_is_scored_as_draftkings_would():
    points = ONE_RACE.points(DRAFTKINGS_CLASSIC) / 20
    # 45 + 2 places + 15 led + 4.95 fastest; 41 - 2 places + 10 + 9; does not race; 42 + 13.5
    assert points.tolist() == [[66.95, 58.0, 0.0, 55.5]]


def test_a_race_is_scored_as_fanduel_would():
    points = ONE_RACE.points(FANDUEL) / 20
    # 43 + 2 places at .5 + 6 led + 10 completed; 38 - 1 + 4 + 8; does not race; 40 + 10
    assert points.tolist() == [[60.0, 49.0, 0.0, 50.0]]


def test_an_absent_or_wrong_array_is_refused_by_name(field):
    arrays = simulate_block(field(), 1, 0, 20)[0].arrays()
    with pytest.raises(InvalidInput, match="laps_led"):
        Scenarios.from_arrays({name: a for name, a in arrays.items() if name != "laps_led"})
    with pytest.raises(InvalidInput, match="regime"):
        Scenarios.from_arrays({**arrays, "regime": arrays["regime"][:5]})
    with pytest.raises(InvalidInput, match="finish"):
        Scenarios.from_arrays({**arrays, "finish": arrays["finish"].astype(np.int64)})


def test_joined_scenarios_keep_their_order(field):
    races, _ = simulate_block(field(), 1, 0, 20)
    joined = concatenate([races.take(slice(0, 5)), races.take(slice(5, 20))])
    np.testing.assert_array_equal(joined.finish, races.finish)
    with pytest.raises(InvalidInput):
        concatenate([])
