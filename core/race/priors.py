"""Parameters of the race model at each kind of track, fitted to past races.

``axiomatic fit`` writes ``priors.json`` beside this module, which is read here. Strength and
running order have one scale: a car's position among the cars of the race, as a standard normal
score.
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

PRIORS_VERSION = 2

_SHARES = (
    "shock_share",
    "team_share",
    "make_share",
    "pack_share",
    "incident_share",
    "involved_out",
    "failure_rate",
    "fastest_front",
)
_LEAST = {
    "laps_per_caution": 1.0,
    "cautions_shape": 0.1,
    "cars_involved": 1.0,
    "cars_shape": 0.1,
    "short_lead_laps": 1.0,
    "fastest_run": 1.0,
}
# upper bounds that no real race reaches: strengths are normal scores, and no race is longer
_MOST = {
    "skill_weight": 10.0,
    "grid_weight": 10.0,
    "residual_sd": 5.0,
    "order_turnover": 1_000.0,
    "clean_air": 10.0,
    "lead_swaps": 500.0,
    "short_leaders": 50.0,
    "lead_depth": 50.0,
    "short_lead_laps": 600.0,
    "fastest_depth": 50.0,
    "fastest_run": 600.0,
    "cautions_mean": 30.0,
    "cautions_shape": 1_000.0,
    "laps_per_caution": 100.0,
    "cars_involved": 50.0,
    "cars_shape": 1_000.0,
    "pile_spared": 10.0,
}


@dataclass(frozen=True, slots=True)
class TrackPriors:
    """The race model's parameters at one kind of track.

    Parameters
    ----------
    skill_weight, grid_weight
        Strength for one standard deviation of skill, and of the official grid.
    residual_sd
        Standard deviation of a car's result around these two: what the race itself decides.
    shock_share
        Share 0..1 of that variance that lasts the whole race (a good or a bad car); the rest comes
        and goes within the race.
    team_share, make_share
        Shares 0..1 of the variance of race-long luck that the cars of a team, and of a
        manufacturer, have in common; together at most 1.
    pack_share
        Share 0..1 of the variance that comes and goes that cars in line have in common: the draft.
    order_turnover
        Rate of mean reversion of the running order over a whole race, at difficulty 0.5: how many
        times the order forgets where it was.
    clean_air
        Strength that the leader gains by leading.
    lead_swaps
        Mean number of short leads over a race that come from the racing itself.
    short_leaders
        Mean number of short leads at every round of stops, by cars out of sequence.
    lead_depth
        Mean rank of a short leader in the running order, 0 = the car in front.
    short_lead_laps
        Mean number of laps of a short lead.
    fastest_front, fastest_depth
        Share 0..1 of the fastest laps that cars at the front set, and the mean rank of these cars
        in the running order, 0 = the car in front; any running car may set the others.
    fastest_run
        Mean number of fastest laps that a car sets in a row.
    cautions_mean
        Mean number of cautions in a race, stage breaks included.
    cautions_shape
        Shape of the gamma distribution that spreads the number of unscheduled cautions (large = a
        Poisson number).
    laps_per_caution
        Mean number of laps that a caution takes from the green laps, its restart lap included.
    incident_share
        Share 0..1 of the unscheduled cautions that are accidents.
    cars_involved, cars_shape
        Mean number of cars in such an accident, at least 1, and the shape of the gamma distribution
        that spreads the number beyond the first (small = now and then the big one).
    involved_out
        Chance 0..1 that a car in an accident of mean size is out of the race.
    pile_spared
        The chance to be out falls with this power of an accident's size: 0 = it does not fall, 1 =
        the expected number of cars out is the same for any size.
    failure_rate
        Chance 0..1 that a car stops for a reason of its own: it fails, or hits the wall alone. It
        goes out at the start of a run between stops and cautions.
    """

    skill_weight: float
    grid_weight: float
    residual_sd: float
    shock_share: float
    team_share: float
    make_share: float
    pack_share: float
    order_turnover: float
    clean_air: float
    lead_swaps: float
    short_leaders: float
    lead_depth: float
    short_lead_laps: float
    fastest_front: float
    fastest_depth: float
    fastest_run: float
    cautions_mean: float
    cautions_shape: float
    laps_per_caution: float
    incident_share: float
    cars_involved: float
    cars_shape: float
    involved_out: float
    pile_spared: float
    failure_rate: float

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        for name, value in asdict(self).items():
            if not isfinite(value) or value < 0:
                problems[name] = f"{value} is no finite number of at least 0."
            else:
                object.__setattr__(self, name, float(value))
        for name in _SHARES:
            if getattr(self, name) > 1:
                problems[name] = f"{getattr(self, name)} is above 1; give 0 to 1."
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                problems[name] = f"{getattr(self, name)} is below {least}."
        for name, most in _MOST.items():
            if getattr(self, name) > most:
                problems[name] = f"{getattr(self, name)} is above {most:g}."
        if self.team_share + self.make_share > 1:
            problems["team_share"] = (
                f"{self.team_share} and make_share {self.make_share} are above 1 together."
            )
        if problems:
            raise InvalidInput(problems)

    @classmethod
    def from_mapping(cls, document: Mapping[str, Any]) -> "TrackPriors":
        """Priors read from a JSON object; other keys in it are ignored."""
        return cls(**{key.name: float(document[key.name]) for key in fields(cls)})


@cache
def priors_document() -> Mapping[str, Any]:
    """The shipped fit, as it stands in ``priors.json``.

    Raises
    ------
    InvalidInput
        The file was written for another version of the model.
    """
    text = resources.files("core.race").joinpath("priors.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    if document["version"] != PRIORS_VERSION:
        raise InvalidInput(
            {"version": f"{document['version']} is not {PRIORS_VERSION}; fit the priors again."}
        )
    return document


@cache
def load_priors() -> Mapping[TrackType, TrackPriors]:
    """The shipped priors by kind of track; the file says which races each was fitted to."""
    return {
        TrackType(kind): TrackPriors.from_mapping(entry["parameters"])
        for kind, entry in priors_document()["track_types"].items()
    }
