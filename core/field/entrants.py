"""How many entries an entrant has, where a contest lets one person enter several.

DraftKings' standings say who entered what, but no published NASCAR contest does, so this rests on
two contests of other sports that were counted in public: NFL, week 7 of 2015 (341,099 entries of
180,880 entrants, 500 at most each) and the Masters (205,732 of 73,321, 200 at most).
"""

import numpy as np
from scipy.special import zeta

from core.errors import InvalidInput

MOST_ENTRIES = 150

# P(an entrant wants k entries) ~ k^-FALL. The mean number of entries gives 2.51 in the first of the
# two contests and 2.19 in the second; this lies halfway
FALL = 2.35


def entrant_share(entry_limit: int, fall: float = FALL) -> float:
    """Number of entrants divided by the number of entries, above 0 to 1.

    Entrants want 1, 2, 3 .. entries with probabilities in proportion to ``k ** -fall``; whoever
    wants more than the contest allows enters as many as it allows.

    Parameters
    ----------
    entry_limit
        Entries that one person may enter, 1 to 150.
    fall
        How fast entrants become rarer with the number of entries they want, above 1.

    Returns
    -------
    1 over the mean number of entries of an entrant.

    Raises
    ------
    InvalidInput
        A limit that is no contest's, or no distribution.
    """
    if not 1 <= entry_limit <= MOST_ENTRIES:
        raise InvalidInput({"entry_limit": f"{entry_limit}; give 1 to {MOST_ENTRIES}."})
    if not fall > 1.0:
        raise InvalidInput({"fall": f"{fall:g}; give a number above 1."})
    # the mean is the sum of the chances to want at least 1, 2 .. entries
    at_least = zeta(fall, np.arange(1, entry_limit + 1))
    return float(at_least[0] / at_least.sum())
