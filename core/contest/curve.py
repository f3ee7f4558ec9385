"""A curve through a contest's prizes: fitted to one table, it pays a contest of another size."""

from math import exp, fsum, log, sqrt
from typing import Literal

import numpy as np

from core.contest._ladder import middles, spans_of, tiers_of_shape
from core.contest.payouts import CENTS_PER_USD, Payouts
from core.errors import InvalidInput

Curve = Literal["power", "exponential"]


class PayoutCurveFitter:
    """Prizes as a falling curve of the place, never below the minimum cash.

    ``power`` is ``prize = a x place^-b``, ``exponential`` is ``prize = a x exp(-b x place)``, and
    ``best`` fits both and keeps the one with the smaller RMSE. The curve goes by least squares
    through the logarithms of the tiers above the lowest prize, each at its middle place; the lowest
    prize is a floor.

    Parameters
    ----------
    curve
        ``power``, ``exponential`` or ``best``.

    Attributes
    ----------
    curve_
        Which of the two was kept.
    scale_usd_, rate_
        a and b.
    min_cash_fees_
        The lowest prize, in entry fees (in USD where entering is free).
    paid_share_, pool_share_
        Places paid of the field, and prize pool of the fees (nothing where entering is free).
    r2_, rmse_usd_
        Over every paid place, in USD.
    """

    curve_: Curve
    scale_usd_: float
    rate_: float
    min_cash_fees_: float
    paid_share_: float
    pool_share_: float | None
    r2_: float
    rmse_usd_: float

    def __init__(self, curve: Curve | Literal["best"] = "best") -> None:
        self.curve = curve

    def fit(self, payouts: Payouts) -> "PayoutCurveFitter":
        """Fit the curve to a contest's own table.

        Raises
        ------
        InvalidInput
            On ``curve``: neither of the names.
        """
        if self.curve not in ("power", "exponential", "best"):
            raise InvalidInput({"curve": f"{self.curve!r}; give power, exponential or best."})
        kinds: tuple[Curve, ...] = (
            ("power", "exponential") if self.curve == "best" else (self.curve,)
        )
        fits = [(*_least_squares(payouts, kind), kind) for kind in kinds]
        self.rmse_usd_, self.r2_, self.scale_usd_, self.rate_, self.curve_ = min(fits)
        fee = payouts.entry_fee_cents
        fees = fee * payouts.field_size
        self.min_cash_fees_ = payouts.tiers[-1].prize_cents / (fee or CENTS_PER_USD)
        self.paid_share_ = payouts.places_paid / payouts.field_size
        self.pool_share_ = payouts.prize_pool_cents / fees if fees else None
        return self

    def payouts(
        self, field_size: int, entry_fee_cents: int, prize_pool_cents: int | None = None
    ) -> Payouts:
        """Give a contest of another size the fitted shape, its prizes summing to the pool exactly.

        Parameters
        ----------
        field_size, entry_fee_cents
            The contest.
        prize_pool_cents
            By default the fitted contest's share of the fees.

        Raises
        ------
        InvalidInput
            On ``prize_pool_cents``: none known for a free contest, or none to pay out.
        """
        pool = prize_pool_cents
        if pool is None:
            pool = round((self.pool_share_ or 0.0) * field_size * entry_fee_cents)
        if pool < 1:
            raise InvalidInput({"prize_pool_cents": "nothing to pay out; give the prize pool."})
        least = max(1, round(self.min_cash_fees_ * (entry_fee_cents or CENTS_PER_USD)))
        places = max(1, min(round(self.paid_share_ * field_size), pool // least))
        spans = spans_of(places)
        # relative to the winner's, for an exponential falls out of a float's range
        shape = [_height(self.curve_, self.rate_, place) for place in middles(spans)]
        return Payouts(
            entry_fee_cents,
            field_size,
            tiers_of_shape(spans, shape, pool, min(least, pool)),
            f"{self.curve_} curve fitted to another contest",
        )


def _height(curve: Curve, rate: float, place: float) -> float:
    return float(place**-rate) if curve == "power" else exp(-rate * (place - 1.0))


def _least_squares(payouts: Payouts, curve: Curve) -> tuple[float, float, float, float]:
    floor = payouts.tiers[-1].prize_cents
    above = [tier for tier in payouts.tiers if tier.prize_cents > floor]
    rate = 0.0
    first = log((above or payouts.tiers)[0].prize_cents)
    if len(above) > 1:
        place = middles([(tier.first, tier.last) for tier in above])
        at = np.log(place) if curve == "power" else np.array(place) - 1.0
        slope, first = np.polyfit(at, np.log([tier.prize_cents for tier in above]), 1).tolist()
        rate = max(0.0, -slope)
    places = np.arange(1, payouts.places_paid + 1)
    height = places**-rate if curve == "power" else np.exp(-rate * (places - 1.0))
    prizes = np.diff(payouts.ladder_micros) / 1e6
    fitted = np.maximum(floor / CENTS_PER_USD, exp(first) / CENTS_PER_USD * height)
    missed = fsum(((prizes - fitted) ** 2).tolist())
    spread = fsum(((prizes - prizes.mean()) ** 2).tolist())
    r2 = 1.0 - missed / spread if spread > 0.0 else float(missed == 0.0)
    return sqrt(missed / len(prizes)), r2, exp(first) / CENTS_PER_USD, rate
