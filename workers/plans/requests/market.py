"""How far a job's races lie from what the market implies."""

from dataclasses import dataclass

from core.field import Market


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
    """

    market: Market
    conviction: float
