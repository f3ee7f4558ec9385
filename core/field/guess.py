"""Ownership guessed from projected points, without past contests: the estimators' baseline."""

import numpy as np
import numpy.typing as npt

from core.errors import BrokenRule, Infeasible, InvalidInput
from core.field._lattice import Floats, Lattice, include_table, lattice_of, marginals

CONCENTRATION = 0.22
"""Target of the guess: ownership of the average roster spot, sum(o^2) / sum(o), as a fraction."""

SPENT = 0.99
"""Target of the guess: share of the cap that the average entry spends."""

# largest difference of log weight between two drivers: beyond it, ownership no longer changes
_SHARPEST = 60.0
_BISECTIONS = 24


def guess_ownership(
    projected_points: npt.ArrayLike,
    salaries_usd: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
    racing: npt.ArrayLike | None = None,
) -> Floats:
    """Ownership guessed from projected points and salaries, percent of entries per driver.

    The guess is the ownership of a field that plays a legal lineup with probability proportional to
    exp(tau x its projected points + sigma x its salary). Sigma makes the average entry spend
    ``SPENT`` of the cap (0 where it spends that much anyway), tau makes the average roster spot
    owned by ``CONCENTRATION`` of the entries. Where the slate does not allow a target, the guess
    comes as near as it can: equal projections are never told apart, and ownership is never flatter
    than that of lineups drawn without looking at points.

    Parameters
    ----------
    projected_points
        Points, ``[D]``, finite for every driver who races.
    salaries_usd
        Salary per driver, ``[D]``.
    roster_size, salary_cap_usd
        A legal lineup has this many drivers and costs at most this much.
    racing
        Which drivers may be rostered, bool ``[D]``; all by default.

    Returns
    -------
    Percent of entries, ``[D]``, summing to ``100 x roster_size``; 0 for drivers who do not race.

    Raises
    ------
    InvalidInput
        A projection that is not a number, or arrays of different lengths.
    Infeasible
        No legal lineup.

    Notes
    -----
    Both targets rest on ten DraftKings contests of five slates, June and July 2026 (392 to 23,461
    entries), of which the ownership of 14 to 24 drivers is known. Their concentration averages 0.30
    (standard deviation 0.04; 0.22 and 0.25 in the two of over 3,000 entries). 121 published lineups
    of twelve contests, most of them well placed, spend 99.3% of the cap on average.

    The guess fits badly. On those ten contests, with points simulated from salaries alone (no grid
    was at hand), the mean absolute error over the known drivers is 12.9 percentage points, and the
    correlation of guessed and real ownership is 0.47. Without the target for spending it was 15.0
    and 0.22; a higher concentration was worse. Both targets were chosen on the contests that they
    are graded on. Jobs use the ownership model (:mod:`core.field.estimators`) instead.
    """
    points = np.asarray(projected_points, dtype=np.float64)
    salaries = np.asarray(salaries_usd, dtype=np.int64)
    races = np.ones(len(points), dtype=np.bool_) if racing is None else np.asarray(racing, np.bool_)
    if not points.shape == salaries.shape == races.shape:
        raise InvalidInput(
            {"projected_points": f"{points.size} for {salaries.size} drivers; give one each."}
        )
    if not bool(np.isfinite(points[races]).all()):
        raise InvalidInput(
            {"projected_points": "not a number for a driver who races; give points."}
        )
    lattice = lattice_of(salaries[races], roster_size, salary_cap_usd)
    if lattice is None:
        raise Infeasible(
            f"No legal lineup: no {roster_size} drivers who race cost at most ${salary_cap_usd:,}.",
            rules=[BrokenRule("salary_cap_usd", limit=salary_cap_usd)],
        )
    percent = np.zeros(len(points))
    owned = _at_concentration(
        lattice, points[races], salaries[races].astype(np.float64), SPENT * salary_cap_usd
    )
    percent[races] = 100.0 * roster_size * owned / owned.sum()
    return np.minimum(percent, 100.0)


def _at_concentration(
    lattice: Lattice, points: Floats, salaries: Floats, spend_usd: float
) -> Floats:
    """Marginals at the weight of points that gives them ``CONCENTRATION``, found by bisection."""
    spread = float(np.ptp(points))
    unweighted = _at_spending(lattice, 0.0 * points, salaries, spend_usd)
    if spread == 0.0 or _concentration(unweighted) >= CONCENTRATION:
        return unweighted
    low, high = 0.0, _SHARPEST / spread
    for _ in range(_BISECTIONS):
        tau = (low + high) / 2.0
        if _concentration(_at_spending(lattice, tau * points, salaries, spend_usd)) < CONCENTRATION:
            low = tau
        else:
            high = tau
    return _at_spending(lattice, high * points, salaries, spend_usd)


def _at_spending(
    lattice: Lattice, log_weights: Floats, salaries: Floats, spend_usd: float
) -> Floats:
    """Marginals of ``log_weights`` plus the weight of salary at which entries spend enough."""
    spread = float(np.ptp(salaries))
    owned = _owned(lattice, log_weights)
    if spread == 0.0 or float(owned @ salaries) >= spend_usd:
        return owned
    low, high = 0.0, _SHARPEST / spread
    for _ in range(_BISECTIONS):
        sigma = (low + high) / 2.0
        if float(_owned(lattice, log_weights + sigma * salaries) @ salaries) < spend_usd:
            low = sigma
        else:
            high = sigma
    return _owned(lattice, log_weights + high * salaries)


def _owned(lattice: Lattice, log_weights: Floats) -> Floats:
    include, _ = include_table(lattice, log_weights)
    return marginals(lattice, include)


def _concentration(owned: Floats) -> float:
    return float(owned @ owned) / float(owned.sum())
