"""A regression of ownership over contests: chances that sum to a roster in each of them.

In a contest of D drivers, driver d is in a share p[d] of lineups with log-odds ``z[d] @ weights``
plus one number for the whole contest, the one at which the shares sum to the roster. The weights
are those of the largest likelihood of a fractional logit (Papke and Wooldridge, "Econometric
methods for fractional response variables", 1996) with a number of its own for every contest, drawn
towards weights that are given. Where ownership is known of some drivers, the rest of the roster is
known to belong to the others: it is shared among them as the model shares it, and the model fitted
again (Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM algorithm",
1977), until nothing moves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from core.field.estimators.filling import completed, shifted
from core.field.estimators.slates import Flags, Floats

_ROUNDS = 60
_CLOSE = 1e-5


@dataclass(frozen=True, eq=False)
class Contests:
    """Rows laid out by contest.

    Parameters
    ----------
    place
        Row of each cell, ``[G, D]``; -1 where a contest has fewer drivers.
    there
        Which cells hold a driver who races.
    groups
        Label of each contest, ``[G]``.
    """

    place: npt.NDArray[np.intp]
    there: Flags
    groups: npt.NDArray[np.object_]

    def laid(self, values: Floats, absent: float = 0.0) -> Floats:
        """Give values by row, ``[n]`` or ``[n, p]``, as ``[G, D]`` or ``[G, D, p]``."""
        picked = values[self.place]
        shape = (*self.there.shape, *(1,) * (picked.ndim - 2))
        return np.where(self.there.reshape(shape), picked, absent)


def by_contest(groups: npt.ArrayLike | None, racing: Flags) -> Contests:
    """Lay rows out by contest, the contests in the order in which they first appear."""
    count = len(racing)
    labels = np.zeros(count, dtype=np.intp) if groups is None else np.asarray(groups)
    names, first, which = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    members = [np.flatnonzero(which == group) for group in order]
    place = np.full((len(members), max(map(len, members))), -1, dtype=np.intp)
    for row, member in zip(place, members, strict=True):
        row[: len(member)] = member
    there = (place >= 0) & racing[place]
    return Contests(place, there, names[order].astype(object))


@dataclass(frozen=True, eq=False)
class Weighted:
    """Weights, and how firmly the contests hold them.

    Parameters
    ----------
    weights
        ``[p]``.
    precision
        Second derivatives of the penalised likelihood there, ``[p, p]``.
    """

    weights: Floats
    precision: Floats


def fit_weights(
    design: Floats,
    known: Floats,
    there: Flags,
    counts: Floats,
    roster_size: int,
    bounded: bool,
    prior: Weighted,
    positive: Flags,
    begin: Floats | None = None,
) -> Weighted:
    """Fit the weights.

    Parameters
    ----------
    design
        What is known of the drivers, ``[G, D, p]``, 0 where nothing is.
    known
        Share of lineups, 0..1, ``[G, D]``; NaN where not known.
    there
        Which cells hold a driver who races.
    counts
        How much each contest counts, ``[G]``.
    roster_size
        What each contest's shares sum to.
    bounded
        See :func:`~core.field.estimators.filling.completed`.
    prior
        Towards which the weights are drawn, and how firmly.
    positive
        Which weights may not be negative, bool ``[p]``.
    begin
        Where the search begins; at the prior by default.

    Notes
    -----
    A contest counts, beside ``counts``, by the share of its ownership that is known.
    """
    seen = np.where(there & np.isfinite(known), known, 0.0).sum(axis=1) / roster_size
    much = (counts * np.minimum(seen, 1.0))[:, None]
    total = np.full(len(known), float(roster_size))
    weights = (prior.weights if begin is None else begin).copy()
    precision = prior.precision
    for _ in range(_ROUNDS):
        odds = design @ weights
        share = shifted(odds, there, total)
        owned = completed(odds, there, known, float(roster_size), bounded)
        spread = share * (1.0 - share)
        middle = (spread[:, None, :] @ design)[:, 0]
        middle /= np.maximum(spread.sum(axis=1), 1e-12)[:, None]
        away = np.where(there[:, :, None], design - middle[:, None, :], 0.0)
        flat = away.reshape(-1, len(weights))
        precision = prior.precision + flat.T @ (flat * (much * spread).reshape(-1, 1))
        uphill = flat.T @ (much * (owned - share)).ravel()
        uphill -= prior.precision @ (weights - prior.weights)
        moved = _newton(precision, uphill, weights, positive)
        done = float(np.abs(moved - weights).max(initial=0.0)) < _CLOSE
        weights = moved
        if done:
            break
    return Weighted(weights, precision)


def _newton(precision: Floats, uphill: Floats, weights: Floats, positive: Flags) -> Floats:
    """Give the best of the quadratic through ``weights`` whose ``positive`` are not negative."""
    best: Floats = weights + np.linalg.solve(precision, uphill)
    if not bool((best[positive] < 0.0).any()):
        return best
    root = np.linalg.cholesky(precision).T
    free = ~positive
    found, _ = nnls(np.column_stack([root, -root[:, free]]), root @ best)
    held: Floats = found[: len(best)].copy()
    held[free] -= found[len(best) :]
    return held
