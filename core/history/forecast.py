"""The spec that a forecast of a past race simulates, from what was known before its start."""

from collections.abc import Mapping

from core.history.races import PastRace
from core.history.strength import Skill
from core.race import (
    SKILL_PER_SD,
    ConstraintSpec,
    DriverConstraints,
    TrackConstraints,
    TrackPriors,
)
from core.race.compiler import pit_window_laps
from core.slate.tracks import TrackType

Priors = Mapping[TrackType, TrackPriors]


def spec_of(race: PastRace, skill: Skill, priors: TrackPriors) -> ConstraintSpec:
    """Spec of a past race from what was known before it.

    Parameters
    ----------
    race
        Its drivers, cars, grid and announced laps are read, nothing else.
    skill
        ``[D]``, standard deviations above the race's drivers.
    priors
        Parameters of its kind of track, fitted to races before it.
    """
    return ConstraintSpec(
        drivers=tuple(
            DriverConstraints(
                driver_id=name,
                skill=0.5 + SKILL_PER_SD * float(z),
                team=team,
                manufacturer=make,
                start_position=int(spot),
            )
            for name, z, spot, team, make in zip(
                race.drivers, skill, race.start, race.teams, race.makes, strict=True
            )
        ),
        track=TrackConstraints(
            track_type=race.track_type,
            race_laps=race.scheduled_laps,
            difficulty=0.5,
            aggression_factor=1.0,
            caution_rate=priors.cautions_mean,
            pit_window_laps=pit_window_laps(race.length_mi, race.scheduled_laps),
        ),
        priors=priors,
    )
