"""Intervals of an estimate: the bootstrap's spread and the errors on slates left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.field.estimators.slates import Floats

LEVELS = np.linspace(0.025, 0.975, 20)
"""The quantiles by which a distribution of errors is kept, equally spaced."""

LOWER, UPPER = 0.05, 0.95


def angle(percent: Floats) -> Floats:
    """arcsin(sqrt(p)), the scale on which small and large shares scatter equally."""
    angles: Floats = np.arcsin(np.sqrt(np.clip(percent / 100.0, 0.0, 1.0)))
    return angles


def _percent(angles: Floats) -> Floats:
    percent: Floats = 100.0 * np.sin(np.clip(angles, 0.0, np.pi / 2.0)) ** 2
    return percent


@dataclass(frozen=True, eq=False)
class Misses:
    """Distribution of the errors of estimates on slates left out of the fit, as angles.

    Parameters
    ----------
    quantiles
        Quantiles of truth less estimate at ``LEVELS``, on the scale of :func:`angle`.
    slates
        Number of slates.
    """

    quantiles: Floats
    slates: int


def misses(
    percent: Floats,
    known: Floats,
    slates: npt.NDArray[np.object_],
    filled: Floats | None = None,
    known_share: Floats | None = None,
) -> Misses:
    """Distribution of the errors of estimates.

    The drivers whose ownership is published are mostly the most owned. Their errors tell how far a
    driver may stand above an estimate, and too little of how far below. With ``filled``, the lower
    half of the quantiles is that of all drivers.

    Parameters
    ----------
    percent, known
        Estimate and truth, percent of entries, ``[n]``; NaN where the truth is not known.
    slates
        Label of each row's slate, ``[n]``. Every slate counts the same, however many rows it has.
    filled
        The truth, with what is left of the rosters shared among the drivers of unknown ownership,
        ``[n]``; NaN for drivers who do not race.
    known_share
        Share of its contest's ownership that is known, ``[n]``: the weight of a row of ``filled``.
    """
    of_known = _quantiles(percent, known, slates, np.ones(len(percent)))
    count = len(np.unique(slates[np.isfinite(known)]))
    if filled is None or known_share is None:
        return Misses(of_known, count)
    of_all = _quantiles(percent, filled, slates, known_share)
    return Misses(np.where(LEVELS < 0.5, np.minimum(of_all, of_known), of_known), count)


def _quantiles(
    percent: Floats, truth: Floats, slates: npt.NDArray[np.object_], weights: Floats
) -> Floats:
    counted = np.isfinite(truth) & (weights > 0.0)
    off = angle(truth[counted]) - angle(percent[counted])
    names, which = np.unique(slates[counted], return_inverse=True)
    row_weights = weights[counted] / np.bincount(which, weights=weights[counted])[which]
    order = np.argsort(off, kind="stable")
    reached = np.cumsum(row_weights[order]) - 0.5 * row_weights[order]
    return np.interp(LEVELS * len(names), reached, off[order])


def joined(parts: Sequence[Misses]) -> Misses:
    """One distribution of errors from several; every slate counts the same."""
    values = np.concatenate([part.quantiles for part in parts])
    weight = np.concatenate([np.full(len(LEVELS), float(part.slates)) for part in parts])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    slates = sum(part.slates for part in parts)
    return Misses(np.interp(LEVELS * weight.sum(), reached, values[order]), slates)


def interval(percent: Floats, replicates: Floats, missed: Misses) -> tuple[Floats, Floats, Floats]:
    """Bounds and standard deviation of the true ownership around an estimate.

    The truth is drawn by moving every bootstrap replicate's estimate by every kept error.

    Parameters
    ----------
    percent
        The estimate, percent of entries, ``[n]``.
    replicates
        Estimates of the models fitted to bootstrap samples, ``[B, n]``.
    missed
        Errors on slates left out of the fit. A new slate differs from the mean of a few by more
        than these do, so errors are widened by ``sqrt(1 + 1 / slates)``.

    Returns
    -------
    The 5% and the 95% bound, with the estimate always between them, and the standard deviation,
    ``[n]`` each, in percent of entries within 0..100. An estimate of 0 or 100 is certain.
    """
    middle = angle(percent)
    moved = angle(replicates) - middle
    wider = float(np.sqrt(1.0 + 1.0 / max(missed.slates, 1)))
    draws = (moved[:, None, :] + wider * missed.quantiles[None, :, None]).reshape(-1, len(percent))
    low, high = np.quantile(draws, [LOWER, UPPER], axis=0)
    lower = _percent(middle + np.minimum(low, 0.0))
    upper = _percent(middle + np.maximum(high, 0.0))
    std = _percent(middle + draws).std(axis=0)
    open_ = (percent > 0.0) & (percent < 100.0)
    return (
        np.where(open_, np.minimum(lower, percent), percent),
        np.where(open_, np.maximum(upper, percent), percent),
        np.where(open_, std, 0.0),
    )
