"""Matchups: the prices of two drivers of whom one finishes ahead of the other."""

from dataclasses import dataclass
from math import expm1, log

from core.errors import InvalidInput
from core.race.odds import fair_probabilities
from core.slate.prices import Taken

# The chances of a pair's two prices sum to this much; what is outside is not of one pair. In 252
# real pairs they summed to 1.03 to 1.09.
LEAST_SUM, MOST_SUM = 0.97, 1.35
MOST_PRICE = 101.0  # of one driver ahead of one other


@dataclass(frozen=True, slots=True)
class Matchup:
    """A bookmaker's prices of a pair of drivers.

    Parameters
    ----------
    driver_a, driver_b
        Driver indices of the slate, two different ones.
    odds_a, odds_b
        Decimal odds above 1 of finishing ahead of the other; ``None`` = not known, for one of them
        at most.
    taken
        When the prices were taken.

    Raises
    ------
    InvalidInput
        One driver twice, no price at all, prices that are not above 1 or cannot be of one pair.
    """

    driver_a: int
    driver_b: int
    odds_a: float | None
    odds_b: float | None
    taken: Taken = Taken.EARLY

    def __post_init__(self) -> None:
        if self.driver_a == self.driver_b:
            raise InvalidInput(
                {"driver_b": f"{self.driver_b}, and so is driver_a; give two drivers."}
            )
        for name in ("odds_a", "odds_b"):
            price = getattr(self, name)
            if price is not None and not 1.0 < price <= MOST_PRICE:
                message = f"{price}; give decimal odds above 1, to {MOST_PRICE:g} for a pair."
                raise InvalidInput({name: message})
        if self.odds_a is None and self.odds_b is None:
            raise InvalidInput({"odds_a": "missing, and so is odds_b; give the price of one side."})
        if self.odds_a is not None and self.odds_b is not None:
            chances = 1.0 / self.odds_a + 1.0 / self.odds_b
            if not LEAST_SUM <= chances <= MOST_SUM:
                message = (
                    f"the two prices imply chances that sum to {chances:.0%}, where those of a "
                    f"pair sum to {LEAST_SUM:.0%} to {MOST_SUM:.0%}; are both of this pair, and "
                    "does an American favourite have his minus, as -120?"
                )
                raise InvalidInput({"odds_a": message})

    @property
    def one_sided(self) -> bool:
        """Whether only one side has a price, so that its margin is not known."""
        return self.odds_a is None or self.odds_b is None

    def log_odds(self, margin: float) -> float:
        """Log-odds that A finishes ahead of B, without the bookmaker's margin.

        The power method takes it out of two prices, see
        :func:`~core.race.odds.fair_probabilities`. Of one price the margin is not known: it is
        raised by the power that takes ``margin`` out of an even pair.
        """
        if self.odds_a is not None and self.odds_b is not None:
            ahead, behind = fair_probabilities([self.odds_a, self.odds_b])
            return log(ahead / behind)
        power = log(2.0) / log(2.0 / (1.0 + margin))
        if self.odds_a is not None:
            return _log_odds(self.odds_a, power)
        return -_log_odds(self.odds_b or 1.0, power)


def _log_odds(price: float, power: float) -> float:
    """Log-odds of the chance ``price ** -power``."""
    behind = -expm1(-power * log(price))
    return -power * log(price) - log(behind)
