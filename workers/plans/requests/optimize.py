"""What an optimize job depends on."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.lineups import LineupRules, TailTarget
from core.portfolio import PortfolioLimits, leverage_penalty_points
from core.race import ConstraintSpec, UserKnowledge
from core.slate import Slate
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.market import MarketView
from workers.plans.requests.odds import OddsTerms

# the pool that a portfolio is chosen from: enough to choose among, few enough to compare in pairs
_POOL_PER_LINEUP = 20
_SMALLEST_POOL = 1_000


@dataclass(frozen=True, slots=True)
class Leverage:
    """Ownership, and what it costs a lineup; limits on it are among the lineups' rules.

    Parameters
    ----------
    ownership_percent
        Percent of entries by driver of the slate.
    penalty
        Points for a lineup whose drivers are all owned by 10%.
    by_regime
        Whether lineups are allotted to kinds of race and chosen for those.
    source
        Where estimated ownership comes from, in words; empty for ownership that was given.
    regime_weights
        Each kind's share of the lineups; ``None`` = its share of the races.
    """

    ownership_percent: tuple[float, ...]
    penalty: float
    by_regime: bool = False
    source: str = ""
    regime_weights: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class OptimizeRequest:
    """Everything an optimize job depends on; two equal requests have equal results, bit for bit.

    Parameters
    ----------
    slate, spec
        Drivers and race.
    n_scenarios, seed
        Races to simulate, half of them to choose lineups on and half to judge them on, and the seed
        of every random stream.
    rules, limits
        What each lineup and the portfolio hold to.
    objective, target
        The name of what is maximised, see :data:`workers.plans.objectives.OBJECTIVES`; ``target``
        is the multi-CVaR.
    correlation_weight
        0..1, the API's ``correlation_weight``.
    contest
        The contest to play; needed for dollars.
    validate_tail
        Whether to compare the tail's best lineup with the mean's on the report's races.
    include_calibration
        Whether the answer should hold the model's calibration metrics.
    knowledge
        What the user knows of the race, to which ``spec`` is tilted; ``None`` = nothing.
    market
        Where the races lie between the market's view and one's own; ``None`` = at one's own.
    odds
        The bookmaker's prices, towards which the races go part of the way; ``None`` = none.
    leverage
        Ownership to stay away from; ``None`` = it does not matter.
    randomness
        By driver, the share 0..1 by which each lineup's projections are moved; ``None`` = none.
    unshrunken
        Whether lineups are chosen for their values as simulated, in place of values shrunk by the
        luck of the races. The objective ``mean`` shrinks nothing either way.
    risk_aversion
        0..10: USD of mean profit that a USD of mean loss in the worst races is worth.
    """

    slate: Slate
    spec: ConstraintSpec
    n_scenarios: int
    seed: int
    rules: LineupRules
    limits: PortfolioLimits
    objective: str = "multi_cvar"
    target: TailTarget = field(default_factory=TailTarget)
    correlation_weight: float = 0.1
    contest: ContestTerms | None = None
    validate_tail: bool = True
    include_calibration: bool = False
    knowledge: UserKnowledge | None = None
    market: MarketView | None = None
    odds: OddsTerms | None = None
    leverage: Leverage | None = None
    randomness: tuple[float, ...] | None = None
    unshrunken: bool = False
    risk_aversion: float = 1.0

    @property
    def given_ownership(self) -> tuple[float, ...] | None:
        """The field's ownership where the request gives it, with the contest or for leverage."""
        if self.contest is not None and self.contest.ownership_percent is not None:
            return self.contest.ownership_percent
        if self.leverage is None or self.leverage.source:
            return None
        return self.leverage.ownership_percent

    @property
    def own_entries(self) -> int:
        """Number of lineups entered."""
        return self.limits.n_lineups

    @property
    def salary_cap_usd(self) -> int:
        """What a lineup may cost, an opposing one too."""
        return self.rules.salary_cap_usd

    @property
    def offsets(self) -> npt.NDArray[np.float64] | None:
        """What each driver's ownership adds to a lineup's score, <= 0, in points, ``[D]``."""
        if self.leverage is None or self.leverage.penalty == 0.0:
            return None
        owned = np.array(self.leverage.ownership_percent, dtype=np.float64)
        return -leverage_penalty_points(owned, self.leverage.penalty, self.rules.roster_size)

    @property
    def pool_size(self) -> int:
        """Lineups that the portfolio is chosen from at first."""
        return max(_SMALLEST_POOL, _POOL_PER_LINEUP * self.limits.n_lineups)
