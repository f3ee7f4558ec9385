"""Figures of a tally, as a player reads them: ROI and its error, cash and win rates, profit."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import isnan, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from core.contest.outcomes import Distribution
from core.contest.payouts import MICROS_PER_CENT, MICROS_PER_USD, Payouts
from core.contest.tally import MILLIONTHS, WHOLE_WIN, ContestTally, Moments

_TAIL = Fraction(5, 100)
_BLOCKS_TO_TELL = 8
_WITHIN_ONE_ERROR = NormalDist().cdf(1.0)
_QUANTILES = ("0.01", "0.05", "0.10", "0.25", "0.50", "0.75", "0.90", "0.95", "0.99")


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one lineup, or of the whole portfolio, over the simulated contests.

    ``roi`` is mean winnings divided by cost, less 1; it is ``None`` where entering is free.
    Standard errors are clustered by scenario, since contests on one race share its luck, and by
    block, since a block's contests share its fields. They are ``None`` for a single scenario; for a
    single block they leave out the luck of its fields. ``best_payout`` is in USD.

    ``roi_unknown_sd`` is the standard deviation of the ROI over blocks of scenarios, less what the
    luck of their races explains: what a block's strengths and fields, which are drawn around
    estimates, make of it. ``None`` for fewer than eight blocks, or where luck explains it all.

    ``expected_duplicates`` of a lineup is the expected number of other entries with the same
    lineup, own entries among them.

    For the portfolio, ``cash_pct`` and ``top_1_pct`` are shares of its entries, ``win_prob`` is the
    mean share of first place that its entries hold together, ranks and ``best_payout`` are those of
    its best or worst entry, and ``expected_duplicates`` is the mean over its entries.
    """

    roi: float | None
    roi_std: float | None
    roi_se: float | None
    roi_unknown_sd: float | None
    roi_lower_5: float | None
    roi_upper_95: float | None
    cash_pct: float
    cash_se: float | None
    win_prob: float
    win_se: float | None
    top_1_pct: float
    best_rank: int
    worst_rank: int
    best_payout: float
    profit: dict[str, Any]
    expected_duplicates: float


@dataclass(frozen=True, slots=True)
class ContestResult:
    """The answer of a contest simulation.

    Parameters
    ----------
    portfolio
        All own entries together.
    per_lineup
        Each own lineup, in the order of ``own_lineups``; empty where only the portfolio was asked
        for.
    field
        Of the opposing entries: ``unique`` (different lineups, mean over fields),
        ``max_duplicates`` (most entries with one lineup), ``ownership_max_error`` (fraction of
        entries, or ``None``).
    n_simulations
        Number of contests: scenarios x fields.
    payouts_label
        Empty for the contest's own prizes, else what was used instead.
    """

    portfolio: Figures
    per_lineup: tuple[Figures, ...]
    field: dict[str, float | int | None]
    n_simulations: int
    payouts_label: str

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON-ready values: the portfolio's figures, then the rest."""
        return {
            **asdict(self.portfolio),
            "per_lineup": [asdict(figures) for figures in self.per_lineup],
            "field": dict(self.field),
            "n_simulations": self.n_simulations,
            "payouts_label": self.payouts_label,
        }


def summarise(
    tally: ContestTally,
    payouts: Payouts,
    own_lineups: npt.NDArray[np.uint8],
    *,
    each: bool = True,
) -> ContestResult:
    """Figures of a tally, as fractions 0..1 and in USD.

    A quantile is the least simulated value that at least its share of the simulations does not
    exceed. ``var_5`` is the 5% quantile of profit. ``cvar_5`` is the mean of its worst 5%, the
    boundary simulation counted fractionally (Rockafellar and Uryasev, 2002).

    Parameters
    ----------
    tally
        The tally, merged over all blocks.
    payouts, own_lineups
        The prizes and own lineups that it was played with.
    each
        Whether to give the figures of each lineup beside the portfolio's; for 150 they take some
        50 ms.

    Raises
    ------
    ValueError
        ``own_lineups`` are of another number than the tally's, or some field of a block is not in
        the tally.
    """
    lineups = len(own_lineups)
    if tally.open:
        raise ValueError(f"fields are still to be played in {len(tally.open)} blocks")
    if lineups != tally.lineups:
        raise ValueError(f"a tally of {tally.lineups} lineups is not one of {lineups}")
    fee = payouts.entry_fee_cents * MICROS_PER_CENT
    error = tally.ownership_max_error
    return ContestResult(
        portfolio=_figures(tally, lineups, slice(None), lineups * fee, lineups),
        per_lineup=tuple(
            _figures(tally, row, slice(row, row + 1), fee, 1)
            for row in range(lineups if each else 0)
        ),
        field={
            "unique": tally.unique / tally.fields,
            "max_duplicates": tally.max_duplicates,
            "ownership_max_error": None if isnan(error) else error,
        },
        n_simulations=tally.simulations,
        payouts_label=payouts.label,
    )


