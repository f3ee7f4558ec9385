"""What every estimator of ownership shares: its ``fit`` and its ``predict``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from core.field.estimators._regression import Weighted, by_contest
from core.field.estimators.designs import Term
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
    """Base of the estimators: a regression on terms of its own.

    ``fit`` and ``predict`` take ``X``, rows of
    :func:`~core.field.estimators.features.ownership_features`, ``[n, len(FEATURES)]``; ``y``,
    percent of entries, ``[n]``, NaN where not known; ``groups``, the contest of each row; and
    ``slates``, the slate of each row's contest.

    Parameters
    ----------
    roster_size
        Drivers in a lineup.
    top_table
        Whether the known numbers are a published table of the ten or more most owned: then no
        driver of unknown ownership is above the tenth highest known.

    Attributes
    ----------
    name
        What documents and weights call the estimator.
    terms
        The terms of its regression.
    fitted_
        The fitted weights, :class:`~core.field.estimators.fitting.FittedTerms`.
    """

    name: ClassVar[str]
    terms: ClassVar[Sequence[Term]]

    def __init__(self, roster_size: int = 6, top_table: bool = True) -> None:
        self.roster_size = roster_size
        self.top_table = top_table

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803  (scikit-learn's name)
        y: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        slates: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit to contests; the class's docstring describes the arguments.

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
