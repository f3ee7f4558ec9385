"""A regression of ownership over contests, in each of which ownership sums to the roster.

In a contest of D drivers, driver d is in a share p[d] of lineups. Its log-odds are
``design[d] @ weights`` plus an intercept of the contest, the one at which the shares sum to the
roster. The weights maximise the likelihood of a fractional logit (Papke and Wooldridge,
"Econometric methods for fractional response variables", 1996) with one intercept for each contest,
less a penalty on their distance from prior weights.

Where ownership is known of some drivers only, the others together own the rest of the roster. The
fit shares that rest among them as the model does, fits again, and so on until the weights stay
(Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM algorithm", 1977).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from core.field.estimators.filling import completed, shifted
from core.field.estimators.slates import Flags, Floats

_ROUNDS = 60  # at most
_CLOSE = 1e-5  # the fit ends when no weight moves by more


@dataclass(frozen=True, eq=False)
class Contests:
    """Rows laid out in cells, ``[G, D]``: contest by driver of the contest.

    Parameters
    ----------
    row_index
        Index of each cell's row, ``[G, D]``; -1 where a contest has fewer drivers.
    racing
        Which cells hold a driver who races, bool ``[G, D]``.
    groups
        Label of each contest, ``[G]``.
    """

    row_index: npt.NDArray[np.intp]
    racing: Flags
    groups: npt.NDArray[np.object_]

    def by_cell(self, values: Floats, absent: float = 0.0) -> Floats:
        """Values by row, ``[n]`` or ``[n, p]``, laid out by cell, ``[G, D]`` or ``[G, D, p]``."""
        picked = values[self.row_index]
        shape = (*self.racing.shape, *(1,) * (picked.ndim - 2))
        return np.where(self.racing.reshape(shape), picked, absent)


def by_contest(groups: npt.ArrayLike | None, racing: Flags) -> Contests:
    """Rows laid out by contest; contests stand in the order in which they first appear.

    ``groups`` is the label of each row's contest, one contest by default; ``racing`` bool ``[n]``.
    """
    count = len(racing)
    labels = np.zeros(count, dtype=np.intp) if groups is None else np.asarray(groups)
    names, first, which = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    members = [np.flatnonzero(which == group) for group in order]
    row_index = np.full((len(members), max(map(len, members))), -1, dtype=np.intp)
    for row, member in zip(row_index, members, strict=True):
        row[: len(member)] = member
    races = (row_index >= 0) & racing[row_index]
    return Contests(row_index, races, names[order].astype(object))


@dataclass(frozen=True, eq=False)
class Weighted:
    """Fitted weights and how certain they are; also a prior for another fit.

    Parameters
    ----------
    weights
        In log-odds, ``[p]``.
    precision
        Second derivatives of the penalised negative log likelihood at the weights, ``[p, p]``.
    """

    weights: Floats
    precision: Floats


def fit_weights(
    design: Floats,
    known: Floats,
    racing: Flags,
    counts: Floats,
    roster_size: int,
    bounded: bool,
    prior: Weighted,
    positive: Flags,
    begin: Floats | None = None,
) -> Weighted:
    """Fit the weights of the regression.

    Parameters
    ----------
    design
        Columns of the regression by cell, ``[G, D, p]``; 0 where a feature is not known.
    known
        Share of lineups that hold the driver, 0..1, ``[G, D]``; NaN where not known.
    racing
        Which cells hold a driver who races, bool ``[G, D]``.
    counts
        Weight of each contest, ``[G]``.
    roster_size
        Drivers in a lineup: the sum of each contest's shares.
    bounded
        See :func:`~core.field.estimators.filling.completed`.
    prior
        Weights to which the fit shrinks, and the precision with which it does.
    positive
        Which weights may not be negative, bool ``[p]``.
    begin
        Weights at which the search begins, ``[p]``; the prior's by default.

    Notes
    -----
    A contest counts by ``counts`` times the share of its ownership that is known.
    """
    known_share = np.where(racing & np.isfinite(known), known, 0.0).sum(axis=1) / roster_size
    contest_weight = (counts * np.minimum(known_share, 1.0))[:, None]
    total = np.full(len(known), float(roster_size))
    weights = (prior.weights if begin is None else begin).copy()
    precision = prior.precision
    for _ in range(_ROUNDS):
        odds = design @ weights
        share = shifted(odds, racing, total)
        owned = completed(odds, racing, known, float(roster_size), bounded)
        spread = share * (1.0 - share)
        centre = (spread[:, None, :] @ design)[:, 0]
        centre /= np.maximum(spread.sum(axis=1), 1e-12)[:, None]
        deviation = np.where(racing[:, :, None], design - centre[:, None, :], 0.0)
        flat = deviation.reshape(known.size, len(weights))
        precision = prior.precision + flat.T @ (flat * (contest_weight * spread).reshape(-1, 1))
        gradient = flat.T @ (contest_weight * (owned - share)).ravel()
        gradient -= prior.precision @ (weights - prior.weights)
        moved = _newton(precision, gradient, weights, positive)
        converged = float(np.abs(moved - weights).max(initial=0.0)) < _CLOSE
        weights = moved
        if converged:
            break
    return Weighted(weights, precision)


def _newton(precision: Floats, gradient: Floats, weights: Floats, positive: Flags) -> Floats:
    """Maximum of the quadratic at ``weights``, over weights whose ``positive`` are at least 0."""
    best: Floats = weights + np.linalg.solve(precision, gradient)
    if not bool((best[positive] < 0.0).any()):
        return best
    root = np.linalg.cholesky(precision).T
    free = ~positive
    split, _ = nnls(np.column_stack([root, -root[:, free]]), root @ best)
    best_positive: Floats = split[: len(best)].copy()
    best_positive[free] -= split[len(best) :]
    return best_positive
