"""Fitting one estimator's terms to contests, and what its fit says of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field.estimators._regression import Contests, Weighted, by_contest, fit_weights
from core.field.estimators.designs import Term, design, driver_columns, ridges, signs
from core.field.estimators.features import COLUMN, require_rows
from core.field.estimators.filling import shifted
from core.field.estimators.slates import Flags, Floats


@dataclass(frozen=True, eq=False)
class FittedTerms:
    """What one estimator learnt.

    Parameters
    ----------
    weights
        Of its terms, ``[p]``, in log-odds.
    precision
        How firmly the contests hold them, ``[p, p]``.
    spread
        Mean of each term's standard deviation in a contest, ``[p]``.
    drivers, driver_weights
        Numbers of drivers with a weight of their own, ``[m]``, and those weights.
    """

    weights: Floats
    precision: Floats
    spread: Floats
    drivers: Floats
    driver_weights: Floats


@dataclass(frozen=True, eq=False)
class Lesson:
    """Rows to learn from, laid out by contest.

    Parameters
    ----------
    x
        Rows, ``[n, len(FEATURES)]``.
    known
        Percent of entries, ``[n]``; NaN where not known.
    contests
        Their layout.
    slates
        Label of each contest's slate, ``[G]``.
    """

    x: Floats
    known: Floats
    contests: Contests
    slates: npt.NDArray[np.object_]

    def counts(self) -> Floats:
        """Give how much each contest counts, ``[G]``: those of one slate together as one.

        Contests of a slate are owned alike, so a second tells little that the first did not.
        """
        return np.array([1.0 / np.sum(self.slates == slate) for slate in self.slates])

    def rows_of(self, chosen: Flags) -> Flags:
        """Say which rows are of the chosen contests, bool ``[n]``."""
        rows = np.zeros(len(self.x), dtype=np.bool_)
        place = self.contests.place[chosen]
        rows[place[place >= 0]] = True
        return rows

    def only(self, chosen: Flags) -> "Lesson":
        """Give the lesson of the chosen contests alone: nothing of the others is in it."""
        rows = self.rows_of(chosen)
        moved = np.cumsum(rows) - 1
        place = self.contests.place[chosen]
        contests = Contests(
            np.where(place >= 0, moved[place], -1),
            self.contests.there[chosen],
            self.contests.groups[chosen],
        )
        return Lesson(self.x[rows], self.known[rows], contests, self.slates[chosen])


def lesson_of(
    x: object,
    y: object,
    groups: npt.ArrayLike | None,
    slates: npt.ArrayLike | None,
    roster_size: int,
) -> Lesson:
    """Check what is to be learnt from and lay it out.

    Parameters
    ----------
    x, y
        Rows, and percent of entries, NaN where not known.
    groups, slates
        Label of each row's contest, and of its contest's slate; every contest a slate of its own
        where no slates are given.
    roster_size
        Drivers in a lineup.

    Raises
    ------
    InvalidInput
        Arrays of other lengths, percent outside 0..100, fewer drivers in a contest than a roster,
        a contest whose known ownership is more than a roster's, a contest of two slates, nothing
        known at all.
    """
    rows = require_rows(x)
    known = np.array(y, dtype=np.float64)
    if known.shape != (len(rows),):
        raise InvalidInput({"y": f"{known.shape} for {len(rows)} rows; give one number each."})
    known[rows[:, COLUMN["racing"]] <= 0.0] = np.nan
    told = known[np.isfinite(known)]
    if not told.size or not bool((told > 0.0).any()):
        raise InvalidInput({"y": "no ownership is known; give percent of entries of some drivers."})
    if bool(((told < 0.0) | (told > 100.0)).any()):
        raise InvalidInput({"y": "a number outside 0 to 100; give percent of entries."})
    for name, labels in (("groups", groups), ("slates", slates)):
        if labels is not None and np.shape(labels) != (len(rows),):
            raise InvalidInput({name: f"{np.shape(labels)} for {len(rows)} rows; give one each."})
    contests = by_contest(groups, rows[:, COLUMN["racing"]] > 0.0)
    _require_rosters(contests, known, roster_size)
    if slates is None:
        return Lesson(rows, known, contests, contests.groups)
    labels = np.asarray(slates).astype(object)
    of_contest = []
    for place in contests.place:
        here = labels[place[place >= 0]]
        if not bool((here == here[0]).all()):
            raise InvalidInput({"slates": "a contest's rows are of two slates; give each its own."})
        of_contest.append(here[0])
    return Lesson(rows, known, contests, np.array(of_contest, dtype=object))


def _require_rosters(contests: Contests, known: Floats, roster_size: int) -> None:
    few = contests.there.sum(axis=1) < roster_size
    if bool(few.any()):
        raise InvalidInput(
            {
                "groups": f"contest {contests.groups[few][0]!r} has fewer than {roster_size} "
                "drivers; give all drivers of its slate, unknown ownership as NaN."
            }
        )
    sums = np.nansum(contests.laid(known, np.nan), axis=1)
    if bool((sums > 102.0 * roster_size).any()):
        over = int(np.argmax(sums))
        raise InvalidInput(
            {
                "y": f"contest {contests.groups[over]!r} sums to {sums[over]:.1f}; percent of "
                f"entries sum to {100 * roster_size}."
            }
        )


def fit_terms(
    terms: Sequence[Term],
    lesson: Lesson,
    *,
    roster_size: int,
    top_table: bool,
    drivers: Floats | None = None,
    driver_ridge: float = 1.0,
    counts: Floats | None = None,
    prior: Weighted | None = None,
    begin: Floats | None = None,
) -> FittedTerms:
    """Fit terms to contests.

    Parameters
    ----------
    terms
        What is looked at.
    lesson
        What is learnt from.
    roster_size, top_table
        See :func:`~core.field.estimators._regression.fit_weights`.
    drivers, driver_ridge
        Numbers of drivers who get a weight of their own, and how firmly it is held to 0.
    counts
        How much each contest counts; a slate's contests together 1 by default.
    prior
        Towards which the weights are drawn; towards 0 by each term's ridge by default.
    begin
        Weights of the terms and drivers where the search begins.
    """
    some = np.empty(0) if drivers is None else drivers
    columns = design(terms, lesson.x)
    believed = prior or Weighted(np.zeros(len(terms)), np.diag(ridges(terms)))
    size = len(terms) + len(some)
    precision = driver_ridge * np.eye(size)
    precision[: len(terms), : len(terms)] = believed.precision
    laid = lesson.contests.laid(np.column_stack([columns, driver_columns(some, lesson.x)]))
    fitted = fit_weights(
        laid,
        lesson.contests.laid(lesson.known / 100.0, np.nan),
        lesson.contests.there,
        lesson.counts() if counts is None else counts,
        roster_size,
        top_table,
        Weighted(np.concatenate([believed.weights, np.zeros(len(some))]), precision),
        np.concatenate([signs(terms), np.zeros(len(some), dtype=np.bool_)]),
        begin,
    )
    there = lesson.contests.there[:, :, None]
    cells = np.where(there, laid[:, :, : len(terms)], np.nan)
    return FittedTerms(
        weights=fitted.weights[: len(terms)],
        precision=fitted.precision[: len(terms), : len(terms)],
        spread=np.nanstd(cells, axis=1).mean(axis=0),
        drivers=some,
        driver_weights=fitted.weights[len(terms) :],
    )


def odds_of(terms: Sequence[Term], fitted: FittedTerms, x: Floats) -> Floats:
    """Give the log-odds of rows before their contest's own number, ``[n]``."""
    return _odds(terms, fitted, x, fitted.weights[:, None])[:, 0]


