"""Estimated ownership moved until the average entry spends what real entries do."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from core.field.estimators.filling import log_odds, shifted

Floats = npt.NDArray[np.float64]

_STEEPEST = 20.0  # log-odds for a standard deviation of salary: beyond it nothing changes


def with_spending(
    percent: npt.ArrayLike,
    salaries_usd: npt.ArrayLike,
    spent_usd: float,
    free: npt.ArrayLike | None = None,
) -> Floats:
    """Ownership nearest in log-odds to an estimate with which the mean entry spends so much.

    Each driver's log-odds move in proportion to his salary, and all by one number that keeps their
    sum; so the order of drivers of one salary stays.

    Parameters
    ----------
    percent
        The estimate, percent of entries, ``[D]``.
    salaries_usd
        Salary per driver, ``[D]``.
    spent_usd
        What the average entry is to spend.
    free
        Whose ownership may move, bool ``[D]``; by default everybody's.

    Returns
    -------
    Percent of entries, ``[D]``, with the sum of ``percent``. Where no such move spends as much, the
    estimate that comes nearest.
    """
    estimate = np.asarray(percent, dtype=np.float64)
    salaries = np.asarray(salaries_usd, dtype=np.float64)
    may = np.ones(len(estimate), np.bool_) if free is None else np.asarray(free, np.bool_)
    may = may & (estimate > 0.0) & (estimate < 100.0)
    spread = float(salaries[may].std()) if may.any() else 0.0
    if spread == 0.0:
        return estimate
    dearness = (salaries - salaries[may].mean()) / spread
    odds = log_odds(estimate / 100.0)
    total = float(estimate[may].sum()) / 100.0

    def moved(price: float) -> Floats:
        shares = shifted((odds + price * dearness)[None], may[None], np.array([total]))[0]
        return np.where(may, 100.0 * shares, estimate)

    def surplus(price: float) -> float:
        return float(moved(price) @ salaries) / 100.0 - spent_usd

    if surplus(-_STEEPEST) >= 0.0:
        return moved(-_STEEPEST)
    if surplus(_STEEPEST) <= 0.0:
        return moved(_STEEPEST)
    return moved(float(brentq(surplus, -_STEEPEST, _STEEPEST, xtol=1e-10)))
