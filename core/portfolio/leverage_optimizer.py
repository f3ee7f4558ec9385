"""Lineups from projections that few others will have: leverage around any optimizer.

The penalty on ownership is part of the objective, so the score that is reported is the one that was
made as large as it can be.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.lineups.board import Lineups
from core.portfolio.leverage import (
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
    """The lineups of an optimizer that minds ownership.

    Parameters
    ----------
    lineups, points, worth, bound
        As :class:`Optimized` has them; ``worth`` is the sum of the leverage scores.
    leverage_score
        f64 ``[n]``: points less the penalty on ownership, see :func:`core.lineups.leverage_score`.
    ownership
        What each lineup's drivers are owned by, percent.
    metrics
        What the portfolio is owned by.
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
    """Another optimizer's lineups, with ownership in the objective and in the rules.

    The objective of every lineup is its leverage score: projected points less
    ``penalty x mean(ownership_percent^2) / 100``. Randomness is the base's and moves projections,
    never ownership. The base itself stays as it is.

    Parameters
    ----------
    base
        The optimizer whose slate, rules, limits and randomness are used.
    ownership_percent
        Of each driver, ``[D]``.
    penalty
        Points for a lineup whose drivers are all owned by 10%, >= 0.
    ownership_rules
        Limits on what a lineup is owned by.

    Raises
    ------
    InvalidInput
        A penalty below 0 or none, ownership that is none or not one a driver, rules on it that no
        lineup of the roster's size could obey.
    """

    base: BaseOptimizer
    ownership_percent: Numbers
    penalty: float = 0.5
    ownership_rules: OwnershipRules = _USUAL_RULES

    def __post_init__(self) -> None:
        object.__setattr__(self, "ownership_percent", tuple(map(float, self.ownership_percent)))
        if not (math.isfinite(self.penalty) and self.penalty >= 0.0):
            raise InvalidInput({"penalty": f"{self.penalty}; give 0 or more."})
        with_ownership_rules(self.base.rules, self._owned, self.ownership_rules)

    @property
    def _owned(self) -> Floats:
        return np.array(self.ownership_percent, dtype=np.float64)

    def optimize(self) -> LeverageOptimized:
        """Give exactly as many lineups as the base's limits ask for.

        Raises
        ------
        Infeasible
            No lineup is legal, or no such portfolio was found.
        TimedOut
            The base did not end in time.
        """
        rules = with_ownership_rules(self.base.rules, self._owned, self.ownership_rules)
        costs = leverage_penalty_points(self._owned, self.penalty, rules.roster_size)
        found = self.base.costing(costs, rules).optimize()
        projected = self.base.projections
        return LeverageOptimized(
            lineups=found.lineups,
            points=found.points,
            leverage_score=leverage_score(projected, self._owned, found.lineups, self.penalty),
            ownership=ownership_of_lineups(found.lineups, self._owned),
            metrics=ownership_metrics(found.lineups, self._owned),
            worth=found.worth,
            bound=found.bound,
        )
