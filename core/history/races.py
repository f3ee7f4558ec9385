"""Past races, read from a directory of CSV files.

``cup_races.csv`` holds a row for each race, ``cup_results.csv`` and ``loop_stats.csv`` a row for
each driver of a race; ``practice.csv`` (a row for each driver of a session) and
``caution_segments.csv`` (a row for each stretch of green or yellow) may be absent. An empty cell
means "not known".
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from core.errors import InvalidInput
from core.sites import DRAFTKINGS_CLASSIC, SiteRules, Ticks, score
from core.slate.tracks import TrackType

RaceKey = tuple[int, int]  # season, round
LONG_RUNS = ("con5_time", "con10_time", "con15_time")
LEAST_TIMED = 8  # cars timed over a distance; with fewer it is left out


@dataclass(frozen=True, eq=False)
class PastRace:
    """One race as it was run; driver arrays are ``[D]`` in the order of ``drivers``.

    Parameters
    ----------
    season, round, date
        Season, number of the race in it, and date as YYYY-MM-DD.
    track, track_type
        Name and kind of the track.
    length_mi
        Miles of a lap; ``None`` where not known.
    race_laps
        Laps run.
    scheduled_laps
        Laps announced. Where the file does not have them: those of the latest earlier race on this
        track (at about the same time of the season), or on a new track the usual distance at its
        kind, or, without any earlier race, the laps run.
    cautions, nongreen_laps
        ``None`` where not known; nongreen laps are those on which no fastest lap was scored.
    drivers
        Names, one spelling for each person.
    cars, teams, makes
        Number, owner and manufacturer of each car.
    start, finish
        Official, 1 = pole and winner; each a permutation.
    flag_finish
        The order under the flag, before disqualifications; ``finish`` where not known.
    laps_led, fastest_laps
        Counts; laps led are those of the loop data where known; fastest laps are all 0 where they
        are not known.
    laps_done
        Laps each driver completed.
    running
        Whether the car was running at the finish.
    practice_best, practice_long
        Normal scores, the quickest highest, of the best lap and of averages over 5 to 15 laps in a
        row, the mean over the sessions; NaN without a time.
    rating
        NASCAR's driver rating of this race, NaN where not known; no forecast of the race may use
        it.
    """

    season: int
    round: int
    date: str
    track: str
    track_type: TrackType
    length_mi: float | None
    race_laps: int
    scheduled_laps: int
    cautions: int | None
    nongreen_laps: int | None
    drivers: tuple[str, ...]
    cars: tuple[str, ...]
    teams: tuple[str, ...]
    makes: tuple[str, ...]
    start: npt.NDArray[np.int64]
    finish: npt.NDArray[np.int64]
    flag_finish: npt.NDArray[np.int64]
    laps_led: npt.NDArray[np.int64]
    fastest_laps: npt.NDArray[np.int64]
    laps_done: npt.NDArray[np.int64]
    running: npt.NDArray[np.bool_]
    rating: npt.NDArray[np.float64]
    practice_best: npt.NDArray[np.float64]
    practice_long: npt.NDArray[np.float64]

    @property
    def key(self) -> RaceKey:
        """Season and round."""
        return self.season, self.round

    @property
    def has_loop_data(self) -> bool:
        """Whether fastest laps, and therefore points, are known."""
        return bool(self.fastest_laps.any())

    def points(self, rules: SiteRules = DRAFTKINGS_CLASSIC) -> Ticks:
        """Points of each driver by the site's rules, int16 ``[D]`` in ticks of 0.05 point."""
        arrays = (self.start, self.finish, self.laps_led, self.fastest_laps, self.laps_done)
        kinds = (np.uint8, np.uint8, np.uint16, np.uint16, np.uint16)
        one = [part.astype(kind)[None] for part, kind in zip(arrays, kinds, strict=True)]
        ticks: Ticks = score(rules, *one)[0]
        return ticks


@dataclass(frozen=True, slots=True)
class YellowFlag:
    """One caution; ``cars`` that its published reason names, ``None`` if it was no accident."""

    race: RaceKey
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
    practice = _read_practice(data_dir / "practice.csv")
    try:
        for row in _rows(data_dir / "cup_results.csv"):
            results[_key(row)].append(row)
        for row in _rows(data_dir / "loop_stats.csv"):
            if row["rating"]:
                ratings[_key(row), row["driver"]] = float(row["rating"])
        races = [
            _race(row, results[_key(row)], ratings, practice)
            for row in _rows(data_dir / "cup_races.csv")
        ]
    except KeyError as error:
        raise InvalidInput({"data_dir": f"a file lacks the column {error}."}) from error
    return _scheduled(sorted(races, key=lambda race: race.key))


def _scheduled(races: Sequence[PastRace]) -> tuple[PastRace, ...]:
    """Fill in scheduled laps that are not known (0) from the races before."""
    known: dict[tuple[str, float | None], list[PastRace]] = defaultdict(list)
    miles: dict[TrackType, list[float]] = defaultdict(list)
    filled = []
    for race in races:
        earlier = known[race.track, race.length_mi]
        laps = race.scheduled_laps
        if laps == 0 and earlier:
            closest = min(
                earlier,
                key=lambda other: (race.season - other.season, abs(race.round - other.round)),
            )
            laps = closest.scheduled_laps
        elif laps == 0 and race.length_mi is not None and miles[race.track_type]:
            laps = round(float(np.median(miles[race.track_type])) / race.length_mi)
        filled.append(replace(race, scheduled_laps=laps or race.race_laps))
        earlier.append(filled[-1])
        if race.length_mi is not None:
            miles[race.track_type].append(filled[-1].scheduled_laps * race.length_mi)
    return tuple(filled)


