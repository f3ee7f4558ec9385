"""The four estimators of ownership, each looking at something else of the same rows.

All are regressions of the same kind (see :mod:`core.field.estimators._regression`) and look at what
a driver projects beyond what the salary implies; they differ in what else they look at. ``X`` are
rows as :func:`~core.field.estimators.features.ownership_features` gives them, ``y`` percent of
entries with NaN where it is not known, ``groups`` the contest of each row and ``slates`` its
contest's slate.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from core.errors import InvalidInput
from core.field.estimators._regression import Weighted, by_contest
from core.field.estimators.designs import (
    HISTORICAL,
    PROJECTION_VALUE,
    RECENT_FORM,
    SALARY_SKILL,
    Term,
)
from core.field.estimators.features import COLUMN, FEATURES, require_rows
from core.field.estimators.fitting import (
    FittedTerms,
    Lesson,
    fit_terms,
    lesson_of,
    odds_of,
    percent_of,
)
from core.field.estimators.slates import Flags, Floats

DRIVER_RIDGE = 4.0
"""How firmly a driver's own weight is held to 0, see :mod:`core.field.estimators.designs`."""


class Member(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """``fit`` and ``predict``, once for all four.

    Attributes
    ----------
    fitted_
        The weights, :class:`~core.field.estimators.fitting.FittedTerms`.
    """

    terms: ClassVar[Sequence[Term]]
    roster_size: int
    top_table: bool

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803  (scikit-learn's name)
        y: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        slates: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from contests; the module says what is given.

        Raises
        ------
        InvalidInput
            What :func:`~core.field.estimators.fitting.lesson_of` refuses.
        """
        lesson = lesson_of(X, y, groups, slates, self.roster_size)
        self.n_features_in_ = len(FEATURES)
        self.fitted_ = self.learn(lesson)
        return self

    def predict(
        self,
        X: npt.ArrayLike,  # noqa: N803
        groups: npt.ArrayLike | None = None,
    ) -> Floats:
        """Give percent of entries, ``[n]``, each contest summing to ``100 x roster_size``.

        Raises
        ------
        InvalidInput
            No such rows.
        """
        check_is_fitted(self)
        x = require_rows(X)
        contests = by_contest(groups, x[:, COLUMN["racing"]] > 0.0)
        return percent_of(odds_of(self.terms, self.fitted_, x), contests, self.roster_size)

    def learn(
        self,
        lesson: Lesson,
        counts: Floats | None = None,
        prior: Weighted | None = None,
        begin: Floats | None = None,
    ) -> FittedTerms:
        """Give the fit to a lesson, see :func:`~core.field.estimators.fitting.fit_terms`."""
        seen = _named_where(self.own_weight(lesson), lesson)
        numbers = seen.x[:, COLUMN["driver"]]
        return fit_terms(
            self.terms,
            seen,
            roster_size=self.roster_size,
            top_table=self.top_table,
            drivers=np.unique(numbers[np.isfinite(numbers)]),
            driver_ridge=DRIVER_RIDGE,
            counts=counts,
            prior=prior,
            begin=begin,
        )

    def own_weight(self, lesson: Lesson) -> Flags:
        """Say in which rows the driver's own weight speaks; in none unless a class says so."""
        return np.zeros(len(lesson.x), dtype=np.bool_)


def _named_where(rows: Flags, lesson: Lesson) -> Lesson:
    x = lesson.x.copy()
    x[~rows, COLUMN["driver"]] = np.nan
    return replace(lesson, x=x)


class HistoricalOwnership(Member):
    """What drivers at that place of the price list were owned, at that kind of track.

    Parameters
    ----------
    roster_size
        Drivers in a lineup.
    top_table
        Whether nobody of unknown ownership is above the tenth of the known; true of published
        tables of the most owned.
    driver_effects
        Whether each driver learnt from also has a weight of his own, held to 0.
    """

    terms = HISTORICAL

    def __init__(
        self, roster_size: int = 6, top_table: bool = True, driver_effects: bool = False
    ) -> None:
        self.roster_size = roster_size
        self.top_table = top_table
        self.driver_effects = driver_effects

    def own_weight(self, lesson: Lesson) -> Flags:
        """Say in which rows the driver's own weight speaks: in all or none."""
        return np.full(len(lesson.x), self.driver_effects)


class ProjectionValueOwnership(Member):
    """Projected points and points for the money; the surplus by kind of track.

    The grid speaks through the projection; a place on it has a weight of its own only where grids
    were learnt from.

    Parameters
    ----------
    roster_size, top_table
        As of :class:`HistoricalOwnership`.
    """

    terms = PROJECTION_VALUE

    def __init__(self, roster_size: int = 6, top_table: bool = True) -> None:
        self.roster_size = roster_size
        self.top_table = top_table


class SalarySkillOwnership(Member):
    """Salary and skill, each by kind of track.

    Parameters
    ----------
    roster_size, top_table
        As of :class:`HistoricalOwnership`.
    """

    terms = SALARY_SKILL

    def __init__(self, roster_size: int = 6, top_table: bool = True) -> None:
        self.roster_size = roster_size
        self.top_table = top_table


class RecentFormOwnership(Member):
    """The site's average points, and what drivers were owned lately.

    Parameters
    ----------
    roster_size, top_table, driver_effects
        As of :class:`HistoricalOwnership`.
    n_recent_races
        Of how many of the latest races drivers' own weights speak; races of unknown date are
        recent.
    """

    terms = RECENT_FORM

    def __init__(
        self,
        roster_size: int = 6,
        top_table: bool = True,
        driver_effects: bool = False,
        n_recent_races: int = 5,
    ) -> None:
        self.roster_size = roster_size
        self.top_table = top_table
        self.driver_effects = driver_effects
        self.n_recent_races = n_recent_races

    def own_weight(self, lesson: Lesson) -> Flags:
        """Say in which rows the driver's own weight speaks: in those of the latest races."""
        if self.n_recent_races < 1:
            raise InvalidInput({"n_recent_races": f"{self.n_recent_races}; give 1 or more."})
        days = lesson.x[:, COLUMN["race_day"]]
        latest = np.unique(days[np.isfinite(days)])[-self.n_recent_races :]
        recent: Flags = np.isnan(days) | (days >= latest.min(initial=np.inf))
        return recent if self.driver_effects else np.zeros_like(recent)
