"""How well forecasts met what happened: proper scores, coverage and calibration, in closed form.

A forecast is an ensemble, ``[N, K]``: N scenarios of K quantities (drivers' points or finishes), in
any numeric type; what happened is ``[K]``. One quantity may come as ``[N]`` with a scalar, and then
gives an array without axes. Scenarios may carry weights, ``[N]``, in any unit.

Every score is negatively oriented, lower is better, and proper: no other forecast has a better
expected score than the truth (Gneiting and Raftery, "Strictly proper scoring rules, prediction, and
estimation", JASA 2007). Outcomes tie, so F, a forecast's distribution function, jumps: F(y-) is the
chance of less than y and F(y) that of at most y.

What cannot be scored is refused as :class:`~core.errors.InvalidInput` that names the argument.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erf, logsumexp

from core.errors import InvalidInput
from core.history._scores import integrate_gaps, mean_distance, sum_variogram_errors

F64 = npt.NDArray[np.float64]

COVERAGE_LEVELS = (0.5, 0.8, 0.95)


def compute_crps(
    samples: npt.ArrayLike,
    observed: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    fair: bool = False,
) -> F64:
    """Give the continuous ranked probability score of each quantity, in its own unit.

    ::

        CRPS = integral of (F(x) - 1{y <= x})^2 dx = mean |x - y| - 1/2 mean |x - x'|

    over all scenarios x and all pairs x, x', exactly, for the cost of a sort. Of finishes 1, 2,
    ... it is the ranked probability score.

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``.
    weights
        Of the scenarios, ``[N]``: 2 says that a scenario happened twice.
    fair
        Leave a scenario's zero distance to itself out of the mean over pairs, which then runs over
        N (N - 1) pairs in place of N^2, or 1 - sum(w^2) for weights w that sum to 1. Expects the
        score of the distribution the scenarios were drawn from, where the plain one charges a small
        ensemble for its size; may be negative (Ferro, "Fair scores for ensemble forecasts", QJRMS
        2014). Weights are then importance, not repetition.

    Returns
    -------
    ``[K]``.

    Notes
    -----
    Hersbach, "Decomposition of the continuous ranked probability score for ensemble prediction
    systems", Weather and Forecasting 2000.
    """
    ensemble, outcome, counts = _checked(samples, observed, weights)
    # a copy, since it is sorted in place; in its own type, since short integers sort fastest
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
        itself = float((shares * shares).sum())
        if itself >= 1.0:
            raise InvalidInput({"samples": "the fair score takes at least 2 scenarios."})
        scores -= spreads * (itself / (1.0 - itself))
    return scores.reshape(np.shape(observed))


def crps_normal(mean: npt.ArrayLike, sd: npt.ArrayLike, observed: npt.ArrayLike) -> F64:
    """Give the CRPS of normal forecasts, in the unit of ``observed``; shapes broadcast.

    ::

        CRPS = sd (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)),  z = (y - mean) / sd

    Notes
    -----
    Gneiting, Raftery, Westveld and Goldman, "Calibrated probabilistic forecasting using ensemble
    model output statistics and minimum CRPS estimation", Monthly Weather Review 2005.
    """
    centre, scale, y = _finite("mean", mean), _finite("sd", sd), _finite("observed", observed)
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
    """Give the logarithmic score of discrete outcomes, such as finishes, in nats.

    ::

        score = -log((count of y + a) / (N + a categories))

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``, in any labels.
    categories
        How many outcomes each quantity can have, seen or not: 38 for the finishes of 38 drivers.
    weights
        Of the scenarios, ``[N]``: 2 says that a scenario happened twice, so their sum is the N that
        the smoothing weighs against.
    smoothing
        a, what each category counts before any scenario: 0.5 is the mean under Jeffreys' prior, 1
        Laplace's rule of succession. With 0 an outcome that no scenario has scores infinity.

    Returns
    -------
    ``[K]``, at least 0.

    Notes
    -----
    Good, "Rational decisions", JRSS B 1952; Krichevsky and Trofimov, "The performance of universal
    encoding", IEEE Transactions on Information Theory 1981, for the half.
    """
    ensemble, outcome, counts = _checked(samples, observed, weights)
    if not 0.0 <= smoothing < math.inf:
        raise InvalidInput({"smoothing": f"{smoothing}; give a finite count, 0 or more."})
    met = ensemble == outcome
    ranked = np.sort(ensemble, axis=0)
    seen = 1 + (ranked[1:] != ranked[:-1]).sum(axis=0) + ~met.any(axis=0)
    if categories < seen.max():
        raise InvalidInput(
            {"categories": f"{categories}; a quantity has {seen.max()} different outcomes."}
        )
    with np.errstate(divide="ignore"):
        found = np.log(counts @ met + smoothing)
    scores = np.log(counts.sum() + smoothing * categories) - found
    return np.asarray(scores, dtype=np.float64).reshape(np.shape(observed))


def compute_kernel_log_score(
    samples: npt.ArrayLike, observed: npt.ArrayLike, *, bandwidth: npt.ArrayLike | None = None
) -> F64:
    """Give the logarithmic score of a Gaussian kernel density, for quantities such as points.

    ::

        score = -log(mean over x of phi((y - x) / h) / h)

    A density has a unit: scores of the same quantity in the same unit compare, and none compares
    with :func:`compute_log_score`. The tails are the kernel's, so one outcome far from every
    scenario decides a mean; the CRPS does without a bandwidth.

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``.
    bandwidth
        h in the quantity's unit, a scalar or ``[K]``. By default 1.06 min(sd, IQR / 1.34) N^(-1/5)
        (Silverman, "Density estimation for statistics and data analysis", 1986, section 3.4.2), or
        with sd alone where half of the scenarios tie.

    Returns
    -------
    ``[K]`` in nats, of any sign.
    """
    ensemble, outcome, _ = _checked(samples, observed, None)
    columns = ensemble.astype(np.float64)
    if bandwidth is None:
        width = _silverman(columns)
    else:
        width = _finite("bandwidth", bandwidth)
        if width.shape not in {(), outcome.shape} or (width <= 0.0).any():
            raise InvalidInput({"bandwidth": "give one above 0, or one a quantity."})
    z = (outcome - columns) / width
    scores = np.log(len(columns) * width * math.sqrt(2.0 * math.pi)) - logsumexp(
        -0.5 * z * z, axis=0
    )
    return np.asarray(scores, dtype=np.float64).reshape(np.shape(observed))


def _silverman(columns: F64) -> F64:
    # a scenario by itself has no deviation, and is refused below
    sd = columns.std(axis=0, ddof=min(1, len(columns) - 1))
    lower, upper = np.quantile(columns, [0.25, 0.75], axis=0)
    range_sd = (upper - lower) / 1.34
    scale = np.where(range_sd > 0.0, np.minimum(sd, range_sd), sd)
    if (scale <= 0.0).any():
        raise InvalidInput(
            {"samples": "the scenarios of a quantity are all equal; give a bandwidth."}
        )
    return np.asarray(1.06 * scale * len(columns) ** -0.2, dtype=np.float64)


def compute_pit(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[F64, F64]:
    """Give the probability integral transform of each outcome as the pair F(y-), F(y).

    Drawn uniformly between the two, it is uniform on [0, 1] if the forecast is calibrated, ties or
    not. The functions that take the pair average over that draw exactly, so nothing is random;
    pairs of several races may be joined.

    Parameters
    ----------
    samples, observed, weights
        ``[N, K]``, ``[K]`` and ``[N]``.

    Returns
    -------
    Two of ``[K]``, equal where no scenario has the outcome.
    """
    ensemble, outcome, counts = _checked(samples, observed, weights)
    total = counts.sum()
    less = counts @ (ensemble < outcome)
    shape = np.shape(observed)
    # weights summed in another order may exceed their total by a bit
    below = np.minimum(less / total, 1.0).reshape(shape)
    upto = np.minimum((less + counts @ (ensemble == outcome)) / total, 1.0).reshape(shape)
    return below, upto


def compute_coverage(
    samples: npt.ArrayLike,
    observed: npt.ArrayLike,
    levels: Sequence[float] = COVERAGE_LEVELS,
    weights: npt.ArrayLike | None = None,
) -> dict[float, float]:
    """Give, for each level, the share of outcomes inside the forecast's central interval.

    An outcome on the interval's edge counts in part, see :func:`covered_shares`; that makes a
    calibrated forecast cover exactly its level, where whole ones would cover more the more outcomes
    tie.

    Parameters
    ----------
    samples, observed, weights
        ``[N, K]``, ``[K]`` and ``[N]``.
    levels
        Each in (0, 1).
    """
    shares = covered_shares(*compute_pit(samples, observed, weights), levels)
    return {float(level): float(share.mean()) for level, share in zip(levels, shares, strict=True)}


def covered_shares(
    below: npt.ArrayLike, upto: npt.ArrayLike, levels: Sequence[float] = COVERAGE_LEVELS
) -> F64:
    """Give how much of each outcome lies in the central interval of each level, 0 to 1.

    The chance that the randomised PIT, uniform on [F(y-), F(y)], falls into
    [(1 - level) / 2, (1 + level) / 2]; where no scenario has the outcome, whether F(y) does.

    Parameters
    ----------
    below, upto
        The pair of :func:`compute_pit`, any shape, of one race or many.
    levels
        L of them, each in (0, 1).

    Returns
    -------
    ``[L, ...]``: the mean over outcomes is the coverage, and its standard error follows from their
    deviations. Drivers of one race share its luck, so cluster by race.
    """
    low, high = _checked_pit(below, upto)
    level = _finite("levels", levels)
    if level.ndim != 1 or level.size == 0 or (level <= 0.0).any() or (level >= 1.0).any():
        raise InvalidInput({"levels": "give at least one, each between 0 and 1, both excluded."})
    half = (level / 2.0).reshape(-1, *(1 for _ in low.shape))
    mass = high - low
    overlap = np.minimum(high, 0.5 + half) - np.maximum(low, 0.5 - half)
    # 0.8 - 0.5 is not 0.3 in binary: an outcome on the edge is inside at either end
    inside = np.abs(low - 0.5) <= half + 1e-12
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shares = np.where(mass > 0.0, overlap / mass, inside)
    return np.clip(shares, 0.0, 1.0)


def pit_histogram(below: npt.ArrayLike, upto: npt.ArrayLike, bins: int = 10) -> F64:
    """Give the share of the PIT in each of ``bins`` equal parts of [0, 1], without randomising.

    Each outcome's mass is spread evenly over [F(y-), F(y)]; where the two are equal it is a point,
    and one on the edge of two bins is halved between them. Flat, 1 / bins each, if calibrated; high
    at the sides if the forecast is too narrow, in the middle if too wide.

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
    low, high = (np.ravel(end) for end in _checked_pit(below, upto))
    if bins < 1:
        raise InvalidInput({"bins": f"{bins}; give at least 1."})
    reached = np.array([_pit_reached(low, high, edge / bins) for edge in range(1, bins)])
    return np.diff(reached, prepend=0.0, append=1.0)


