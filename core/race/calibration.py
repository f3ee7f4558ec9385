"""Scores of the race model's forecasts of real races; every job's answer carries them.

``calibration.json`` beside this module is written by ``axiomatic backtest --record`` and read here.
The forecasts that were graded used past races, practice and grid, and the model was fitted again as
the races went on. A job's forecast differs: it uses salaries and no practice, and what its user
knows. Nobody has graded that.
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
    """Walk-forward scores of the model at a kind of track.

    Returns
    -------
    ``crps`` and ``baseline_crps`` in DraftKings points, ``log_score`` of the finish in nats,
    ``coverage`` of the central intervals of points by percent, ``n_races``, the number of races
    graded, ``from`` and ``to``, the dates between which they lie, ``track_type`` (null where no
    race of that kind was graded; the figures are then those of all races), and ``graded``, a
    sentence on what the forecasts used.
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
