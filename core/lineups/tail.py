"""Tail metrics of a lineup's simulated scores: how it does in its best races."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput


def tail_mass(alpha: float, n_scenarios: int) -> float:
    """Number of scenarios in the best ``1 - alpha`` share of ``n_scenarios``; may be fractional."""
    # 1 - 0.99 is not 0.01 in binary; rounded to 1e-9 of a scenario, 1% of 10,000 is exactly 100
    mass = (1.0 - alpha) * n_scenarios
    return round(mass, 9) or mass


def compute_cvar(scores: npt.ArrayLike, alpha: float) -> float:
    """Upper CVaR: the mean of the best ``1 - alpha`` share of ``scores``.

    The scenario on the boundary counts with the fraction of it that lies inside (Rockafellar and
    Uryasev, "Conditional value-at-risk for general loss distributions", 2002).

    Parameters
    ----------
    scores
        Score of one lineup in each scenario, ``[N]``, in any unit.
    alpha
        Level, in (0, 1): 0.99 is the best 1%.

    Raises
    ------
    InvalidInput
        There is no score, a score is not finite, or alpha is outside (0, 1).
    """
    rising = _rising(_checked(scores, alpha))
    mass = tail_mass(alpha, len(rising))
    whole = min(math.floor(mass), len(rising))
    ranked = rising[::-1]
    total = float(ranked[:whole].sum())
    if whole < len(rising):
        total += (mass - whole) * float(ranked[whole])
    return total / mass


def value_at_risk(scores: npt.ArrayLike, alpha: float) -> float:
    """VaR: the smallest score that a share ``alpha`` of the scenarios does not exceed.

    Raises
    ------
    InvalidInput
        As :func:`compute_cvar`.
    """
    rising = _rising(_checked(scores, alpha))
    reached = math.ceil(round(alpha * len(rising), 9))
    return float(rising[max(reached, 1) - 1])


def _checked(scores: npt.ArrayLike, alpha: float) -> npt.NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise InvalidInput({"scores": "give one finite score a scenario, and at least one."})
    if not 0.0 < alpha < 1.0:
        raise InvalidInput({"alpha": f"{alpha}; a level lies between 0 and 1, both excluded."})
    return values


def _rising(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The values sorted; to see that they are takes a fraction of the time of sorting them."""
    return values if bool((values[1:] >= values[:-1]).all()) else np.sort(values)


@dataclass(frozen=True, slots=True)
class TailMetrics:
    """Summary of one lineup's simulated scores, all in points.

    Parameters
    ----------
    mean, std
        Mean and standard deviation over all scenarios.
    var_95, var_99
        Score that at most 5%, and at most 1%, of the races exceed.
    cvar_95, cvar_99
        Mean score of the best 5%, and of the best 1%, of the races.
    top_1pct
        Score at which the best 1% of the races begin: the same as ``var_99``.
    conditional_upside
        ``cvar_99 - mean``.
    """

    mean: float
    std: float
    var_95: float
    var_99: float
    cvar_95: float
    cvar_99: float
    top_1pct: float
    conditional_upside: float


def compute_tail_metrics(scores: npt.ArrayLike) -> TailMetrics:
    """Summary of one lineup's scores, ``[N]`` in points.

    Raises
    ------
    InvalidInput
        As :func:`compute_cvar`.
    """
    values = _checked(scores, 0.5)
    mean, rising = float(values.mean()), _rising(values)
    var_99, cvar_99 = value_at_risk(rising, 0.99), compute_cvar(rising, 0.99)
    return TailMetrics(
        mean=mean,
        std=float(values.std()),
        var_95=value_at_risk(rising, 0.95),
        var_99=var_99,
        cvar_95=compute_cvar(rising, 0.95),
        cvar_99=cvar_99,
        top_1pct=var_99,
        conditional_upside=cvar_99 - mean,
    )


def adaptive_scenario_count(alpha: float, min_tail_samples: int = 100) -> int:
    """Number of scenarios whose best ``1 - alpha`` share holds ``min_tail_samples`` of them.

    Raises
    ------
    InvalidInput
        Alpha is outside (0, 1), or ``min_tail_samples`` is below 1.
    """
    if not 0.0 < alpha < 1.0:
        raise InvalidInput({"alpha": f"{alpha}; a level lies between 0 and 1, both excluded."})
    if min_tail_samples < 1:
        raise InvalidInput({"min_tail_samples": f"{min_tail_samples}; ask for at least 1."})
    return math.ceil(round(min_tail_samples / (1.0 - alpha), 6))