def _pit_reached(low: F64, high: F64, edge: float) -> float:
    """Give the mean share of the PITs below ``edge``, of a point on it one half."""
    mass = high - low
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shares = np.where(mass > 0.0, (edge - low) / mass, (np.sign(edge - low) + 1.0) / 2.0)
    return float(np.clip(shares, 0.0, 1.0).mean())


@dataclass(frozen=True, slots=True)
class PitUniformity:
    """How far the PIT is from uniform on [0, 1].

    Parameters
    ----------
    mean
        1/2 if calibrated; more says that forecasts were too low.
    variance
        1/12 if calibrated; more says that forecasts were too narrow, or off.
    distance
        The largest gap between the PIT's distribution function and the diagonal, as Kolmogorov and
        Smirnov's statistic. The drivers of one race depend on each other and ties shrink it, so
        their tables do not apply; compare with that of a forecast known to be calibrated.
    """

    mean: float
    variance: float
    distance: float


def pit_uniformity(below: npt.ArrayLike, upto: npt.ArrayLike) -> PitUniformity:
    """Measure how far the PIT is from uniform, exactly, averaged over the randomising draw.

    Parameters
    ----------
    below, upto
        The pair of :func:`compute_pit`, any shape, of one race or many.
    """
    low, high = (np.ravel(end) for end in _checked_pit(below, upto))
    mean = float((low + high).mean() / 2.0)
    middle = (low + high) / 2.0 - mean
    variance = float((middle**2 + (high - low) ** 2 / 12.0).mean())
    # the mean distribution function is straight between these knots, and jumps at points
    knots, at = np.unique(np.concatenate([[0.0, 1.0], low, high]), return_inverse=True)
    starts, ends = at[2 : 2 + len(low)], at[2 + len(low) :]
    # a rise steeper than this would drown the others' slopes
    point = high - low < 1e-9
    rise = 1.0 / np.where(point, 1.0, high - low)
    spread = ~point
    slopes = np.cumsum(
        np.bincount(starts[spread], rise[spread], len(knots))
        - np.bincount(ends[spread], rise[spread], len(knots))
    )
    jumps = np.cumsum(np.bincount(starts[point], minlength=len(knots)))
    straight = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(knots))])
    after = (straight + jumps) / len(low)
    before = (straight + np.concatenate([[0], jumps[:-1]])) / len(low)
    distance = max(float(np.abs(after - knots).max()), float(np.abs(before - knots).max()))
    return PitUniformity(mean, variance, distance)


