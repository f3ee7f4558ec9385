"""The portfolio: many lineups chosen together, every limit on them kept.

Single lineups come from the walk of :mod:`core.lineups`, or from an integer program that states the
same rules independently.
"""

from core.portfolio.choosing import similarity as compute_portfolio_correlation
from core.portfolio.column_generation import Together, best_searched_together, best_together
from core.portfolio.exchange import (
    Exchanged,
    Held,
    WholeWorth,
    choose_from_pool,
    exchange_for_worth,
)
from core.portfolio.infeasibility import no_portfolio, require_legal, require_possible
from core.portfolio.leverage import (
    NO_OWNERSHIP_RULES,
    LineupOwnership,
    OwnershipMetrics,
    OwnershipRules,
    leverage_penalty_points,
    leverage_score,
    ownership_metrics,
    ownership_of_lineups,
    with_ownership_rules,
)
from core.portfolio.leverage_optimizer import (
    LeverageAwareOptimizer,
    LeverageOptimized,
    optimize_portfolio_with_ownership,
)
from core.portfolio.limits import Exposure, PortfolioLimits, portfolio_limits
from core.portfolio.one_by_one import choose_one_by_one
from core.portfolio.optimizer import BaseOptimizer, NASCAROptimizer, Optimized
from core.portfolio.portfolio import (
    Portfolio,
    generate_additive_portfolio,
    generate_portfolio,
    generate_searched_portfolio,
)
from core.portfolio.regimes import (
    RegimePortfolio,
    allocate_lineups_by_regime,
    generate_regime_aware_portfolio,
)
from core.portfolio.solvers import (
    SolverFailed,
    SolverMissing,
    SolverName,
    TimedOut,
    available_solvers,
)

__all__ = [
    "NO_OWNERSHIP_RULES",
    "BaseOptimizer",
    "Exchanged",
    "Exposure",
    "Held",
    "LeverageAwareOptimizer",
    "LeverageOptimized",
    "LineupOwnership",
    "NASCAROptimizer",
    "Optimized",
    "OwnershipMetrics",
    "OwnershipRules",
    "Portfolio",
    "PortfolioLimits",
    "RegimePortfolio",
    "SolverFailed",
    "SolverMissing",
    "SolverName",
    "TimedOut",
    "Together",
    "WholeWorth",
    "allocate_lineups_by_regime",
    "available_solvers",
    "best_searched_together",
    "best_together",
    "choose_from_pool",
    "choose_one_by_one",
    "compute_portfolio_correlation",
    "exchange_for_worth",
    "generate_additive_portfolio",
    "generate_portfolio",
    "generate_regime_aware_portfolio",
    "generate_searched_portfolio",
    "leverage_penalty_points",
    "leverage_score",
    "no_portfolio",
    "optimize_portfolio_with_ownership",
    "ownership_metrics",
    "ownership_of_lineups",
    "portfolio_limits",
    "require_legal",
    "require_possible",
    "with_ownership_rules",
]
