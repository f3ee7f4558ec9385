"""The portfolio: lineups chosen together under limits that hold.

Its rules stand twice: as a search over the walk of :mod:`core.lineups`, and as integer programs in
the users' words.
"""

from core.portfolio.choosing import similarity as compute_portfolio_correlation
from core.portfolio.column_generation import Together, best_searched_together, best_together
from core.portfolio.infeasibility import no_portfolio, require_legal, require_possible
from core.portfolio.leverage import (
    LineupOwnership,
    OwnershipMetrics,
    OwnershipRules,
    leverage_penalty_points,
    leverage_score,
    ownership_metrics,
    ownership_of_lineups,
    with_ownership_rules,
)
from core.portfolio.leverage_optimizer import LeverageAwareOptimizer, LeverageOptimized
from core.portfolio.limits import Exposure, PortfolioLimits, portfolio_limits
from core.portfolio.one_by_one import choose_one_by_one
from core.portfolio.optimizer import BaseOptimizer, NASCAROptimizer, Optimized
from core.portfolio.portfolio import (
    Portfolio,
    generate_additive_portfolio,
    generate_portfolio,
    generate_searched_portfolio,
)
from core.portfolio.program import (
    best_lineups,
    choose_lineups,
    lineup_program,
    portfolio_program,
    write_lp,
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
    Unbounded,
    available_solvers,
    choose_solver,
)

__all__ = [
    "BaseOptimizer",
    "Exposure",
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
    "Unbounded",
    "allocate_lineups_by_regime",
    "available_solvers",
    "best_lineups",
    "best_searched_together",
    "best_together",
    "choose_lineups",
    "choose_one_by_one",
    "choose_solver",
    "compute_portfolio_correlation",
    "generate_additive_portfolio",
    "generate_portfolio",
    "generate_regime_aware_portfolio",
    "generate_searched_portfolio",
    "leverage_penalty_points",
    "leverage_score",
    "lineup_program",
    "no_portfolio",
    "ownership_metrics",
    "ownership_of_lineups",
    "portfolio_limits",
    "portfolio_program",
    "require_legal",
    "require_possible",
    "with_ownership_rules",
    "write_lp",
]
