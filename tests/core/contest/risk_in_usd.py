"""The objective risk_adjusted as its users read it: in USD, fees taken off."""

import numpy as np
import numpy.typing as npt

from core.contest.risk import worst_mean


def risk_adjusted_usd(
    winnings: npt.NDArray[np.int64], fees_usd: float, risk_aversion: float
) -> float:
    """Mean profit less ``risk_aversion`` times the CVaR of the loss, in USD.

    Parameters
    ----------
    winnings
        Of the portfolio, micro-dollars by race, i64 ``[N]``.
    fees_usd
        Of all its entries.
    risk_aversion
        k, at least 0.
    """
    mean = int(winnings.sum()) / len(winnings) / 1e6
    loss = fees_usd - float(worst_mean(winnings)) / 1e6
    return mean - fees_usd - risk_aversion * loss
