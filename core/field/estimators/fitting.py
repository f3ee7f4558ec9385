"""Fit of one estimator's terms to contests, and the ownership that the fit predicts."""

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
    """Fitted weights of one estimator.

    Parameters
    ----------
    weights
        Weights of its terms, ``[p]``, in log-odds.
    precision
        Precision of the weights, ``[p, p]``, see :class:`Weighted`.
    spread
        Standard deviation of each term within a contest, averaged over contests, ``[p]``.
    drivers, driver_weights
        The drivers with a weight of their own, as numbers
        (:func:`~core.field.estimators.features.driver_number`), ``[m]``, and those weights.
    """

    weights: Floats
    precision: Floats
    spread: Floats
    drivers: Floats
    driver_weights: Floats


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows to fit to, laid out by contest.

    Parameters
    ----------
    x
        Rows of features, ``[n, len(FEATURES)]``.
    known
        Percent of entries, ``[n]``; NaN where not known.
    contests
        Layout of the rows by contest.
    slates
        Label of each contest's slate, ``[G]``.
    """

    x: Floats
    known: Floats
    contests: Contests
    slates: npt.NDArray[np.object_]

    def counts(self) -> Floats:
        """Weight of each contest, ``[G]``; the contests of one slate weigh 1 together.

        Contests of a slate have much the same ownership, so a second one adds little.
        """
        return np.array([1.0 / np.sum(self.slates == slate) for slate in self.slates])

    def rows_of(self, chosen: Flags) -> Flags:
        """Which rows belong to the chosen contests, bool ``[n]``; ``chosen`` is bool ``[G]``."""
        rows = np.zeros(len(self.x), dtype=np.bool_)
        row_index = self.contests.row_index[chosen]
        rows[row_index[row_index >= 0]] = True
        return rows

    def only(self, chosen: Flags) -> "TrainingRows":
        """Training rows of the chosen contests alone; ``chosen`` is bool ``[G]``."""
        rows = self.rows_of(chosen)
        moved = np.cumsum(rows) - 1
        row_index = self.contests.row_index[chosen]
        contests = Contests(
            np.where(row_index >= 0, moved[row_index], -1),
            self.contests.racing[chosen],
            self.contests.groups[chosen],
        )
        return TrainingRows(self.x[rows], self.known[rows], contests, self.slates[chosen])


def training_rows(
    x: object,
    y: object,
    groups: npt.ArrayLike | None,
    slates: npt.ArrayLike | None,
    roster_size: int,
) -> TrainingRows:
    """Rows to fit to, checked and laid out by contest.

    Parameters
    ----------
    x, y
        Rows of features, ``[n, len(FEATURES)]``, and percent of entries, ``[n]``, NaN where not
        known.
    groups, slates
        Label of each row's contest and of the contest's slate, ``[n]``. One contest by default, and
        every contest on a slate of its own.
    roster_size
        Drivers in a lineup.

    Raises
    ------
    InvalidInput
        Arrays of different lengths, percent outside 0..100, a contest with fewer drivers than a
        roster, a contest whose known ownership sums to more than all rosters, a contest on two
        slates, no known ownership at all.
    """
    rows = require_rows(x)
    known = np.array(y, dtype=np.float64)
    if known.shape != (len(rows),):
        raise InvalidInput({"y": f"{known.shape} for {len(rows)} rows; give one number each."})
    known[rows[:, COLUMN["racing"]] <= 0.0] = np.nan
    numbers = known[np.isfinite(known)]
    if not numbers.size or not bool((numbers > 0.0).any()):
        raise InvalidInput({"y": "no ownership is known; give percent of entries of some drivers."})
    if bool(((numbers < 0.0) | (numbers > 100.0)).any()):
        raise InvalidInput({"y": "a number outside 0 to 100; give percent of entries."})
    for name, labels in (("groups", groups), ("slates", slates)):
        if labels is not None and np.shape(labels) != (len(rows),):
            raise InvalidInput({name: f"{np.shape(labels)} for {len(rows)} rows; give one each."})
    contests = by_contest(groups, rows[:, COLUMN["racing"]] > 0.0)
    _require_rosters(contests, known, roster_size)
    if slates is None:
        return TrainingRows(rows, known, contests, contests.groups)
    labels = np.asarray(slates).astype(object)
    of_contest = []
    for row_index in contests.row_index:
        contest_slates = labels[row_index[row_index >= 0]]
        if not bool((contest_slates == contest_slates[0]).all()):
            raise InvalidInput({"slates": "a contest's rows are of two slates; give each its own."})
        of_contest.append(contest_slates[0])
    return TrainingRows(rows, known, contests, np.array(of_contest, dtype=object))


def _require_rosters(contests: Contests, known: Floats, roster_size: int) -> None:
    few = contests.racing.sum(axis=1) < roster_size
    if bool(few.any()):
        raise InvalidInput(
            {
                "groups": f"contest {contests.groups[few][0]!r} has fewer than {roster_size} "
                "drivers; give all drivers of its slate, unknown ownership as NaN."
            }
        )
    sums = np.nansum(contests.by_cell(known, np.nan), axis=1)
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
    training: TrainingRows,
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
        Terms of the estimator.
    training
        Rows to fit to.
    roster_size, top_table
        Drivers in a lineup, and ``bounded`` of
        :func:`~core.field.estimators._regression.fit_weights`.
    drivers, driver_ridge
        Numbers of the drivers who get a weight of their own, and the ridge of such a weight.
    counts
        Weight of each contest, ``[G]``; by default the contests of one slate weigh 1 together.
    prior
        Weights to which the terms' weights shrink; by default 0, with each term's ridge.
    begin
        Weights of the terms and drivers at which the search begins.
    """
    some = np.empty(0) if drivers is None else drivers
    columns = design(terms, training.x)
    believed = prior or Weighted(np.zeros(len(terms)), np.diag(ridges(terms)))
    size = len(terms) + len(some)
    precision = driver_ridge * np.eye(size)
    precision[: len(terms), : len(terms)] = believed.precision
    columns_by_cell = training.contests.by_cell(
        np.column_stack([columns, driver_columns(some, training.x)])
    )
    fitted = fit_weights(
        columns_by_cell,
        training.contests.by_cell(training.known / 100.0, np.nan),
        training.contests.racing,
        training.counts() if counts is None else counts,
        roster_size,
        top_table,
        Weighted(np.concatenate([believed.weights, np.zeros(len(some))]), precision),
        np.concatenate([signs(terms), np.zeros(len(some), dtype=np.bool_)]),
        begin,
    )
    racing = training.contests.racing[:, :, None]
    cells = np.where(racing, columns_by_cell[:, :, : len(terms)], np.nan)
    return FittedTerms(
        weights=fitted.weights[: len(terms)],
        precision=fitted.precision[: len(terms), : len(terms)],
        spread=np.nanstd(cells, axis=1).mean(axis=0),
        drivers=some,
        driver_weights=fitted.weights[len(terms) :],
    )


