"""The four estimators of ownership, each of which uses different features of a driver.

All are the same kind of regression (:mod:`core.field.estimators._regression`), and all use the
surplus: projected points beyond what the salary implies. They differ in what else they use.

Their ``fit`` and ``predict`` take ``X``, rows of
:func:`~core.field.estimators.features.ownership_features`, ``[n, len(FEATURES)]``; ``y``, percent
of entries, ``[n]``, NaN where not known; ``groups``, the contest of each row; and ``slates``, the
slate of each row's contest.
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
    TrainingRows,
    fit_terms,
    odds_of,
    percent_of,
    training_rows,
)
from core.field.estimators.slates import Flags, Floats

DRIVER_RIDGE = 4.0
"""Ridge of a driver's own weight, see :mod:`core.field.estimators.designs`."""


class Member(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the four estimators: their ``fit`` and ``predict``.

    Attributes
    ----------
    fitted_
        The fitted weights, :class:`~core.field.estimators.fitting.FittedTerms`.
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
        """Fit to contests; the module's docstring describes the arguments.

        Raises
        ------
        InvalidInput
            As :func:`~core.field.estimators.fitting.training_rows`.
        """
        training = training_rows(X, y, groups, slates, self.roster_size)
        self.n_features_in_ = len(FEATURES)
        self.fitted_ = self.learn(training)
        return self

    def predict(
        self,
        X: npt.ArrayLike,  # noqa: N803
        groups: npt.ArrayLike | None = None,
    ) -> Floats:
        """Ownership in percent of entries, ``[n]``, each contest summing to ``100 x roster_size``.

        Raises
        ------
        InvalidInput
            ``X`` is not ``[n, len(FEATURES)]`` or holds an infinite number.
        """
        check_is_fitted(self)
        x = require_rows(X)
        contests = by_contest(groups, x[:, COLUMN["racing"]] > 0.0)
        return percent_of(odds_of(self.terms, self.fitted_, x), contests, self.roster_size)

    def learn(
        self,
        training: TrainingRows,
        counts: Floats | None = None,
        prior: Weighted | None = None,
        begin: Floats | None = None,
    ) -> FittedTerms:
        """Fit to training rows, see :func:`~core.field.estimators.fitting.fit_terms`."""
        training = _named_where(self.own_weight(training), training)
        numbers = training.x[:, COLUMN["driver"]]
        return fit_terms(
            self.terms,
            training,
            roster_size=self.roster_size,
            top_table=self.top_table,
            drivers=np.unique(numbers[np.isfinite(numbers)]),
            driver_ridge=DRIVER_RIDGE,
            counts=counts,
            prior=prior,
            begin=begin,
        )

    def own_weight(self, training: TrainingRows) -> Flags:
        """Rows from which drivers' own weights are fitted, bool ``[n]``; by default none."""
        return np.zeros(len(training.x), dtype=np.bool_)


def _named_where(rows: Flags, training: TrainingRows) -> TrainingRows:
    x = training.x.copy()
    x[~rows, COLUMN["driver"]] = np.nan
    return replace(training, x=x)


class HistoricalOwnership(Member):
    """Ownership from a driver's rank by salary, by kind of track.

    Parameters
    ----------
    roster_size
        Drivers in a lineup.
    top_table
        Whether the known numbers are a published table of the ten or more most owned: then no
        driver of unknown ownership is above the tenth highest known.
    driver_effects
        Whether each driver in the training rows also gets a weight of his own, shrunk to 0.
    """

    terms = HISTORICAL

    def __init__(
        self, roster_size: int = 6, top_table: bool = True, driver_effects: bool = False
    ) -> None:
        self.roster_size = roster_size
        self.top_table = top_table
        self.driver_effects = driver_effects

    def own_weight(self, training: TrainingRows) -> Flags:
        """Rows from which drivers' own weights are fitted: all if ``driver_effects``, else none."""
        return np.full(len(training.x), self.driver_effects)


class ProjectionValueOwnership(Member):
    """Ownership from projected points and points per USD, and from the surplus by kind of track.

    The grid matters through the projection. The start position has a weight other than 0 only if
    the training rows had grids.

    Parameters
    ----------
    roster_size, top_table
        As in :class:`HistoricalOwnership`.
    """

    terms = PROJECTION_VALUE

    def __init__(self, roster_size: int = 6, top_table: bool = True) -> None:
        self.roster_size = roster_size
        self.top_table = top_table


class SalarySkillOwnership(Member):
    """Ownership from salary and skill, each by kind of track.

    Parameters
    ----------
    roster_size, top_table
        As in :class:`HistoricalOwnership`.
    """

    terms = SALARY_SKILL

    def __init__(self, roster_size: int = 6, top_table: bool = True) -> None:
        self.roster_size = roster_size
        self.top_table = top_table


class RecentFormOwnership(Member):
    """Ownership from the site's average points and, with driver effects, from recent ownership.

    Parameters
    ----------
    roster_size, top_table, driver_effects
        As in :class:`HistoricalOwnership`.
    n_recent_races
        Number of the latest races from which drivers' own weights are fitted; races of unknown date
        count as recent.
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

    def own_weight(self, training: TrainingRows) -> Flags:
        """Rows from which drivers' own weights are fitted: recent races' if ``driver_effects``."""
        if self.n_recent_races < 1:
            raise InvalidInput({"n_recent_races": f"{self.n_recent_races}; give 1 or more."})
        days = training.x[:, COLUMN["race_day"]]
        latest = np.unique(days[np.isfinite(days)])[-self.n_recent_races :]
        recent: Flags = np.isnan(days) | (days >= latest.min(initial=np.inf))
        return recent if self.driver_effects else np.zeros_like(recent)
