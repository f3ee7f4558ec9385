"""Strength of each car before a race: a regression of finishes on form, practice and grid.

There is one ridge regression for each kind of track. It is shrunk towards the regression over all
kinds but superspeedways, where form matters little. Older races count less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.history.form import FEATURES, FormBook, Rows, features_before
from core.history.races import PastRace, normal_scores
from core.slate.tracks import TrackType

Skill = npt.NDArray[np.float64]

HALF_LIFE_RACES = 150.0
WARM_UP_RACES = 20  # races that form is learnt from before finishes are regressed on it
POOLED_RIDGE = 20.0  # cars that the prior of no effect counts as
KIND_RIDGE = 60.0  # cars that the regression over all kinds counts as for one kind
MAX_SKILL = 2.0  # standard deviations: the range of a skill of 0..1

_COLUMNS = 1 + len(FEATURES)  # the grid first


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error."""

    value: float
    error: float


class StrengthBook:
    """The regressions, updated race by race, the oldest first."""

    def __init__(self) -> None:
        shape = (len(TrackType), _COLUMNS, _COLUMNS + 1)
        self._sums = dict(zip(TrackType, np.zeros(shape), strict=True))

    def learn(self, race: PastRace, features: Rows) -> None:
        """Add a race and its features, ``[D, len(FEATURES)]``, as known before it."""
        for kind in self._sums:
            self._sums[kind] *= 0.5 ** (1.0 / HALF_LIFE_RACES)
        x = np.column_stack([normal_scores(race.start), features])
        self._sums[race.track_type] += x.T @ np.column_stack([x, normal_scores(race.finish)])

    def weights(self, kind: TrackType) -> Skill:
        """Weights of the grid and of each of ``FEATURES`` at a kind of track."""
        drafts = kind is TrackType.SUPERSPEEDWAY
        pooled = np.sum(
            [
                sums
                for other, sums in self._sums.items()
                if (other is TrackType.SUPERSPEEDWAY) == drafts
            ],
            axis=0,
        )
        over_all = _ridge(pooled, np.zeros(_COLUMNS), POOLED_RIDGE)
        return _ridge(self._sums[kind], over_all, KIND_RIDGE)

    def skill(self, kind: TrackType, features: Rows) -> Skill:
        """Each driver's skill, ``[D]``: standard deviations above this race's drivers, within 2.

        It follows from form and practice; the race model weighs the grid separately.
        """
        strength = np.asarray(features @ self.weights(kind)[1:], dtype=np.float64)
        spread = float(strength.std())
        if spread < 1e-9:
            return np.zeros(len(strength))
        skill: Skill = np.clip((strength - strength.mean()) / spread, -MAX_SKILL, MAX_SKILL)
        return skill


def _ridge(sums: Skill, towards: Skill, worth: float) -> Skill:
    squares = sums[:, :_COLUMNS] + worth * np.eye(_COLUMNS)
    return np.asarray(np.linalg.solve(squares, sums[:, _COLUMNS] + worth * towards), np.float64)


def books_after(races: Sequence[PastRace]) -> tuple[FormBook, StrengthBook]:
    """Form and regressions after all races, the oldest first."""
    forms, strengths = FormBook(), StrengthBook()
    for number, race in enumerate(races):
        if number >= WARM_UP_RACES:
            strengths.learn(race, forms.features(race))
        forms.learn(race)
    return forms, strengths


def skill_before(races: Sequence[PastRace]) -> list[Skill]:
    """Each driver's skill before each race, from the races before it alone.

    Parameters
    ----------
    races
        The oldest first.

    Returns
    -------
    One ``[D]`` a race: standard deviations above that race's field, within 2 either way.
    """
    book, known = StrengthBook(), []
    for number, (race, features) in enumerate(zip(races, features_before(races), strict=True)):
        known.append(book.skill(race.track_type, features))
        if number >= WARM_UP_RACES:
            book.learn(race, features)
    return known


def finish_spread(races: Sequence[PastRace], skills: Sequence[Skill]) -> float:
    """Standard deviation of the finish's normal score that skill and grid leave unexplained.

    Of the residuals of a least-squares regression on both, over cars running at the end.
    """
    rows, finishes = [], []
    for race, skill in zip(races, skills, strict=True):
        ran = race.running
        known = np.column_stack([np.ones(len(skill)), skill, normal_scores(race.start)])
        rows.append(known[ran])
        finishes.append(normal_scores(race.finish[ran]))
    x, y = np.vstack(rows), np.concatenate(finishes)
    residuals = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.sqrt((residuals**2).sum() / (len(y) - x.shape[1])))
