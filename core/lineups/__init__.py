"""Lineups: what is legal, every legal one looked at, and what a lineup's best races are worth.

The rules stand here twice: as the walk that looks at every lineup, and as integer programs in the
users' words.
"""

from core.lineups.board import Lineups
from core.lineups.found import Found, WalkProof, merge_found, walk_units
from core.lineups.legality import Budget, Group, LineupRules, is_legal
from core.lineups.leverage import (
    LineupOwnership,
    OwnershipMetrics,
    OwnershipRules,
    leverage_penalty_points,
    leverage_score,
    ownership_metrics,
    ownership_of_lineups,
    with_ownership_rules,
)
from core.lineups.leverage_optimizer import LeverageAwareOptimizer, LeverageOptimized
from core.lineups.limits import Exposure, PortfolioLimits, portfolio_limits
from core.lineups.one_by_one import choose_one_by_one
from core.lineups.optimizer import BaseOptimizer, NASCAROptimizer, Optimized
from core.lineups.program import (
    best_lineups,
    choose_lineups,
    lineup_program,
    portfolio_program,
    write_lp,
)
from core.lineups.refusal import no_portfolio, require_legal, require_possible
from core.lineups.solvers import (
    SolverFailed,
    SolverMissing,
    SolverName,
    TimedOut,
    Unbounded,
    available_solvers,
    choose_solver,
)
from core.lineups.stability import TailStability, validate_tail_stability
from core.lineups.steps import StepsStart, best_by_steps, start_steps_walk, step_values
from core.lineups.tail import (
    TailMetrics,
    adaptive_scenario_count,
    compute_cvar,
    compute_tail_metrics,
    tail_mass,
    value_at_risk,
)
from core.lineups.together import Together, best_searched_together, best_together
from core.lineups.validation import TailValidation, validate_tail
from core.lineups.walk import (
    TailTarget,
    WalkStart,
    best_by_tail,
    best_by_value,
    count_legal,
    prove_walk,
    start_tail_walk,
    tail_values,
)

__all__ = [
    "BaseOptimizer",
    "Budget",
    "Exposure",
    "Found",
    "Group",
    "LeverageAwareOptimizer",
    "LeverageOptimized",
    "LineupOwnership",
    "LineupRules",
    "Lineups",
    "NASCAROptimizer",
    "Optimized",
    "OwnershipMetrics",
    "OwnershipRules",
    "PortfolioLimits",
    "SolverFailed",
    "SolverMissing",
    "SolverName",
    "StepsStart",
    "TailMetrics",
    "TailStability",
    "TailTarget",
    "TailValidation",
    "TimedOut",
    "Together",
    "Unbounded",
    "WalkProof",
    "WalkStart",
    "adaptive_scenario_count",
    "available_solvers",
    "best_by_steps",
    "best_by_tail",
    "best_by_value",
    "best_lineups",
    "best_searched_together",
    "best_together",
    "choose_lineups",
    "choose_one_by_one",
    "choose_solver",
    "compute_cvar",
    "compute_tail_metrics",
    "count_legal",
    "is_legal",
    "leverage_penalty_points",
    "leverage_score",
    "lineup_program",
    "merge_found",
    "no_portfolio",
    "ownership_metrics",
    "ownership_of_lineups",
    "portfolio_limits",
    "portfolio_program",
    "prove_walk",
    "require_legal",
    "require_possible",
    "start_steps_walk",
    "start_tail_walk",
    "step_values",
    "tail_mass",
    "tail_values",
    "validate_tail",
    "validate_tail_stability",
    "value_at_risk",
    "walk_units",
    "with_ownership_rules",
    "write_lp",
]
