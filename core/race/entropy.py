"""Entropy tilting: weights of simulated races, as even as possible, that give them target means."""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from core.errors import BrokenRule, Infeasible, InvalidInput

Floats = npt.NDArray[np.float64]

_GOOD_ENOUGH = 1e-9  # largest distance of a mean from its target, in standard deviations
_STEPS = 200  # Newton steps at most
_HALVINGS = 40  # of a step, until the dual falls
_FARTHEST = 20.0  # most that a step may change the difference of two races' log weights
_PROVEN = 1e-6  # nats: more than rounding can add to a divergence


@dataclass(frozen=True, eq=False)
class EntropyTilt:
    """Weights of N races that give them target means.

    Parameters
    ----------
    weights
        Weight of each race, ``[N]``, positive, summing to 1.
    kl
        Kullback-Leibler divergence from even weights, in nats: 0 = weights are even, log N = one
        race has all the weight.
    effective_sample_size
        1 / sum of squared weights (Kish): the number of evenly weighted races that are worth as
        much.
    """

    weights: Floats
    kl: float
    effective_sample_size: float


@dataclass(frozen=True, slots=True)
class _Point:
    """Lambda, the weights that it gives, and the dual's gradient and value there."""

    lambdas: Floats
    weights: Floats
    gradient: Floats
    value: float


def _evaluate(centred: Floats, lambdas: Floats) -> _Point:
    """The dual ``log mean exp(lambda . (v - t))``; its gradient is the mean less the target."""
    exponents = centred @ lambdas
    highest = float(exponents.max())
    weights = np.exp(exponents - highest)
    total = float(weights.sum())
    weights /= total
    return _Point(lambdas, weights, weights @ centred, highest + log(total / len(centred)))


def entropy_tilt(values: npt.ArrayLike, targets: npt.ArrayLike) -> EntropyTilt:
    """Weights nearest to even ones under which the means of ``values`` are ``targets``.

    Of all weights with those means, the ones of least Kullback-Leibler divergence from even weights
    are ``w_n proportional to exp(lambda . values_n)``. Lambda minimises the convex dual
    ``log mean_n exp(lambda . (values_n - targets))``, whose least value is minus the divergence.
    Damped Newton steps on exact covariances find it.

    Parameters
    ----------
    values
        K quantities in each of N races, ``[N, K]``, or ``[N]`` where K is 1.
    targets
        Means that the quantities are to have, ``[K]``.

    Raises
    ------
    InvalidInput
        There is no race, a value is not finite, or the shapes do not fit.
    Infeasible
        No weights have these means. By weak duality, a dual below -log N proves it.

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
    farthest = log(len(table)) + _PROVEN  # no weights have a larger divergence from even ones
    point = _evaluate(centred, np.zeros(len(means)))
    for _ in range(_STEPS):
        if np.abs(point.gradient).max(initial=0.0) <= _GOOD_ENOUGH:
            kl = max(0.0, float(point.lambdas @ point.gradient) - point.value)
            return EntropyTilt(point.weights, kl, 1.0 / float(point.weights @ point.weights))
        if -point.value > farthest:
            break
        next_point = _stepped(centred, point)
        if next_point is None:
            break
        point = next_point
    raise Infeasible(
        f"no weighting of {len(table)} races has these means; they lie too far out.",
        rules=[BrokenRule("targets")],
    )


def _stepped(centred: Floats, point: _Point) -> _Point | None:
    """Point after a damped Newton step, or ``None`` where no step lowers the dual."""
    deviations = centred - point.gradient
    covariance = (deviations * point.weights[:, None]).T @ deviations
    # quantities that sum to the same in every race make the covariance singular
    damping = 1e-10 * max(float(np.trace(covariance)) / len(point.lambdas), 1e-6)
    step = np.linalg.solve(covariance + damping * np.eye(len(point.lambdas)), -point.gradient)
    slope = float(step @ point.gradient)
    # where one race has nearly all the weight, the covariance is nearly 0 and the step far too long
    size = min(1.0, _FARTHEST / max(float(np.ptp(centred @ step)), _FARTHEST))
    miss = float(np.abs(point.gradient).max())
    for _ in range(_HALVINGS):
        trial = _evaluate(centred, point.lambdas + size * step)
        # close to the minimum the values differ by rounding alone, and the gradient decides
        near = (
            trial.value <= point.value + 1e-12 and float(np.abs(trial.gradient).max()) < 0.9 * miss
        )
        if trial.value <= point.value + 1e-4 * size * slope or near:
            return trial
        size /= 2.0
    return None
