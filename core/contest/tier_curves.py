"""A curve for each size tier: fitted to many ladders, shipped as ``payout_curves.json``.

``python -m benchmarks.payouts --fit`` writes the file again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.contest.curve import Headline, PayoutCurveFitter, TierCurve
from core.contest.payouts import Payouts
from core.contest.size_tier import SizeTier, size_tier_of

CURVES_FILE = "payout_curves.json"


@dataclass(frozen=True, slots=True)
class TierFit:
    """The curve of a size tier and how well it fits.

    Parameters
    ----------
    curve
        The fitted curve.
    ladders, headlines
        How many of each it rests on.
    r2, rmse_usd, rmse_pool_share
        As :class:`~core.contest.PayoutCurveFitter` has them.
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

    Parameters are those of :meth:`PayoutCurveFitter.fit <core.contest.PayoutCurveFitter.fit>`,
    contests of every size together.

    Raises
    ------
    InvalidInput
        On ``ladders``: a free contest.
    """
    known, facts = list(ladders), list(headlines)
    fits = {}
    for tier in SizeTier:
        own = [payouts for payouts in known if size_tier_of(payouts.field_size) == tier]
        own_facts = [fact for fact in facts if size_tier_of(fact.field_size) == tier]
        if own:
            fitter = PayoutCurveFitter().fit(own, own_facts)
            fits[tier] = TierFit(
                fitter.curve_,
                len(own),
                len(own_facts),
                fitter.r2_,
                fitter.rmse_usd_,
                fitter.rmse_pool_share_,
            )
    return fits


def to_document(fits: Mapping[SizeTier, TierFit], label: str) -> dict[str, Any]:
    """The JSON document that the project ships; ``label`` says what the fits rest on."""
    return {"label": label, "tiers": {tier.value: asdict(fit) for tier, fit in fits.items()}}


@cache
def load_tier_curves() -> Mapping[SizeTier, TierFit]:
    """The fits that the project ships."""
    text = resources.files("core.contest").joinpath(CURVES_FILE).read_text(encoding="utf-8")
    tiers = json.loads(text)["tiers"]
    return {
        SizeTier(name): TierFit(**{**fit, "curve": TierCurve(**fit["curve"])})
        for name, fit in tiers.items()
    }
