"""The constraint spec: everything that a simulated race depends on, frozen, versioned and hashed.

Two runs with the same spec hash and the same seed give the same bits.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InvalidInput
from core.race.constraints import DriverConstraints, TrackConstraints
from core.race.priors import TrackPriors
from core.slate.drivers import MAX_DRIVERS
from core.slate.tracks import TrackType

SPEC_VERSION = 2


@dataclass(frozen=True, slots=True)
class ConstraintSpec:
    """Everything that one simulated race depends on.

    Parameters
    ----------
    drivers
        The drivers in the order of the slate, index 0..D-1.
    track
        Track and race length.
    priors
        Fitted parameters of the race model at this kind of track.
    version
        Version of what a spec means; every other version is refused.

    Raises
    ------
    InvalidInput
        No driver may win, minimum laps led sum to more than the race's laps or maximums to less,
        nobody may lead the first lap, two drivers have one grid spot or one id, fewer than two
        drivers race or there are more than 50.
    """

    drivers: tuple[DriverConstraints, ...]
    track: TrackConstraints
    priors: TrackPriors
    version: int = SPEC_VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "drivers", tuple(self.drivers))
        problems: dict[str, str] = {}
        racing = [driver for driver in self.drivers if not driver.out]
        laps = self.track.race_laps
        if self.version != SPEC_VERSION:
            problems["version"] = f"{self.version} is not {SPEC_VERSION}; compile the spec again."
        if len(racing) < 2 or len(self.drivers) > MAX_DRIVERS:
            problems["drivers"] = (
                f"{len(racing)} of {len(self.drivers)} race; give 2 racing to {MAX_DRIVERS} in all."
            )
        if len({driver.driver_id for driver in self.drivers}) < len(self.drivers):
            problems["driver_id"] = "two drivers have the same; give each his own."
        known = [d.start_position for d in racing if d.start_position is not None]
        if len(set(known)) < len(known):
            problems["start_position"] = "two drivers have the same; give each his own."
        if racing and not any(driver.may_win for driver in racing):
            problems["vetoes"] = "every racing driver is vetoed from winning; free at least one."
        least = sum(driver.min_laps_led or 0 for driver in racing)
        if least > laps:
            problems["min_laps_led"] = (
                f"minimums sum to {least}, above the race's {laps} laps; lower them."
            )
        losers = sum(driver.min_laps_led or 0 for driver in racing if not driver.may_win)
        if losers > laps - 1:
            problems["min_laps_led"] = (
                f"minimums of drivers who may not win sum to {losers}, but the winner leads the "
                f"last of the {laps} laps; lower them."
            )
        most = sum(laps if d.max_laps_led is None else d.max_laps_led for d in racing)
        if racing and most < laps:
            problems["max_laps_led"] = (
                f"maximums sum to {most}, below the race's {laps} laps; raise them."
            )
        problems |= _first_lap_problems(racing, laps)
        if problems:
            raise InvalidInput(problems)

    def __len__(self) -> int:
        return len(self.drivers)

    @property
    def racing(self) -> tuple[int, ...]:
        """Indices of the drivers who race, ascending."""
        return tuple(i for i, driver in enumerate(self.drivers) if not driver.out)

    def to_json(self) -> str:
        """The spec as canonical JSON: sorted keys, no spaces, shortest exact numbers."""
        document = asdict(self)
        for driver in document["drivers"]:
            driver["vetoes"] = sorted(driver["vetoes"])
        return canonical_json(document)

    @classmethod
    def from_json(cls, text: str) -> "ConstraintSpec":
        """The spec rebuilt: ``from_json(spec.to_json()) == spec``.

        Raises
        ------
        InvalidInput
            ``text`` is no spec, or one that the class refuses.
        """
        try:
            document = json.loads(text)
            return cls(
                drivers=tuple(DriverConstraints(**driver) for driver in document["drivers"]),
                track=TrackConstraints(
                    **{
                        **document["track"],
                        "track_type": TrackType(document["track"]["track_type"]),
                    }
                ),
                priors=TrackPriors.from_mapping(document["priors"]),
                version=document["version"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput({"spec": f"is no constraint spec ({error})."}) from error

    @property
    def spec_hash(self) -> str:
        """SHA-256 of :meth:`to_json`, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _first_lap_problems(racing: list[DriverConstraints], laps: int) -> dict[str, str]:
    """Why nobody may lead the first lap, if so. Cars from the rear lead it if all start there."""
    ahead = [driver for driver in racing if not driver.races_from_rear]
    if not ahead or len(ahead) == len(racing):
        return {}
    if all(driver.max_laps_led == 0 for driver in ahead):
        return {
            "max_laps_led": "is 0 for every driver who does not start from the rear, but one of "
            "these leads the first lap; raise one."
        }
    owed = sum(driver.min_laps_led or 0 for driver in racing if driver.races_from_rear)
    if owed > laps - 1:
        return {
            "min_laps_led": f"minimums of drivers who start from the rear sum to {owed}, but "
            f"another driver leads the first of the {laps} laps; lower them."
        }
    return {}


def canonical_json(document: Any) -> str:
    """The one JSON text of a document: sorted keys, no spaces, no NaN."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )
