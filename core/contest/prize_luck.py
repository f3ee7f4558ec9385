"""How much of what an entry wins in a contest is luck, by the contest's prizes alone."""

import math

from core.contest.payouts import Payouts


def races_to_value(payouts: Payouts, error: float) -> int:
    """Number of races over which an average entry's mean prize has this standard error.

    The entry finishes on every place of the contest with the same probability. The larger a
    contest, and the more of its pool goes to the first places, the more races it takes.

    Parameters
    ----------
    payouts
        Prizes of the contest.
    error
        Standard error, as a share of the mean prize; above 0.

    Raises
    ------
    ValueError
        The error is not above 0.
    """
    if not error > 0.0:
        raise ValueError(f"an error of {error}; give a share above 0")
    tiers = payouts.tiers
    mean = sum(tier.places * tier.prize_cents for tier in tiers) / payouts.field_size
    square = sum(tier.places * tier.prize_cents**2 for tier in tiers) / payouts.field_size
    return max(1, math.ceil((square / mean**2 - 1.0) / error**2))