def _figures(tally: ContestTally, row: int, entries: slice, cost: int, entry_count: int) -> Figures:
    simulations = tally.simulations
    winnings = tally.outcomes.row(row)
    paid, std = tally.paid.totals[row], winnings.std()
    paid_se = _clustered_error(tally.paid, row, tally)
    cash_se = _clustered_error(tally.cashed, row, tally)
    win_se = _clustered_error(tally.won, row, tally)
    return Figures(
        roi=_over(paid - cost * simulations, cost * simulations),
        roi_std=_over(std, cost),
        roi_se=_over(paid_se, cost),
        roi_unknown_sd=_over(_between_blocks(tally.paid, row, tally), cost),
        roi_lower_5=_over(winnings.quantile(_TAIL) - cost, cost),
        roi_upper_95=_over(winnings.quantile(1 - _TAIL) - cost, cost),
        cash_pct=tally.cashed.totals[row] / (simulations * entry_count),
        cash_se=_over(cash_se, entry_count),
        win_prob=tally.won.totals[row] / (simulations * WHOLE_WIN),
        win_se=_over(win_se, WHOLE_WIN),
        top_1_pct=int(tally.top_1[entries].sum()) / (simulations * entry_count),
        best_rank=int(tally.best_rank[entries].min()),
        worst_rank=int(tally.worst_rank[entries].max()),
        best_payout=max(
            int(tally.outcomes.row(entry).values[-1])
            for entry in range(*entries.indices(tally.lineups))
        )
        / MICROS_PER_USD,
        profit=_profit(winnings, paid, std, cost),
        expected_duplicates=int(tally.duplicates[entries].sum())
        / (MILLIONTHS * tally.fields * entry_count),
    )


def _profit(winnings: Distribution, paid: int, std: float | None, cost: int) -> dict[str, Any]:
    simulations = winnings.simulations
    return {
        "mean": (paid - cost * simulations) / (simulations * MICROS_PER_USD),
        "std": _over(std, MICROS_PER_USD),
        "var_5": (winnings.quantile(_TAIL) - cost) / MICROS_PER_USD,
        "cvar_5": (winnings.lower_mean(_TAIL) - cost) / MICROS_PER_USD,
        "quantiles": {
            share: (winnings.quantile(Fraction(share)) - cost) / MICROS_PER_USD
            for share in _QUANTILES
        },
    }


def _clustered_error(moments: Moments, row: int, tally: ContestTally) -> float | None:
    """Standard error of the mean over contests, ``None`` for a single scenario.

    The contests of a scenario are a cluster, since they share its luck. So are the contests of a
    block, since they share the luck of its fields (Cameron and Miller, "A practitioner's guide to
    cluster-robust inference", 2015). Scenarios lie within blocks, so the larger of the two errors
    covers both. An error estimated from few blocks is widened as Student's t distribution is, so
    that the truth lies within one standard error as often as for a normal distribution.
    """
    n, total = tally.scenarios, moments.totals[row]
    if n < 2:
        return None
    # whole numbers and fractions until the root, so no digits cancel
    variance_of_mean = Fraction(n * moments.squares[row] - total * total, n * n * (n - 1))
    if tally.blocks > 1:
        about_mean = _blocks_about_mean(moments, row, tally)
        by_block = about_mean * Fraction(tally.blocks, (tally.blocks - 1) * n * n)
        widened = sqrt(by_block) * float(stdtrit(tally.blocks - 1, _WITHIN_ONE_ERROR))
        return max(sqrt(variance_of_mean), widened) / tally.fields_per_scenario
    return sqrt(variance_of_mean) / tally.fields_per_scenario


def _between_blocks(moments: Moments, row: int, tally: ContestTally) -> float | None:
    """Standard deviation over blocks of their expected value in a contest.

    The variance component between groups by the method of moments (Searle, Casella and McCulloch,
    "Variance Components", 1992). With w within blocks and b between them, n scenarios and Q the sum
    of squared block sizes, the squares about the mean sum to::

        of scenarios    w (n - 1)   + b (n - Q / n)
        of block sums   w (n - Q/n) + b (Q - Q^2 / n^2)

    on average; the last factor is exact for blocks of one size. ``None`` for fewer than eight
    blocks, which measure little, and where blocks differ by no more than luck.
    """
    n, size_squares = tally.scenarios, tally.block_size_squares
    if tally.blocks < _BLOCKS_TO_TELL or n <= tally.blocks:
        return None
    of_scenarios = moments.squares[row] - Fraction(moments.totals[row] ** 2, n)
    of_blocks = _blocks_about_mean(moments, row, tally)
    mean_size = Fraction(size_squares, n)
    rows = (n - 1, n - mean_size), (n - mean_size, size_squares - mean_size**2)
    # Cramer's rule
    variance = (rows[0][0] * of_blocks - rows[1][0] * of_scenarios) / (
        rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]
    )
    return sqrt(variance) / tally.fields_per_scenario if variance > 0 else None


def _blocks_about_mean(moments: Moments, row: int, tally: ContestTally) -> Fraction:
    """Sum over blocks of the square of a block's sum less its size times the mean."""
    mean = Fraction(moments.totals[row], tally.scenarios)
    return (
        moments.block_squares[row]
        - 2 * mean * moments.block_products[row]
        + mean * mean * tally.block_size_squares
    )


def _over(value: float | None, whole: int) -> float | None:
    return None if value is None or whole == 0 else value / whole
