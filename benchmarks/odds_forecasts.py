"""Forecasts of past races without prices, and moved all the way to them, before each race.

The race model is fitted before each season to the races before it. What it knows of a race besides
form is one of three: nothing, the grid (as a job whose slate has one), or the grid and practice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.odds_prices import PricedPair, PriceList
from core.history import PastRace, Refitting, read_yellow_flags, spec_of
from core.history.forecast import Priors
from core.history.form import FEATURES, features_before
from core.history.races import RaceKey
from core.history.strength import WARM_UP_RACES, Skill, StrengthBook
from core.race import (
    ConstraintSpec,
    UserKnowledge,
    fair_probabilities,
    generate_scenarios,
    tilt,
    with_tilts,
)
from core.race.prices import Matchup, implied_moves, measure_pairs, part_way
from core.sites import DRAFTKINGS_CLASSIC

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Apply = Callable[..., Iterable[Any]]

RACES = 10_000  # simulated, to count who is ahead of whom
SEED = 1


class Known(StrEnum):
    """What the model knows of a race besides form."""

    FORM = "form"
    GRID = "form and grid"
    PRACTICE = "form, grid and practice"


@dataclass(frozen=True, slots=True)
class Forecaster:
    """What there was to know before a race.

    Parameters
    ----------
    race
        As it was run.
    skill, skill_before_practice
        Of each driver, ``[D]``, from earlier races, and with this race's practice or without it.
    priors
        Parameters of the race model, by kind of track, fitted before the season.
    """

    race: PastRace
    skill: Skill
    skill_before_practice: Skill
    priors: Priors

    def spec(self, known: Known) -> ConstraintSpec:
        """The race, drivers in the order of their names."""
        skill = self.skill if known is Known.PRACTICE else self.skill_before_practice
        spec = spec_of(self.race, skill, self.priors[self.race.track_type])
        drivers = sorted(spec.drivers, key=lambda driver: driver.driver_id)
        if known is Known.FORM:
            drivers = [replace(driver, start_position=None) for driver in drivers]
        return replace(spec, drivers=tuple(drivers))

    @property
    def finish(self) -> Mapping[str, int]:
        """The finishing position of each driver."""
        return dict(zip(self.race.drivers, self.race.finish.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of drivers of one race: as forecast without prices and at them, and as they finished.

    Parameters
    ----------
    race
        Season and round.
    without, at_prices
        Log-odds that the first is ahead, ``[P]``: without prices, and with strengths moved all the
        way to what they imply.
    ahead
        Whether the first finished ahead, ``[P]``.
    """

    race: RaceKey
    without: Floats
    at_prices: Floats
    ahead: Bools


def forecasters(
    races: Sequence[PastRace], data: Path, wanted: Iterable[RaceKey], apply: Apply
) -> dict[RaceKey, Forecaster]:
    """What there was to know before each wanted race.

    Parameters
    ----------
    races
        All races, the oldest first.
    data
        The folder of facts, for its cautions.
    wanted
        Races of seasons before which the model can be fitted.
    apply
        ``map``, or a function like it that works in several processes.
    """
    keys = set(wanted)
    flags = read_yellow_flags(data, {race.key: race.track_type for race in races})
    skills = _skills(races)
    refit, found = Refitting(apply=apply), {}
    for season in sorted({season for season, _ in keys}):
        before = [index for index, race in enumerate(races) if race.season < season]
        priors = refit([races[i] for i in before], [skills[i][0] for i in before], flags)
        for race, (skill, bare) in zip(races, skills, strict=True):
            if race.key in keys and race.season == season:
                found[race.key] = Forecaster(race, skill, bare, priors)
    return found


def _skills(races: Sequence[PastRace]) -> list[tuple[Skill, Skill]]:
    """Skill before each race, with its practice and without it."""
    book, known = StrengthBook(), []
    practice = [FEATURES.index(name) for name in ("practice_best", "practice_long")]
    for number, (race, features) in enumerate(zip(races, features_before(races), strict=True)):
        bare = features.copy()
        bare[:, practice] = 0.0
        known.append((book.skill(race.track_type, features), book.skill(race.track_type, bare)))
        if number >= WARM_UP_RACES:
            book.learn(race, features)
    return known


def pairs_by_list(forecaster: Forecaster, known: Known, prices: PriceList) -> Pairs:
    """Every pair of a race with a listed driver in it, moved to a list of prices to win."""
    spec = forecaster.spec(known)
    names = [driver.driver_id for driver in spec.drivers]
    odds = np.array([prices.odds.get(name, np.nan) for name in names])
    chances = fair_probabilities(odds)
    nobody = (None,) * len(names)
    wanted = UserKnowledge(
        nobody, tuple(None if np.isnan(each) else float(each) for each in chances), nobody, nobody
    )
    moved = tilt(spec, wanted, DRAFTKINGS_CLASSIC, SEED).spec
    listed = np.isfinite(odds)
    first, second = np.nonzero(np.triu(listed[:, None] | listed, 1))
    return _pairs(forecaster, spec, moved, first, second)


def pairs_by_matchups(
    forecaster: Forecaster, known: Known, prices: Sequence[PricedPair], margin: float
) -> Pairs:
    """The priced pairs of a race, moved to their prices."""
    spec = forecaster.spec(known)
    index = {driver.driver_id: number for number, driver in enumerate(spec.drivers)}
    matchups = [
        Matchup(index[one.driver_a], index[one.driver_b], one.odds_a, one.odds_b) for one in prices
    ]
    pairs = [(one.driver_a, one.driver_b) for one in matchups]
    tilts = np.array([driver.tilt for driver in spec.drivers])
    gains = measure_pairs(spec, pairs, SEED).differences(
        pairs, [one.log_odds(margin) for one in matchups], np.zeros(len(tilts))
    )
    implied = tilts + implied_moves(pairs, gains, len(tilts))
    moved = with_tilts(spec, part_way(tilts, implied, 1.0).tolist())
    first, second = np.array(pairs).T
    return _pairs(forecaster, spec, moved, first, second)


def _pairs(
    forecaster: Forecaster,
    spec: ConstraintSpec,
    moved: ConstraintSpec,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
) -> Pairs:
    finish = forecaster.finish
    real = np.array([finish[driver.driver_id] for driver in spec.drivers])
    return Pairs(
        forecaster.race.key,
        pair_log_odds(spec)[first, second],
        pair_log_odds(moved)[first, second],
        real[first] < real[second],
    )


def pair_log_odds(spec: ConstraintSpec) -> Floats:
    """Log-odds in simulated races that the first driver is ahead of the second, ``[D, D]``."""
    finish = generate_scenarios(spec, RACES, SEED)[0].finish.astype(np.int16)
    ahead = np.array([(mine[:, None] < finish).sum(axis=0) for mine in finish.T]) + 0.5
    log_odds: Floats = np.log(ahead / ahead.T)
    return log_odds
