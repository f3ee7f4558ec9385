"""What kind of race it was, read off its components: laps led, incidents, cautions, passes."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Regime(IntEnum):
    """The kinds of race that call for different lineups; numbers are stored, never reuse one."""

    NONE = 0
    DOMINATOR = 1
    CHAOS = 2
    FUEL_MILEAGE = 3


DOMINATOR_SHARE = 0.5  # of the laps, led by one driver
CHAOS_OUT_SHARE = 0.25  # of the field, out of the race
CHAOS_CAUTIONS = 1.5  # times the cautions expected
CHAOS_OUT_WITH_CAUTIONS = 0.15  # of the field, where there are that many cautions too
FEW_CAUTIONS = 0.75  # times the cautions expected
FEW_MOVED = 0.22  # of the field's size: mean places from grid to finish of the cars still running


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
    """Say of each race which regime it was.

    A race is ``CHAOS`` when a quarter of the field went out, or 15% with half as many cautions
    again as expected; else ``DOMINATOR`` when one driver led half the laps or more; else
    ``FUEL_MILEAGE`` when cautions were few (at most 75% of those expected) and so were passes (cars
    still running ended on average within 22% of the field's size of where they started); else
    ``NONE``. Points play no part.

    Parameters
    ----------
    start, finish, laps_led, running
        ``[N, D]``; a finish of 0 is a driver who did not race.
    cautions
        ``[N]``.
    race_laps
        Laps of the race.
    caution_rate
        Cautions usual at this kind of track: a race for which few are asked is one of few cautions.

    Returns
    -------
    :class:`Regime` as u8, ``[N]``.
    """
    raced = finish > 0
    field = np.maximum(raced.sum(axis=1), 1)
    out_share = (raced & ~running).sum(axis=1) / field
    led_share = laps_led.max(axis=1, initial=0) / race_laps
    moved = np.abs(start.astype(np.int16) - finish) * running
    share_moved = moved.sum(axis=1) / np.maximum(running.sum(axis=1), 1) / field

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
