"""What a contest-sim job depends on."""

from dataclasses import dataclass

from core.race import ConstraintSpec, UserKnowledge
from core.slate import Slate
from workers.engine.arrays import ArrayRef
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.market import MarketView
from workers.plans.requests.odds import OddsTerms


@dataclass(frozen=True, slots=True)
class ContestSimRequest:
    """Everything a contest-sim job depends on.

    Parameters
    ----------
    slate
        Drivers.
    lineups
        Driver indices, 1 to 150 lineups, duplicates allowed and counted.
    contest
        The contest they are put into.
    n_scenarios, seed
        Races, and the seed of every random stream.
    salary_cap_usd
        What an opposing lineup may cost.
    spec
        The race to simulate; ``None`` where the request has ``scores``.
    scores
        The user's own ``points``, i16 ``[N, D]`` in ticks; ``None`` = races are simulated.
    knowledge
        What the user knows of the race, to which ``spec`` is tilted; ``None`` = nothing.
    market
        Where the races lie between the market's view and one's own; ``None`` = at one's own.
    odds
        The bookmaker's prices, towards which the races go part of the way; ``None`` = none.
    """

    slate: Slate
    lineups: tuple[tuple[int, ...], ...]
    contest: ContestTerms
    n_scenarios: int
    seed: int
    salary_cap_usd: int
    spec: ConstraintSpec | None = None
    scores: ArrayRef | None = None
    knowledge: UserKnowledge | None = None
    market: MarketView | None = None
    odds: OddsTerms | None = None

    @property
    def given_ownership(self) -> tuple[float, ...] | None:
        """The field's ownership where the request gives it."""
        return self.contest.ownership_percent

    @property
    def own_entries(self) -> int:
        """Number of lineups entered."""
        return len(self.lineups)
