"""Proper scores of forecasts, in closed form: CRPS and the logarithmic score.

A forecast is an ensemble, ``[N, K]``: N scenarios of K quantities (drivers' points or finishes), in
any numeric type; the outcome is ``[K]``. One quantity may come as ``[N]`` with a scalar, and the
result then has no axes. Scenarios may carry weights, ``[N]``, in any unit.

Every score is negatively oriented, lower is better, and proper: no other forecast has a better
expected score than the truth (Gneiting and Raftery, "Strictly proper scoring rules, prediction, and
estimation", JASA 2007).
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from core.errors import InvalidInput
from core.history.grading._arguments import F64, ensemble_of, finite
from core.history.grading._scores import integrate_gaps


def compute_crps(
    samples: npt.ArrayLike,
    observed: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    fair: bool = False,
) -> F64:
    """Continuous ranked probability score of each quantity, in its own unit.

    ::

        CRPS = integral of (F(x) - 1{y <= x})^2 dx = mean |x - y| - 1/2 mean |x - x'|

    over all scenarios x and all pairs x, x', exactly, for the cost of a sort. Of finishes 1, 2,
    ... it is the ranked probability score.

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``.
    weights
        Of the scenarios, ``[N]``: 2 means that a scenario happened twice.
    fair
        Leave a scenario's zero distance to itself out of the mean over pairs, which then runs over
        N (N - 1) pairs in place of N^2, or 1 - sum(w^2) for weights w that sum to 1. The expected
        score is then that of the distribution the scenarios were drawn from, while the plain score
        of a small ensemble is larger; it may be negative (Ferro, "Fair scores for ensemble
        forecasts", QJRMS 2014). Weights are then importance, not repetition.

    Returns
    -------
    ``[K]``.

    Notes
    -----
    Hersbach, "Decomposition of the continuous ranked probability score for ensemble prediction
    systems", Weather and Forecasting 2000.
    """
    ensemble, outcome, counts = ensemble_of(samples, observed, weights)
    # a copy to sort in place, in its own type: short integers sort fastest
    columns = np.array(ensemble.T, order="C")
    if weights is None:
        columns.sort(axis=1)
        along = counts[None, :]
    else:
        order = np.argsort(columns, axis=1, kind="stable")
        columns = np.take_along_axis(columns, order, axis=1)
        along = counts[order]
    scores, spreads = integrate_gaps(columns.astype(np.float64), along, outcome)
    if fair:
        shares = counts / counts.sum()
        same = float((shares * shares).sum())
        if same >= 1.0:
            raise InvalidInput({"samples": "the fair score takes at least 2 scenarios."})
        scores -= spreads * (same / (1.0 - same))
    return scores.reshape(np.shape(observed))


def crps_normal(mean: npt.ArrayLike, sd: npt.ArrayLike, observed: npt.ArrayLike) -> F64:
    """CRPS of normal forecasts, in the unit of ``observed``; shapes broadcast.

    ::

        CRPS = sd (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)),  z = (y - mean) / sd

    Notes
    -----
    Gneiting, Raftery, Westveld and Goldman, "Calibrated probabilistic forecasting using ensemble
    model output statistics and minimum CRPS estimation", Monthly Weather Review 2005.
    """
    centre, scale, y = finite("mean", mean), finite("sd", sd), finite("observed", observed)
    if (scale <= 0.0).any():
        raise InvalidInput({"sd": "each standard deviation is above 0."})
    try:
        np.broadcast_shapes(centre.shape, scale.shape, y.shape)
    except ValueError:
        raise InvalidInput(
            {"observed": f"shape {y.shape} does not go with {centre.shape} and {scale.shape}."}
        ) from None
    z = (y - centre) / scale
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    spread = z * erf(z / math.sqrt(2.0)) + 2.0 * density - 1.0 / math.sqrt(math.pi)
    return np.asarray(scale * spread, dtype=np.float64)


def compute_log_score(
    samples: npt.ArrayLike,
    observed: npt.ArrayLike,
    categories: int,
    weights: npt.ArrayLike | None = None,
    *,
    smoothing: float = 0.5,
) -> F64:
    """Logarithmic score of discrete outcomes, such as finishes, in nats.

    ::

        score = -log((count of y + a) / (N + a categories))

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``, in any labels.
    categories
        Number of outcomes that each quantity can have: 38 for the finishes of 38 drivers.
    weights
        Of the scenarios, ``[N]``: 2 means that a scenario happened twice, so their sum is the N of
        the formula.
    smoothing
        a, the count of each category before any scenario: 0.5 is the mean under Jeffreys' prior, 1
        Laplace's rule of succession. With 0 an outcome that no scenario has scores infinity.

    Returns
    -------
    ``[K]``, at least 0.

    Notes
    -----
    Good, "Rational decisions", JRSS B 1952; Krichevsky and Trofimov, "The performance of universal
    encoding", IEEE Transactions on Information Theory 1981, for the half.
    """
    ensemble, outcome, counts = ensemble_of(samples, observed, weights)
    if not 0.0 <= smoothing < math.inf:
        raise InvalidInput({"smoothing": f"{smoothing}; give a finite count, 0 or more."})
    hits = ensemble == outcome
    ranked = np.sort(ensemble, axis=0)
    different = 1 + (ranked[1:] != ranked[:-1]).sum(axis=0) + ~hits.any(axis=0)
    if categories < different.max():
        raise InvalidInput(
            {"categories": f"{categories}; a quantity has {different.max()} different outcomes."}
        )
    with np.errstate(divide="ignore"):
        log_counts = np.log(counts @ hits + smoothing)
    scores = np.log(counts.sum() + smoothing * categories) - log_counts
    return np.asarray(scores, dtype=np.float64).reshape(np.shape(observed))