def odds_of(terms: Sequence[Term], fitted: FittedTerms, x: Floats) -> Floats:
    """Log-odds of rows before their contest's intercept is added, ``[n]``."""
    return _odds(terms, fitted, x, fitted.weights[:, None])[:, 0]


def replicate_odds(
    terms: Sequence[Term], fitted: FittedTerms, replicates: Floats, x: Floats
) -> Floats:
    """Log-odds as :func:`odds_of`, ``[n, B]``, for B replicates of the weights, ``[B, p]``."""
    return _odds(terms, fitted, x, replicates.T)


def odds_by_row(terms: Sequence[Term], fitted: FittedTerms, weights: Floats, x: Floats) -> Floats:
    """Log-odds as :func:`odds_of`, ``[n]``, with weights of its own for each row, ``[n, p]``."""
    odds: Floats = np.einsum("np,np->n", design(terms, x), weights)
    if len(fitted.drivers):
        odds = odds + driver_columns(fitted.drivers, x) @ fitted.driver_weights
    return odds


def _odds(terms: Sequence[Term], fitted: FittedTerms, x: Floats, weights: Floats) -> Floats:
    odds: Floats = design(terms, x) @ weights
    if len(fitted.drivers):
        odds = odds + (driver_columns(fitted.drivers, x) @ fitted.driver_weights)[:, None]
    return odds


def percent_of(odds: Floats, contests: Contests, roster_size: int) -> Floats:
    """Percent of entries, each contest summing to ``100 x roster_size``.

    Parameters
    ----------
    odds
        Log-odds of one model, ``[n]``, or of several, ``[n, B]``.
    contests
        Layout of the rows by contest.
    roster_size
        Drivers in a lineup.

    Returns
    -------
    Of the shape of ``odds``; 0 for drivers who do not race.
    """
    many = odds.reshape(len(odds), -1)
    models = many.shape[1]
    odds_by_cell = np.moveaxis(contests.by_cell(many), 2, 0).reshape(-1, contests.racing.shape[1])
    racing = np.tile(contests.racing, (models, 1))
    shares = shifted(odds_by_cell, racing, np.full(len(odds_by_cell), float(roster_size)))
    percent = np.zeros_like(many)
    cells = shares.reshape(models, *contests.racing.shape)
    percent[contests.row_index[contests.racing]] = 100.0 * cells[:, contests.racing].T
    return percent.reshape(odds.shape)