def energy_score(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Give the energy score of the joint forecast: the CRPS with Euclidean distances.

    ::

        ES = mean ||x - y|| - 1/2 mean ||x - x'||

    Exact over all pairs, so N^2 K / 2 operations: about a second for 10,000 scenarios of 38
    drivers, a hundredth of it for 1,000. It sees a wrong mean well and a wrong correlation hardly;
    :func:`variogram_score` sees the latter.

    Parameters
    ----------
    samples, observed, weights
        ``[N, K]``, ``[K]`` and ``[N]``.

    Notes
    -----
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007,
    section 4.3.
    """
    columns, outcome, shares = _checked_joint(samples, observed, weights)
    error = float(shares @ np.sqrt(((columns - outcome[:, None]) ** 2).sum(axis=0)))
    return error - 0.5 * float(mean_distance(columns, shares))


def variogram_score(
    samples: npt.ArrayLike,
    observed: npt.ArrayLike,
    p: float = 0.5,
    pair_weights: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Give the variogram score of the joint forecast: how well it tells quantities' differences.

    ::

        VS = sum over a, b of v_ab (|y_a - y_b|^p - mean |x_a - x_b|^p)^2

    over all ordered pairs. N K^2 / 2 powers: a fraction of a second for 10,000 scenarios of 38
    drivers. Blind to what all quantities share, such as a bias.

    Parameters
    ----------
    samples, observed
        ``[N, K]`` and ``[K]``.
    p
        Above 0; 0.5 holds up best where differences have heavy tails.
    pair_weights
        v, ``[K, K]``, 0 or more each; 1 by default.
    weights
        Of the scenarios, ``[N]``.

    Notes
    -----
    Scheuerer and Hamill, "Variogram-based proper scoring rules for probabilistic forecasts of
    multivariate quantities", Monthly Weather Review 2015.
    """
    columns, outcome, shares = _checked_joint(samples, observed, weights)
    if not 0.0 < p < math.inf:
        raise InvalidInput({"p": f"{p}; give a finite power above 0."})
    square = (len(outcome), len(outcome))
    pairs = np.ones(square) if pair_weights is None else _finite("pair_weights", pair_weights)
    if pairs.shape != square or (pairs < 0.0).any():
        raise InvalidInput({"pair_weights": f"give {square} of them, 0 or more each."})
    return float(
        sum_variogram_errors(columns, shares, outcome, np.ascontiguousarray(pairs), float(p))
    )


def brier_score(probabilities: npt.ArrayLike, outcomes: npt.ArrayLike) -> F64:
    """Give the squared error of each event's probability: ``(p - o)^2``, o = 1 if it happened.

    Parameters
    ----------
    probabilities, outcomes
        In [0, 1], and 0 or 1 (or bool), of the same shape.

    Notes
    -----
    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
    1950; this is half of his score, which sums over the event and its opposite.
    """
    forecast, happened = _checked_events(probabilities, outcomes)
    return (forecast - happened) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityTable:
    """Forecast against observed frequency of an event, by how likely it was said to be.

    Parameters
    ----------
    edges
        Of the bins, ``[B + 1]``; a bin holds its lower edge, the last also its upper.
    forecast
        Mean forecast in each bin, ``[B]``; NaN in an empty one.
    observed
        Share of those events that happened, ``[B]``; NaN in an empty one.
    count
        Events, ``[B]``.
    """

    edges: F64
    forecast: F64
    observed: F64
    count: npt.NDArray[np.int64]


def reliability(
    probabilities: npt.ArrayLike, outcomes: npt.ArrayLike, bins: int | Sequence[float] = 10
) -> ReliabilityTable:
    """Tabulate how often an event, such as a win or a top 5, happened when said to be so likely.

    Parameters
    ----------
    probabilities, outcomes
        In [0, 1], and 0 or 1 (or bool), of the same shape.
    bins
        How many bins of equal width, or their edges from 0 to 1: a win is rarely likelier than 0.3.

    Notes
    -----
    Murphy and Winkler, "Reliability of subjective probability forecasts of precipitation and
    temperature", Applied Statistics 1977.
    """
    forecast, happened = (np.ravel(events) for events in _checked_events(probabilities, outcomes))
    edges = _bin_edges(bins)
    parts = len(edges) - 1
    held = np.minimum(np.searchsorted(edges, forecast, side="right") - 1, parts - 1)
    count = np.bincount(held, minlength=parts).astype(np.int64)
    some = np.where(count > 0, count, np.nan)
    return ReliabilityTable(
        edges=edges,
        forecast=np.bincount(held, forecast, parts) / some,
        observed=np.bincount(held, happened, parts) / some,
        count=count,
    )


def _bin_edges(bins: int | Sequence[float]) -> F64:
    if isinstance(bins, int | np.integer):
        if bins < 1:
            raise InvalidInput({"bins": f"{bins}; give at least 1."})
        return np.arange(bins + 1) / bins
    edges = _finite("bins", bins)
    if edges.ndim != 1 or len(edges) < 2 or edges[0] != 0.0 or edges[-1] != 1.0:
        raise InvalidInput({"bins": "edges run from 0 to 1."})
    if (np.diff(edges) <= 0.0).any():
        raise InvalidInput({"bins": "edges ascend."})
    return edges


def _numbers(field: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Give ``values`` in their own type, which is bool, whole or real, and finite."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidInput({field: "its rows differ in length."}) from None
    if array.size == 0:
        raise InvalidInput({field: "is empty."})
    if array.dtype.kind not in "buif":
        raise InvalidInput({field: f"{array.dtype} is no type of real number."})
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidInput({field: "every value is finite."})
    return array


def _finite(field: str, values: npt.ArrayLike) -> F64:
    return _numbers(field, values).astype(np.float64)


def _checked(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[npt.NDArray[Any], F64, F64]:
    """Give scenarios ``[N, K]`` in their own type, outcomes ``[K]`` and weights ``[N]``."""
    ensemble, outcome = _numbers("samples", samples), _finite("observed", observed)
    if ensemble.ndim not in {1, 2}:
        raise InvalidInput({"samples": f"{ensemble.ndim} axes; give scenarios by quantities."})
    if outcome.shape != ensemble.shape[1:]:
        raise InvalidInput(
            {"observed": f"shape {outcome.shape}; the samples call for {ensemble.shape[1:]}."}
        )
    scenarios = len(ensemble)
    counts = np.ones(scenarios) if weights is None else _finite("weights", weights)
    if counts.shape != (scenarios,):
        raise InvalidInput({"weights": f"shape {counts.shape}; give one a scenario, {scenarios}."})
    with np.errstate(over="ignore"):
        total = counts.sum()
    if (counts < 0.0).any() or not 0.0 < total < math.inf:
        raise InvalidInput({"weights": "each is 0 or more, and their sum above 0 and finite."})
    return ensemble.reshape(scenarios, -1), np.ravel(outcome), counts


def _checked_joint(
    samples: npt.ArrayLike, observed: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[F64, F64, F64]:
    """Give one quantity a row, ``[K, N]``, outcomes ``[K]`` and the scenarios' chances ``[N]``."""
    ensemble, outcome, counts = _checked(samples, observed, weights)
    columns = np.ascontiguousarray(ensemble.T, dtype=np.float64)
    return columns, outcome, counts / counts.sum()


def _checked_pit(below: npt.ArrayLike, upto: npt.ArrayLike) -> tuple[F64, F64]:
    low, high = _finite("below", below), _finite("upto", upto)
    if low.shape != high.shape:
        raise InvalidInput({"upto": f"shape {high.shape}; that of below is {low.shape}."})
    if (low < 0.0).any() or (low > high).any() or (high > 1.0).any():
        raise InvalidInput({"upto": "0 <= below <= upto <= 1 for every outcome."})
    return low, high


def _checked_events(probabilities: npt.ArrayLike, outcomes: npt.ArrayLike) -> tuple[F64, F64]:
    forecast, happened = _finite("probabilities", probabilities), _finite("outcomes", outcomes)
    if (forecast < 0.0).any() or (forecast > 1.0).any():
        raise InvalidInput({"probabilities": "each lies between 0 and 1."})
    if forecast.shape != happened.shape:
        raise InvalidInput(
            {"outcomes": f"shape {happened.shape}; the probabilities' is {forecast.shape}."}
        )
    if not np.isin(happened, (0.0, 1.0)).all():
        raise InvalidInput({"outcomes": "each is 0 or 1."})
    return forecast, happened
