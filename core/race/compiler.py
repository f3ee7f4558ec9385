"""Compiler from a slate to a constraint spec: fitted priors, the slate, the user's overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, Problem
from core.race.constraints import SKILL_PER_SD, DriverConstraints, TrackConstraints
from core.race.known import KnownDrivers, load_known_drivers
from core.race.priors import TrackPriors, load_priors
from core.race.spec import ConstraintSpec
from core.slate.drivers import Driver, Slate
from core.slate.tracks import Track, TrackType

# Weights of a driver's strength (from the races before) and salary in the normal score of the
# finish: a least-squares fit to both and the grid, over ten real slates of 2023 and 2026 (367
# drivers). Standard errors 0.11 and 0.10. The site's AvgPointsPerGame adds nothing (-0.07, 0.05).
STRENGTH_WEIGHT, SALARY_WEIGHT = 0.34, 0.12
LEAST_KNOWN = 5  # drivers of known strength, below which strengths are not used

FUEL_MILES = 90.0  # driven on a full tank
PIT_WINDOW_LAPS = (10, 120)  # tyres end a run earlier than fuel on the shortest tracks

Constraints = TypeVar("Constraints", DriverConstraints, TrackConstraints)


def _z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Standard scores; unknown values (NaN), and values that are all equal, get 0."""
    known = values[np.isfinite(values)]
    if known.size < 2 or known.std() == 0:
        return np.zeros(values.shape)
    scores: npt.NDArray[np.float64] = np.nan_to_num((values - known.mean()) / known.std())
    return scores


def skill_from_slate(
    drivers: tuple[Driver, ...], track_type: TrackType, known: KnownDrivers
) -> npt.NDArray[np.float64]:
    """Skill of each driver, 0..1, from past races and the site's salaries.

    A driver without past races gets the strength of newcomers to the team. Where the team is
    unknown too, it is the strength that the salary implies among the other drivers. Where fewer
    than five strengths are known, skill follows from salaries alone.

    Parameters
    ----------
    drivers
        Drivers of the slate.
    track_type
        Kind of track that they race on; strength differs between kinds.
    known
        Strengths from past races.

    Returns
    -------
    ``[D]``: 0.5 is the average of the slate's drivers, 0.25 is one standard deviation; cut at 0 and
    1.
    """
    salary = _z(np.array([driver.salary_usd for driver in drivers], dtype=np.float64))
    strength = np.full(len(drivers), np.nan)
    for i, driver in enumerate(drivers):
        known_driver = known.find(driver.name)
        if known_driver is not None:
            strength[i] = known_driver.strength[track_type]
        elif driver.team is not None and driver.team in known.newcomers:
            strength[i] = known.newcomers[driver.team][track_type]
    has_strength = np.isfinite(strength)
    if has_strength.sum() < LEAST_KNOWN:
        implied = salary
    else:
        line = np.column_stack([np.ones(len(salary)), salary])
        slope = np.linalg.lstsq(line[has_strength], strength[has_strength], rcond=None)[0]
        strength = np.where(has_strength, strength, line @ slope)
        implied = _z(STRENGTH_WEIGHT * _z(strength) + SALARY_WEIGHT * salary)
    return np.clip(0.5 + SKILL_PER_SD * implied, 0.0, 1.0)


def pit_window_laps(length_mi: float | None, race_laps: int) -> int:
    """Number of green laps that a tank, or on the shortest tracks a set of tyres, lasts.

    It is a quarter of the race where the length of a lap is unknown.
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
        Fitted parameters by kind of track; by default those that the project ships.
    known
        Drivers known from past races; by default those that the project ships.
    """

    priors: Mapping[TrackType, TrackPriors] = field(default_factory=load_priors)
    known: KnownDrivers = field(default_factory=load_known_drivers)

    def compile(
        self,
        slate: Slate,
        track: Track | None = None,
        race_laps: int | None = None,
        *,
        driver_overrides: Mapping[str, Mapping[str, Any]] | None = None,
        track_overrides: Mapping[str, Any] | None = None,
    ) -> ConstraintSpec:
        """Spec of a slate's race.

        What the slate holds of a driver is used as it is. What it does not hold comes from past
        races and salaries (skill), from past races (team and manufacturer) or from the priors
        (cautions), or is neutral (aggression 0.5, shadow_risk 0).

        Parameters
        ----------
        slate
            Drivers of the race.
        track
            Track of the race; the slate's by default.
        race_laps
            Laps of the race; the track's scheduled laps by default.
        driver_overrides
            By driver id, attributes of :class:`~core.race.constraints.DriverConstraints` to set.
        track_overrides
            Attributes of :class:`~core.race.constraints.TrackConstraints` to set.

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
        for driver_id, overrides in (driver_overrides or {}).items():
            if driver_id not in drivers:
                message = "is no driver of this slate."
                raise InvalidInput(Problem("driver_overrides", message, driver_id))
            drivers[driver_id] = _overridden(drivers[driver_id], overrides, driver_id)
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


def _overridden(base: Constraints, overrides: Mapping[str, Any], subject: str) -> Constraints:
    known = {part.name for part in fields(base)} - {"driver_id", "track_type"}
    unknown = sorted(overrides.keys() - known)
    if unknown:
        message = f"is no key here; give {', '.join(sorted(known))}."
        raise InvalidInput([Problem(name, message, subject) for name in unknown])
    return replace(base, **overrides)
