"""Replicates of an estimator's fit, spread over several equally likely versions of a slate."""

from collections.abc import Sequence

import numpy as np

from core.field.estimators._regression import by_contest
from core.field.estimators.designs import Term
from core.field.estimators.features import COLUMN
from core.field.estimators.fitting import FittedTerms, odds_by_row, percent_of
from core.field.estimators.slates import Floats


def percent_in_turn(
    terms: Sequence[Term], fitted: FittedTerms, replicates: Floats, x: Floats, roster_size: int
) -> Floats:
    """Estimates by one replicate and of one version at a time, ``[L, D]``, percent of entries.

    The i-th is by replicate i and of version i, each counted from the first again where there are
    no more; so there are as many as replicates or versions, whichever are more.

    Parameters
    ----------
    terms, fitted
        The estimator's.
    replicates
        Replicates of its weights, ``[B, p]``.
    x
        Rows of features by version, ``[V, D, len(FEATURES)]``.
    roster_size
        Drivers in a lineup.
    """
    versions, drivers = x.shape[:2]
    turn = np.arange(max(versions, len(replicates)))
    rows = x[turn % versions].reshape(len(turn) * drivers, -1)
    contests = by_contest(np.repeat(turn, drivers), rows[:, COLUMN["racing"]] > 0.0)
    weights = np.repeat(replicates[turn % len(replicates)], drivers, axis=0)
    percent = percent_of(odds_by_row(terms, fitted, weights, rows), contests, roster_size)
    return percent.reshape(len(turn), drivers)
