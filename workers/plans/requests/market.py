"""How far a job's races lie from what the market implies."""

from dataclasses import dataclass

from core.field import Market
from core.race import ConstraintSpec


@dataclass(frozen=True, slots=True)
class MarketView:
    """Where a job's races lie between the market's view and one's own.

    Parameters
    ----------
    market
        What the market's view is made of, and the fitted conviction.
    conviction
        The conviction of this job, 0..1: 0 races as the market sees the drivers, 1 as the model and
        the user do.
    public
        The race as the model alone has it, without anything of the user's.
    ownership_model
        The fitted ownership model as JSON; ``None`` = the one that the project ships.
    """

    market: Market
    conviction: float
    public: ConstraintSpec
    ownership_model: str | None = None
