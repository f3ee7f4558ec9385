"""Calibration of forecasts: the probability integral transform (PIT), coverage, histogram.

Outcomes tie, so a forecast's distribution function F jumps at an outcome y: F(y-) is the chance of
less than y and F(y) that of at most y. Drawn uniformly between the two, the PIT is uniform on
[0, 1] if the forecast is calibrated, ties or not. Everything here averages over that draw exactly,
so nothing is random.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.grading._arguments import F64, ensemble_of, finite, pit_of

COVERAGE_LEVELS = (0.5, 0.8, 0.95)


def compute_pit(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[F64, F64]:
    """Probability integral transform of each outcome, as the pair F(y-), F(y).

    The pairs of several races may be joined.

    Parameters
    ----------
    samples, observed, weights
        ``[N, K]``, ``[K]`` and ``[N]``.

    Returns
    -------
    Two of ``[K]``, equal where no scenario has the outcome.
    """
    ensemble, outcome, counts = ensemble_of(samples, observed, weights)
    total = counts.sum()
    less = counts @ (ensemble < outcome)
    shape = np.shape(observed)
    # weights summed in another order may exceed their total by a bit
    below = np.minimum(less / total, 1.0).reshape(shape)
    upto = np.minimum((less + counts @ (ensemble == outcome)) / total, 1.0).reshape(shape)
    return below, upto


def compute_coverage(
    below: npt.ArrayLike, upto: npt.ArrayLike, levels: Sequence[float] = COVERAGE_LEVELS
) -> dict[float, float]:
    """Share of outcomes inside the forecast's central interval, for each level.

    An outcome on the interval's edge counts in part, see :func:`covered_shares`. So a calibrated
    forecast covers exactly its level; counted whole, tied outcomes would make it cover more.

    Parameters
    ----------
    below, upto
        The pair of :func:`compute_pit`, any shape, of one race or many.
    levels
        Each in (0, 1).
    """
    shares = covered_shares(below, upto, levels)
    return {float(level): float(share.mean()) for level, share in zip(levels, shares, strict=True)}


def covered_shares(
    below: npt.ArrayLike, upto: npt.ArrayLike, levels: Sequence[float] = COVERAGE_LEVELS
) -> F64:
    """Part of each outcome inside the central interval of each level, 0 to 1.

    It is the chance that the randomised PIT, uniform on [F(y-), F(y)], lies in
    [(1 - level) / 2, (1 + level) / 2]; where no scenario has the outcome, it is 1 if F(y) lies in
    it and else 0.

    Parameters
    ----------
    below, upto
        The pair of :func:`compute_pit`, any shape, of one race or many.
    levels
        L of them, each in (0, 1).

    Returns
    -------
    ``[L, ...]``: the mean over outcomes is the coverage, and its standard error follows from their
    deviations, clustered by race, since the drivers of a race share its luck.
    """
    low, high = pit_of(below, upto)
    level = finite("levels", levels)
    if level.ndim != 1 or level.size == 0 or (level <= 0.0).any() or (level >= 1.0).any():
        raise InvalidInput({"levels": "give at least one, each between 0 and 1, both excluded."})
    half = (level / 2.0).reshape(-1, *(1 for _ in low.shape))
    mass = high - low
    overlap = np.minimum(high, 0.5 + half) - np.maximum(low, 0.5 - half)
    # 0.8 - 0.5 is not 0.3 in binary; an outcome on either edge is to count as inside
    inside = np.abs(low - 0.5) <= half + 1e-12
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shares = np.where(mass > 0.0, overlap / mass, inside)
    return np.clip(shares, 0.0, 1.0)


def pit_histogram(below: npt.ArrayLike, upto: npt.ArrayLike, bins: int = 10) -> F64:
    """Share of the PIT in each of ``bins`` equal parts of [0, 1].

    Each outcome's mass is spread evenly over [F(y-), F(y)]; where the two are equal it is a point,
    and a point on the edge of two bins is halved between them. The histogram is flat, 1 / bins
    each, if the forecast is calibrated; high at the sides if it is too narrow, in the middle if too
    wide.

    Parameters
    ----------
    below, upto
        The pair of :func:`compute_pit`, any shape, of one race or many.

    Returns
    -------
    ``[bins]``, summing to 1.

    Notes
    -----
    Czado, Gneiting and Held, "Predictive model assessment for count data", Biometrics 2009.
    """
    low, high = (np.ravel(end) for end in pit_of(below, upto))
    if bins < 1:
        raise InvalidInput({"bins": f"{bins}; give at least 1."})
    reached = np.array([_pit_reached(low, high, edge / bins) for edge in range(1, bins)])
    return np.diff(reached, prepend=0.0, append=1.0)


def _pit_reached(low: F64, high: F64, edge: float) -> float:
    """Mean share of the PITs below ``edge``; a point on it counts one half."""
    mass = high - low
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shares = np.where(mass > 0.0, (edge - low) / mass, (np.sign(edge - low) + 1.0) / 2.0)
    return float(np.clip(shares, 0.0, 1.0).mean())
