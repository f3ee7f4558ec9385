"""Strengths that a set of pairs implies, and how far a race goes towards them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.race.constraints import MAX_TILT
from core.race.prices.measured import Pair

Floats = npt.NDArray[np.float64]

# what a driver's own strength counts, a pair counting 1: it keeps the mean of connected drivers
# where it is, and holds the ends of long chains of pairs, where errors add up, a little
_RIDGE = 0.01
_DECIMALS = 6  # of a move, so that the last bit of no machine's algebra counts


def implied_moves(pairs: Sequence[Pair], differences: npt.ArrayLike, drivers: int) -> Floats:
    """Strength that each driver has to gain for the prices of all pairs to come true, ``[D]``.

    Least squares over the pairs, with a small ridge: it minimises

        sum over pairs (move of A - move of B - difference)^2 + 0.01 sum over drivers move^2.

    Pairs say nothing of a group of connected drivers as a whole, so its mean stays where it is; a
    driver without a pair does not move.

    Parameters
    ----------
    pairs
        Driver indices of A and B.
    differences
        By pair, strength that A has to gain on B, in normal scores of the running order.
    drivers
        Number of drivers, D.
    """
    gains = np.asarray(differences, dtype=np.float64)
    normal, right = _RIDGE * np.eye(drivers), np.zeros(drivers)
    for (first, second), gain in zip(pairs, gains.tolist(), strict=True):
        normal[first, first] += 1.0
        normal[second, second] += 1.0
        normal[first, second] -= 1.0
        normal[second, first] -= 1.0
        right[first] += gain
        right[second] -= gain
    moves: Floats = np.round(np.linalg.solve(normal, right), _DECIMALS)
    return moves


def part_way(tilts: npt.ArrayLike, implied: npt.ArrayLike, weight: float) -> Floats:
    """Strengths moved from where they are towards what prices imply, ``[D]``.

    Parameters
    ----------
    tilts
        Where they are, ``[D]``.
    implied
        What prices imply, ``[D]``; NaN = a driver without a price, who stays.
    weight
        Share of the way, 0..1.
    """
    before, towards = np.asarray(tilts, dtype=np.float64), np.asarray(implied, dtype=np.float64)
    moved = before + weight * np.clip(towards - before, -2.0 * MAX_TILT, 2.0 * MAX_TILT)
    after: Floats = np.clip(np.where(np.isnan(towards), before, moved), -MAX_TILT, MAX_TILT)
    return after
