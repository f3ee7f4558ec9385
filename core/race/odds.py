"""Decimal odds to probabilities: the bookmaker's margin taken out."""

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Floats = npt.NDArray[np.float64]

_KEPT = 0.25  # of what the least likely driver with odds has, by each driver without
_HALVINGS = 100


def fair_probabilities(
    odds: npt.ArrayLike, places: int = 1, eligible: npt.ArrayLike | None = None
) -> Floats:
    """Give the probabilities of finishing in the first ``places`` that decimal odds stand for.

    The inverses of a book's odds sum to more than ``places``: the margin. It is taken out by the
    power method, ``p = (1 / odds) ** k`` with the one k under which they sum to ``places``, which
    takes more from long shots than from favourites, as bookmakers do, and gives no probability
    above 1. Odds that sum to less (a player's own) are raised in the same way.

    Where only some drivers have odds nothing says how large the margin is, so the inverses stand as
    they are; only what is too much for the others to have anything is taken out. A driver without
    odds keeps at least a quarter of what the least likely one with odds has, or of an even share
    where that is less.

    Parameters
    ----------
    odds
        Decimal, above 1, ``[D]``; NaN = none given.
    places
        1 for a win, 5 for the top five.
    eligible
        bool ``[D]``, who can finish there at all; odds of others are not looked at.

    Returns
    -------
    ``[D]``, NaN where there are no odds.

    Raises
    ------
    InvalidInput
        Odds that are no decimal odds.

    References
    ----------
    Vovk and Zhdanov, "Prediction with expert advice for the Brier game", JMLR 10 (2009); Clarke,
    Kovalchik and Ingram, "Adjusting bookmaker's odds to allow for overround", American Journal of
    Sports Science 5 (2017), which compares it with Shin's and proportional margins.
    """
    given = np.asarray(odds, dtype=np.float64)
    may = np.ones(given.shape, dtype=bool) if eligible is None else np.asarray(eligible, dtype=bool)
    said = ~np.isnan(given) & may
    wrong = said & ~((given > 1.0) & np.isfinite(given))
    if wrong.any():
        raise InvalidInput(
            {"odds": f"{given[wrong][0]} are no decimal odds; give a number above 1, such as 7.5."}
        )
    fair = np.full(given.shape, np.nan)
    if not said.any() or may.sum() <= places:
        return fair
    inverse = 1.0 / given[said]
    without = int(may.sum() - said.sum())
    room = places - without * _KEPT * min(float(inverse.min()), places / float(may.sum()))
    if without == 0 or inverse.sum() > room:
        # of odds a hair above 1 the inverse has no digits to tell them apart by, the log has
        logs = np.log1p(given[said] - 1.0)
        inverse = np.exp(-_exponent(logs, room) * logs)
    fair[said] = inverse
    return fair


def _exponent(logs: Floats, total: float) -> float:
    """Give the k under which ``exp(-k logs)`` sums to ``total``: above 0, less than their number.

    Logs of decimal odds are above 0, so for some k the sum is as small as one likes.
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