def _race(
    row: Mapping[str, str],
    results: list[dict[str, str]],
    ratings: Mapping[tuple[RaceKey, str], float],
    practice: Mapping[tuple[RaceKey, str], tuple[float, float]],
) -> PastRace:
    def column(name: str, instead: str = "") -> npt.NDArray[np.int64]:
        """Column of counts; where a cell is empty, the column ``instead``."""
        cells = [result[name] or (result[instead] if instead else "") for result in results]
        return np.array([int(cell or 0) for cell in cells], dtype=np.int64)

    unknown = (np.nan, np.nan)
    practised = np.array([practice.get((_key(row), r["driver"]), unknown) for r in results])
    race = PastRace(
        season=int(row["season"]),
        round=int(row["round"]),
        date=row["date"],
        track=row["track"],
        track_type=TrackType(row["track_type"]),
        length_mi=float(row["length_mi"]) if row["length_mi"] else None,
        race_laps=int(row["actual_laps"]),
        scheduled_laps=int(row.get("sched_laps") or 0),
        cautions=_count(row["cautions"]),
        nongreen_laps=_count(row["nongreen_laps"]),
        drivers=tuple(result["driver"] for result in results),
        cars=tuple(result["car"] for result in results),
        # cars whose owner is not known are no team together
        teams=tuple(result["owner"] or f"owner of car {result['car']}" for result in results),
        makes=tuple(result["make"] for result in results),
        start=column("start"),
        finish=column("finish"),
        flag_finish=column("finish_unofficial", "finish"),
        laps_led=column("laps_led_loop", "laps_led"),
        fastest_laps=column("fastest_laps"),
        laps_done=column("laps"),
        # a disqualified car ran to the end
        running=np.array([result["dnf_class"] in {"running", "dq"} for result in results]),
        rating=np.array([ratings.get((_key(row), r["driver"]), np.nan) for r in results]),
        practice_best=practised[:, 0],
        practice_long=practised[:, 1],
    )
    return by_grid(race)


def by_grid(race: PastRace) -> PastRace:
    """The race with its drivers in the order of the grid.

    Files list drivers in the order of the finish. Ties are broken by order, and the result of the
    race must not break them.
    """
    order = np.argsort(race.start, kind="stable")
    arranged: dict[str, Any] = {}
    for part in fields(race):
        value = getattr(race, part.name)
        if isinstance(value, np.ndarray):
            arranged[part.name] = value[order]
        elif isinstance(value, tuple):
            arranged[part.name] = tuple(value[i] for i in order)
    return replace(race, **arranged)


def _read_practice(path: Path) -> dict[tuple[RaceKey, str], tuple[float, float]]:
    """Normal scores of best laps and long runs; empty without such a file."""
    sessions: dict[tuple[RaceKey, str], list[dict[str, str]]] = defaultdict(list)
    if path.is_file():
        for row in _rows(path):
            sessions[_key(row), row["session"]].append(row)
    best: dict[tuple[RaceKey, str], list[float]] = defaultdict(list)
    long: dict[tuple[RaceKey, str], list[float]] = defaultdict(list)
    for (race, _), rows in sessions.items():
        for column, kept in (("best_time", best), *((run, long) for run in LONG_RUNS)):
            timed = [row for row in rows if row.get(column)]
            if len(timed) < LEAST_TIMED:
                continue
            scores = normal_scores(np.array([float(row[column]) for row in timed]))
            for row, its_score in zip(timed, scores, strict=True):
                kept[race, row["driver"]].append(float(its_score))

    def mean(scores: list[float]) -> float:
        return sum(scores) / len(scores) if scores else float("nan")

    return {who: (mean(best[who]), mean(long[who])) for who in best | long}


def normal_scores(order: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Normal scores of an ascending order, the first highest; equals share their mean."""
    scores: npt.NDArray[np.float64] = -ndtri((rankdata(order) - 0.5) / len(order))
    return scores


def read_yellow_flags(data_dir: Path, kinds: Mapping[RaceKey, TrackType]) -> tuple[YellowFlag, ...]:
    """Cautions of the races that ``kinds`` names, which gives the kind of track of each.

    Empty where the directory holds no ``caution_segments.csv``.
    """
    flags: list[YellowFlag] = []
    if not (data_dir / "caution_segments.csv").is_file():
        return ()
    for row in _rows(data_dir / "caution_segments.csv"):
        if row["flag"] != "yellow" or _key(row) not in kinds:
            continue
        reason = row["reason"].lower()
        crash = "accident" in reason
        cars = max(1, len(re.findall(r"\d+", reason.split("accident")[0]))) if crash else None
        flags.append(YellowFlag(_key(row), kinds[_key(row)], "stage" in reason, cars))
    return tuple(flags)
