"""What went wrong, counted: cautions, accidents, failures, changes of the lead."""

from collections.abc import Sequence

import numpy as np

from core.errors import InvalidInput
from core.history.races import PastRace, YellowFlag
from core.history.strength import Estimate
from core.race import STAGE_BREAKS


def _mean(values: Sequence[float]) -> Estimate:
    numbers = np.array(values, dtype=np.float64)
    return Estimate(float(numbers.mean()), float(numbers.std(ddof=1) / np.sqrt(len(numbers))))


def count_incidents(races: Sequence[PastRace], flags: Sequence[YellowFlag]) -> dict[str, Estimate]:
    """Count cautions, accidents and failures of one kind of track."""
    cautions = [float(race.cautions) for race in races if race.cautions is not None]
    if len(cautions) < 3:
        raise InvalidInput({"data_dir": "holds fewer than 3 races with known cautions of a kind."})
    mean = _mean(cautions)
    wild = np.array(cautions) - STAGE_BREAKS
    excess = float(wild.var(ddof=1) - wild.mean())
    shape = float(np.clip(wild.mean() ** 2 / excess, 0.5, 50.0)) if excess > 0 else 50.0
    unscheduled = [flag for flag in flags if not flag.stage_break]
    accidents = [flag.cars for flag in unscheduled if flag.cars is not None]
    share = _mean([float(flag.cars is not None) for flag in unscheduled])
    cars = _mean([float(count) for count in accidents])
    crashed = _mean([float(race.crashed.sum()) for race in races])
    gathered = (mean.value - STAGE_BREAKS) * share.value * cars.value
    return {
        "cautions_mean": mean,
        "cautions_shape": Estimate(shape, float("nan")),
        "laps_per_caution": _mean(
            [
                race.nongreen_laps / race.cautions
                for race in races
                if race.nongreen_laps is not None and race.cautions
            ]
        ),
        "incident_share": share,
        "cars_involved": cars,
        "involved_out": Estimate(min(1.0, crashed.value / gathered), crashed.error / gathered),
        "mechanical_rate": _mean([float((~race.running & ~race.crashed).mean()) for race in races]),
        "lead_change_laps": _mean(
            [
                (race.race_laps - (race.nongreen_laps or 0)) / race.lead_changes
                for race in races
                if race.lead_changes
            ]
        ),
    }
