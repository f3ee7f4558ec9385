"""Probabilities from decimal odds, with the bookmaker's margin taken out."""

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Floats = npt.NDArray[np.float64]

# least probability of a driver without odds, as a share of the least likely driver's with odds
_KEPT = 0.25
_HALVINGS = 100  # of the bisection


def fair_probabilities(
    odds: npt.ArrayLike, top: int = 1, eligible: npt.ArrayLike | None = None
) -> Floats:
    """Probabilities of finishing in the first ``top`` positions that decimal odds imply.

    The inverses of a bookmaker's odds sum to more than ``top``; the excess is the margin. The
    power method takes it out: ``p = (1 / odds) ** k``, with the one k under which the probabilities
    sum to ``top``. It takes more from long shots than from favourites, as bookmakers do, and
    gives no probability above 1. Odds whose inverses sum to less (a player's own) are raised by the
    same method.

    Where some drivers have no odds, the margin is unknown. The inverses then stay as they are,
    unless they leave too little for the drivers without odds. Each of these keeps at least a
    quarter of the least likely probability among the drivers with odds, or a quarter of an even
    share where that is less.

    Parameters
    ----------
    odds
        Decimal odds above 1, ``[D]``; NaN = none.
    top
        Number of positions that count: 1 for a win, 5 for the top five.
    eligible
        Which drivers can finish there at all, bool ``[D]``; the odds of the others are ignored.

    Returns
    -------
    Probabilities, ``[D]``; NaN where there are no odds.

    Raises
    ------
    InvalidInput
        Odds that are not above 1 or not finite.

    References
    ----------
    Vovk and Zhdanov, "Prediction with expert advice for the Brier game", JMLR 10 (2009); Clarke,
    Kovalchik and Ingram, "Adjusting bookmaker's odds to allow for overround", American Journal of
    Sports Science 5 (2017), which compares it with Shin's and proportional margins.
    """
    quote = np.asarray(odds, dtype=np.float64)
    may_finish = (
        np.ones(quote.shape, dtype=bool) if eligible is None else np.asarray(eligible, dtype=bool)
    )
    has_odds = ~np.isnan(quote) & may_finish
    wrong = has_odds & ~((quote > 1.0) & np.isfinite(quote))
    if wrong.any():
        raise InvalidInput(
            {"odds": f"{quote[wrong][0]} are no decimal odds; give a number above 1, such as 7.5."}
        )
    fair = np.full(quote.shape, np.nan)
    if not has_odds.any() or may_finish.sum() <= top:
        return fair
    inverse = 1.0 / quote[has_odds]
    without = int(may_finish.sum() - has_odds.sum())
    room = top - without * _KEPT * min(float(inverse.min()), top / float(may_finish.sum()))
    if without == 0 or inverse.sum() > room:
        # odds just above 1 have inverses that round to the same number; their logs differ
        logs = np.log1p(quote[has_odds] - 1.0)
        inverse = np.exp(-_exponent(logs, room) * logs)
    fair[has_odds] = inverse
    return fair


def _exponent(logs: Floats, total: float) -> float:
    """The k under which ``exp(-k logs)`` sums to ``total``, by bisection.

    ``total`` is above 0 and below ``len(logs)``. Logs of decimal odds are above 0, so the sum falls
    from ``len(logs)`` to 0 as k grows, and such a k exists.
    """
    low, high = 0.0, 1.0
    while float(np.exp(-high * logs).sum()) > total:
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if float(np.exp(-middle * logs).sum()) > total:
            low = middle
        else:
            high = middle
    return high
