"""Tail metrics of simulated scores: what the best races of a lineup are worth."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput


def tail_mass(alpha: float, n_scenarios: int) -> float:
    """Give how many of ``n_scenarios`` make up the best ``1 - alpha``; need not be whole."""
    # 1 - 0.99 is not 0.01 in binary: to 1e-9 of a scenario, 10,000 x 1% is exactly 100
    mass = (1.0 - alpha) * n_scenarios
    return round(mass, 9) or mass


def compute_cvar(scores: npt.ArrayLike, alpha: float) -> float:
    """Give the upper CVaR: the mean of the best ``1 - alpha`` share of ``scores``.

    The scenario on the boundary counts with the fraction of it that lies inside (Rockafellar and
    Uryasev, "Conditional value-at-risk for general loss distributions", 2002).

    Parameters
    ----------
    scores
        One lineup's score by scenario, ``[N]``, in any unit.
    alpha
        The level, in (0, 1): 0.99 asks for the best 1%.

    Raises
    ------
    InvalidInput
        No score, a score that is not finite, or an alpha outside (0, 1).
    """
    values = _checked(scores, alpha)
    mass = tail_mass(alpha, len(values))
    whole = min(math.floor(mass), len(values))
    ranked = np.sort(values)[::-1]
    total = float(ranked[:whole].sum())
    if whole < len(values):
        total += (mass - whole) * float(ranked[whole])
    return total / mass


def value_at_risk(scores: npt.ArrayLike, alpha: float) -> float:
    """Give VaR: the smallest score that a share ``alpha`` of the scenarios does not exceed.

    Raises
    ------
    InvalidInput
        As :func:`compute_cvar`.
    """
    values = np.sort(_checked(scores, alpha))
    reached = math.ceil(round(alpha * len(values), 9))
    return float(values[max(reached, 1) - 1])


def _checked(scores: npt.ArrayLike, alpha: float) -> npt.NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise InvalidInput({"scores": "give one finite score a scenario, and at least one."})
    if not 0.0 < alpha < 1.0:
        raise InvalidInput({"alpha": f"{alpha}; a level lies between 0 and 1, both excluded."})
    return values


@dataclass(frozen=True, slots=True)
class TailMetrics:
    """One lineup's simulated scores in a few numbers, all in points.

    Parameters
    ----------
    mean, std
        Of all scenarios.
    var_95, var_99
        The score that 5% and 1% of the races exceed.
    cvar_95, cvar_99
        The mean of the best 5% and 1% of the races.
    top_1pct
        The score with which the best 1% of the races begin: the same as ``var_99``.
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
    """Summarise one lineup's scores, ``[N]`` in points.

    Raises
    ------
    InvalidInput
        As :func:`compute_cvar`.
    """
    values = _checked(scores, 0.5)
    mean = float(values.mean())
    var_99 = value_at_risk(values, 0.99)
    cvar_99 = compute_cvar(values, 0.99)
    return TailMetrics(
        mean=mean,
        std=float(values.std()),
        var_95=value_at_risk(values, 0.95),
        var_99=var_99,
        cvar_95=compute_cvar(values, 0.95),
        cvar_99=cvar_99,
        top_1pct=var_99,
        conditional_upside=cvar_99 - mean,
    )


def adaptive_scenario_count(alpha: float, min_tail_samples: int = 100) -> int:
    """Give how many scenarios put ``min_tail_samples`` of them into the best ``1 - alpha``.

    Raises
    ------
    InvalidInput
        An alpha outside (0, 1) or fewer than one sample.
    """
    if not 0.0 < alpha < 1.0:
        raise InvalidInput({"alpha": f"{alpha}; a level lies between 0 and 1, both excluded."})
    if min_tail_samples < 1:
        raise InvalidInput({"min_tail_samples": f"{min_tail_samples}; ask for at least 1."})
    return math.ceil(round(min_tail_samples / (1.0 - alpha), 6))
