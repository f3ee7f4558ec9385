"""Bookmakers' prices, decimal or American, as decimal odds."""

import re
from collections.abc import Iterable
from enum import StrEnum

from core.tables import number

LEAST_AMERICAN = 100
"""Least size of an American price, which is what 100 USD win or what wins 100 USD."""
LARGEST = 1_000_000
"""Largest size of a price; no bookmaker writes one near it."""

_MINUS = "\N{MINUS SIGN}"
_SIGNED = re.compile(r"[+-]\s*\d")
_THOUSANDS = re.compile(r"(?<![\d,])\d{1,3}(,\d{3})+(?![\d,])")
_EVEN = {"even", "evens", "ev", "pk", "pick"}

# Of the prices of so many drivers the chances sum to more than these, even without the long shots
_MANY, _FEW = 10, 3
_LEAST_WINS, _LEAST_TOP5 = 0.5, 1.0


class Taken(StrEnum):
    """When prices were taken."""

    EARLY = "early"
    CLOSING = "closing"


def american_to_decimal(price: float) -> float | None:
    """Decimal odds of an American price: 7.5 of +650, 1.8333 of -120.

    ``None`` for a number between -100 and 100, which is no American price, and for one that no
    bookmaker writes.
    """
    if not LEAST_AMERICAN <= abs(price) <= LARGEST:
        return None
    return 1.0 + (price / 100.0 if price > 0.0 else -100.0 / price)


def read_price(price: str | float) -> float | None:
    """Decimal odds of a price as a bookmaker or a spreadsheet writes it.

    A text with a sign (``"+150"``, ``"-120"``) is American, and so is a number of 100 or more or of
    -100 or less; ``"even"`` is +100. Any other number above 1 is decimal. ``None`` for what is
    neither, such as 7,50: a comma only parts thousands.
    """
    if isinstance(price, str):
        text = price.strip().lower().replace(_MINUS, "-")
        text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
        if text in _EVEN:
            return 2.0
        value = number(text)
        if value is None:
            return None
        if is_signed(text):
            return american_to_decimal(value)
    else:
        value = float(price) if abs(price) <= LARGEST else 0.0
    if abs(value) >= LEAST_AMERICAN:
        return american_to_decimal(value)
    return value if value > 1.0 else None


def is_signed(text: str) -> bool:
    """Whether a text is a price with a sign, which only American ones have."""
    return _SIGNED.match(text.strip().replace(_MINUS, "-")) is not None


def doubted_odds(odds: Iterable[float | None], top: int = 1) -> str | None:
    """Why decimal odds of many drivers are probably American ones; ``None`` where they are not.

    Parameters
    ----------
    odds
        Decimal odds of all who race, ``None`` = none. Three or more are doubted if all of them are
        100 or more, and ten or more, of half of the drivers, if they sum to too little.
    top
        Number of positions that count, 1 for a win and 5 for the top five.
    """
    drivers = list(odds)
    known = [value for value in drivers if value is not None and value > 1.0]
    chances = sum(1.0 / value for value in known)
    whole = len(known) >= _MANY and 2 * len(known) >= len(drivers)
    too_long = whole and chances < (_LEAST_WINS if top == 1 else _LEAST_TOP5)
    if not too_long and (len(known) < _FEW or min(known) < LEAST_AMERICAN):
        return None
    return (
        f"the odds of {len(known)} drivers imply chances that sum to {chances:.0%}, and a "
        f"bookmaker's sum to more than {top * 100}%. Are they American odds? Then write the sign, "
        "+650 or -120; in decimal odds +650 is 7.5."
    )
