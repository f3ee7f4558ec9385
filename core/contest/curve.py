"""A curve through the prizes of contests of like size: fitted to ladders, it pays any contest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, exp, fsum, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.contest._ladder import middles, spans_of, tiers_of_shape
from core.contest.payouts import MICROS_PER_USD, Payouts
from core.errors import InvalidInput

Curve = Literal["power", "exponential"]

_CURVES: tuple[Curve, ...] = ("power", "exponential")
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Headline:
    """A contest of which the lobby line alone is known; ``None`` = not known.

    Parameters
    ----------
    field_size
        Entries at most.
    first_share
        The winner's prize as a share of the pool.
    paid_share
        Places paid as a share of the entries.
    """

    field_size: int
    first_share: float | None
    paid_share: float | None


@dataclass(frozen=True, slots=True)
class TierCurve:
    """Shape of the prizes of contests of one size tier, whatever their size, fee and pool.

    Parameters
    ----------
    curve, rate
        ``power``: prizes fall as ``place^-rate``; ``exponential``: as
        ``exp(-rate x (place - 1) / places paid)``.
    first_share
        The winner's prize as a share of the pool, where a curve through the other prizes puts it
        lower; in contests of few places, where the curve puts it higher, the curve counts.
    paid_share
        Places paid as a share of the entries.
    min_cash_fees
        The lowest prize, in entry fees.
    """

    curve: Curve
    rate: float
    first_share: float
    paid_share: float
    min_cash_fees: float

    def payouts(
        self, field_size: int, entry_fee_cents: int, prize_pool_cents: int, label: str = ""
    ) -> Payouts:
        """Prizes of this shape for one contest, summing to the pool to the cent.

        Prizes never rise from a place to the next. The lowest is ``min_cash_fees`` rounded up to a
        cent; a pool too small for that pays fewer places, at least one. Cents left over by rounding
        go to the winner.

        Raises
        ------
        InvalidInput
            On ``prize_pool``: nothing to pay out.
        """
        pool = prize_pool_cents
        if pool < 1:
            raise InvalidInput({"prize_pool": "nothing to pay out; give the prize pool in cents."})
        least = min(pool, max(1, ceil(round(self.min_cash_fees * entry_fee_cents, _DIGITS))))
        places = max(1, min(round(field_size * self.paid_share), pool // least))
        spans = spans_of(places)
        shape = [_height(self.curve, self.rate, place, places) for place in middles(spans)]
        first = min(round(self.first_share * pool), pool - (places - 1) * least)
        tiers = tiers_of_shape(spans, shape, pool, least, first)
        return Payouts(entry_fee_cents, field_size, tiers, label)


class PayoutCurveFitter:
    """A falling curve fitted to the prizes of several contests of like size.

    The rate is that of least squares through the logarithms of the prizes between the first and the
    lowest, each at the middle of its places, every contest with a level of its own. ``first_share``
    is the geometric mean over ladders and headlines, ``paid_share`` the mean over both,
    ``min_cash_fees`` the mean over ladders. Parameters are rounded to four digits.

    Parameters
    ----------
    curve
        ``power`` or ``exponential``; ``best`` fits both and keeps the one with the smaller
        ``rmse_pool_share_``.

    Attributes
    ----------
    curve_
        The fitted :class:`TierCurve`.
    r2_
        R2 of the prizes, over every place that a ladder or its curve pays, in the ladder's own
        pool; mean over ladders.
    rmse_usd_, rmse_pool_share_
        Root mean square error over the same places, in USD and in shares of the pool, so that
        contests of every size count alike; root mean square over ladders.
    """

    curve_: TierCurve
    r2_: float
    rmse_usd_: float
    rmse_pool_share_: float

    def __init__(self, curve: Curve | Literal["best"] = "best") -> None:
        self.curve = curve

    def fit(
        self, ladders: Iterable[Payouts], headlines: Iterable[Headline] = ()
    ) -> "PayoutCurveFitter":
        """Fit the curve.

        Parameters
        ----------
        ladders
            Contests with a fee and all their prizes, at least one.
        headlines
            Contests of which less is known, none of them a ladder too.

        Raises
        ------
        InvalidInput
            On ``curve``: neither of the names; on ``ladders``: none, or a free contest.
        """
        known, facts = list(ladders), list(headlines)
        if self.curve not in (*_CURVES, "best"):
            raise InvalidInput({"curve": f"{self.curve!r}; give power, exponential or best."})
        if not known:
            raise InvalidInput({"ladders": "none; give at least one contest with its prizes."})
        if any(payouts.entry_fee_cents <= 0 for payouts in known):
            raise InvalidInput(
                {"ladders": "a free contest has no lowest prize in fees; leave it out."}
            )
        if self.curve == "best":
            fits = [PayoutCurveFitter(curve).fit(known, facts) for curve in _CURVES]
            self._keep(min(fits, key=lambda fit: fit.rmse_pool_share_))
            return self
        self.curve_ = _shape(known, facts, self.curve)
        errors = [_errors(self.curve_, one) for one in known]
        r2, usd, share = ([error[i] for error in errors] for i in range(3))
        self.r2_ = round(_mean(r2), _DIGITS)
        self.rmse_usd_ = round(sqrt(_mean([value**2 for value in usd])), 2)
        self.rmse_pool_share_ = round(sqrt(_mean([value**2 for value in share])), 7)
        return self

    def _keep(self, fit: "PayoutCurveFitter") -> None:
        self.curve_, self.r2_ = fit.curve_, fit.r2_
        self.rmse_usd_, self.rmse_pool_share_ = fit.rmse_usd_, fit.rmse_pool_share_


def _shape(ladders: Sequence[Payouts], facts: Sequence[Headline], curve: Curve) -> TierCurve:
    firsts = [one.prize_cents(1) / one.prize_pool_cents for one in ladders]
    firsts += [fact.first_share for fact in facts if fact.first_share is not None]
    paid = [one.places_paid / one.field_size for one in ladders]
    paid += [fact.paid_share for fact in facts if fact.paid_share is not None]
    least = [one.tiers[-1].prize_cents / one.entry_fee_cents for one in ladders]
    return TierCurve(
        curve,
        round(_rate(ladders, curve), _DIGITS),
        round(exp(_mean([log(share) for share in firsts])), _DIGITS),
        round(_mean(paid), _DIGITS),
        round(_mean(least), _DIGITS),
    )


def _rate(ladders: Sequence[Payouts], curve: Curve) -> float:
    """Common slope of the ladders' log prizes, each about its own mean."""
    rise = run = 0.0
    for payouts in ladders:
        between = [
            tier
            for tier in payouts.tiers
            if tier.first > 1 and tier.prize_cents > payouts.tiers[-1].prize_cents
        ]
        if len(between) < 2:
            continue
        place = np.array(middles([(tier.first, tier.last) for tier in between]))
        at = np.log(place) if curve == "power" else (place - 1.0) / payouts.places_paid
        prize = np.log([tier.prize_cents for tier in between])
        at -= at.mean()
        rise += float(at @ (prize - prize.mean()))
        run += float(at @ at)
    return max(0.0, -rise / run) if run > 0.0 else 0.0


def _errors(shape: TierCurve, real: Payouts) -> tuple[float, float, float]:
    """R2, RMSE in USD and RMSE in shares of the pool."""
    fitted = shape.payouts(real.field_size, real.entry_fee_cents, real.prize_pool_cents)
    places = max(real.places_paid, fitted.places_paid)
    prizes, estimates = _prizes_usd(real, places), _prizes_usd(fitted, places)
    missed = fsum(((prizes - estimates) ** 2).tolist())
    spread = fsum(((prizes - prizes.mean()) ** 2).tolist())
    rmse = sqrt(missed / places)
    r2 = 1.0 - missed / spread if spread > 0.0 else float(missed == 0.0)
    return r2, rmse, rmse / float(prizes.sum())


def _prizes_usd(payouts: Payouts, places: int) -> npt.NDArray[np.float64]:
    prizes = np.diff(payouts.ladder_micros) / MICROS_PER_USD
    return np.pad(prizes, (0, places - len(prizes)))


def _height(curve: Curve, rate: float, place: float, places: int) -> float:
    return float(place**-rate) if curve == "power" else exp(-rate * (place - 1.0) / places)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
