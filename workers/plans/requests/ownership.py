"""What an ownership job depends on."""

from dataclasses import dataclass

from core.race import ConstraintSpec
from core.slate import Slate


@dataclass(frozen=True, slots=True)
class OwnershipRequest:
    """Everything an ownership job depends on.

    Parameters
    ----------
    slate
        Drivers.
    track_archetype
        Kind of track; ``None`` = the slate's track's.
    race_id, race_date
        What the user calls the race, and YYYY-MM-DD, if known.
    entries
        Of the contest, if known.
    method, weights
        How the four estimators are combined, and the weights of ``weighted``.
    uncertainty
        Whether the answer has intervals.
    share
        Whether the answer sums to 100, as shares of roster spots.
    n_recent_races
        Races that recent form is to be of; ``None`` = as the model has it.
    n_scenarios, seed
        Races that projections are the means of.
    spec
        The race to simulate; ``None`` = the request has projections.
    model
        The fitted model as JSON; ``None`` = the one that the project ships.
    """

    slate: Slate
    track_archetype: str | None = None
    race_id: str | None = None
    race_date: str | None = None
    entries: int | None = None
    method: str = "voting"
    weights: tuple[float, ...] | None = None
    uncertainty: bool = True
    share: bool = False
    n_recent_races: int | None = None
    n_scenarios: int = 0
    seed: int = 0
    spec: ConstraintSpec | None = None
    model: str | None = None

    @property
    def knowledge(self) -> None:
        """Nothing: entrants do not know what the user thinks."""
        return None

    @property
    def market(self) -> None:
        """No view: ownership is estimated from what the model thinks of the race."""
        return None

    @property
    def odds(self) -> None:
        """No prices: entrants do not know which the user has."""
        return None
