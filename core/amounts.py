"""Money and counts as files and requests hold them, read exactly."""

from decimal import Decimal, InvalidOperation

from core.errors import InvalidInput

CENTS_PER_USD = 100

_MOST_DIGITS = 15


def read_cents(amount: object, where: str) -> int:
    """Whole cents of an amount in USD (``20``, ``"$1,234.50"``).

    Raises
    ------
    InvalidInput
        On ``where``: no number, negative, or not a whole number of cents.
    """
    text = str(amount).strip().replace("$", "").replace(",", "")
    try:
        if isinstance(amount, bool):
            raise InvalidOperation  # noqa: TRY301 - True is no amount of money
        usd = Decimal(text)
        if usd.adjusted() > _MOST_DIGITS:
            raise InvalidOperation  # noqa: TRY301 - 1e999999 would be written out
        cents = usd * CENTS_PER_USD
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        raise InvalidInput({where: f"{amount!r} is no amount; give USD such as 20.00."}) from None
    if cents != whole:
        raise InvalidInput({where: f"{amount!r} is not a whole number of cents."})
    if whole < 0:
        raise InvalidInput({where: f"{amount!r} is negative; give 0 or more."})
    return whole


def read_count(value: object, where: str) -> int:
    """Whole number of at least 1 (``150000``, ``"10,000"``).

    Raises
    ------
    InvalidInput
        On ``where``: anything else.
    """
    text = str(value).strip().replace(",", "")
    try:
        number = Decimal(text)
        if number.adjusted() > _MOST_DIGITS:
            raise InvalidOperation  # noqa: TRY301 - 1e999999 would be written out
        whole = int(number)
    except (InvalidOperation, ValueError, OverflowError):
        whole, number = 0, Decimal(0)
    if isinstance(value, bool) or whole != number or whole < 1:
        raise InvalidInput({where: f"{value!r} is no whole number of 1 or more."})
    return whole
