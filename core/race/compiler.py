"""From a slate to a constraint spec: fitted priors, what the slate says, the user's overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, Problem
from core.race.constraints import SKILL_PER_SD, DriverConstraints, TrackConstraints
from core.race.known import KnownField, load_known_field
from core.race.priors import TrackPriors, load_priors
from core.race.spec import ConstraintSpec
from core.slate.drivers import Driver, Slate
from core.slate.tracks import Track, TrackType

# Least squares of the finish's normal score on both, beside the grid, over ten real slates of 2023
# and 2026 (367 drivers), strengths from the races before: standard errors 0.11 and 0.10. The site's
# AvgPointsPerGame adds nothing to them (-0.07, 0.05).
STRENGTH_WEIGHT, SALARY_WEIGHT = 0.34, 0.12
LEAST_KNOWN = 5  # drivers known by name before their strengths say anything of the others

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


def skill_from_slate(
    drivers: tuple[Driver, ...], track_type: TrackType, known: KnownField
) -> npt.NDArray[np.float64]:
    """Give each driver's skill, 0..1, as past races and the site's salaries imply it.

    A driver whom no past race knows is as strong as the salary suggests among those who are known,
    and where hardly anybody is, salaries alone speak.

    Parameters
    ----------
    drivers
        Of the slate.
    track_type
        Where they race: strength differs by kind of track.
    known
        From past races.

    Returns
    -------
    ``[D]``: 0.5 is the field's average and 0.25 a standard deviation, cut at 0 and 1.
    """
    salary = _z(np.array([driver.salary_usd for driver in drivers], dtype=np.float64))
    strength = np.full(len(drivers), np.nan)
    for i, driver in enumerate(drivers):
        found = known.find(driver.name)
        if found is not None:
            strength[i] = found.strength[track_type]
        elif driver.team is not None and driver.team in known.newcomers:
            strength[i] = known.newcomers[driver.team][track_type]
    seen = np.isfinite(strength)
    if seen.sum() < LEAST_KNOWN:
        implied = salary
    else:
        line = np.column_stack([np.ones(len(salary)), salary])
        slope = np.linalg.lstsq(line[seen], strength[seen], rcond=None)[0]
        strength = np.where(seen, strength, line @ slope)
        implied = _z(STRENGTH_WEIGHT * _z(strength) + SALARY_WEIGHT * salary)
    return np.clip(0.5 + SKILL_PER_SD * implied, 0.0, 1.0)


def pit_window_laps(length_mi: float | None, race_laps: int) -> int:
    """Give the green laps that a tank, or on the shortest tracks a set of tyres, lasts.

    On a lap of unknown length, a quarter of the race.
    """
    shortest, longest = PIT_WINDOW_LAPS
    laps = race_laps / 4 if length_mi is None else FUEL_MILES / length_mi
    return int(np.clip(laps, shortest, longest))


@dataclass(frozen=True, slots=True)
class ConstraintCompiler:
    """Compiles slates to specs.

    Parameters
    ----------
    priors
        Fitted parameters by kind of track; the shipped ones where none are given.
    known
        Drivers known from past races; the shipped ones where none are given.
    """

    priors: Mapping[TrackType, TrackPriors] = field(default_factory=load_priors)
    known: KnownField = field(default_factory=load_known_field)

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

        What the user put on the slate's drivers stands; what is absent comes from past races and
        salaries (skill), from past races (team and manufacturer), from the priors (cautions) or is
        neutral (aggression 0.5, shadow_risk 0).

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
        slate = self.known.with_cars(slate)
        priors = self.priors[track.track_type]
        skills = skill_from_slate(slate.drivers, track.track_type, self.known)
        drivers = {
            driver.driver_id: _driver(driver, float(skill))
            for driver, skill in zip(slate.drivers, skills, strict=True)
        }
        for driver_id, given in (driver_overrides or {}).items():
            if driver_id not in drivers:
                message = "is no driver of this slate."
                raise InvalidInput(Problem("driver_overrides", message, driver_id))
            drivers[driver_id] = _overridden(drivers[driver_id], given, driver_id)
        return ConstraintSpec(
            drivers=tuple(drivers.values()),
            track=_overridden(
                TrackConstraints(
                    track_type=track.track_type,
                    race_laps=track.race_laps if race_laps is None else race_laps,
                    difficulty=0.5,
                    aggression_factor=1.0,
                    caution_rate=priors.cautions_mean,
                    pit_window_laps=pit_window_laps(track.length_mi, track.race_laps),
                ),
                track_overrides or {},
                "track",
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


def _overridden(base: Constraints, given: Mapping[str, Any], subject: str) -> Constraints:
    known = {part.name for part in fields(base)} - {"driver_id", "track_type"}
    unknown = sorted(given.keys() - known)
    if unknown:
        message = f"is no field; give {', '.join(sorted(known))}."
        raise InvalidInput([Problem(name, message, subject) for name in unknown])
    return replace(base, **given)
