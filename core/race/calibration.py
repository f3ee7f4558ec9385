"""How well the race model has foretold real races: what every answer of it carries.

``calibration.json`` beside this module is written by ``axiomatic backtest --record`` and read here.
What was graded are forecasts from past races, practice and grid, fitted anew as the races went. A
slate adds salaries to past races and knows no practice, and its user may know better or worse than
either: nobody has graded that.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from core.slate.tracks import TrackType

GRADED = (
    "walk-forward forecasts from past races, practice and grid; no salaries, nothing of a user's"
)


@cache
def _document() -> Mapping[str, Any]:
    text = resources.files("core.race").joinpath("calibration.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def load_calibration(track_type: TrackType) -> dict[str, Any]:
    """Give the walk-forward scores of the model at a kind of track.

    Returns
    -------
    ``crps`` and ``baseline_crps`` in DraftKings points, ``log_score`` of the finish in nats,
    ``coverage`` of the central intervals of points by percent, ``n_races`` graded, the dates
    ``from`` and ``to`` they lie between, the ``track_type`` (null where no race of that kind was
    graded and the figures are those of all), and in ``graded`` what sort of forecasts they were.
    """
    document = _document()
    of_kind = document["track_types"].get(track_type.value)
    return {
        "graded": GRADED,
        **(document["all"] if of_kind is None else of_kind),
        "from": document["from"],
        "to": document["to"],
        "track_type": None if of_kind is None else track_type.value,
    }
