"""What is known of a slate's drivers before the lock: the input of every ownership estimate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.slate import DRAFTKINGS_CLASSIC, Slate, TrackType

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ARCHETYPES = {
    "superspeedway": TrackType.SUPERSPEEDWAY,
    "intermediate": TrackType.INTERMEDIATE,
    "short_track": TrackType.SHORT,
    "road_course": TrackType.ROAD,
}
"""The kinds of track by their names in a request."""

MOST_ENTRIES = 10_000_000

_ARRAYS = ("projected_points", "skill", "start_position", "average_points", "ownership_percent")


def archetype_of(track_type: TrackType) -> str:
    """Name of a kind of track in a request."""
    return next(name for name, kind in ARCHETYPES.items() if kind is track_type)


@dataclass(frozen=True, eq=False)
class OwnershipSlate:
    """Drivers of one slate as entrants know them; in every array NaN is "not known".

    Parameters
    ----------
    names
        Names of the drivers, ``[D]``, in any spelling.
    salaries_usd
        Salary, ``[D]``, above 0.
    track_archetype
        ``superspeedway``, ``intermediate``, ``short_track`` or ``road_course``.
    projected_points
        Projected points, ``[D]``.
    skill
        Skill on any scale, ``[D]``; higher is better.
    start_position
        Position on the grid, 1 = pole, ``[D]``.
    average_points
        The site's average points before the race, ``[D]``.
    ownership_percent
        Ownership that is known already, percent of entries, 0..100, ``[D]``.
    racing
        Which drivers race, bool ``[D]``; all by default. The others are owned by nobody.
    roster_size, salary_cap_usd
        A legal lineup has this many drivers and costs at most this much.
    entries
        Number of entries of the contest: ownership differs between small and large ones.
    race_date
        YYYY-MM-DD.

    Raises
    ------
    InvalidInput
        Arrays of different lengths, fewer racing drivers than a roster holds, or a number outside
        its range.
    """

    names: tuple[str, ...]
    salaries_usd: Floats
    track_archetype: str
    projected_points: Floats = field(default_factory=lambda: np.empty(0))
    skill: Floats = field(default_factory=lambda: np.empty(0))
    start_position: Floats = field(default_factory=lambda: np.empty(0))
    average_points: Floats = field(default_factory=lambda: np.empty(0))
    ownership_percent: Floats = field(default_factory=lambda: np.empty(0))
    racing: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    roster_size: int = DRAFTKINGS_CLASSIC.roster_size
    salary_cap_usd: int = DRAFTKINGS_CLASSIC.salary_cap_usd
    entries: int | None = None
    race_date: str | None = None

    def __post_init__(self) -> None:
        drivers = len(self.names)
        object.__setattr__(self, "salaries_usd", np.asarray(self.salaries_usd, dtype=np.float64))
        for name in _ARRAYS:
            values = np.asarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values if values.size else np.full(drivers, np.nan))
        racing = np.asarray(self.racing, dtype=np.bool_)
        object.__setattr__(self, "racing", racing if racing.size else np.ones(drivers, np.bool_))
        problems = _lengths(self, drivers) or _numbers(self)
        if problems:
            raise InvalidInput(problems)

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(
        cls,
        slate: Slate,
        *,
        projected_points: npt.ArrayLike | None = None,
        skill: npt.ArrayLike | None = None,
        track_archetype: str | None = None,
        entries: int | None = None,
        race_date: str | None = None,
    ) -> "OwnershipSlate":
        """Drivers of a slate, with what the slate holds of them.

        ``projected_points`` and ``skill``, ``[D]``, replace those of the slate's drivers, and
        ``track_archetype`` that of its track.

        Raises
        ------
        InvalidInput
            There is neither a track nor ``track_archetype``; also as the class itself.
        """
        if track_archetype is None:
            if slate.track is None:
                raise InvalidInput({"track_id": "the slate names no track; give one."})
            track_archetype = archetype_of(slate.track.track_type)

        def numbers(values: Sequence[Any]) -> Floats:
            return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

        drivers = slate.drivers
        return cls(
            names=tuple(driver.name for driver in drivers),
            salaries_usd=slate.salaries_usd.astype(np.float64),
            track_archetype=track_archetype,
            projected_points=numbers([driver.projected_points for driver in drivers])
            if projected_points is None
            else np.asarray(projected_points, dtype=np.float64),
            skill=numbers([driver.skill for driver in drivers])
            if skill is None
            else np.asarray(skill, dtype=np.float64),
            start_position=numbers([driver.start_position for driver in drivers]),
            average_points=numbers([driver.average_points for driver in drivers]),
            ownership_percent=numbers([driver.ownership_percent for driver in drivers]),
            racing=np.array([not driver.out for driver in drivers], dtype=np.bool_),
            roster_size=slate.rules.roster_size,
            salary_cap_usd=slate.rules.salary_cap_usd,
            entries=entries,
            race_date=race_date,
        )


def _lengths(slate: OwnershipSlate, drivers: int) -> dict[str, str]:
    return {
        name: f"{getattr(slate, name).shape} for {drivers} drivers; give one number each."
        for name in ("salaries_usd", *_ARRAYS, "racing")
        if getattr(slate, name).shape != (drivers,)
    }


def _numbers(slate: OwnershipSlate) -> dict[str, str]:
    problems: dict[str, str] = {}
    if slate.track_archetype not in ARCHETYPES:
        problems["track_archetype"] = (
            f"{slate.track_archetype!r} is no kind of track; give {', '.join(ARCHETYPES)}."
        )
    if slate.roster_size < 1 or int(slate.racing.sum()) < slate.roster_size:
        problems["racing"] = (
            f"{int(slate.racing.sum())} drivers race; a roster holds {slate.roster_size}."
        )
    if not bool((np.isfinite(slate.salaries_usd) & (slate.salaries_usd > 0)).all()):
        problems["salaries_usd"] = "a salary is missing or not above 0; give USD."
    for name in _ARRAYS:
        if bool(np.isinf(getattr(slate, name)).any()):
            problems[name] = "an infinite number; give NaN where it is not known."
    known = slate.ownership_percent[slate.racing & np.isfinite(slate.ownership_percent)]
    if bool(((known < 0.0) | (known > 100.0)).any()):
        problems["ownership_percent"] = "a number outside 0 to 100; give percent of entries."
    if slate.entries is not None and not 1 <= slate.entries <= MOST_ENTRIES:
        problems["entries"] = f"{slate.entries}; give a number from 1 to {MOST_ENTRIES:,}."
    if slate.race_date is not None:
        try:
            date.fromisoformat(slate.race_date)
        except ValueError:
            problems["race_date"] = f"{slate.race_date!r} is no date; give YYYY-MM-DD."
    return problems
