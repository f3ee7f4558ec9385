"""Leverage for any optimizer: lineups by projections less a penalty on ownership.

The penalty is part of the objective, so the reported leverage score is the one that was maximised.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.portfolio.leverage import (
    NO_OWNERSHIP_RULES,
    Floats,
    LineupOwnership,
    OwnershipMetrics,
    OwnershipRules,
    leverage_penalty_points,
    leverage_score,
    ownership_metrics,
    ownership_of_lineups,
    with_ownership_rules,
)
from core.portfolio.optimizer import BaseOptimizer, Numbers

_USUAL_RULES = OwnershipRules()


@dataclass(frozen=True, slots=True)
class LeverageOptimized:
    """The lineups of a :class:`LeverageAwareOptimizer`.

    Parameters
    ----------
    lineups, points, worth, bound
        As in :class:`~core.portfolio.Optimized`; ``worth`` is the sum of the leverage scores.
    leverage_score
        f64 ``[n]``: points less the penalty on ownership, see
        :func:`core.portfolio.leverage_score`.
    ownership
        Ownership of each lineup's drivers, percent.
    metrics
        Ownership over the portfolio.
    """

    lineups: Lineups
    points: Floats
    leverage_score: Floats
    ownership: LineupOwnership
    metrics: OwnershipMetrics
    worth: float | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class LeverageAwareOptimizer:
    """Another optimizer, the base, with ownership in its objective and in its rules.

    The objective of every lineup is its leverage score: projected points less
    ``penalty x mean(ownership_percent^2) / 100``. The base's randomness moves projections, never
    ownership. The base itself is not changed.

    Parameters
    ----------
    base
        The optimizer whose slate, rules, limits and randomness are used.
    ownership_percent
        Ownership of each driver, ``[D]``.
    penalty
        Points taken off a lineup whose drivers are all owned at 10%, >= 0.
    ownership_rules
        Limits on a lineup's ownership, added to the base's rules.

    Raises
    ------
    InvalidInput
        The penalty is negative or not finite; an ownership is negative or there is not one for each
        driver; ``min_low`` is above the roster size.
    """

    base: BaseOptimizer
    ownership_percent: Numbers
    penalty: float = 0.5
    ownership_rules: OwnershipRules = _USUAL_RULES

    def __post_init__(self) -> None:
        object.__setattr__(self, "ownership_percent", tuple(map(float, self.ownership_percent)))
        if not (math.isfinite(self.penalty) and self.penalty >= 0.0):
            raise InvalidInput({"penalty": f"{self.penalty}; give 0 or more."})
        # raises for bad rules or ownership here, before the search
        self._rules()

    @property
    def _owned(self) -> Floats:
        return np.array(self.ownership_percent, dtype=np.float64)

    def _rules(self) -> LineupRules:
        return with_ownership_rules(self.base.rules, self._owned, self.ownership_rules)

    def optimize(self) -> LeverageOptimized:
        """Choose exactly as many lineups as the base's limits ask for.

        Raises
        ------
        Infeasible
            No lineup is legal, or no portfolio within the limits was found.
        TimedOut
            The base reached its time limit.
        """
        rules = self._rules()
        costs = leverage_penalty_points(self._owned, self.penalty, rules.roster_size)
        chosen = self.base.costing(costs, rules).optimize()
        lineups = chosen.lineups
        return LeverageOptimized(
            lineups=lineups,
            points=chosen.points,
            leverage_score=leverage_score(
                self.base.projections, self._owned, lineups, self.penalty
            ),
            ownership=ownership_of_lineups(lineups, self._owned),
            metrics=ownership_metrics(lineups, self._owned),
            worth=chosen.worth,
            bound=chosen.bound,
        )


def optimize_portfolio_with_ownership(
    base: BaseOptimizer,
    ownership_percent: Numbers,
    penalty: float = 0.5,
    ownership_rules: OwnershipRules = NO_OWNERSHIP_RULES,
) -> LeverageOptimized:
    """Choose a portfolio with a penalty on ownership; see :class:`LeverageAwareOptimizer`.

    By default no rules on ownership are added, as the base's rules may hold them already.

    Raises
    ------
    InvalidInput, Infeasible, TimedOut
        As :class:`LeverageAwareOptimizer`.
    """
    return LeverageAwareOptimizer(base, ownership_percent, penalty, ownership_rules).optimize()
