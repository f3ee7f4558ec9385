"""What a request holds whose races are simulated."""

from typing import Protocol

from core.race import ConstraintSpec, UserKnowledge
from core.slate import Slate
from workers.plans.requests.market import MarketView
from workers.plans.requests.odds import OddsTerms


class Simulated(Protocol):
    """A request whose races are simulated, or stand in its own points."""

    @property
    def slate(self) -> Slate:
        """Drivers."""

    @property
    def spec(self) -> ConstraintSpec | None:
        """The race as compiled; ``None`` where none is simulated."""

    @property
    def knowledge(self) -> UserKnowledge | None:
        """What the user knows of the race, to which ``spec`` is tilted; ``None`` = nothing."""

    @property
    def market(self) -> MarketView | None:
        """Where the races lie between the market's view and one's own; ``None`` = at one's own."""

    @property
    def odds(self) -> OddsTerms | None:
        """The bookmaker's prices, towards which races go part of the way; ``None`` = none."""

    @property
    def n_scenarios(self) -> int:
        """Races."""

    @property
    def seed(self) -> int:
        """Seed of every random stream of the job."""


def spec_of(request: Simulated) -> ConstraintSpec:
    """The race of a request that simulates one.

    Raises
    ------
    TypeError
        The request simulates none: its plan should have no stage that asks.
    """
    if request.spec is None:
        raise TypeError("this request simulates no race")
    return request.spec
