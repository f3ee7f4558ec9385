"""Cross-validation by slate, and the bootstrap over slates and contests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.field.estimators._regression import Weighted
from core.field.estimators.filling import completed, log_odds
from core.field.estimators.fitting import FittedTerms, TrainingRows, odds_of, percent_of
from core.field.estimators.intervals import Misses, misses
from core.field.estimators.members import Member
from core.field.estimators.slates import Flags, Floats
from core.field.estimators.stacking import ErrorMoments

REPLICATE_DECIMALS = 4  # a replicate is one random draw of many: more digits would mean nothing

MOST_FOLDS = 10
MOST_INNER_FOLDS = 5

Weigh = Callable[[ErrorMoments], Floats]
"""Weights of the estimators in the ensemble, computed from their errors out of fold."""


@dataclass(frozen=True, eq=False)
class FittedMember:
    """One estimator's fit, and its bootstrap replicates.

    Parameters
    ----------
    fitted
        The fit to all contests.
    replicates
        Weights of the terms fitted to each bootstrap sample of contests, ``[B, p]``.
    """

    fitted: FittedTerms
    replicates: Floats

    def belief(self, replicate: int | None = None) -> Weighted:
        """The fit, or one replicate of it, as the prior of a later fit."""
        weights = self.fitted.weights
        if replicate is not None:
            weights = self.replicates[replicate % len(self.replicates)]
        return Weighted(weights, self.fitted.precision)


def learn(
    member: Member,
    training: TrainingRows,
    prior: FittedMember | None,
    rng: np.random.Generator,
    replicates: int,
) -> FittedMember:
    """Fit an estimator to all contests, and to ``replicates`` bootstrap samples of them.

    A sample draws as many slates as there are, with replacement, and of each slate as many contests
    as it has, with replacement: contests of a slate are too alike to be drawn independently. Single
    rows are never drawn, because the drivers of a contest share its sum.
    """
    fitted = member.learn(training, prior=None if prior is None else prior.belief())
    begin = np.concatenate([fitted.weights, fitted.driver_weights])
    drawn = np.empty((replicates, len(fitted.weights)))
    for replicate in range(replicates):
        again = member.learn(
            training,
            counts=drawn_again(training.slates, rng),
            prior=None if prior is None else prior.belief(replicate),
            begin=begin,
        )
        drawn[replicate] = np.round(again.weights, REPLICATE_DECIMALS)
    return FittedMember(fitted, drawn)


def drawn_again(slates: npt.NDArray[np.object_], rng: np.random.Generator) -> Floats:
    """Weight of each contest in one bootstrap sample, ``[G]``; sums to the number of slates."""
    counts = np.zeros(len(slates))
    names = np.unique(slates.astype(str))
    for name in names[rng.integers(len(names), size=len(names))]:
        here = np.flatnonzero(slates.astype(str) == name)
        for contest in here[rng.integers(len(here), size=len(here))]:
            counts[contest] += 1.0 / len(here)
    return counts


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Estimates of every slate by fits that did not use it.

    Parameters
    ----------
    each
        Percent of entries by estimator, ``[n, M]``.
    known
        True percent of entries, ``[n]``; NaN where not known.
    slates
        Label of each row's slate, ``[n]``.
    before
        Error moments of the prior ensemble.
    folds
        For each fold, its rows, bool ``[n]``, and the error moments that weigh the estimators
        there: those of a cross-validation within the other slates.
    """

    each: Floats
    known: Floats
    slates: npt.NDArray[np.object_]
    before: ErrorMoments
    folds: tuple[tuple[Flags, ErrorMoments], ...]

    def moments(self) -> ErrorMoments:
        """Moments of the errors, the prior's among them; every slate counts the same."""
        sums = self.before.sums.copy()
        count = self.before.slates
        off = self.each - self.known[:, None]
        for name in np.unique(self.slates):
            rows = (self.slates == name) & np.isfinite(self.known)
            if bool(rows.any()):
                sums += off[rows].T @ off[rows] / rows.sum()
                count += 1
        return ErrorMoments(sums, count)

    def mixed(self, weigh: Weigh) -> Floats:
        """The ensemble's estimate, ``[n]``, weighed by errors on other slates than the row's."""
        mixed = np.zeros(len(self.known))
        for rows, moments in self.folds:
            mixed[rows] = self.each[rows] @ weigh(moments)
        return mixed

    def missed(
        self, weigh: Weigh, training: TrainingRows, roster_size: int, top_table: bool
    ) -> Misses:
        """Distribution of the ensemble's errors, see :func:`~.intervals.misses`."""
        mixed = self.mixed(weigh)
        contests = training.contests
        known = contests.by_cell(self.known / 100.0, np.nan)
        shares = completed(
            log_odds(contests.by_cell(mixed / 100.0)),
            contests.racing,
            known,
            float(roster_size),
            top_table,
        )
        share_of_contest = np.nansum(known, axis=1, keepdims=True) / roster_size
        filled, known_share = np.full(len(mixed), np.nan), np.zeros(len(mixed))
        cells = contests.row_index[contests.racing]
        filled[cells] = 100.0 * shares[contests.racing]
        known_share[cells] = np.broadcast_to(share_of_contest, contests.racing.shape)[
            contests.racing
        ]
        return misses(mixed, self.known, self.slates, filled, known_share)

    def error(self, percent: Floats) -> float:
        """Mean absolute error over drivers of known ownership, percent of entries."""
        return float(np.nanmean(np.abs(percent - self.known)))


def out_of_fold(
    training: TrainingRows,
    members: Sequence[Member],
    priors: Sequence[FittedMember | None],
    before: ErrorMoments,
    folds: int = MOST_FOLDS,
) -> OutOfFold:
    """Cross-validate: every slate is estimated by fits that leave it out.

    One slate is left out at a time, or several where there are more than ``folds``. The ensemble's
    weights for a fold come from a cross-validation within the other slates, so no fit that used the
    fold has a part in them. Where there is only one slate, the prior's fits alone estimate it.

    Raises
    ------
    ValueError
        There is only one slate, and an estimator has no prior.
    """
    each = np.zeros((len(training.x), len(members)))
    labels = training.slates.astype(str)
    names = np.unique(labels)
    of_row = np.empty(len(training.x), dtype=object)
    for name in names:
        of_row[training.rows_of(labels == name)] = name
    tested: list[tuple[Flags, ErrorMoments]] = []
    for number in range(min(folds, len(names))):
        out = np.isin(labels, names[number::folds])
        fold, rows = training.only(out), training.rows_of(out)
        rest = None if bool(out.all()) else training.only(~out)
        for index, (member, prior) in enumerate(zip(members, priors, strict=True)):
            if rest is not None:
                fitted = member.learn(rest, prior=None if prior is None else prior.belief())
            elif prior is not None:
                fitted = prior.fitted
            else:
                raise ValueError("one slate alone, and no prior model")
            odds = odds_of(member.terms, fitted, fold.x)
            each[rows, index] = percent_of(odds, fold.contests, member.roster_size)
        has_inner = rest is not None and (
            len(np.unique(rest.slates.astype(str))) > 1 or all(priors)
        )
        inner = (
            out_of_fold(rest, members, priors, before, MOST_INNER_FOLDS).moments()
            if rest is not None and has_inner and folds == MOST_FOLDS
            else before
        )
        tested.append((rows, inner))
    return OutOfFold(each, training.known, of_row, before, tuple(tested))
