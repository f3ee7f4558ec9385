"""What an optimize job is asked."""

from dataclasses import dataclass, field

from core.lineups import LineupRules, PortfolioLimits, TailTarget
from core.race import ConstraintSpec, UserKnowledge
from core.slate import Slate
from workers.contest_stage import ContestTerms
from workers.objective import Objective

__all__ = ["Objective", "OptimizeRequest"]

# the pool that a portfolio is chosen from: enough to choose among, few enough to compare in pairs
_POOL_PER_LINEUP = 20
_SMALLEST_POOL = 1_000


@dataclass(frozen=True, slots=True)
class OptimizeRequest:
    """Everything an optimize job depends on; two equal requests have equal results, bit for bit.

    Parameters
    ----------
    slate, spec
        Drivers and race.
    n_scenarios, seed
        Races to simulate, and the seed of every random stream.
    rules, limits
        What each lineup and the portfolio hold to.
    objective, target
        What is maximised; ``target`` is the multi-CVaR.
    diversity_weight
        0..1, the API's ``correlation_weight``.
    contest
        The contest to play; needed for dollars.
    validate_tail
        Whether to compare the tail's best lineup with the mean's on the report's races.
    include_calibration
        Whether the answer should hold the model's calibration metrics.
    knowledge
        What the user says of the race, to which ``spec`` is tilted; ``None`` = it stands as it is.
    """

    slate: Slate
    spec: ConstraintSpec
    n_scenarios: int
    seed: int
    rules: LineupRules
    limits: PortfolioLimits
    objective: Objective = Objective.MULTI_CVAR
    target: TailTarget = field(default_factory=TailTarget)
    diversity_weight: float = 0.1
    contest: ContestTerms | None = None
    validate_tail: bool = True
    include_calibration: bool = False
    knowledge: UserKnowledge | None = None

    @property
    def pool_size(self) -> int:
        """Lineups that the portfolio is chosen from at first."""
        return max(_SMALLEST_POOL, _POOL_PER_LINEUP * self.limits.n_lineups)
