"""The contest: its prizes, what own entries win in simulated races, and the figures of it."""

from core.amounts import read_cents
from core.contest.curve import Headline, PayoutCurveFitter, TierCurve
from core.contest.payout_tables import read_payout_csv, read_payout_json, read_payout_table
from core.contest.payouts import (
    MICROS_PER_CENT,
    MICROS_PER_USD,
    Payouts,
    PrizeTier,
    payouts_from_tiers,
)
from core.contest.prize_luck import races_to_value
from core.contest.result import ContestResult, Figures, summarise
from core.contest.risk import (
    HeldWinnings,
    RiskAdjustedWinnings,
    reweighted,
    tail_weights,
    worst_mean,
)
from core.contest.simulate import play_block, play_fields
from core.contest.simulator import ContestSimulator
from core.contest.site_exports import payouts_from_site_export
from core.contest.size_tier import SizeTier, size_tier_of
from core.contest.steps import PrizeSteps, prize_steps
from core.contest.tally import ContestTally
from core.contest.tier_curves import TierFit, fit_tier_curves, load_tier_curves
from core.contest.typical import TYPICAL_PAYOUTS, typical_payouts
from core.contest.value import value_lineups

__all__ = [
    "MICROS_PER_CENT",
    "MICROS_PER_USD",
    "TYPICAL_PAYOUTS",
    "ContestResult",
    "ContestSimulator",
    "ContestTally",
    "Figures",
    "Headline",
    "HeldWinnings",
    "PayoutCurveFitter",
    "Payouts",
    "PrizeSteps",
    "PrizeTier",
    "RiskAdjustedWinnings",
    "SizeTier",
    "TierCurve",
    "TierFit",
    "fit_tier_curves",
    "load_tier_curves",
    "payouts_from_site_export",
    "payouts_from_tiers",
    "play_block",
    "play_fields",
    "prize_steps",
    "races_to_value",
    "read_cents",
    "read_payout_csv",
    "read_payout_json",
    "read_payout_table",
    "reweighted",
    "size_tier_of",
    "summarise",
    "tail_weights",
    "typical_payouts",
    "value_lineups",
    "worst_mean",
]
