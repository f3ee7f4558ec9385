"""Errors of ownership estimates on contests and slates left out of the fit, beside baselines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from core.field.estimators.designs import SALARY_ONLY
from core.field.estimators.ensemble import HybridOwnershipEstimator
from core.field.estimators.fitting import (
    TrainingRows,
    fit_terms,
    odds_of,
    percent_of,
    training_rows,
)
from core.field.estimators.methods import METHODS
from core.field.estimators.slates import Floats

BASELINES = ("constant", "salary_only")
CONTESTS, SLATES = "leave_one_contest_out", "leave_one_slate_out"


@dataclass(frozen=True, slots=True)
class OwnershipGrade:
    """Errors and intervals out of sample, over drivers of known ownership.

    Parameters
    ----------
    mae
        Mean absolute error in percent of entries, by scheme (``leave_one_contest_out``,
        ``leave_one_slate_out``), then by estimator, ensemble method and baseline. The baselines are
        the same ownership for every driver (``constant``) and a regression on salaries alone
        (``salary_only``).
    correlation
        Correlation of estimated and real ownership, by scheme and by name as ``mae``.
    coverage
        Share of those drivers whose ownership lies within the 5% and 95% bounds, by scheme, then by
        ensemble method.
    width
        Mean distance between the two bounds over all drivers, in percent of entries, by scheme,
        then by ensemble method.
    drivers
        Number of drivers graded; one counts once for each contest.
    """

    mae: Mapping[str, Mapping[str, float]]
    correlation: Mapping[str, Mapping[str, float]]
    coverage: Mapping[str, Mapping[str, float]]
    width: Mapping[str, Mapping[str, float]]
    drivers: int

    def to_json(self) -> dict[str, Any]:
        """The grade as a JSON object, numbers to three decimals."""
        document: dict[str, Any] = _rounded(asdict(self))
        return document


def grade_ownership(
    model: HybridOwnershipEstimator,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    groups: npt.ArrayLike,
    slates: npt.ArrayLike,
    references: Mapping[str, Floats] | None = None,
) -> OwnershipGrade:
    """Grade of ``model``'s parameters: clones of it are fitted without the rows they are graded on.

    Everything is fitted again in every fold: the estimators, the weights of the ensemble and the
    intervals.

    Parameters
    ----------
    model
        Ensemble whose parameters are graded; it need not be fitted.
    x, y, groups, slates
        As :meth:`~core.field.estimators.ensemble.HybridOwnershipEstimator.fit` takes them.
    references
        Other estimates to grade beside it, percent of entries, ``[n]``, by name.

    Raises
    ------
    InvalidInput
        As ``fit``; two slates must be left when one is left out.
    """
    training = training_rows(x, y, groups, slates, model.roster_size)
    mae: dict[str, dict[str, float]] = {}
    correlation: dict[str, dict[str, float]] = {}
    coverage: dict[str, dict[str, float]] = {}
    width: dict[str, dict[str, float]] = {}
    for scheme, labels in ((CONTESTS, training.contests.groups), (SLATES, training.slates)):
        estimates = _left_out(model, training, labels.astype(str))
        estimates |= {name: (percent, None) for name, percent in (references or {}).items()}
        known = np.isfinite(training.known)
        mae[scheme] = {
            name: float(np.abs(percent - training.known)[known].mean())
            for name, (percent, _) in estimates.items()
        }
        correlation[scheme] = {
            name: _correlation(percent[known], training.known[known])
            for name, (percent, _) in estimates.items()
        }
        bounds = {name: bound for name, (_, bound) in estimates.items() if bound is not None}
        coverage[scheme] = {
            name: float(((training.known >= low) & (training.known <= high))[known].mean())
            for name, (low, high) in bounds.items()
        }
        width[scheme] = {name: float((high - low).mean()) for name, (low, high) in bounds.items()}
    return OwnershipGrade(mae, correlation, coverage, width, int(np.isfinite(training.known).sum()))


Estimate = tuple[Floats, tuple[Floats, Floats] | None]


def _left_out(
    model: HybridOwnershipEstimator, training: TrainingRows, labels: npt.NDArray[np.str_]
) -> dict[str, Estimate]:
    count = len(training.x)
    names = (*model.members, *METHODS, *BASELINES)
    percent = {name: np.zeros(count) for name in names}
    low, high = ({name: np.zeros(count) for name in METHODS} for _ in range(2))
    group_of = np.empty(count, dtype=object)
    slate_of = np.empty(count, dtype=object)
    for row_index, group, slate in zip(
        training.contests.row_index, training.contests.groups, training.slates, strict=True
    ):
        group_of[row_index[row_index >= 0]], slate_of[row_index[row_index >= 0]] = group, slate
    for label in np.unique(labels):
        fold, rows = training.only(labels == label), training.rows_of(labels == label)
        rest = training.only(labels != label)
        fitted = clone(model).fit(
            training.x[~rows], training.known[~rows], group_of[~rows], slate_of[~rows]
        )
        fitted.set_params(custom_weights=None, normalize_to="field")
        size = model.roster_size
        for name, member in fitted.estimators().items():
            odds = odds_of(member.terms, fitted.members_[name].fitted, fold.x)
            percent[name][rows] = percent_of(odds, fold.contests, size)
        for method in METHODS:
            fitted.set_params(ensemble_method=method)
            result = fitted.predict_with_uncertainty(fold.x, group_of[rows])
            percent[method][rows], low[method][rows], high[method][rows] = result[:3]
        plain = fit_terms(SALARY_ONLY, rest, roster_size=size, top_table=model.top_table)
        odds = odds_of(SALARY_ONLY, plain, fold.x)
        percent["salary_only"][rows] = percent_of(odds, fold.contests, size)
        percent["constant"][rows] = percent_of(np.zeros(len(fold.x)), fold.contests, size)
    return {
        name: (estimate, (low[name], high[name]) if name in low else None)
        for name, estimate in percent.items()
    }


def _correlation(estimated: Floats, real: Floats) -> float:
    """The correlation coefficient; 0 for an estimate that is the same for every driver."""
    if np.ptp(estimated) < 1e-9:
        return 0.0
    return float(np.corrcoef(estimated, real)[0, 1])


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return round(value, 3) if isinstance(value, float) else value
