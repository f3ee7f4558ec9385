"""The ensemble of ownership estimators: voting, weighted or stacking, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from core.errors import InvalidInput
from core.field.estimators._regression import by_contest
from core.field.estimators.designs import importance
from core.field.estimators.features import COLUMN, FEATURES, ownership_features, require_rows
from core.field.estimators.filling import chances, completed, fill_to, log_odds
from core.field.estimators.fitting import (
    TrainingRows,
    odds_of,
    percent_of,
    replicate_odds,
    training_rows,
)
from core.field.estimators.folding import FittedMember, OutOfFold, Weigh, learn, out_of_fold
from core.field.estimators.intervals import Misses, interval, joined
from core.field.estimators.members import ESTIMATORS, Member
from core.field.estimators.methods import MEMBERS, METHODS
from core.field.estimators.slates import Flags, Floats, OwnershipSlate
from core.field.estimators.stacking import ErrorMoments, by_error, custom, equal, stacked
from core.field.estimators.versions import percent_in_turn
from core.randomness import Purpose, stream


@dataclass(frozen=True, eq=False)
class OwnershipForecast:
    """Forecast ownership of a slate's drivers; every array is ``[D]``, percent of entries.

    Parameters
    ----------
    percent
        The estimate, each 0..100, summing to ``100 x roster_size`` (to 100 as shares of roster
        spots).
    lower_5, upper_95
        The 5% and the 95% bound of the true ownership; the estimate is always between them.
    std
        Standard deviation of the true ownership.
    """

    percent: Floats
    lower_5: Floats
    upper_95: Floats
    std: Floats

    @property
    def total(self) -> float:
        """Sum of the estimates."""
        return float(self.percent.sum())


class HybridOwnershipEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Ownership estimated by several estimators and combined.

    Parameters
    ----------
    ensemble_method
        ``voting``: the mean of them. ``weighted``: ``custom_weights``, or by default weights in
        inverse proportion to each estimator's squared error. ``stacking``: the weights of the
        smallest squared error. Errors are always those on slates left out of the fit; without
        ``slates``, on contests left out.
    custom_weights
        One weight for each of ``members`` in that order, or weights by name; they sum to 1. Only
        for ``weighted``.
    roster_size
        Drivers in a lineup.
    normalize_to
        ``field``: percent of entries, summing to ``100 x roster_size``; ``share``: shares of roster
        spots, summing to 100.
    driver_effects
        Whether each driver in the training rows also gets a weight of his own.
    n_recent_races
        Number of the latest races from which the estimator of recent form fits those weights.
    top_table
        Whether the known numbers are a published table of the ten or more most owned: then no
        driver of unknown ownership is above the tenth highest known.
    n_bootstrap
        Number of bootstrap samples of the contests.
    random_state
        Seed of the bootstrap, a whole number: the same contests and seed give the same bits.
    members
        Names of the estimators to combine, of
        :data:`~core.field.estimators.members.ESTIMATORS`; by default the four of the shipped
        ensemble.

    Attributes
    ----------
    members_
        Fit of each estimator by name, :class:`FittedMember`.
    error_moments_
        Moments of the errors out of fold, :class:`ErrorMoments`.
    misses_
        Distribution of the errors out of fold by method, :class:`Misses`.
    error_
        Mean absolute error out of fold by estimator and method: percent of entries, over drivers of
        known ownership.
    contests_, slates_
        Number of contests and slates that the model was fitted to, the prior's among them.
    fold_error_
        As ``error_``, over the contests of this fit alone, without those of the prior.
    days_
        First and last race day fitted to, as proleptic Gregorian ordinals; ``None`` without dates.
    grade_
        A grade of the model measured elsewhere and kept with it; empty after a fit.
    """

    members_: dict[str, FittedMember]
    error_moments_: ErrorMoments
    misses_: dict[str, Misses]
    error_: dict[str, float]
    fold_error_: dict[str, float]
    contests_: int
    slates_: int
    days_: tuple[int, int] | None
    grade_: dict[str, Any]

    def __init__(
        self,
        ensemble_method: str = "voting",
        custom_weights: Sequence[float] | Mapping[str, float] | None = None,
        roster_size: int = 6,
        normalize_to: str = "field",
        driver_effects: bool = False,
        n_recent_races: int = 5,
        top_table: bool = True,
        n_bootstrap: int = 60,
        random_state: int = 0,
        members: Sequence[str] = MEMBERS,
    ) -> None:
        self.ensemble_method = ensemble_method
        self.custom_weights = custom_weights
        self.roster_size = roster_size
        self.normalize_to = normalize_to
        self.driver_effects = driver_effects
        self.n_recent_races = n_recent_races
        self.top_table = top_table
        self.n_bootstrap = n_bootstrap
        self.random_state = random_state
        self.members = members

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803  (scikit-learn's name)
        y: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        slates: npt.ArrayLike | None = None,
        prior: "HybridOwnershipEstimator | None" = None,
    ) -> Self:
        """Fit to contests.

        Parameters
        ----------
        X
            Rows of :func:`~core.field.estimators.features.ownership_features`, all drivers of every
            contest, ``[n, len(FEATURES)]``.
        y
            Percent of entries, ``[n]``; NaN where not known. The drivers of a contest whose
            ownership is not known own what the others leave of the rosters.
        groups
            Label of each row's contest, ``[n]``; one contest by default.
        slates
            Label of the slate of each row's contest, ``[n]``. Contests of one slate share their
            drivers and most of their ownership, so they are left out together and count as one.
        prior
            A fitted ensemble of the same members as the starting point; the more contests, the
            less it counts.

        Raises
        ------
        InvalidInput
            A parameter or array that cannot be used; only one slate, and no prior; a prior of
            other members.
        """
        self.check_parameters()
        if prior is not None and tuple(prior.members) != tuple(self.members):
            raise InvalidInput(
                {
                    "prior": f"combines {', '.join(prior.members)}; give one that combines "
                    f"{', '.join(self.members)}, or none."
                }
            )
        training = training_rows(X, y, groups, slates, self.roster_size)
        labels = np.unique(training.slates.astype(str))
        if len(labels) < 2 and prior is None:
            raise InvalidInput(
                {
                    "groups": "all contests are of one slate, and errors are measured on slates "
                    "left out of the fit; give contests of two slates or more, or a fitted "
                    "ensemble as prior."
                }
            )
        self.n_features_in_ = len(FEATURES)
        estimators = self.estimators()
        before: dict[str, FittedMember | None] = dict.fromkeys(self.members)
        before.update({} if prior is None else prior.members_)
        self.members_ = {
            name: learn(
                member,
                training,
                before[name],
                stream(self.random_state, Purpose.FITTING, index),
                self.n_bootstrap,
            )
            for index, (name, member) in enumerate(estimators.items())
        }
        tested = out_of_fold(
            training,
            list(estimators.values()),
            [before[name] for name in self.members],
            ErrorMoments(np.zeros((len(self.members),) * 2), 0)
            if prior is None
            else prior.error_moments_,
        )
        self.error_moments_ = tested.moments()
        self._keep_grades(tested, training, prior)
        return self

    def estimators(self) -> dict[str, Member]:
        """The ensemble's estimators, not fitted, by name.

        Those of their parameters that the ensemble has too are as the ensemble's.
        """
        own = self.get_params()
        made = {name: ESTIMATORS[name]() for name in self.members}
        for member in made.values():
            member.set_params(**{name: own[name] for name in member.get_params() if name in own})
        return made

    def predict(
        self,
        X: npt.ArrayLike,  # noqa: N803
        groups: npt.ArrayLike | None = None,
    ) -> Floats:
        """Ownership, ``[n]``: each contest sums to ``100 x roster_size``, or to 100 as shares.

        Every driver is within 0..100; a driver who does not race is 0.

        Raises
        ------
        InvalidInput
            ``X`` is not ``[n, len(FEATURES)]`` or holds an infinite number, or a parameter cannot
            be used.
        """
        x = self._rows(X)
        return self._mixed(self._each(x, groups), x, groups) * self._scale()

    def predict_with_uncertainty(
        self,
        X: npt.ArrayLike,  # noqa: N803
        groups: npt.ArrayLike | None = None,
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Ownership, its 5% and 95% bounds and its standard deviation, ``[n]`` each.

        The ownership is that of :meth:`predict`. It is always between the bounds; all are within
        0..100.

        Raises
        ------
        InvalidInput
            As :meth:`predict`.
        """
        x = self._rows(X)
        percent = self._mixed(self._each(x, groups), x, groups)
        lower, upper, std = self._interval(x, groups, percent)
        scale = self._scale()
        return percent * scale, lower * scale, upper * scale, std * scale

    def forecast(self, slate: OwnershipSlate) -> OwnershipForecast:
        """Forecast ownership of a slate's drivers.

        A driver who does not race has 0%. Ownership that the slate holds already stays and is
        certain; the other drivers share the rest of the rosters.

        Raises
        ------
        InvalidInput
            The slate's roster size is another than the model's; its known ownership sums to more
            than all rosters, or to so little that the other drivers cannot fill them.
        """
        self._require_roster(slate)
        x = self._rows(ownership_features(slate))
        percent = self._mixed(self._each(x, None), x, None)
        known = np.isfinite(slate.ownership_percent) & slate.racing
        if bool(known.any()):
            percent = self._kept(percent[None], slate, known)[0]
        return self._forecast(percent, self._interval(x, None, percent), known)

    def forecast_mean(self, slates: Sequence[OwnershipSlate]) -> OwnershipForecast:
        """Forecast of a slate of which several versions are equally likely: their mean.

        The bounds and the deviation hold what the versions differ by.

        Parameters
        ----------
        slates
            The versions. They differ in the grid, projections, skill and average points alone.

        Raises
        ------
        InvalidInput
            As :meth:`forecast`.
        """
        slate, versions = slates[0], len(slates)
        if versions == 1:
            return self.forecast(slate)
        self._require_roster(slate)
        x = self._rows(np.vstack([ownership_features(version) for version in slates]))
        labels = np.repeat(np.arange(versions), len(slate))
        mixed = self._mixed(self._each(x, labels), x, labels)
        each = mixed.reshape(versions, len(slate))
        known = np.isfinite(slate.ownership_percent) & slate.racing
        if bool(known.any()):
            each = self._kept(each, slate, known)
        percent = each.mean(axis=0)
        # what all versions agree on, such as known ownership, stays to the last digit
        percent = np.where(np.ptp(each, axis=0) == 0.0, each[0], percent)
        return self._forecast(percent, self._interval_of_versions(x, labels, each, percent), known)

    def _require_roster(self, slate: OwnershipSlate) -> None:
        if slate.roster_size != self.roster_size:
            raise InvalidInput(
                {
                    "roster_size": f"the slate's is {slate.roster_size} and the model's "
                    f"{self.roster_size}; give a model of the same."
                }
            )

    def _forecast(
        self, percent: Floats, bounds: tuple[Floats, Floats, Floats], known: Flags
    ) -> OwnershipForecast:
        lower, upper = (np.where(known, percent, bound) for bound in bounds[:2])
        scale = self._scale()
        return OwnershipForecast(
            percent * scale,
            lower * scale,
            upper * scale,
            np.where(known, 0.0, bounds[2]) * scale,
        )

    def member_weights(self) -> dict[str, float]:
        """Weight of each estimator in the ensemble, by name; the weights sum to 1."""
        check_is_fitted(self)
        return dict(zip(self.members, self._weights().tolist(), strict=True))

    @property
    def feature_importance_(self) -> dict[str, float]:
        """How much each feature moves the estimate on a usual slate, by name; they sum to 1.

        It is a term's absolute weight times its standard deviation within a contest, divided
        equally among the features that it multiplies, and averaged over the estimators with their
        weights.
        """
        check_is_fitted(self)
        total = np.zeros(len(FEATURES))
        estimators = self.estimators()
        for name, weight in self.member_weights().items():
            fitted = self.members_[name].fitted
            total += weight * importance(
                estimators[name].terms, np.abs(fitted.weights) * fitted.spread
            )
        if total.sum() > 0.0:
            total /= total.sum()
        return dict(zip(FEATURES, total.tolist(), strict=True))

    @property
    def about_(self) -> dict[str, Any]:
        """What a user should know of the model, as JSON.

        ``fitted_on`` (``from`` and ``to``, dates, or null), ``n_contests``, ``n_slates``, ``mae``
        (on slates left out, percent of entries), ``members`` (weights), and from ``grade_``
        ``mae_by_scheme`` and ``coverage``.
        """
        check_is_fitted(self)
        first, last = self.days_ or (None, None)
        return {
            "fitted_on": None
            if first is None or last is None
            else {
                "from": date.fromordinal(first).isoformat(),
                "to": date.fromordinal(last).isoformat(),
            },
            "n_contests": self.contests_,
            "n_slates": self.slates_,
            "mae": round(self.error_[self.ensemble_method], 2),
            "members": {name: round(weight, 4) for name, weight in self.member_weights().items()},
            "mae_by_scheme": self.grade_.get("mae", {}),
            "coverage": self.grade_.get("coverage", {}),
        }

    def check_parameters(self) -> None:
        """Refuse parameters that cannot be used.

        Raises
        ------
        InvalidInput
            It names every such parameter.
        """
        problems = {}
        unknown = [name for name in self.members if name not in ESTIMATORS]
        if unknown or not self.members or len(set(self.members)) < len(self.members):
            problems["members"] = (
                f"{', '.join(self.members) or 'none'}; give one or more of "
                f"{', '.join(ESTIMATORS)}, none twice."
            )
        if self.ensemble_method not in METHODS:
            problems["ensemble_method"] = f"{self.ensemble_method!r}; give {', '.join(METHODS)}."
        elif self.custom_weights is not None and self.ensemble_method != "weighted":
            problems["custom_weights"] = (
                f"are not read by {self.ensemble_method!r}; leave them out or give 'weighted'."
            )
        elif self.custom_weights is not None:
            custom(self.custom_weights, self.members)
        if self.normalize_to not in {"field", "share"}:
            problems["normalize_to"] = f"{self.normalize_to!r}; give 'field' or 'share'."
        if self.roster_size < 1:
            problems["roster_size"] = f"{self.roster_size}; give 1 or more."
        if self.n_bootstrap < 1:
            problems["n_bootstrap"] = f"{self.n_bootstrap}; give 1 or more."
        if self.n_recent_races < 1:
            problems["n_recent_races"] = f"{self.n_recent_races}; give 1 or more."
        if not 0 <= self.random_state < 2**128:
            problems["random_state"] = f"{self.random_state}; give a seed of 0 or more."
        if problems:
            raise InvalidInput(problems)

    def _rows(self, x: npt.ArrayLike) -> Floats:
        check_is_fitted(self)
        self.check_parameters()
        return require_rows(x)

    def _scale(self) -> float:
        return 1.0 if self.normalize_to == "field" else 1.0 / self.roster_size

    def _weights(self) -> Floats:
        return self._weigh(self.ensemble_method)(self.error_moments_)

    def _weigh(self, method: str) -> Weigh:
        if method == "weighted" and self.custom_weights is not None:
            weights = custom(self.custom_weights, self.members)
            return lambda _: weights
        return {"voting": equal, "weighted": by_error, "stacking": stacked}[method]

    def _keep_grades(
        self, tested: OutOfFold, training: TrainingRows, prior: "HybridOwnershipEstimator | None"
    ) -> None:
        """Set the attributes that hold errors out of fold, and those that count contests."""
        mixed = {method: tested.mixed(self._weigh(method)) for method in METHODS}
        error = {
            name: tested.error(tested.each[:, index]) for index, name in enumerate(self.members)
        }
        error |= {method: tested.error(percent) for method, percent in mixed.items()}
        missed = {
            method: [tested.missed(self._weigh(method), training, self.roster_size, self.top_table)]
            for method in METHODS
        }
        self.fold_error_ = error
        days = training.x[:, COLUMN["race_day"]]
        span = [float(day) for day in days[np.isfinite(days)]]
        contests = len(training.contests.groups)
        self.contests_, self.slates_ = contests, len(np.unique(training.slates.astype(str)))
        if prior is not None:
            share = contests / (contests + prior.contests_)
            error = {
                name: share * value + (1.0 - share) * prior.error_[name]
                for name, value in error.items()
            }
            for method in METHODS:
                missed[method].append(prior.misses_[method])
            span += [float(day) for day in prior.days_ or ()]
            self.contests_ += prior.contests_
            self.slates_ += prior.slates_
        self.error_ = error
        self.misses_ = {method: joined(parts) for method, parts in missed.items()}
        self.days_ = (int(min(span)), int(max(span))) if span else None
        self.grade_ = {}

    def _each(self, x: Floats, groups: npt.ArrayLike | None) -> Floats:
        """Percent of entries by estimator, ``[n, M]``."""
        contests = by_contest(groups, x[:, COLUMN["racing"]] > 0.0)
        return np.column_stack(
            [
                percent_of(
                    odds_of(member.terms, self.members_[name].fitted, x), contests, self.roster_size
                )
                for name, member in self.estimators().items()
            ]
        )

    def _mixed(self, each: Floats, x: Floats, groups: npt.ArrayLike | None) -> Floats:
        return self._normalised(each @ self._weights(), x, groups)

    def _normalised(self, percent: Floats, x: Floats, groups: npt.ArrayLike | None) -> Floats:
        contests = by_contest(groups, x[:, COLUMN["racing"]] > 0.0)
        for row_index, racing in zip(contests.row_index, contests.racing, strict=True):
            rows = row_index[racing]
            percent[rows] = fill_to(percent[rows], 100.0 * self.roster_size)
        return percent

    def _interval(
        self, x: Floats, groups: npt.ArrayLike | None, percent: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Bounds and standard deviation around ``percent``, from the replicates and the misses."""
        weights = self._weights()
        contests = by_contest(groups, x[:, COLUMN["racing"]] > 0.0)
        drawn = np.zeros((len(x), len(self.members_[self.members[0]].replicates)))
        for weight, (name, member) in zip(weights, self.estimators().items(), strict=True):
            fit = self.members_[name]
            odds = replicate_odds(member.terms, fit.fitted, fit.replicates, x)
            drawn += weight * percent_of(odds, contests, self.roster_size)
        whole = log_odds(self._each(x, groups) @ weights / 100.0)
        # filling rosters and known ownership moved the estimates; move the replicates alike
        shift = log_odds(percent / 100.0) - whole
        moved = chances(log_odds(drawn.T / 100.0) + shift)
        return interval(percent, 100.0 * moved, self.misses_[self.ensemble_method])

    def _interval_of_versions(
        self, x: Floats, labels: npt.ArrayLike, each: Floats, percent: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Bounds and standard deviation around ``percent``, the mean of versions' estimates.

        ``x`` and ``labels`` are rows of all versions, one after another, and the version of each;
        ``each`` is their estimates, ``[V, D]``.
        """
        weights, by_version = self._weights(), x.reshape(*each.shape, -1)
        parts = []
        for weight, (name, member) in zip(weights, self.estimators().items(), strict=True):
            fit = self.members_[name]
            percents = percent_in_turn(
                member.terms, fit.fitted, fit.replicates, by_version, self.roster_size
            )
            parts.append(weight * percents)
        drawn = np.sum(parts, axis=0)
        # as in one version's interval: move the replicates as far as the version's estimate moved
        whole = log_odds(self._each(x, labels) @ weights / 100.0).reshape(each.shape)
        shift = log_odds(each / 100.0) - whole
        moved = chances(log_odds(drawn / 100.0) + shift[np.arange(len(drawn)) % len(each)])
        return interval(percent, 100.0 * moved, self.misses_[self.ensemble_method])

    def _kept(self, percent: Floats, slate: OwnershipSlate, known: Flags) -> Floats:
        """Estimates of one slate, ``[V, D]``, with its known ownership as it is."""
        shares = np.where(known, slate.ownership_percent / 100.0, np.nan)
        rest = self.roster_size - float(np.nansum(shares))
        others = int((slate.racing & ~known).sum())
        if not -1e-6 <= rest <= others + 1e-6:
            raise InvalidInput(
                {
                    "ownership_percent": f"what is known sums to {100 * np.nansum(shares):.1f} of "
                    f"{100 * self.roster_size} and {others} other drivers race; give percent of "
                    "entries that leave the others between 0 and 100 each."
                }
            )
        filled = completed(
            log_odds(percent / 100.0),
            np.broadcast_to(slate.racing, percent.shape),
            np.broadcast_to(shares, percent.shape),
            float(self.roster_size),
            bounded=False,
        )
        out: Floats = 100.0 * filled
        return out
