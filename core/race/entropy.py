"""Entropy tilting: the least that simulated races must be reweighted to have means asked for."""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from core.errors import BrokenRule, Infeasible, InvalidInput

Floats = npt.NDArray[np.float64]

_GOOD_ENOUGH = 1e-9  # of the largest miss, in standard deviations
_STEPS = 200
_HALVINGS = 40
_FARTHEST = 20.0  # that a step may change one race's log weight beside another's
_PROVEN = 1e-6


@dataclass(frozen=True, eq=False)
class EntropyTilt:
    """Races reweighted.

    Parameters
    ----------
    weights
        ``[N]``, positive, summing to 1.
    kl
        Kullback-Leibler divergence from even weights, in nats: 0 = untouched, log N = one race.
    effective_sample_size
        1 / sum of squared weights (Kish): how many even races are as good.
    """

    weights: Floats
    kl: float
    effective_sample_size: float


@dataclass(frozen=True, slots=True)
class _Point:
    lambdas: Floats
    weights: Floats
    gradient: Floats
    value: float


def _look(centred: Floats, lambdas: Floats) -> _Point:
    """Give the dual ``log mean exp(lambda . (v - t))`` and its gradient, the mean's miss."""
    exponents = centred @ lambdas
    highest = float(exponents.max())
    weights = np.exp(exponents - highest)
    total = float(weights.sum())
    weights /= total
    return _Point(lambdas, weights, weights @ centred, highest + log(total / len(centred)))


def entropy_tilt(values: npt.ArrayLike, targets: npt.ArrayLike) -> EntropyTilt:
    """Give the weights nearest to even ones under which the means of ``values`` are ``targets``.

    Of all weights with those means, the ones of least Kullback-Leibler divergence are
    ``w_n proportional to exp(lambda . values_n)``; lambda minimises the convex dual
    ``log mean_n exp(lambda . (values_n - targets))``, whose least value is minus the divergence. It
    is found by damped Newton steps on exact covariances.

    Parameters
    ----------
    values
        ``[N, K]``, what each of N races says of K things; ``[N]`` where K is 1.
    targets
        ``[K]``, the means to have.

    Raises
    ------
    InvalidInput
        Nothing to weigh, a value that is not finite or shapes that do not go together.
    Infeasible
        No weights have these means: by weak duality none do once the dual is below -log N.

    References
    ----------
    Robertson, Tallman and Whiteman, "Forecasting using relative entropy", Journal of Money, Credit
    and Banking 37 (2005); Meucci, "Fully flexible views: theory and practice", Risk 21 (2008).
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    means = np.atleast_1d(np.asarray(targets, dtype=np.float64))
    if table.ndim != 2 or len(table) == 0 or means.shape != table.shape[1:]:
        raise InvalidInput(
            {"targets": f"shape {means.shape} does not fit values of shape {table.shape}."}
        )
    for name, array in (("values", table), ("targets", means)):
        if not np.isfinite(array).all():
            raise InvalidInput({name: "not all finite; give numbers."})
    spread = table.std(axis=0)
    scale = np.where(spread > 0.0, spread, np.maximum(1.0, np.abs(means)))
    centred = (table - means) / scale
    farthest = log(len(table)) + _PROVEN  # no weights are farther from even ones
    at = _look(centred, np.zeros(len(means)))
    for _ in range(_STEPS):
        if np.abs(at.gradient).max(initial=0.0) <= _GOOD_ENOUGH:
            kl = max(0.0, float(at.lambdas @ at.gradient) - at.value)
            return EntropyTilt(at.weights, kl, 1.0 / float(at.weights @ at.weights))
        if -at.value > farthest:
            break
        following = _stepped(centred, at)
        if following is None:
            break
        at = following
    raise Infeasible(
        f"no weighting of {len(table)} races has these means; they lie too far out.",
        rules=[BrokenRule("targets")],
    )


def _stepped(centred: Floats, at: _Point) -> _Point | None:
    """Go a damped Newton step, or give ``None`` where none leads further down."""
    apart = centred - at.gradient
    covariance = (apart * at.weights[:, None]).T @ apart
    # things that always sum to the same make it singular
    damping = 1e-10 * max(float(np.trace(covariance)) / len(at.lambdas), 1e-6)
    step = np.linalg.solve(covariance + damping * np.eye(len(at.lambdas)), -at.gradient)
    slope = float(step @ at.gradient)
    # where one race has nearly all the weight the covariance is nearly nothing, the step endless
    size = min(1.0, _FARTHEST / max(float(np.ptp(centred @ step)), _FARTHEST))
    miss = float(np.abs(at.gradient).max())
    for _ in range(_HALVINGS):
        trial = _look(centred, at.lambdas + size * step)
        # close to the minimum the value has no digits left to judge by, the gradient has
        near = trial.value <= at.value + 1e-12 and float(np.abs(trial.gradient).max()) < 0.9 * miss
        if trial.value <= at.value + 1e-4 * size * slope or near:
            return trial
        size /= 2.0
    return None
