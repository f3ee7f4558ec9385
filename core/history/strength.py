"""How strong each car is before a race: a regression of finishes on form, practice and grid.

One ridge regression a kind of track, drawn towards the regression over all kinds (all but
superspeedways, where form says little), the older races counting less.
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
WARM_UP_RACES = 20  # learnt from before finishes are regressed on what was learnt
POOLED_RIDGE = 20.0  # cars that the belief in no effect at all is worth
KIND_RIDGE = 60.0  # cars that the regression over all kinds is worth for one kind
MAX_SKILL = 2.0  # standard deviations, as skill 0..1 can hold

_COLUMNS = 1 + len(FEATURES)  # the grid first


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error."""

    value: float
    error: float


class StrengthBook:
    """The regressions, race by race, the oldest first."""

    def __init__(self) -> None:
        shape = (len(TrackType), _COLUMNS, _COLUMNS + 1)
        self._sums = dict(zip(TrackType, np.zeros(shape), strict=True))

    def learn(self, race: PastRace, features: Rows) -> None:
        """Take in a race and what was known before it, ``[D, len(FEATURES)]``."""
        for kind in self._sums:
            self._sums[kind] *= 0.5 ** (1.0 / HALF_LIFE_RACES)
        x = np.column_stack([normal_scores(race.start), features])
        self._sums[race.track_type] += x.T @ np.column_stack([x, normal_scores(race.finish)])

    def weights(self, kind: TrackType) -> Skill:
        """Give the weights of the grid and of each of ``FEATURES`` at a kind of track."""
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
        """Give each driver's skill, ``[D]``: standard deviations above this field, within 2.

        It is what form and practice say; the grid has a weight of its own in the race.
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
    """Learn all races, the oldest first."""
    forms, strengths = FormBook(), StrengthBook()
    for number, race in enumerate(races):
        if number >= WARM_UP_RACES:
            strengths.learn(race, forms.features(race))
        forms.learn(race)
    return forms, strengths


def skill_before(races: Sequence[PastRace]) -> list[Skill]:
    """Give each driver's skill before each race, from the races before it alone.

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
    """Give what skill and grid leave open: the standard deviation of the finish's normal score.

    Of the residuals of a least-squares regression on both, over cars running at the end.
    """
    rows, finishes = [], []
    for race, skill in zip(races, skills, strict=True):
        ran = race.running
        known = np.column_stack([np.ones(len(skill)), skill, normal_scores(race.start)])
        rows.append(known[ran])
        finishes.append(normal_scores(race.finish[ran]))
    x, y = np.vstack(rows), np.concatenate(finishes)
    left_open = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.sqrt((left_open**2).sum() / (len(y) - x.shape[1])))