def replicate_odds(
    terms: Sequence[Term], fitted: FittedTerms, replicates: Floats, x: Floats
) -> Floats:
    """Give the log-odds by replicate, ``[n, B]``, of weights of the terms ``[B, p]``."""
    return _odds(terms, fitted, x, replicates.T)


def _odds(terms: Sequence[Term], fitted: FittedTerms, x: Floats, weights: Floats) -> Floats:
    odds: Floats = design(terms, x) @ weights
    if len(fitted.drivers):
        odds = odds + (driver_columns(fitted.drivers, x) @ fitted.driver_weights)[:, None]
    return odds


def percent_of(odds: Floats, contests: Contests, roster_size: int) -> Floats:
    """Give percent of entries, each contest summing to ``100 x roster_size``.

    Parameters
    ----------
    odds
        Log-odds, ``[n]`` or, of several models at once, ``[n, B]``.

    Returns
    -------
    Of the same shape; 0 for who does not race.
    """
    many = odds.reshape(len(odds), -1)
    models = many.shape[1]
    laid = np.moveaxis(contests.laid(many), 2, 0).reshape(-1, contests.there.shape[1])
    there = np.tile(contests.there, (models, 1))
    shares = shifted(laid, there, np.full(len(laid), float(roster_size)))
    percent = np.zeros_like(many)
    cells = shares.reshape(models, *contests.there.shape)
    percent[contests.place[contests.there]] = 100.0 * cells[:, contests.there].T
    return percent.reshape(odds.shape)
