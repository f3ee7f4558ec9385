"""Counts of cautions and accidents, and what cars of a team, a make or a draft have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.form import performance
from core.history.races import PastRace, YellowFlag, normal_scores
from core.history.strength import Estimate, Skill
from core.race import STAGE_BREAKS
from core.slate.tracks import TrackType

Weights = npt.NDArray[np.float64]

SHAPES = (0.3, 50.0)  # samples of races cannot tell smaller and larger shapes apart
NEAR, FAR = 2, 6  # spots on the grid apart: cars of one line, cars of other lines


def _mean(values: Sequence[float], weights: Weights) -> Estimate:
    """Weighted mean, leaving out NaN, and its standard error (NaN of fewer than two)."""
    numbers = np.array(values, dtype=np.float64)
    known = np.isfinite(numbers)
    numbers, shares = numbers[known], weights[known] / weights[known].sum()
    mean = float((shares * numbers).sum())
    effective = 1.0 / float((shares**2).sum())
    if effective <= 1.0 + 1e-9:
        return Estimate(mean, float("nan"))
    variance = float((shares * (numbers - mean) ** 2).sum())
    return Estimate(mean, (variance / (effective - 1.0)) ** 0.5)


def _gamma_shape(mean: float, variance: float) -> Estimate:
    """Shape of the gamma that widens a Poisson of this mean to this variance."""
    excess = variance - mean
    shape = mean**2 / excess if excess > 0 else SHAPES[1]
    return Estimate(float(np.clip(shape, *SHAPES)), float("nan"))


def count_incidents(
    races: Sequence[PastRace],
    weights: Weights,
    flags: Sequence[YellowFlag],
    otherwise: Mapping[str, float],
) -> dict[str, Estimate]:
    """Count cautions and accidents of one kind of track.

    Parameters
    ----------
    races, weights
        Races of that kind, and how much each counts, ``[R]``.
    flags
        Cautions whose cause is known.
    otherwise
        ``incident_share``, ``cars_involved`` and ``cars_shape`` where fewer than three flags were
        accidents.

    Raises
    ------
    InvalidInput
        Fewer than 3 races whose cautions are known.
    """
    known = [race.cautions is not None and race.nongreen_laps is not None for race in races]
    if sum(known) < 3:
        raise InvalidInput({"data_dir": "holds fewer than 3 races with known cautions of a kind."})
    laps = _mean(
        [
            race.nongreen_laps / race.cautions
            if race.cautions and race.nongreen_laps is not None
            else float("nan")
            for race in races
        ],
        weights,
    )
    cautions = [_cautions(race, laps.value) for race in races]
    mean = _mean(cautions, weights)
    wild = _mean([max(0.0, count - STAGE_BREAKS) for count in cautions], weights)
    squares = _mean([(count - mean.value) ** 2 for count in cautions], weights)
    unscheduled = [flag for flag in flags if not flag.stage_break]
    accidents = [float(flag.cars) for flag in unscheduled if flag.cars is not None]
    if len(accidents) >= 3:
        share = _mean([float(f.cars is not None) for f in unscheduled], np.ones(len(unscheduled)))
        cars = _mean(accidents, np.ones(len(accidents)))
        others = np.array(accidents) - 1.0
        spread = _gamma_shape(float(others.mean()), float(others.var(ddof=1)))
    else:
        share, cars, spread = (
            Estimate(otherwise[name], float("nan"))
            for name in ("incident_share", "cars_involved", "cars_shape")
        )
    return {
        "cautions_mean": mean,
        "cautions_shape": _gamma_shape(wild.value, squares.value),
        "laps_per_caution": Estimate(max(1.0, laps.value), laps.error),
        "incident_share": share,
        "cars_involved": cars,
        "cars_shape": spread,
    }


def _cautions(race: PastRace, laps_per_caution: float) -> float:
    """Cautions of a race; where they were not counted, those that its yellow laps imply."""
    if race.cautions is not None:
        return float(race.cautions)
    if race.nongreen_laps is None:
        return float("nan")
    return float(round(race.nongreen_laps / laps_per_caution))


@dataclass
class _Pairs:
    """Products of residuals over pairs of cars of a race, in units of their variance."""

    products: Weights  # [D, D]
    upper: npt.NDArray[np.bool_]

    def mean(self, among: npt.NDArray[np.bool_]) -> float:
        chosen = among & self.upper
        return float(self.products[chosen].mean()) if chosen.any() else float("nan")


def count_shared(
    races: Sequence[PastRace], skills: Sequence[Skill], weights: Weights
) -> dict[str, Estimate]:
    """How much of a good or bad day cars have in common, at one kind of track.

    A residual is the part of a driver's performance (the driver rating) that skill and grid do not
    explain. The mean product of residuals over pairs of cars is compared: pairs of one team with
    other pairs of one make, pairs of one make with pairs of different makes; at superspeedways also
    pairs that started within 2 spots with pairs 6 and more apart. The differences are in units of
    the residuals' variance, so each is a share of it (large shares come out a little low, since
    each race's own variance is the unit).
    """
    shares: dict[str, list[float]] = {"team_share": [], "make_share": [], "pack_share": []}
    for race, skill in zip(races, skills, strict=True):
        x = np.column_stack([np.ones(len(skill)), skill, normal_scores(race.start)])
        driven = performance(race)
        residual = driven - x @ np.linalg.lstsq(x, driven, rcond=None)[0]
        pairs = _Pairs(
            np.outer(residual, residual) / residual.var(),
            np.triu(np.ones((len(skill), len(skill)), dtype=np.bool_), 1),
        )
        one_team, one_make = _alike(race.teams), _alike(race.makes)
        others = pairs.mean(~one_team & ~one_make)
        make = pairs.mean(~one_team & one_make)
        apart = np.abs(race.start[:, None] - race.start)
        near, far = (pairs.mean(~one_team & where) for where in (apart <= NEAR, apart >= FAR))
        shares["team_share"].append((pairs.mean(one_team) - make) / (1.0 - others))
        shares["make_share"].append((make - others) / (1.0 - others))
        drafts = race.track_type is TrackType.SUPERSPEEDWAY
        shares["pack_share"].append((near - far) / (1.0 - far) if drafts else 0.0)
    estimates = {}
    for name, values in shares.items():
        share = _mean(values, weights) if np.isfinite(values).any() else Estimate(0.0, np.nan)
        estimates[name] = Estimate(float(np.clip(share.value, 0.0, 0.45)), share.error)
    return estimates


def _alike(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which pairs have the same name, ``[D, D]``; an empty name is the same as no other."""
    array = np.array(names)
    alike: npt.NDArray[np.bool_] = (array[:, None] == array) & (array != "")
    return alike


def flags_of(
    flags: Sequence[YellowFlag], races: Sequence[PastRace]
) -> Mapping[TrackType, tuple[YellowFlag, ...]]:
    """Cautions of these races, by kind of track."""
    keys = {race.key for race in races}
    return {
        kind: tuple(flag for flag in flags if flag.track_type is kind and flag.race in keys)
        for kind in TrackType
    }
