"""How far off ownership estimates are where they have not learnt, beside what anybody could say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from core.field.estimators.designs import SALARY_ONLY
from core.field.estimators.ensemble import HybridOwnershipEstimator
from core.field.estimators.fitting import Lesson, fit_terms, lesson_of, odds_of, percent_of
from core.field.estimators.methods import MEMBERS, METHODS
from core.field.estimators.slates import Floats

BASELINES = ("constant", "salary_only")
CONTESTS, SLATES = "leave_one_contest_out", "leave_one_slate_out"


@dataclass(frozen=True, slots=True)
class OwnershipGrade:
    """Errors and intervals out of sample, over drivers of known ownership.

    Parameters
    ----------
    mae
        Mean absolute error in percent of entries, by ``leave_one_contest_out`` and
        ``leave_one_slate_out``, then by estimator, ensemble method and baseline: everybody the same
        (``constant``) and a regression on salaries alone (``salary_only``).
    coverage
        Share of those drivers' ownership within the 5/95 bounds, by the same and by method.
    width
        Mean distance of the bounds, in percent of entries, over all drivers.
    drivers
        Drivers graded, each once a contest.
    """

    mae: Mapping[str, Mapping[str, float]]
    coverage: Mapping[str, Mapping[str, float]]
    width: Mapping[str, Mapping[str, float]]
    drivers: int

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object, numbers to three decimals."""
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
    """Grade clones of ``model``, each fitted without what it is graded on.

    Everything is chosen anew in every fold: the fit, the weights of the ensemble and the intervals.

    Parameters
    ----------
    model
        Parameters to grade; it need not be fitted.
    x, y, groups, slates
        As :meth:`~core.field.estimators.ensemble.HybridOwnershipEstimator.fit` takes them.
    references
        By name, estimates ``[n]`` that learn nothing, to stand beside.

    Raises
    ------
    InvalidInput
        As ``fit``: without one slate, two must be left.
    """
    lesson = lesson_of(x, y, groups, slates, model.roster_size)
    mae: dict[str, dict[str, float]] = {}
    coverage: dict[str, dict[str, float]] = {}
    width: dict[str, dict[str, float]] = {}
    for scheme, labels in ((CONTESTS, lesson.contests.groups), (SLATES, lesson.slates)):
        said = _left_out(model, lesson, labels.astype(str))
        said |= {name: (percent, None) for name, percent in (references or {}).items()}
        told = np.isfinite(lesson.known)
        mae[scheme] = {
            name: float(np.abs(percent - lesson.known)[told].mean())
            for name, (percent, _) in said.items()
        }
        bounds = {name: bound for name, (_, bound) in said.items() if bound is not None}
        coverage[scheme] = {
            name: float(((lesson.known >= low) & (lesson.known <= high))[told].mean())
            for name, (low, high) in bounds.items()
        }
        width[scheme] = {name: float((high - low).mean()) for name, (low, high) in bounds.items()}
    return OwnershipGrade(mae, coverage, width, int(np.isfinite(lesson.known).sum()))


Said = tuple[Floats, tuple[Floats, Floats] | None]


def _left_out(
    model: HybridOwnershipEstimator, lesson: Lesson, labels: npt.NDArray[np.str_]
) -> dict[str, Said]:
    count = len(lesson.x)
    names = (*MEMBERS, *METHODS, *BASELINES)
    percent = {name: np.zeros(count) for name in names}
    low, high = ({name: np.zeros(count) for name in METHODS} for _ in range(2))
    group_of = np.empty(count, dtype=object)
    slate_of = np.empty(count, dtype=object)
    for place, group, slate in zip(
        lesson.contests.place, lesson.contests.groups, lesson.slates, strict=True
    ):
        group_of[place[place >= 0]], slate_of[place[place >= 0]] = group, slate
    for label in np.unique(labels):
        held, rows = lesson.only(labels == label), lesson.rows_of(labels == label)
        rest = lesson.only(labels != label)
        fitted = clone(model).fit(
            lesson.x[~rows], lesson.known[~rows], group_of[~rows], slate_of[~rows]
        )
        fitted.set_params(custom_weights=None, normalize_to="field")
        size = model.roster_size
        for name, member in fitted.estimators().items():
            odds = odds_of(member.terms, fitted.members_[name].fitted, held.x)
            percent[name][rows] = percent_of(odds, held.contests, size)
        for method in METHODS:
            fitted.set_params(ensemble_method=method)
            answer = fitted.predict_with_uncertainty(held.x, group_of[rows])
            percent[method][rows], low[method][rows], high[method][rows] = answer[:3]
        plain = fit_terms(SALARY_ONLY, rest, roster_size=size, top_table=model.top_table)
        odds = odds_of(SALARY_ONLY, plain, held.x)
        percent["salary_only"][rows] = percent_of(odds, held.contests, size)
        percent["constant"][rows] = percent_of(np.zeros(len(held.x)), held.contests, size)
    return {
        name: (estimate, (low[name], high[name]) if name in low else None)
        for name, estimate in percent.items()
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return round(value, 3) if isinstance(value, float) else value
