"""Single lineups: legality, the exact walk over all legal lineups, and metrics of the tail."""

from core.lineups.board import Lineups
from core.lineups.legality import Budget, Group, LineupRules, is_legal
from core.lineups.result import WalkProof, WalkResult, merge_results, walk_units
from core.lineups.shrinkage import Sample, Shrinkage, estimate_shrinkage, tail_shrinkage
from core.lineups.stability import TailStability, validate_tail_stability
from core.lineups.steps import (
    StepsStart,
    best_by_steps,
    start_steps_walk,
    step_values,
    step_winnings,
)
from core.lineups.tail import (
    TailMetrics,
    adaptive_scenario_count,
    compute_cvar,
    compute_tail_metrics,
    tail_mass,
    value_at_risk,
)
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
    "Budget",
    "Group",
    "LineupRules",
    "Lineups",
    "Sample",
    "Shrinkage",
    "StepsStart",
    "TailMetrics",
    "TailStability",
    "TailTarget",
    "TailValidation",
    "WalkProof",
    "WalkResult",
    "WalkStart",
    "adaptive_scenario_count",
    "best_by_steps",
    "best_by_tail",
    "best_by_value",
    "compute_cvar",
    "compute_tail_metrics",
    "count_legal",
    "estimate_shrinkage",
    "is_legal",
    "merge_results",
    "prove_walk",
    "start_steps_walk",
    "start_tail_walk",
    "step_values",
    "step_winnings",
    "tail_mass",
    "tail_shrinkage",
    "tail_values",
    "validate_tail",
    "validate_tail_stability",
    "value_at_risk",
    "walk_units",
]
