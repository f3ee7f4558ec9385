"""Ownership where the user gave none: a labelled guess from projected points, always feasible."""

import numpy as np
import numpy.typing as npt

from core.errors import Infeasible, InvalidInput
from core.field._lattice import Floats, Lattice, include_table, lattice_of, marginals

OWNERSHIP_GUESS = "logit guess from projected points"

CONCENTRATION = 0.22
"""Ownership of the average roster spot, sum(o^2) / sum(o), that the guess aims at."""

# difference of log weight between the best and the worst driver beyond which sharper means nothing
_SHARPEST = 60.0
_BISECTIONS = 40


def guess_ownership(
    projected_points: npt.ArrayLike,
    salaries_usd: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
    racing: npt.ArrayLike | None = None,
) -> Floats:
    """Guess percent of entries per driver: the field that prefers points, as far as fields do.

    The marginals of P(lineup) proportional to exp(tau x its projected points) over legal lineups,
    with tau such that the average roster spot is owned by ``CONCENTRATION`` of the entries (as near
    as the slate allows: never sharper for tied projections, never flatter than lineups drawn
    blindly).

    Parameters
    ----------
    projected_points
        Points, ``[D]``, finite for every driver who races.
    salaries_usd
        Salary per driver, ``[D]``.
    roster_size, salary_cap_usd
        What makes a lineup legal.
    racing
        Which drivers may be rostered, bool ``[D]``; all by default.

    Returns
    -------
    Percent of entries, ``[D]``, summing to ``100 x roster_size``; 0 for who does not race.

    Raises
    ------
    InvalidInput
        A projection that is not a number, or arrays of different lengths.
    Infeasible
        No legal lineup.

    Notes
    -----
    What it rests on: ten DraftKings contests of five slates, June and July 2026 (392 to 23,461
    entries), where 14 to 24 drivers' ownership is known. Their concentration averages 0.30
    (standard deviation 0.04; 0.22 and 0.25 in the two of over 3,000 entries). The guess stays at
    the low end, because sharper was worse when tried. How badly it fits: no projections of those
    slates were at hand, so it was tried on drivers' recent average points shrunk to their salary,
    which know nothing of the grid; over the known drivers, who were owned by 26% on average, the
    mean absolute error is 14.7 points of percent, against 15.7 for lineups drawn blindly and 12.9
    for points that follow salary alone. Take it as a stand-in until real ownership is given, no
    more.
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
            limits=("salary_cap",),
        )
    percent = np.zeros(len(points))
    owned = _as_concentrated_as_fields(lattice, points[races])
    percent[races] = 100.0 * roster_size * owned / owned.sum()
    return np.minimum(percent, 100.0)


def _as_concentrated_as_fields(lattice: Lattice, points: Floats) -> Floats:
    spread = float(np.ptp(points))
    blind = _owned(lattice, points, 0.0)
    if spread == 0.0 or _concentration(blind) >= CONCENTRATION:
        return blind
    flat, sharp = 0.0, _SHARPEST / spread
    for _ in range(_BISECTIONS):
        tau = (flat + sharp) / 2.0
        if _concentration(_owned(lattice, points, tau)) < CONCENTRATION:
            flat = tau
        else:
            sharp = tau
    return _owned(lattice, points, sharp)


def _owned(lattice: Lattice, points: Floats, tau: float) -> Floats:
    include, _ = include_table(lattice, tau * points)
    return marginals(lattice, include)


def _concentration(owned: Floats) -> float:
    return float(owned @ owned) / float(owned.sum())
