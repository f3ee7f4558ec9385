"""The shape of prizes by contest size: a curve a tier, fitted to many ladders at once.

``payout_curves.json`` holds what :func:`fit_tier_curves` made of the ladders and headline facts
there are; ``python -m benchmarks.payouts --fit`` makes it again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from math import ceil, exp, fsum, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest._ladder import middles, spans_of, tiers_of_shape
from core.contest.curve import Curve
from core.contest.payouts import MICROS_PER_USD, Payouts
from core.contest.size_tier import SizeTier, size_tier_of
from core.errors import InvalidInput

CURVES_FILE = "payout_curves.json"

_CURVES: tuple[Curve, ...] = ("power", "exponential")
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Headline:
    """What a contest's lobby line tells of its prizes; ``None`` = not known.

    Parameters
    ----------
    field_size
        Entries at most.
    first_share
        The winner's prize, of the pool.
    paid_share
        Places paid, of the entries.
    """

    field_size: int
    first_share: float | None
    paid_share: float | None


@dataclass(frozen=True, slots=True)
class TierCurve:
    """How prizes fall in contests of one size tier, whatever their size, fee and pool.

    Parameters
    ----------
    curve, rate
        ``power``: prizes fall as ``place^-rate``; ``exponential``: as
        ``exp(-rate x (place - 1) / places paid)``.
    first_share
        The winner's prize of the pool, which a curve through the others would put lower; the curve
        counts where it puts him higher, in contests of few places.
    paid_share
        The cut-off: places paid, of the entries.
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
        """Give a contest prizes of this shape, summing to the pool to the cent.

        Prizes never rise with the place. The lowest is ``min_cash_fees`` rounded up to a cent; a
        pool too small for that pays fewer places, at the least one. Cents left over by rounding go
        to the winner.

        Raises
        ------
        InvalidInput
            On ``prize_pool_cents``: nothing to pay out.
        """
        pool = prize_pool_cents
        if pool < 1:
            raise InvalidInput({"prize_pool_cents": "nothing to pay out; give the prize pool."})
        least = min(pool, max(1, ceil(round(self.min_cash_fees * entry_fee_cents, _DIGITS))))
        places = max(1, min(round(field_size * self.paid_share), pool // least))
        spans = spans_of(places)
        shape = [_height(self.curve, self.rate, place, places) for place in middles(spans)]
        first = min(round(self.first_share * pool), pool - (places - 1) * least)
        tiers = tiers_of_shape(spans, shape, pool, least, first)
        return Payouts(entry_fee_cents, field_size, tiers, label)


@dataclass(frozen=True, slots=True)
class TierFit:
    """A tier's curve and how well it fits the ladders it was fitted to, in their own pools.

    Parameters
    ----------
    curve
        What was fitted.
    ladders, headlines
        How many of each it rests on.
    r2
        Of prizes, over every place that a ladder or its curve pays; mean over ladders.
    rmse_usd, rmse_pool_share
        Root mean square over the same places, in USD and in shares of the pool, so that contests of
        every size count alike; root mean square over ladders.
    """

    curve: TierCurve
    ladders: int
    headlines: int
    r2: float
    rmse_usd: float
    rmse_pool_share: float


def fit_tier_curves(
    ladders: Iterable[Payouts], headlines: Iterable[Headline] = ()
) -> dict[SizeTier, TierFit]:
    """Fit a curve to the ladders of each size tier that has any.

    The rate is that of least squares through the logarithms of the prizes between the first and the
    lowest, each at the middle of its places, every ladder with a level of its own. ``first_share``
    is the geometric mean over ladders and headlines, ``paid_share`` the mean over both,
    ``min_cash_fees`` the mean over ladders. Of the two curves the one with the smaller
    ``rmse_pool_share`` is kept. Parameters are rounded to four digits.

    Parameters
    ----------
    ladders
        Contests with a fee and all their prizes.
    headlines
        Contests of which less is known, none of them a ladder too.

    Raises
    ------
    InvalidInput
        On ``ladders``: a free contest.
    """
    known = list(ladders)
    if any(payouts.entry_fee_cents <= 0 for payouts in known):
        raise InvalidInput({"ladders": "a free contest has no lowest prize in fees; leave it out."})
    facts = list(headlines)
    fits = {}
    for tier in SizeTier:
        own = [payouts for payouts in known if size_tier_of(payouts.field_size) == tier]
        told = [fact for fact in facts if size_tier_of(fact.field_size) == tier]
        if own:
            tried = [_fit(own, told, curve) for curve in _CURVES]
            fits[tier] = min(tried, key=lambda fit: fit.rmse_pool_share)
    return fits


def _fit(ladders: Sequence[Payouts], facts: Sequence[Headline], curve: Curve) -> TierFit:
    firsts = [one.prize_cents(1) / one.prize_pool_cents for one in ladders]
    firsts += [fact.first_share for fact in facts if fact.first_share is not None]
    paid = [one.places_paid / one.field_size for one in ladders]
    paid += [fact.paid_share for fact in facts if fact.paid_share is not None]
    least = [one.tiers[-1].prize_cents / one.entry_fee_cents for one in ladders]
    shape = TierCurve(
        curve,
        round(_rate(ladders, curve), _DIGITS),
        round(exp(_mean([log(share) for share in firsts])), _DIGITS),
        round(_mean(paid), _DIGITS),
        round(_mean(least), _DIGITS),
    )
    errors = [_errors(shape, one) for one in ladders]
    r2, usd, share = ([error[i] for error in errors] for i in range(3))
    return TierFit(
        shape,
        len(ladders),
        len(facts),
        round(_mean(r2), _DIGITS),
        round(sqrt(_mean([value**2 for value in usd])), 2),
        round(sqrt(_mean([value**2 for value in share])), 7),
    )


def _rate(ladders: Sequence[Payouts], curve: Curve) -> float:
    """Give the common slope of the ladders' log prizes, each about its own mean."""
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
    """Give R2, RMSE in USD and RMSE in shares of the pool."""
    fitted = shape.payouts(real.field_size, real.entry_fee_cents, real.prize_pool_cents)
    places = max(real.places_paid, fitted.places_paid)
    prizes, guessed = _prizes_usd(real, places), _prizes_usd(fitted, places)
    missed = fsum(((prizes - guessed) ** 2).tolist())
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


def to_document(fits: Mapping[SizeTier, TierFit], label: str) -> dict[str, Any]:
    """Give fits as the JSON that the project ships, saying in ``label`` what they rest on."""
    return {"label": label, "tiers": {tier.value: asdict(fit) for tier, fit in fits.items()}}


@cache
def load_tier_curves() -> Mapping[SizeTier, TierFit]:
    """Give the fits that the project ships."""
    text = resources.files("core.contest").joinpath(CURVES_FILE).read_text(encoding="utf-8")
    tiers = json.loads(text)["tiers"]
    return {
        SizeTier(name): TierFit(**{**fit, "curve": TierCurve(**fit["curve"])})
        for name, fit in tiers.items()
    }
