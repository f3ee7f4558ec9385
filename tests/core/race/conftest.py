"""Made-up fields of drivers for the race's tests."""

import numpy as np
import pytest

from core.race import ConstraintSpec, DriverConstraints, TrackConstraints, load_priors
from core.slate.tracks import TrackType

LAPS = {
    TrackType.SUPERSPEEDWAY: 200,
    TrackType.INTERMEDIATE: 267,
    TrackType.SHORT: 400,
    TrackType.ROAD: 90,
}


def make_field(
    *changes: dict[str, object],
    kind: TrackType = TrackType.INTERMEDIATE,
    drivers: int = 36,
    laps: int | None = None,
    **track: object,
) -> ConstraintSpec:
    """A race whose drivers' skill falls from the pole back; ``changes`` are to drivers 0, 1, .."""
    priors = load_priors()[kind]
    keys_by_driver = [
        {"driver_id": f"d{i}", "skill": float(skill), "start_position": i + 1, "team": f"t{i // 3}"}
        for i, skill in enumerate(np.linspace(0.95, 0.1, drivers))
    ]
    for driver, change in zip(keys_by_driver, changes, strict=False):
        driver.update(change)
    return ConstraintSpec(
        drivers=tuple(DriverConstraints(**driver) for driver in keys_by_driver),
        track=TrackConstraints(
            **{
                "track_type": kind,
                "race_laps": laps or LAPS[kind],
                "difficulty": 0.5,
                "aggression_factor": 1.0,
                "caution_rate": priors.cautions_mean,
                "pit_window_laps": 60,
                **track,
            }
        ),
        priors=priors,
    )


@pytest.fixture(scope="session")
def field():
    return make_field
