"""A portfolio that keeps every limit, found by exchanging lineups until none is broken.

Where lineups must differ in several drivers, an integer program over them may take minutes: every
portfolio has millions of likenesses that are as good. A search from exchange to exchange, in which
a lineup may not come back at once (Glover, "Tabu search", 1989), finds a portfolio in less than a
second where such a program took minutes. It cannot prove that there is none.
"""

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.portfolio._repair_kernel import Bounds, exchange_until_kept
from core.portfolio.limits import PortfolioLimits

MOST_LOOKS = 100_000_000
"""Lineups looked at before a search is given up: about a second's."""


def repaired(
    lineups: Lineups,
    scores: npt.NDArray[np.float64],
    limits: PortfolioLimits,
    most_looks: int = MOST_LOOKS,
) -> npt.NDArray[np.intp] | None:
    """Indices of ``limits.n_lineups`` lineups that keep the limits; ``None`` if none were found.

    The search begins with the best scores. It ends after a number of lineups looked at, not after a
    time, so that the machine does not shape its outcome.

    Parameters
    ----------
    lineups, scores
        The pool, u8 ``[K, R]``, all different, and what each is worth, f64 ``[K]``.
    limits
        Limits on the portfolio.
    most_looks
        Lineups looked at, counted anew at each exchange, before the search is given up.
    """
    n = limits.n_lineups
    if len(lineups) < n:
        return None
    chosen = np.argsort(-scores, kind="stable")[:n].astype(np.int64)
    kept = exchange_until_kept(
        (np.int64(1) << lineups.astype(np.int64)).sum(axis=1),
        Bounds(
            _groups(lineups, limits),
            np.concatenate([limits.fewest, np.zeros(len(limits.teams), np.int64)]),
            np.concatenate([limits.most, limits.team_most]),
            lineups.shape[1] - limits.min_unique,
        ),
        chosen,
        most_looks,
    )
    return np.sort(chosen).astype(np.intp) if kept else None


def _groups(lineups: Lineups, limits: PortfolioLimits) -> npt.NDArray[np.int64]:
    """The drivers and the limited teams that each lineup touches, -1 where it touches fewer."""
    drivers = len(limits.drivers)
    team_of = np.full(drivers, -1, dtype=np.int64)
    for number, team in enumerate(limits.teams):
        team_of[list(team.members)] = drivers + number
    teams = np.sort(team_of[lineups], axis=1)
    # a team counts once, however many of its drivers the lineup holds
    again = np.zeros(teams.shape, dtype=np.bool_)
    again[:, 1:] = teams[:, 1:] == teams[:, :-1]
    teams[again] = -1
    return np.column_stack((lineups.astype(np.int64), teams))
