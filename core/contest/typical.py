"""Typical prizes, for a contest without a payout table: a ladder shaped like those of its size."""

from fractions import Fraction

from core.contest.payouts import Payouts
from core.contest.size_tier import SizeTier, size_tier_of
from core.contest.tier_curves import load_tier_curves
from core.errors import InvalidInput

TYPICAL_PAYOUTS = "typical prizes, not the contest's own"

RAKE = Fraction(15, 100)  # of the fees, kept by the site


def typical_payouts(
    field_size: int, entry_fee_cents: int, size_tier: SizeTier | str | None = None
) -> Payouts:
    """Prizes such as DraftKings pays in a contest of this size and fee, labelled as typical.

    The pool is 85% of the fees. The curve of the size tier
    (:func:`~core.contest.tier_curves.load_tier_curves`) sets which places are paid, the lowest
    prize, the share of first place and how prizes fall from second place on. Cents left over by
    rounding go to the winner, so prizes sum to the pool exactly.

    Parameters
    ----------
    field_size
        Entries in the contest, own entries included, at least 2.
    entry_fee_cents
        Entry fee, above 0: what a free contest pays cannot be guessed from it.
    size_tier
        ``small``, ``medium`` or ``large``; by default that of ``field_size``.

    Raises
    ------
    InvalidInput
        On ``field_size``, ``entry_fee_cents`` or ``size_tier``.

    Notes
    -----
    No complete real ladder was published. The curves are fitted to constructed ladders whose size,
    fee and pool are real, and to published facts of real contests, 2015 to 2026: 19.2 to 20.9% of
    places paid where that was published, 8 to 20% of the pool for first place.
    ``python -m benchmarks.payouts`` grades them.
    """
    problems = {}
    if field_size < 2:
        problems["field_size"] = f"{field_size}; give 2 or more."
    if entry_fee_cents <= 0:
        problems["entry_fee_cents"] = (
            f"{entry_fee_cents} cents; typical prizes follow from a fee above 0. "
            "Give the contest's own payouts for a free one."
        )
    tiers = [tier.value for tier in SizeTier]
    if size_tier is not None and size_tier not in tiers:
        problems["size_tier"] = f"{size_tier!r}; give one of {', '.join(tiers)}."
    if problems:
        raise InvalidInput(problems)
    tier = size_tier_of(field_size) if size_tier is None else SizeTier(size_tier)
    pool = round(field_size * entry_fee_cents * (1 - RAKE))
    curve = load_tier_curves()[tier].curve
    return curve.payouts(field_size, entry_fee_cents, pool, TYPICAL_PAYOUTS)
