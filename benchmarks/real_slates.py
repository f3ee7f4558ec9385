"""Real slates as a user had them before the lock, read from a folder of published facts.

The folder holds ``dk_slate_index.csv``, ``dk_slates/`` (salaries, and where known starts),
``dk_slate_starts.csv`` (starts of other slates) and the past races that :mod:`core.history` reads.
Of these only races before a slate's day are used.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core.history import PastRace, fit_document, read_races
from core.history.learning.parameters_file import driver_documents
from core.race import ConstraintCompiler, KnownDrivers, TrackPriors, load_priors
from core.race.known import known_drivers
from core.race.priors import priors_document
from core.slate import TICKS_PER_POINT, Driver, Slate, find_track, plain_name
from core.slate.tracks import TrackType

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class RealSlate:
    """A slate, and what the model knew before its day.

    Parameters
    ----------
    slate_id, day
        Its name in the folder, which begins with its day, YYYY-MM-DD.
    slate
        Drivers in the order of the slate's file, which are their ids; with the grid where known.
    compiler
        The race model as fitted to races before that day.
    """

    slate_id: str
    day: str
    slate: Slate
    compiler: ConstraintCompiler


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _races(data: Path) -> tuple[PastRace, ...]:
    return tuple(sorted(read_races(data), key=lambda race: (race.date, race.key)))


def _before(data: Path, day: str) -> list[PastRace]:
    return [race for race in _races(data) if race.date < day]


@cache
def compiler_before(data: Path, day: str) -> ConstraintCompiler:
    """The race model as it would have been fitted on the day before.

    The shipped parameters of tracks stand for all days after the races that they were fitted to;
    the strengths of drivers are those after the latest race in the folder.
    """
    if priors_document()["to"] >= day:
        document = fit_document(data, before=day)
        priors: Mapping[TrackType, TrackPriors] = {
            TrackType(kind): TrackPriors.from_mapping(entry["parameters"])
            for kind, entry in document["track_types"].items()
        }
        return ConstraintCompiler(priors, known_drivers(document))
    races = _before(data, day)
    if races[-1].date <= priors_document()["to"]:
        return ConstraintCompiler()
    return ConstraintCompiler(load_priors(), known_drivers(driver_documents(races)))


def average_points_before(data: Path, day: str) -> dict[str, float]:
    """Each driver's mean points in the races of the season before a day, by plain name."""
    scored = defaultdict(list)
    for race in _before(data, day):
        if race.date[:4] == day[:4] and race.has_loop_data:
            for name, ticks in zip(race.drivers, race.points(), strict=True):
                scored[plain_name(name)].append(float(ticks) / TICKS_PER_POINT)
    return {name: float(np.mean(points)) for name, points in scored.items()}


def _full_names(races: Sequence[PastRace], season: str) -> dict[str, str]:
    """Spelling in the results by initial and last name, where these belong to one driver only."""
    names = defaultdict(set)
    for race in races:
        if race.date[:4] == season:
            for driver in race.drivers:
                words = plain_name(driver).split()
                names[words[0][0], words[-1]].add(driver)
    return {f"{first} {last}": min(who) for (first, last), who in names.items() if len(who) == 1}


def _known_as(name: str, known: KnownDrivers, full: Mapping[str, str]) -> str:
    if known.find(name) is not None:
        return name
    words = plain_name(name).split()
    return full.get(f"{words[0][0]} {words[-1]}", name)


def _starts(data: Path, slate_id: str) -> dict[str, int]:
    path = data / "dk_slate_starts.csv"
    if not path.is_file():
        return {}
    return {
        plain_name(row["name"]): int(row["start"])
        for row in rows_of(path)
        if row["slate_id"] == slate_id and row["start"]
    }


def read_slate(
    data: Path, slate_id: str, track: str, compiler: ConstraintCompiler | None = None
) -> RealSlate:
    """A slate of the folder, as it was before its day; the race model is fitted unless given."""
    day = slate_id[:10]
    compiler = compiler or compiler_before(data, day)
    full, averages = _full_names(_before(data, day), day[:4]), average_points_before(data, day)
    starts = _starts(data, slate_id)
    drivers = []
    for index, row in enumerate(rows_of(data / "dk_slates" / f"{slate_id}.csv")):
        name = _known_as(row["name"], compiler.known, full)
        start = row.get("start") or starts.get(plain_name(row["name"]))
        drivers.append(
            Driver(
                driver_id=str(index),
                name=name,
                salary_usd=int(row["salary"]),
                average_points=averages.get(plain_name(name)),
                start_position=None if start is None else int(start),
            )
        )
    slate = Slate(tuple(drivers), track=find_track(track))
    return RealSlate(slate_id, day, compiler.known.with_cars(slate), compiler)


def read_slates(data: Path, slate_ids: Sequence[str]) -> list[RealSlate]:
    """Slates of the folder, in the order asked for."""
    tracks = {row["slate_id"]: row["track"] for row in rows_of(data / "dk_slate_index.csv")}
    return [read_slate(data, slate_id, tracks[slate_id]) for slate_id in slate_ids]
