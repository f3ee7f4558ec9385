"""What past races say about each kind of track: the fitted parameters of the race model.

``priors.json`` beside this module is written by :mod:`core.history.fit` and read here. Strength and
running order live on one scale: a driver's running order over the field as a standard normal score.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from math import isfinite
from typing import Any

from core.errors import InvalidInput
from core.slate.tracks import TrackType

PRIORS_VERSION = 1


@dataclass(frozen=True, slots=True)
class TrackPriors:
    """The race model's parameters at one kind of track.

    Parameters
    ----------
    skill_weight, grid_weight
        Normal scores of finish for a standard deviation of skill and of the official grid.
    residual_sd
        Spread of a race about those two: what the race itself decides.
    shock_share
        Share 0..1 of the residual variance that lasts the whole race (a good or a bad car); the
        rest comes and goes within it.
    order_turnover
        How many times over a race the running order forgets where it was (a mean reversion rate a
        race, at difficulty 0.5).
    lead_change_laps
        Green laps between the moments at which the lead may change hands.
    short_leaders
        Drivers out of sequence who lead a few laps, a pit opportunity.
    fastest_lap_focus
        Log odds of a fastest lap for a unit of current speed; 0 = any running car alike.
    cautions_mean
        Cautions a race, stage breaks included.
    cautions_shape
        Shape of the gamma that spreads the unscheduled ones (large = Poisson).
    laps_per_caution
        Laps a caution takes from the green laps, its restart lap included.
    incident_share
        Share 0..1 of unscheduled cautions that are accidents.
    cars_involved
        Cars in such an accident, mean; at least 1.
    involved_out
        Chance 0..1 that a car in it is out of the race.
    mechanical_rate
        Chance 0..1 that a driver's car fails within a race.
    """

    skill_weight: float
    grid_weight: float
    residual_sd: float
    shock_share: float
    order_turnover: float
    lead_change_laps: float
    short_leaders: float
    fastest_lap_focus: float
    cautions_mean: float
    cautions_shape: float
    laps_per_caution: float
    incident_share: float
    cars_involved: float
    involved_out: float
    mechanical_rate: float

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        for name, value in asdict(self).items():
            if not isfinite(value) or value < 0:
                problems[f"priors.{name}"] = f"{value} is no finite number of at least 0."
            else:
                object.__setattr__(self, name, float(value))
        for name in ("shock_share", "incident_share", "involved_out", "mechanical_rate"):
            if getattr(self, name) > 1:
                problems[f"priors.{name}"] = f"{getattr(self, name)} is above 1; give 0 to 1."
        for name, least in (
            ("lead_change_laps", 1.0),
            ("laps_per_caution", 1.0),
            ("cautions_shape", 0.1),
            ("cars_involved", 1.0),
        ):
            if getattr(self, name) < least:
                problems[f"priors.{name}"] = f"{getattr(self, name)} is below {least}."
        if problems:
            raise InvalidInput(problems)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "TrackPriors":
        """Give the priors that a JSON object holds; any other key is ignored."""
        return cls(**{field.name: float(given[field.name]) for field in fields(cls)})


@cache
def load_priors() -> Mapping[TrackType, TrackPriors]:
    """Give the shipped priors by kind of track; the file says what each rests on."""
    text = resources.files("core.race").joinpath("priors.json").read_text(encoding="utf-8")
    document = json.loads(text)
    if document["version"] != PRIORS_VERSION:
        raise InvalidInput(
            {"priors.version": f"{document['version']} is not {PRIORS_VERSION}; fit them again."}
        )
    return {
        TrackType(kind): TrackPriors.from_mapping(entry["parameters"])
        for kind, entry in document["track_types"].items()
    }
