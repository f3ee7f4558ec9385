"""The arithmetic of leverage: the penalty on ownership, limits on ownership, and its figures.

Ownership is in percent of the field's entries throughout; limits on it are fractions (0.3 = 30%),
as in a request. A lineup's leverage score is its projected points less a penalty on the mean of its
drivers' squared ownership. Two drivers at 10% cost less than one at 20% and one at 0, so the
penalty is on chalk.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.lineups.board import Lineups
from core.lineups.legality import Budget, Group, LineupRules

Floats = npt.NDArray[np.float64]

LOW_OWNERSHIP_PERCENT = 10.0
# ownership is compared in millionths of a percent, so that a limit of 0.3 is exactly 30%
_UNITS_PER_PERCENT = 1_000_000


@dataclass(frozen=True, slots=True)
class OwnershipRules:
    """Limits on a lineup's ownership. A value equal to a limit is allowed.

    Parameters
    ----------
    max_per_driver
        Largest ownership that any driver of a lineup may have, as a fraction, 0 to 1.
    min_low
        Fewest drivers of a lineup with ownership below 10%.
    max_total
        Largest sum of a lineup's ownership, as a fraction: 3.0 = 300%.

    Raises
    ------
    InvalidInput
        A limit is out of range.
    """

    max_per_driver: float = 0.3
    min_low: int = 2
    max_total: float = 3.0

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if not 0.0 <= self.max_per_driver <= 1.0:
            problems["max_per_driver"] = (
                f"{self.max_per_driver}; give a fraction, 0 to 1: 0.3 is 30%."
            )
        if self.min_low < 0:
            problems["min_low"] = f"{self.min_low}; give 0 or more."
        if not (math.isfinite(self.max_total) and self.max_total >= 0.0):
            problems["max_total"] = f"{self.max_total}; give a fraction of 0 or more: 3.0 is 300%."
        if problems:
            raise InvalidInput(problems)


NO_OWNERSHIP_RULES = OwnershipRules(max_per_driver=1.0, min_low=0, max_total=100.0)
"""No limits on ownership: every lineup keeps these."""


@dataclass(frozen=True, slots=True)
class LineupOwnership:
    """Ownership of each lineup's drivers in percent: mean, largest and sum, f64 ``[K]`` each."""

    average: Floats
    maximum: Floats
    total: Floats


@dataclass(frozen=True, slots=True)
class OwnershipMetrics:
    """Ownership over the lineups of a portfolio.

    Parameters
    ----------
    avg_lineup_ownership, min_lineup_ownership, max_lineup_ownership
        Mean, smallest and largest of the lineups' average ownership, percent.
    low_ownership_driver_count
        Number of different drivers with ownership below 10% in the portfolio.
    diversification_score
        ``1 - sum(o^2) / (sum o)^2`` over drivers, where o is a driver's ownership times the number
        of lineups that hold him. It is the chance that two points of the portfolio's ownership,
        drawn at random, fall on different drivers: 0 if one driver has all of it, 1 - 1/D if D
        drivers share it evenly. Repeating a lineup does not raise it, as the sum is over drivers
        and not over roster spots. If every ownership is 0, o is the number of lineups alone.
    """

    avg_lineup_ownership: float
    min_lineup_ownership: float
    max_lineup_ownership: float
    low_ownership_driver_count: int
    diversification_score: float


def leverage_penalty_points(ownership_percent: Floats, penalty: float, roster_size: int) -> Floats:
    """Points that each driver's ownership takes off a lineup that holds him, ``[D]``.

    Over a lineup they sum to ``penalty x mean(ownership_percent^2) / 100``. Projected points less
    that sum are the leverage score.

    Parameters
    ----------
    ownership_percent
        ``[D]``.
    penalty
        0 = ownership costs nothing.
    roster_size
        Drivers in a lineup.
    """
    owned = _owned(ownership_percent)
    cost: Floats = penalty * owned**2 / (100.0 * roster_size)
    return cost


def leverage_score(
    projected_points: Floats, ownership_percent: Floats, lineups: Lineups, penalty: float
) -> Floats:
    """Leverage score of each lineup, ``[K]``: its points less the penalty on its ownership.

    ``projected points - penalty x mean(ownership_percent^2) / 100``.

    Parameters
    ----------
    projected_points
        ``[D]``.
    ownership_percent
        ``[D]``.
    lineups
        u8 ``[K, R]``.
    penalty
        Points taken off a lineup whose drivers are all owned at 10%.
    """
    owned = _owned(ownership_percent)[lineups]
    points = np.asarray(projected_points, dtype=np.float64)[lineups].sum(axis=1)
    score: Floats = points - penalty * (owned**2).mean(axis=1) / 100.0
    return score


def with_ownership_rules(
    rules: LineupRules, ownership_percent: Floats, ownership_rules: OwnershipRules
) -> LineupRules:
    """Rules of a lineup with the limits on ownership added, each under its own name.

    Ownership is compared to a millionth of a percent, and a value equal to a limit is allowed: a
    driver at 30% obeys ``max_per_driver=0.3``; one at 10% is not low. A limit that every lineup
    keeps is not added.

    Parameters
    ----------
    rules
        The rules to add to.
    ownership_percent
        ``[D]``.
    ownership_rules
        The limits on ownership.

    Raises
    ------
    InvalidInput
        There is not one percentage for each driver, or ``min_low`` is above the roster size.
    """
    owned = _owned(ownership_percent)
    if owned.shape != (len(rules.salaries_usd),):
        raise InvalidInput(
            {
                "ownership_percent": f"{owned.size} for {len(rules.salaries_usd)} drivers; give "
                "one for each."
            }
        )
    if ownership_rules.min_low > rules.roster_size:
        raise InvalidInput(
            {"min_low": f"{ownership_rules.min_low}; a lineup has {rules.roster_size} drivers."}
        )
    units = _units(owned)
    groups = list(rules.groups)
    above = np.flatnonzero(units > _limit_units(ownership_rules.max_per_driver))
    if above.size:
        groups.append(Group("max_per_driver", tuple(above.tolist()), 0, 0))
    if ownership_rules.min_low:
        low = tuple(np.flatnonzero(_is_low(owned)).tolist())
        groups.append(Group("min_low", low, ownership_rules.min_low, rules.roster_size))
    budgets = list(rules.budgets)
    most = _limit_units(ownership_rules.max_total)
    if int(np.sort(units)[-rules.roster_size :].sum()) > most:
        budgets.append(Budget("max_total", tuple(units.tolist()), most))
    return replace(rules, groups=tuple(groups), budgets=tuple(budgets))


def ownership_of_lineups(lineups: Lineups, ownership_percent: Floats) -> LineupOwnership:
    """Average, largest and total ownership of each lineup, in percent.

    Parameters
    ----------
    lineups
        u8 ``[K, R]``.
    ownership_percent
        ``[D]``.
    """
    owned = _owned(ownership_percent)[lineups]
    return LineupOwnership(owned.mean(axis=1), owned.max(axis=1), owned.sum(axis=1))


def ownership_metrics(lineups: Lineups, ownership_percent: Floats) -> OwnershipMetrics:
    """Ownership over a portfolio; see :class:`OwnershipMetrics`.

    Parameters
    ----------
    lineups
        The portfolio, u8 ``[K, R]``, K at least 1.
    ownership_percent
        ``[D]``.
    """
    owned = _owned(ownership_percent)
    average = ownership_of_lineups(lineups, owned).average
    held = np.bincount(lineups.ravel(), minlength=len(owned))
    total = held * owned
    # scaled first, as the squares of very small ownerships would be 0
    weights = total / total.max() if total.any() else held.astype(np.float64)
    shares = weights / weights.sum()
    return OwnershipMetrics(
        avg_lineup_ownership=float(average.mean()),
        min_lineup_ownership=float(average.min()),
        max_lineup_ownership=float(average.max()),
        low_ownership_driver_count=int((_is_low(owned) & (held > 0)).sum()),
        diversification_score=max(float(1.0 - (shares**2).sum()), 0.0),
    )


def _owned(ownership_percent: Floats) -> Floats:
    owned = np.asarray(ownership_percent, dtype=np.float64)
    if not (np.isfinite(owned) & (owned >= 0.0)).all():
        raise InvalidInput({"ownership_percent": "give percentages, 0 or more."})
    return owned


def _units(owned: Floats) -> npt.NDArray[np.int64]:
    return np.rint(owned * _UNITS_PER_PERCENT).astype(np.int64)


def _limit_units(fraction: float) -> int:
    return round(fraction * 100.0 * _UNITS_PER_PERCENT)


def _is_low(owned: Floats) -> npt.NDArray[np.bool_]:
    low: npt.NDArray[np.bool_] = _units(owned) < LOW_OWNERSHIP_PERCENT * _UNITS_PER_PERCENT
    return low
