"""Prizes where the user gave no table: a power-law ladder in the shape of real contests."""

from enum import StrEnum
from fractions import Fraction
from math import ceil

from core.contest._ladder import Span, cost, middles, prizes_at, spans_of, tiers_of_shape
from core.contest.payouts import Payouts
from core.errors import InvalidInput

TYPICAL_PAYOUTS = "typical prizes, not the contest's own"

RAKE = Fraction(15, 100)
PAID_SHARE = Fraction(205, 1000)
MIN_CASH_FEES = Fraction(3, 2)

_FLATTEST, _STEEPEST = 0.6, 2.5
_BISECTIONS = 100


class SizeTier(StrEnum):
    """How big a contest is, which is how top-heavy it tends to be."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


_FIRST_SHARE = {SizeTier.SMALL: 0.13, SizeTier.MEDIUM: 0.14, SizeTier.LARGE: 0.15}


def size_tier_of(field_size: int) -> SizeTier:
    """Give a field's tier: small under 5,000 entries, medium to 20,000, large above."""
    if field_size < 5_000:
        return SizeTier.SMALL
    return SizeTier.MEDIUM if field_size <= 20_000 else SizeTier.LARGE


def typical_payouts(
    field_size: int, entry_fee_cents: int, size_tier: SizeTier | str | None = None
) -> Payouts:
    """Give prizes such as DraftKings pays for a contest of this size and fee, labelled as typical.

    The pool is 85% of the fees. 20.5% of the places are paid (at least one) and win at least 1.5
    times the fee; above that prizes fall as a power of the place, on DraftKings-like ranges of
    places, with 13% (small), 14% (medium) or 15% (large) of the pool for first wherever the field
    is large enough for that. Cents left over by rounding go to the winner, so prizes sum to the
    pool exactly.

    Parameters
    ----------
    field_size
        Entries, own entries included, at least 2.
    entry_fee_cents
        Above 0; nobody can know what a free contest pays.
    size_tier
        ``small``, ``medium`` or ``large``; the field size's own by default.

    Raises
    ------
    InvalidInput
        On ``field_size``, ``contest_buyin`` or ``contest_size_tier``.

    Notes
    -----
    Shares follow headline facts of fifteen real contests, 2015 to 2026: 19.2 to 20.9% of places
    paid where that was published, 8 to 20% of the pool for first. No full ladder was published; the
    shape between first and minimum cash is an assumption.
    """
    problems = {}
    if field_size < 2:
        problems["field_size"] = f"{field_size}; give 2 or more."
    if entry_fee_cents <= 0:
        problems["contest_buyin"] = (
            f"{entry_fee_cents} cents; typical prizes follow from a fee above 0. "
            "Give the contest's own payouts for a free one."
        )
    tiers = [tier.value for tier in SizeTier]
    if size_tier is not None and size_tier not in tiers:
        problems["contest_size_tier"] = f"{size_tier!r}; give one of {', '.join(tiers)}."
    if problems:
        raise InvalidInput(problems)
    tier = size_tier_of(field_size) if size_tier is None else SizeTier(size_tier)
    pool = round(field_size * entry_fee_cents * (1 - RAKE))
    min_cash = ceil(entry_fee_cents * MIN_CASH_FEES)
    # a field of two at a cent has to pay someone something
    places = max(1, min(round(field_size * PAID_SHARE), pool // min_cash))
    spans = spans_of(places)
    power = _power_for(_FIRST_SHARE[tier] * pool, spans, pool, min_cash)
    shape = [place**-power for place in middles(spans)]
    return Payouts(
        entry_fee_cents,
        field_size,
        tiers_of_shape(spans, shape, pool, min_cash),
        TYPICAL_PAYOUTS,
    )


def _power_for(first: float, spans: list[Span], pool: int, min_cash: int) -> float:
    """Give how steeply prizes fall from ``first`` to spend the pool, between sensible bounds."""
    flat, steep = _FLATTEST, _STEEPEST
    for _ in range(_BISECTIONS):
        power = (flat + steep) / 2.0
        shape = [place**-power for place in middles(spans)]
        if cost(spans, prizes_at(first, shape, min_cash)) > pool:
            flat = power
        else:
            steep = power
    return steep
