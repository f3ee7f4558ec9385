"""Drivers known from past races: the strength of each at each kind of track, and the team.

``axiomatic fit`` writes them to ``priors.json``. A driver not in it is taken to be as strong as
newcomers to the team are on average, or as newcomers to any team where the team is unknown too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from core.race.priors import priors_document
from core.slate.drivers import Slate
from core.slate.names import plain_name
from core.slate.tracks import TrackType

Strength = Mapping[TrackType, float]


@dataclass(frozen=True, slots=True)
class KnownDriver:
    """One driver, as of the last race that was fitted.

    Parameters
    ----------
    name
        Name, in one spelling for each person.
    team, manufacturer
        Team and manufacturer of the driver's last race.
    raced
        Date of that race, YYYY-MM-DD.
    races
        Number of races that the strength rests on; older ones count less than 1.
    strength
        Strength by kind of track, in normal scores of the finish: about -1 to 1.
    """

    name: str
    team: str
    manufacturer: str
    raced: str
    races: float
    strength: Strength


@dataclass(frozen=True, slots=True)
class KnownDrivers:
    """All known drivers, to look up by name; accents, case and ``Jr.`` do not matter.

    Parameters
    ----------
    drivers
        The drivers by plain name (:func:`~core.slate.names.plain_name`).
    newcomers
        Strength of a driver without past races, by team; under ``""``, in a team without any.
    """

    drivers: Mapping[str, KnownDriver]
    newcomers: Mapping[str, Strength]

    def find(self, name: str) -> KnownDriver | None:
        """Driver of this name, or ``None``."""
        return self.drivers.get(plain_name(name))

    def with_cars(self, slate: Slate) -> Slate:
        """The slate, with missing teams and manufacturers filled in for the known drivers."""
        return replace(
            slate,
            drivers=tuple(
                driver
                if (known := self.find(driver.name)) is None
                else replace(
                    driver,
                    team=driver.team or known.team,
                    manufacturer=driver.manufacturer or known.manufacturer,
                )
                for driver in slate.drivers
            ),
        )


@cache
def load_known_drivers() -> KnownDrivers:
    """Known drivers that the project ships."""
    return known_drivers(priors_document())


def known_drivers(document: Mapping[str, Any]) -> KnownDrivers:
    """Known drivers of a document: its ``drivers`` and ``newcomers``, as a fit writes them."""
    return KnownDrivers(
        drivers={
            plain_name(name): KnownDriver(
                name=name,
                team=entry["team"],
                manufacturer=entry["manufacturer"],
                raced=entry["raced"],
                races=entry["races"],
                strength=_by_kind(entry["strength"]),
            )
            for name, entry in document["drivers"].items()
        },
        newcomers={team: _by_kind(entry) for team, entry in document["newcomers"].items()},
    )


def _by_kind(entry: Mapping[str, float]) -> Strength:
    return {TrackType(kind): float(value) for kind, value in entry.items()}
