"""How far off an estimate may be: the bootstrap's spread and what folds left out were missed by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.field.estimators.slates import Floats

LEVELS = np.linspace(0.025, 0.975, 20)
"""Quantiles of the misses that are kept: equally likely ones."""

LOWER, UPPER = 0.05, 0.95


def angle(percent: Floats) -> Floats:
    """Give arcsin(sqrt(p)): the scale on which shares scatter alike, be they small or large."""
    angles: Floats = np.arcsin(np.sqrt(np.clip(percent / 100.0, 0.0, 1.0)))
    return angles


def _percent(angles: Floats) -> Floats:
    percent: Floats = 100.0 * np.sin(np.clip(angles, 0.0, np.pi / 2.0)) ** 2
    return percent


@dataclass(frozen=True, eq=False)
class Misses:
    """How far estimates were from what was owned, as angles, where it was not learnt from.

    Parameters
    ----------
    quantiles
        Truth less estimate at ``LEVELS``.
    slates
        Of how many slates.
    """

    quantiles: Floats
    slates: int


def misses(
    percent: Floats,
    known: Floats,
    slates: npt.NDArray[np.object_],
    filled: Floats | None = None,
    seen: Floats | None = None,
) -> Misses:
    """Measure misses.

    Whose ownership is published is mostly who is owned much, so what is known says how far a driver
    may stand above an estimate and too little of how far below. Where ``filled`` is given, the
    lower half of the quantiles is of all drivers.

    Parameters
    ----------
    percent, known
        Estimate and truth, ``[n]``, NaN where the truth is not known.
    slates
        Label of each row's slate: each counts the same, however many rows it has.
    filled
        The truth with what is left of the rosters shared among the unknown, ``[n]``; NaN for who
        does not race.
    seen
        Share of its contest's ownership that is known, ``[n]``: how much a filled row counts.
    """
    of_known = _quantiles(percent, known, slates, np.ones(len(percent)))
    count = len(np.unique(slates[np.isfinite(known)]))
    if filled is None or seen is None:
        return Misses(of_known, count)
    of_all = _quantiles(percent, filled, slates, seen)
    return Misses(np.where(LEVELS < 0.5, np.minimum(of_all, of_known), of_known), count)


def _quantiles(
    percent: Floats, truth: Floats, slates: npt.NDArray[np.object_], much: Floats
) -> Floats:
    told = np.isfinite(truth) & (much > 0.0)
    off = angle(truth[told]) - angle(percent[told])
    names, which = np.unique(slates[told], return_inverse=True)
    weight = much[told] / np.bincount(which, weights=much[told])[which]
    order = np.argsort(off, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.interp(LEVELS * len(names), reached, off[order])


def joined(parts: Sequence[Misses]) -> Misses:
    """Put misses together, each slate counting the same."""
    values = np.concatenate([part.quantiles for part in parts])
    weight = np.concatenate([np.full(len(LEVELS), float(part.slates)) for part in parts])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) - 0.5 * weight[order]
    slates = sum(part.slates for part in parts)
    return Misses(np.interp(LEVELS * weight.sum(), reached, values[order]), slates)


def interval(percent: Floats, replicates: Floats, missed: Misses) -> tuple[Floats, Floats, Floats]:
    """Give bounds and standard deviation of what the truth may be.

    Every bootstrap replicate's estimate, moved by every kept miss, is a draw of it.

    Parameters
    ----------
    percent
        The estimate, ``[n]``.
    replicates
        The estimates of models fitted to contests drawn again, ``[B, n]``.
    missed
        Of folds left out. A slate to come differs from the mean of few by more than they differ
        from it: misses are widened by ``sqrt(1 + 1 / slates)``.

    Returns
    -------
    Lower 5% and upper 95%, the estimate always between them, and the standard deviation, all
    percent within 0..100; where the estimate is 0 or 100 there is no doubt.
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
