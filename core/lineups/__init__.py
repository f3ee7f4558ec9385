"""Lineups: what is legal, every legal one looked at, and what a lineup's best races are worth."""

from core.lineups.board import Lineups
from core.lineups.legality import Budget, Group, LineupRules, is_legal
from core.lineups.limits import Exposure, PortfolioLimits, portfolio_limits
from core.lineups.stability import TailStability, validate_tail_stability
from core.lineups.tail import (
    TailMetrics,
    adaptive_scenario_count,
    compute_cvar,
    compute_tail_metrics,
    value_at_risk,
)
from core.lineups.together import Together, best_together
from core.lineups.validation import TailValidation, validate_tail
from core.lineups.walk import (
    Found,
    TailTarget,
    WalkStart,
    best_by_tail,
    best_by_value,
    count_legal,
    merge_found,
    require_legal,
    start_tail_walk,
    tail_values,
    walk_units,
)

__all__ = [
    "Budget",
    "Exposure",
    "Found",
    "Group",
    "LineupRules",
    "Lineups",
    "PortfolioLimits",
    "TailMetrics",
    "TailStability",
    "TailTarget",
    "TailValidation",
    "Together",
    "WalkStart",
    "adaptive_scenario_count",
    "best_by_tail",
    "best_by_value",
    "best_together",
    "compute_cvar",
    "compute_tail_metrics",
    "count_legal",
    "is_legal",
    "merge_found",
    "portfolio_limits",
    "require_legal",
    "start_tail_walk",
    "tail_values",
    "validate_tail",
    "validate_tail_stability",
    "value_at_risk",
    "walk_units",
]
