"""Money and counts as files and requests hold them, read exactly."""

from decimal import Decimal, InvalidOperation

from core.errors import InvalidInput, Problem

CENTS_PER_USD = 100

_MOST_DIGITS = 15


def read_cents(amount: object, key: str, at: str | None = None) -> int:
    """Whole cents of an amount in USD (``20``, ``"$1,234.50"``).

    Raises
    ------
    InvalidInput
        The amount is no number, negative, or not a whole number of cents. The error names ``key``
        and the line or row ``at``.
    """
    text = str(amount).strip().replace("$", "").replace(",", "")
    try:
        if isinstance(amount, bool):
            raise InvalidOperation  # noqa: TRY301 - True is no amount of money
        usd = Decimal(text)
        if usd.adjusted() > _MOST_DIGITS:
            raise InvalidOperation  # noqa: TRY301 - 1e999999 has a million digits
        cents = usd * CENTS_PER_USD
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        message = f"{amount!r} is no amount; give USD such as 20.00."
        raise InvalidInput(Problem(key, message, at=at)) from None
    if cents != whole:
        raise InvalidInput(Problem(key, f"{amount!r} is not a whole number of cents.", at=at))
    if whole < 0:
        raise InvalidInput(Problem(key, f"{amount!r} is negative; give 0 or more.", at=at))
    return whole


def read_count(value: object, key: str, at: str | None = None) -> int:
    """Whole number of at least 1 (``150000``, ``"10,000"``).

    Raises
    ------
    InvalidInput
        The value is anything else. The error names ``key`` and the line or row ``at``.
    """
    text = str(value).strip().replace(",", "")
    try:
        number = Decimal(text)
        if number.adjusted() > _MOST_DIGITS:
            raise InvalidOperation  # noqa: TRY301 - 1e999999 has a million digits
        whole = int(number)
    except (InvalidOperation, ValueError, OverflowError):
        whole, number = 0, Decimal(0)
    if isinstance(value, bool) or whole != number or whole < 1:
        message = f"{value!r} is no whole number of 1 or more."
        raise InvalidInput(Problem(key, message, at=at))
    return whole
