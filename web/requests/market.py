"""Where a request's races lie between the market's view and one's own."""

from core.errors import InvalidInput
from core.field import load_market
from core.slate import Slate
from web.requests.slates import Body, public_race_of
from workers.plans.requests.market import MarketView


def market_of(
    slate: Slate, body: Body, ownership_model: str | None, *, plays: bool
) -> MarketView | None:
    """The view of a request; ``None`` where races lie at one's own and no other is played.

    Parameters
    ----------
    slate, body
        The slate, and the request as its schema has read it.
    ownership_model
        The installation's own model as JSON; ``None`` = the shipped one.
    plays
        Whether a contest is played, which is then also played as others see the race.
    """
    market = load_market()
    conviction = float(body.get("conviction", market.conviction))
    if conviction == 1.0 and not plays:
        return None
    return MarketView(market, conviction, public_race_of(slate, body), ownership_model)


def no_market(body: Body) -> None:
    """Refuse a conviction where the request brings its own scores.

    Raises
    ------
    InvalidInput
        On ``conviction``.
    """
    if "conviction" in body:
        raise InvalidInput({"conviction": "moves simulated races, not given scores; leave it out."})
