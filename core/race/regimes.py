"""Regimes of simulated races, by their laps led, incidents, cautions and passes."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Regime(IntEnum):
    """Kinds of race that call for different lineups. The numbers are stored: never reuse one."""

    NONE = 0
    DOMINATOR = 1
    CHAOS = 2
    FUEL_MILEAGE = 3


DOMINATOR_SHARE = 0.5  # of the laps, led by one driver
CHAOS_OUT_SHARE = 0.25  # of the cars, out of the race
CHAOS_CAUTIONS = 1.5  # times the usual number of cautions
CHAOS_OUT_WITH_CAUTIONS = 0.15  # of the cars, out of a race with that many cautions
FEW_CAUTIONS = 0.75  # times the usual number of cautions
# mean distance in positions from grid to finish of the cars still running, as a share of all cars
FEW_MOVED = 0.22


def classify_scenario_regime(
    start: npt.NDArray[np.uint8],
    finish: npt.NDArray[np.uint8],
    laps_led: npt.NDArray[np.uint16],
    running: npt.NDArray[np.bool_],
    cautions: npt.NDArray[np.uint8],
    *,
    race_laps: int,
    caution_rate: float,
) -> npt.NDArray[np.uint8]:
    """Regime of each race.

    A race is ``CHAOS`` when a quarter of the cars went out, or 15% of them and there were at least
    1.5 times the usual number of cautions. Else it is ``DOMINATOR`` when one driver led half the
    laps or more. Else it is ``FUEL_MILEAGE`` when cautions were few (at most 75% of the usual
    number) and so were passes (cars still running finished, on average, within 22% of the number of
    cars from where they started). Else it is ``NONE``. Points play no part.

    Parameters
    ----------
    start, finish, laps_led, running
        As in :class:`~core.race.scenarios.Scenarios`, ``[N, D]``; a finish of 0 is a driver who did
        not race.
    cautions
        Number of cautions, ``[N]``.
    race_laps
        Laps of the race.
    caution_rate
        Usual number of cautions at this kind of track. It is not the number that a user sets: a
        race simulated with few cautions is a race of few cautions.

    Returns
    -------
    :class:`Regime` as u8, ``[N]``.
    """
    raced = finish > 0
    cars = np.maximum(raced.sum(axis=1), 1)
    out_share = (raced & ~running).sum(axis=1) / cars
    led_share = laps_led.max(axis=1, initial=0) / race_laps
    moved = np.abs(start.astype(np.int16) - finish) * running
    share_moved = moved.sum(axis=1) / np.maximum(running.sum(axis=1), 1) / cars

    many = cautions >= CHAOS_CAUTIONS * caution_rate
    chaos = (out_share >= CHAOS_OUT_SHARE) | (many & (out_share >= CHAOS_OUT_WITH_CAUTIONS))
    dominated = led_share >= DOMINATOR_SHARE
    saved_fuel = (cautions <= FEW_CAUTIONS * caution_rate) & (share_moved <= FEW_MOVED)
    regime = np.select(
        [chaos, dominated, saved_fuel],
        [Regime.CHAOS, Regime.DOMINATOR, Regime.FUEL_MILEAGE],
        Regime.NONE,
    )
    return regime.astype(np.uint8)
