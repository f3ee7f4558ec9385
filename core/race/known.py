"""Drivers known from past races: how strong each is at each kind of track, and in whose car.

``priors.json`` holds them as ``axiomatic fit`` wrote them; a driver it does not know is as strong
as newcomers to the team are, or to any team.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from core.race.priors import priors_document
from core.slate.drivers import Slate
from core.slate.names import plain_name
from core.slate.tracks import TrackType

Strength = Mapping[TrackType, float]


@dataclass(frozen=True, slots=True)
class KnownDriver:
    """One driver after the last race of the fit.

    Parameters
    ----------
    name
        One spelling a person.
    team, manufacturer
        Of the last race.
    raced
        Its date.
    races
        Races the form rests on, the older ones counting less.
    strength
        By kind of track, in normal scores of the finish: about -1 to 1.
    """

    name: str
    team: str
    manufacturer: str
    raced: str
    races: float
    strength: Strength


@dataclass(frozen=True, slots=True)
class KnownField:
    """Everybody known; found by name, whatever its accents, case or ``Jr.``.

    Parameters
    ----------
    last_race
        Date of the last race learnt.
    drivers
        By the key of the name.
    newcomers
        Strength of a driver never seen, by team; under ``""`` of one in a team never seen.
    """

    last_race: str
    drivers: Mapping[str, KnownDriver]
    newcomers: Mapping[str, Strength]

    def find(self, name: str) -> KnownDriver | None:
        """Give the driver of this name, or ``None``."""
        return self.drivers.get(plain_name(name))

    def with_cars(self, slate: Slate) -> Slate:
        """Give the slate with the team and manufacturer of every driver known, if it lacks them."""
        return replace(
            slate,
            drivers=tuple(
                driver
                if (found := self.find(driver.name)) is None
                else replace(
                    driver,
                    team=driver.team or found.team,
                    manufacturer=driver.manufacturer or found.manufacturer,
                )
                for driver in slate.drivers
            ),
        )


@cache
def load_known_field() -> KnownField:
    """Give the drivers that the project ships."""
    document = priors_document()
    return KnownField(
        last_race=document["to"],
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
