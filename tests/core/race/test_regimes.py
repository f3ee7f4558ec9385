import numpy as np
import pytest

from core.race import Regime, classify_scenario_regime, generate_scenarios


def classify(*, led=30, out=0, cautions=8, moved=10):
    """One race of 20 cars and 100 laps, 8 cautions expected."""
    start = np.arange(1, 21, dtype=np.uint8)
    finish = np.roll(start, moved)
    laps_led = np.zeros(20, dtype=np.uint16)
    laps_led[:2] = led, 100 - led
    laps_led[2:4] = (100 - led) // 2
    laps_led[1] = 0
    running = np.arange(20) >= out
    (regime,) = classify_scenario_regime(
        start[None],
        finish[None],
        laps_led[None],
        running[None],
        np.array([cautions], dtype=np.uint8),
        race_laps=100,
        caution_rate=8.0,
    )
    return Regime(regime)


@pytest.mark.parametrize(
    ("race", "regime"),
    [
        ({}, Regime.NONE),
        ({"led": 49}, Regime.NONE),
        ({"led": 50}, Regime.DOMINATOR),
        ({"out": 5}, Regime.CHAOS),
        ({"out": 4}, Regime.NONE),
        ({"out": 3, "cautions": 12}, Regime.CHAOS),
        ({"out": 2, "cautions": 12}, Regime.NONE),
        ({"cautions": 4, "moved": 1}, Regime.FUEL_MILEAGE),
        ({"cautions": 6, "moved": 2}, Regime.FUEL_MILEAGE),
        ({"cautions": 6, "moved": 3}, Regime.NONE),
        ({"cautions": 7, "moved": 2}, Regime.NONE),
        ({"out": 5, "led": 80}, Regime.CHAOS),
        ({"cautions": 4, "moved": 1, "led": 80}, Regime.DOMINATOR),
    ],
)
def test_a_regime_is_read_off_the_race(race, regime):
    assert classify(**race) is regime


def test_the_scenarios_carry_their_regime(field):
    spec = field(caution_rate=6.0)
    races, _ = generate_scenarios(spec, 2_000, 1)
    again = classify_scenario_regime(
        races.start,
        races.finish,
        races.laps_led,
        races.running,
        races.cautions,
        race_laps=spec.track.race_laps,
        caution_rate=spec.priors.cautions_mean,
    )
    np.testing.assert_array_equal(races.regime, again)
    assert set(np.unique(races.regime)) == set(Regime)
