"""From a slate to a constraint spec: fitted priors, what the slate says, the user's overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.race.constraints import SKILL_PER_SD, DriverConstraints, TrackConstraints
from core.race.priors import TrackPriors, load_priors
from core.race.spec import ConstraintSpec
from core.slate.drivers import Driver, Slate
from core.slate.tracks import Track, TrackType

# Least squares of the finish's normal score on both, ten real slates of 2023 and 2026 (367
# drivers): 0.52 (standard error 0.05) for salary, 0.01 (0.05) for AvgPointsPerGame, which adds
# next to nothing.
SALARY_WEIGHT, AVERAGE_WEIGHT = 0.52, 0.01

FUEL_MILES = 90.0  # what a full tank lasts
PIT_WINDOW_LAPS = (10, 120)  # tyres end a run earlier than fuel on the shortest tracks

Constraints = TypeVar("Constraints", DriverConstraints, TrackConstraints)


def _z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give standard scores; unknown (NaN) and all-equal values are the average."""
    known = values[np.isfinite(values)]
    if known.size < 2 or known.std() == 0:
        return np.zeros(values.shape)
    scores: npt.NDArray[np.float64] = np.nan_to_num((values - known.mean()) / known.std())
    return scores


def skill_from_slate(drivers: tuple[Driver, ...]) -> npt.NDArray[np.float64]:
    """Give each driver's skill, 0..1, as the site's salaries and averages imply it.

    0.5 is the field's average and 0.25 a standard deviation, cut at 0 and 1.
    """
    salary = np.array([driver.salary_usd for driver in drivers], dtype=np.float64)
    average = np.array(
        [np.nan if driver.average_points is None else driver.average_points for driver in drivers]
    )
    implied = _z(SALARY_WEIGHT * _z(salary) + AVERAGE_WEIGHT * _z(average))
    return np.clip(0.5 + SKILL_PER_SD * implied, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ConstraintCompiler:
    """Compiles slates to specs.

    Parameters
    ----------
    priors
        Fitted parameters by kind of track; the shipped ones where none are given.
    """

    priors: Mapping[TrackType, TrackPriors] = field(default_factory=load_priors)

    def compile(
        self,
        slate: Slate,
        track: Track | None = None,
        race_laps: int | None = None,
        *,
        driver_overrides: Mapping[str, Mapping[str, Any]] | None = None,
        track_overrides: Mapping[str, Any] | None = None,
    ) -> ConstraintSpec:
        """Give the spec of a slate's race.

        What the user put on the slate's drivers stands; what is absent comes from salary and
        average (skill), from the priors (cautions) or is neutral (aggression 0.5, shadow_risk 0).

        Parameters
        ----------
        slate
            Drivers and, unless ``track`` is given, the track.
        track
            Where the race is run.
        race_laps
            Its laps; the track's scheduled laps where not given.
        driver_overrides
            By driver id, fields of :class:`~core.race.constraints.DriverConstraints` to set.
        track_overrides
            Fields of :class:`~core.race.constraints.TrackConstraints` to set.

        Raises
        ------
        InvalidInput
            No track, an override of an unknown driver or field, or a number the spec refuses.
        """
        track = track or slate.track
        if track is None:
            raise InvalidInput({"track_id": "the slate names no track; give one."})
        priors = self.priors[track.track_type]
        drivers = {
            driver.driver_id: _driver(driver, float(skill))
            for driver, skill in zip(slate.drivers, skill_from_slate(slate.drivers), strict=True)
        }
        for driver_id, given in (driver_overrides or {}).items():
            if driver_id not in drivers:
                raise InvalidInput({f"drivers.{driver_id}": "is no driver of this slate."})
            drivers[driver_id] = _overridden(drivers[driver_id], given, f"drivers.{driver_id}.")
        shortest, longest = PIT_WINDOW_LAPS
        return ConstraintSpec(
            drivers=tuple(drivers.values()),
            track=_overridden(
                TrackConstraints(
                    track_type=track.track_type,
                    race_laps=track.race_laps if race_laps is None else race_laps,
                    difficulty=0.5,
                    aggression_factor=1.0,
                    caution_rate=priors.cautions_mean,
                    pit_window_laps=int(np.clip(FUEL_MILES / track.length_mi, shortest, longest)),
                ),
                track_overrides or {},
                "track.",
            ),
            priors=priors,
        )


def _driver(driver: Driver, implied_skill: float) -> DriverConstraints:
    return DriverConstraints(
        driver_id=driver.driver_id,
        skill=implied_skill if driver.skill is None else driver.skill,
        aggression=0.5 if driver.aggression is None else driver.aggression,
        shadow_risk=0.0 if driver.shadow_risk is None else driver.shadow_risk,
        team=driver.team,
        manufacturer=driver.manufacturer,
        start_position=driver.start_position,
        starts_from_rear=driver.starts_from_rear,
        min_laps_led=driver.min_laps_led,
        max_laps_led=driver.max_laps_led,
        vetoes=driver.vetoes,
    )


def _overridden(base: Constraints, given: Mapping[str, Any], where: str) -> Constraints:
    known = {part.name for part in fields(base)} - {"driver_id", "track_type"}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise InvalidInput(
            {f"{where}{name}": f"is no field; give {', '.join(sorted(known))}." for name in unknown}
        )
    return replace(base, **given)
