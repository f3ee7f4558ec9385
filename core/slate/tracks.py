"""The tracks of the Cup series: a configuration each, found by id or by plain name."""

import csv
import difflib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from core.errors import InvalidInput


class TrackType(StrEnum):
    """The four kinds of racing that the race model tells apart."""

    SUPERSPEEDWAY = "superspeedway"
    INTERMEDIATE = "intermediate"
    SHORT = "short"
    ROAD = "road"


@dataclass(frozen=True, slots=True)
class Track:
    """One track configuration.

    Parameters
    ----------
    track_id
        The configuration's id, such as ``las_vegas`` or ``bristol_concrete``.
    name
        What people call it.
    track_type
        Drafting superspeedway, intermediate, short or road.
    length_mi
        Miles a lap.
    race_laps
        Scheduled laps of its most recent ordinary race.
    """

    track_id: str
    name: str
    track_type: TrackType
    length_mi: float
    race_laps: int


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name)
    letters = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", " ", letters).strip()


@cache
def _catalogue() -> tuple[dict[str, Track], dict[str, Track]]:
    by_id: dict[str, Track] = {}
    by_name: dict[str, Track] = {}
    text = resources.files("core.slate").joinpath("tracks.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        track = Track(
            track_id=row["track_id"],
            name=row["name"],
            track_type=TrackType(row["track_type"]),
            length_mi=float(row["length_mi"]),
            race_laps=int(row["race_laps"]),
        )
        by_id[track.track_id] = track
        names = [track.track_id, row["name"], *filter(None, row["also"].split("|"))]
        if row["current"] == "yes":
            # a name that several configurations share ("bristol") means the one raced now
            by_name |= {_plain(name): track for name in names}
        else:
            by_name.setdefault(_plain(track.track_id), track)
            by_name.setdefault(_plain(row["name"]), track)
    return by_id, by_name


def find_track(name: str) -> Track:
    """Track that an id (``las_vegas``) or a plain name (``Las Vegas``, ``bristol``) means.

    Raises
    ------
    InvalidInput
        On ``track_id``: no track is called that; the nearest matches are named.
    """
    by_id, by_name = _catalogue()
    track = by_id.get(name) or by_name.get(_plain(name))
    if track is not None:
        return track
    near = difflib.get_close_matches(_plain(name), by_name, n=6, cutoff=0.5)
    ids = list(dict.fromkeys(by_name[match].track_id for match in near))[:3]
    hint = (
        f"the nearest: {', '.join(ids)}" if ids else f"for example {', '.join(sorted(by_id)[:3])}"
    )
    raise InvalidInput({"track_id": f"{name!r} is no known track; {hint}."})


def track_named_in(text: str) -> Track | None:
    """Track whose name stands in a race's or a file's name, or ``None``; of several the longest."""
    words = f" {_plain(text)} "
    _, by_name = _catalogue()
    named = [name for name in by_name if f" {name} " in words]
    return by_name[max(named, key=len)] if named else None
