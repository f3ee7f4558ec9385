"""Past races, read from a directory of CSV files.

``cup_races.csv`` holds a row a race, ``cup_results.csv`` and ``loop_stats.csv`` a row a driver and
race, ``caution_segments.csv`` a row a stretch of green or yellow. An empty cell is "not known".
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.slate.tracks import TrackType

RaceKey = tuple[int, int]  # season, round


@dataclass(frozen=True, eq=False)
class PastRace:
    """One race as it was run; driver arrays are ``[D]`` in the order of ``drivers``.

    Parameters
    ----------
    season, round, date
        Which race; the date as YYYY-MM-DD.
    track, track_type
        Where.
    race_laps
        Laps run.
    cautions, lead_changes, nongreen_laps
        ``None`` where not known; nongreen laps are those on which no fastest lap was scored.
    drivers
        Names, one spelling a person.
    start, finish
        Official, 1 = pole and winner; each a permutation.
    laps_led, fastest_laps
        Counts; fastest laps are 0 throughout where they are not known.
    running, crashed
        At the finish; a car that is neither failed or was withdrawn.
    rating
        NASCAR's driver rating of this very race, NaN where not known: never use it to forecast it.
    """

    season: int
    round: int
    date: str
    track: str
    track_type: TrackType
    race_laps: int
    cautions: int | None
    lead_changes: int | None
    nongreen_laps: int | None
    drivers: tuple[str, ...]
    start: npt.NDArray[np.int64]
    finish: npt.NDArray[np.int64]
    laps_led: npt.NDArray[np.int64]
    fastest_laps: npt.NDArray[np.int64]
    running: npt.NDArray[np.bool_]
    crashed: npt.NDArray[np.bool_]
    rating: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class YellowFlag:
    """One caution: how many cars its published reason names, ``None`` if it was no accident."""

    track_type: TrackType
    stage_break: bool
    cars: int | None


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.is_file():
        raise InvalidInput({"data_dir": f"{path.parent} holds no {path.name}."})
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _key(row: Mapping[str, str]) -> RaceKey:
    return int(row["season"]), int(row["round"])


def _count(text: str) -> int | None:
    return int(text) if text else None


def read_races(data_dir: Path) -> tuple[PastRace, ...]:
    """Read every race of ``data_dir``, the oldest first.

    Raises
    ------
    InvalidInput
        A file is absent, or lacks a column.
    """
    results: dict[RaceKey, list[dict[str, str]]] = defaultdict(list)
    ratings: dict[tuple[RaceKey, str], float] = {}
    try:
        for row in _rows(data_dir / "cup_results.csv"):
            results[_key(row)].append(row)
        for row in _rows(data_dir / "loop_stats.csv"):
            if row["rating"]:
                ratings[_key(row), row["driver"]] = float(row["rating"])
        races = [
            _race(row, results[_key(row)], ratings) for row in _rows(data_dir / "cup_races.csv")
        ]
    except KeyError as error:
        raise InvalidInput({"data_dir": f"a file lacks the column {error}."}) from error
    return tuple(sorted(races, key=lambda race: (race.season, race.round)))


def _race(
    row: Mapping[str, str],
    results: list[dict[str, str]],
    ratings: Mapping[tuple[RaceKey, str], float],
) -> PastRace:
    def column(name: str) -> npt.NDArray[np.int64]:
        return np.array([int(result[name] or 0) for result in results], dtype=np.int64)

    ended = [result["dnf_class"] for result in results]
    return PastRace(
        season=int(row["season"]),
        round=int(row["round"]),
        date=row["date"],
        track=row["track"],
        track_type=TrackType(row["track_type"]),
        race_laps=int(row["actual_laps"]),
        cautions=_count(row["cautions"]),
        lead_changes=_count(row["lead_changes"]),
        nongreen_laps=_count(row["nongreen_laps"]),
        drivers=tuple(result["driver"] for result in results),
        start=column("start"),
        finish=column("finish"),
        laps_led=column("laps_led"),
        fastest_laps=column("fastest_laps"),
        # a disqualified car ran to the end
        running=np.array([how in {"running", "dq"} for how in ended]),
        crashed=np.array([how == "crash" for how in ended]),
        rating=np.array([ratings.get((_key(row), r["driver"]), np.nan) for r in results]),
    )


def read_yellow_flags(data_dir: Path, kinds: Mapping[RaceKey, TrackType]) -> tuple[YellowFlag, ...]:
    """Read the cautions of the races whose track type ``kinds`` gives; others are left out."""
    flags = []
    for row in _rows(data_dir / "caution_segments.csv"):
        if row["flag"] != "yellow" or _key(row) not in kinds:
            continue
        reason = row["reason"].lower()
        crash = "accident" in reason
        cars = max(1, len(re.findall(r"\d+", reason.split("accident")[0]))) if crash else None
        flags.append(YellowFlag(kinds[_key(row)], "stage" in reason, cars))
    return tuple(flags)
