"""The weight of prices, fitted to pairs of drivers, with races as clusters.

The log-odds that the first of a pair is ahead are

    confidence x (without prices + weight x (at the prices - without prices)).

Both numbers are fitted by logistic regression. The confidence takes up that finishes may be more,
or less, orderly than forecasts and prices alike say; prices earn nothing by it, and no job uses it.
Pairs of a race share drivers, so the weight's standard error is that of the jackknife over races. A
prior then shrinks it: half-normal on 0..1, with standard deviation 0.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.odds_forecasts import Pairs

Floats = npt.NDArray[np.float64]

PRIOR = 0.5  # standard deviation of the half-normal prior: its mean on 0..1 is 0.36
_WITHIN = np.linspace(0.0, 1.0, 401)  # weights at which the posterior is taken
_LEAST_CONFIDENCE = 0.05
_ROUNDS = 25  # of Newton's method at most


@dataclass(frozen=True, slots=True)
class WeightFit:
    """A fitted weight, and what prices add on races left out of the fit.

    Parameters
    ----------
    weight, error
        Mean and standard deviation of the posterior.
    likeliest, likeliest_error
        Without the prior, on any side of 0..1; with the jackknife's standard error.
    confidence
        Fitted with it, see the module.
    races, pairs
        That it rests on.
    without, at_prices
        Mean log loss of a pair without prices and all the way at them, races counting equally.
    gain, gain_error
        How much less it is at the weight fitted to the other races, as jobs move their races, and
        its standard error over races.
    rescaled_gain, rescaled_gain_error
        The same where the confidence is fitted to the other races too, with prices and without,
        and no prior counts.
    """

    weight: float
    error: float
    likeliest: float
    likeliest_error: float
    confidence: float
    races: int
    pairs: int
    without: float
    at_prices: float
    gain: float
    gain_error: float
    rescaled_gain: float
    rescaled_gain_error: float


def log_loss(pairs: Pairs, weight: float, confidence: float = 1.0) -> float:
    """Mean log loss of a race's pairs at a weight."""
    log_odds = confidence * (pairs.without + weight * (pairs.at_prices - pairs.without))
    # of a pair that finished as forecast the sign is plus
    return float(np.logaddexp(0.0, np.where(pairs.ahead, -log_odds, log_odds)).mean())


def fit_weight(races: Sequence[Pairs]) -> WeightFit:
    """The weight of prices of three races or more, see the module."""
    left_out = [[*races[:index], *races[index + 1 :]] for index in range(len(races))]
    confidence, likeliest = _mixed(races)
    mixed = [_mixed(others) for others in left_out]
    weights = np.array([weight for _, weight in mixed])
    n = len(races)
    error = float(np.sqrt((n - 1) / n * ((weights - weights.mean()) ** 2).sum()))
    gain, rescaled = (
        np.array([without - at for without, at in each])
        for each in (
            (
                (log_loss(one, 0.0), log_loss(one, shrunk(weight, error)[0]))
                for one, weight in zip(races, weights.tolist(), strict=True)
            ),
            (
                (log_loss(one, 0.0, _alone(others)), log_loss(one, weight, confidence))
                for one, others, (confidence, weight) in zip(races, left_out, mixed, strict=True)
            ),
        )
    )
    mean, deviation = shrunk(likeliest, error)
    return WeightFit(
        weight=mean,
        error=deviation,
        likeliest=likeliest,
        likeliest_error=error,
        confidence=confidence,
        races=n,
        pairs=sum(len(one.ahead) for one in races),
        without=float(np.mean([log_loss(one, 0.0) for one in races])),
        at_prices=float(np.mean([log_loss(one, 1.0) for one in races])),
        gain=float(gain.mean()),
        gain_error=float(gain.std(ddof=1) / n**0.5),
        rescaled_gain=float(rescaled.mean()),
        rescaled_gain_error=float(rescaled.std(ddof=1) / n**0.5),
    )


def shrunk(likeliest: float, error: float) -> tuple[float, float]:
    """Mean and standard deviation of a weight's posterior, its likelihood being normal."""
    density = np.exp(
        -0.5 * ((_WITHIN - likeliest) / max(error, 1e-3)) ** 2 - 0.5 * (_WITHIN / PRIOR) ** 2
    )
    density /= density.sum()
    mean = float(density @ _WITHIN)
    return mean, float(density @ (_WITHIN - mean) ** 2) ** 0.5


def _mixed(races: Sequence[Pairs]) -> tuple[float, float]:
    """The likeliest confidence and weight."""
    terms = [np.column_stack([one.without, one.at_prices - one.without]) for one in races]
    confidence, gap = _regressed(terms, races).tolist()
    confidence = max(confidence, _LEAST_CONFIDENCE)
    return confidence, gap / confidence


def _alone(races: Sequence[Pairs]) -> float:
    """The likeliest confidence without prices."""
    return float(_regressed([one.without[:, None] for one in races], races)[0])


def _regressed(terms: Sequence[Floats], races: Sequence[Pairs]) -> Floats:
    """Weights of a logistic regression without an intercept, ``[T]``, by Newton's method."""
    x = np.vstack(terms)
    ahead = np.concatenate([one.ahead for one in races])
    weights = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-(x @ weights)))
        bend = (x.T * (chance * (1.0 - chance))) @ x
        step = np.linalg.solve(bend, x.T @ (ahead - chance))
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights
