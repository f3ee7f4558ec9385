"""The arithmetic of leverage: what ownership costs a lineup, may come to, and comes to.

Ownership is in percent of the field's lineups throughout, limits on it in fractions (0.3 = 30%), as
a request gives them. A lineup's leverage score is its projected points less a penalty on the mean
of its drivers' squared ownership: two drivers at 10% cost less than one at 20% and one at none, so
the penalty falls on chalk.
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
# ownership is counted to a millionth of a percent, so that 0.3 is 30% and no hair more or less
_UNITS_PER_PERCENT = 1_000_000


@dataclass(frozen=True, slots=True)
class OwnershipRules:
    """What a lineup's ownership may come to; every limit is itself allowed.

    Parameters
    ----------
    max_per_driver
        Of any driver of a lineup, as a fraction, 0 to 1.
    min_low
        How many drivers of a lineup must be owned by less than 10%.
    max_total
        Of all drivers of a lineup together, as a fraction: 3.0 = 300%.

    Raises
    ------
    InvalidInput
        A limit that is none.
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


@dataclass(frozen=True, slots=True)
class LineupOwnership:
    """What the drivers of each lineup are owned by, in percent, f64 ``[K]`` each."""

    average: Floats
    maximum: Floats
    total: Floats


@dataclass(frozen=True, slots=True)
class OwnershipMetrics:
    """What a portfolio's lineups are owned by.

    Parameters
    ----------
    avg_lineup_ownership, min_lineup_ownership, max_lineup_ownership
        Over the lineups' average ownership, percent.
    low_ownership_driver_count
        Different drivers under 10% that stand in the portfolio.
    diversification_score
        ``1 - sum(o^2) / (sum o)^2`` over drivers, where o is the ownership a driver brings into the
        portfolio: his own, once for every lineup that holds him. It is the chance that two points
        of the portfolio's ownership, drawn at random, fall on different drivers: 0 if all of it is
        on one, up to 1 - 1/D if it is spread over D evenly. Summed by driver and not by roster
        spot, it does not rise when a lineup is repeated. If nobody is owned, drivers weigh by
        the lineups they stand in alone, as they do where all are owned alike.
    """

    avg_lineup_ownership: float
    min_lineup_ownership: float
    max_lineup_ownership: float
    low_ownership_driver_count: int
    diversification_score: float


def leverage_penalty_points(ownership_percent: Floats, penalty: float, roster_size: int) -> Floats:
    """Give what each driver's ownership costs a lineup that holds him, in points, ``[D]``.

    Over a lineup it sums to ``penalty x mean(ownership_percent^2) / 100``, so that an objective of
    values less these is the leverage score.

    Parameters
    ----------
    ownership_percent
        ``[D]``.
    penalty
        0 leaves the points as they are.
    roster_size
        Drivers in a lineup.
    """
    owned = _owned(ownership_percent)
    cost: Floats = penalty * owned**2 / (100.0 * roster_size)
    return cost


def leverage_score(
    projected_points: Floats, ownership_percent: Floats, lineups: Lineups, penalty: float
) -> Floats:
    """Give each lineup's points less the penalty on its ownership, ``[K]``.

    That is ``projected points - penalty x mean(ownership_percent^2) / 100``.

    Parameters
    ----------
    projected_points
        ``[D]``.
    ownership_percent
        ``[D]``.
    lineups
        u8 ``[K, R]``.
    penalty
        Points for a lineup whose drivers are all owned by 10%.
    """
    owned = _owned(ownership_percent)[lineups]
    points = np.asarray(projected_points, dtype=np.float64)[lineups].sum(axis=1)
    score: Floats = points - penalty * (owned**2).mean(axis=1) / 100.0
    return score


def with_ownership_rules(
    rules: LineupRules, ownership_percent: Floats, ownership_rules: OwnershipRules
) -> LineupRules:
    """Give the rules with those on ownership added, each named as in :class:`OwnershipRules`.

    Ownership counts to a millionth of a percent, and the limits themselves are allowed: a driver at
    30% obeys ``max_per_driver=0.3``; one at 10% is not low. A rule that no lineup could break is
    left out.

    Parameters
    ----------
    rules
        What else is legal.
    ownership_percent
        ``[D]``.
    ownership_rules
        The limits.

    Raises
    ------
    InvalidInput
        Not one percentage a driver, or more low drivers asked for than a lineup has.
    """
    owned = _owned(ownership_percent)
    if owned.shape != (len(rules.salaries_usd),):
        raise InvalidInput(
            {
                "ownership_percent": f"{owned.size} for {len(rules.salaries_usd)} drivers; give "
                "one a driver."
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
    """Give the average, largest and total ownership of each lineup, in percent.

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
    """Give what a portfolio is owned by; see :class:`OwnershipMetrics`.

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
    brought = held * owned
    # divided first: squares of the smallest ownerships would vanish
    weights = brought / brought.max() if brought.any() else held.astype(np.float64)
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
