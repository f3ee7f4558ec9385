"""What estimators say of slates that they have not learnt, and of contests drawn again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.field.estimators._regression import Weighted
from core.field.estimators.filling import completed, log_odds
from core.field.estimators.fitting import FittedTerms, Lesson, odds_of, percent_of
from core.field.estimators.intervals import Misses, misses
from core.field.estimators.members import Member
from core.field.estimators.slates import Flags, Floats
from core.field.estimators.stacking import ErrorMoments

REPLICATE_DECIMALS = 4  # a replicate is one of many draws: more digits would say nothing

MOST_FOLDS = 10
MOST_INNER_FOLDS = 5

Weigh = Callable[[ErrorMoments], Floats]


@dataclass(frozen=True, eq=False)
class FittedMember:
    """One estimator's fit, and its fits to contests drawn again.

    Parameters
    ----------
    fitted
        To all contests.
    replicates
        Weights of the terms in each replicate, ``[B, p]``.
    """

    fitted: FittedTerms
    replicates: Floats

    def belief(self, replicate: int | None = None) -> Weighted:
        """Give the fit, or one replicate, as what a later fit starts from."""
        weights = self.fitted.weights
        if replicate is not None:
            weights = self.replicates[replicate % len(self.replicates)]
        return Weighted(weights, self.fitted.precision)


def learn(
    member: Member,
    lesson: Lesson,
    prior: FittedMember | None,
    rng: np.random.Generator,
    replicates: int,
) -> FittedMember:
    """Fit an estimator to all contests and to contests drawn again, slate by slate.

    A replicate draws as many slates as there are, with replacement, and of each as many of its
    contests, with replacement: contests of a slate are too alike to be drawn as if they were not
    of one. Never rows: drivers of a contest share its sum.
    """
    fitted = member.learn(lesson, prior=None if prior is None else prior.belief())
    begin = np.concatenate([fitted.weights, fitted.driver_weights])
    drawn = np.empty((replicates, len(fitted.weights)))
    for place in range(replicates):
        again = member.learn(
            lesson,
            counts=drawn_again(lesson.slates, rng),
            prior=None if prior is None else prior.belief(place),
            begin=begin,
        )
        drawn[place] = np.round(again.weights, REPLICATE_DECIMALS)
    return FittedMember(fitted, drawn)


def drawn_again(slates: npt.NDArray[np.object_], rng: np.random.Generator) -> Floats:
    """Give how much each contest counts in a replicate, ``[G]``, summing to the slates' number."""
    counts = np.zeros(len(slates))
    names = np.unique(slates.astype(str))
    for name in names[rng.integers(len(names), size=len(names))]:
        here = np.flatnonzero(slates.astype(str) == name)
        for contest in here[rng.integers(len(here), size=len(here))]:
            counts[contest] += 1.0 / len(here)
    return counts


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Estimates of every slate by fits that have learnt nothing of it.

    Parameters
    ----------
    each
        Percent by estimator, ``[n, M]``.
    known
        The truth, ``[n]``; NaN where not known.
    slates
        Label of each row's slate, ``[n]``.
    before
        Error moments of what was learnt on from.
    folds
        Rows left out together, bool ``[n]``, and the error moments that weigh the estimators there:
        those of the other slates among themselves.
    """

    each: Floats
    known: Floats
    slates: npt.NDArray[np.object_]
    before: ErrorMoments
    folds: tuple[tuple[Flags, ErrorMoments], ...]

    def moments(self) -> ErrorMoments:
        """Give the moments of the errors, each slate counting the same."""
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
        """Give the ensemble's estimate, ``[n]``: no slate has a say in its own weights."""
        mixed = np.zeros(len(self.known))
        for rows, moments in self.folds:
            mixed[rows] = self.each[rows] @ weigh(moments)
        return mixed

    def missed(self, weigh: Weigh, lesson: Lesson, roster_size: int, top_table: bool) -> Misses:
        """Measure how far the ensemble's estimates are off."""
        mixed = self.mixed(weigh)
        contests = lesson.contests
        known = contests.laid(self.known / 100.0, np.nan)
        shares = completed(
            log_odds(contests.laid(mixed / 100.0)),
            contests.there,
            known,
            float(roster_size),
            top_table,
        )
        seen_share = np.nansum(known, axis=1, keepdims=True) / roster_size
        filled, seen = np.full(len(mixed), np.nan), np.zeros(len(mixed))
        cells = contests.place[contests.there]
        filled[cells] = 100.0 * shares[contests.there]
        seen[cells] = np.broadcast_to(seen_share, contests.there.shape)[contests.there]
        return misses(mixed, self.known, self.slates, filled, seen)

    def error(self, percent: Floats) -> float:
        """Give the mean absolute error over drivers of known ownership."""
        return float(np.nanmean(np.abs(percent - self.known)))


def out_of_fold(
    lesson: Lesson,
    members: Sequence[Member],
    priors: Sequence[FittedMember | None],
    before: ErrorMoments,
    folds: int = MOST_FOLDS,
) -> OutOfFold:
    """Leave out one slate after the other, or a few at a time where there are more than ``folds``.

    The ensemble's weights for a fold come from leaving out slates of the rest in turn: a fit that
    has seen the fold has no part in them. Where there is only one slate, what is learnt on from
    speaks of it alone.
    """
    each = np.zeros((len(lesson.x), len(members)))
    labels = lesson.slates.astype(str)
    names = np.unique(labels)
    of_row = np.empty(len(lesson.x), dtype=object)
    for name in names:
        of_row[lesson.rows_of(labels == name)] = name
    tested: list[tuple[Flags, ErrorMoments]] = []
    for number in range(min(folds, len(names))):
        out = np.isin(labels, names[number::folds])
        held, rows = lesson.only(out), lesson.rows_of(out)
        rest = None if bool(out.all()) else lesson.only(~out)
        for place, (member, prior) in enumerate(zip(members, priors, strict=True)):
            if rest is not None:
                fitted = member.learn(rest, prior=None if prior is None else prior.belief())
            elif prior is not None:
                fitted = prior.fitted
            else:
                raise ValueError("one slate, and nothing to learn on from")
            odds = odds_of(member.terms, fitted, held.x)
            each[rows, place] = percent_of(odds, held.contests, member.roster_size)
        known = rest is not None and (len(np.unique(rest.slates.astype(str))) > 1 or all(priors))
        inner = (
            out_of_fold(rest, members, priors, before, MOST_INNER_FOLDS).moments()
            if rest is not None and known and folds == MOST_FOLDS
            else before
        )
        tested.append((rows, inner))
    return OutOfFold(each, lesson.known, of_row, before, tuple(tested))
