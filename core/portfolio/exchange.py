"""Exchanging lineups of a portfolio while what it is worth as a whole rises.

For objectives that are no sum over lineups, such as the mean of a portfolio's worst races.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.cancelling import CheckCancelled, never_cancelled
from core.lineups import Lineups
from core.portfolio.choosing import Draft, Indices, choose, pair_cost
from core.portfolio.limits import PortfolioLimits

Floats = npt.NDArray[np.float64]

# exchanges of one lineup that are computed, those with the highest bounds on what they add
_COMPUTED = 64


class Held(Protocol):
    """A portfolio of a pool's lineups, and what it is worth as a whole."""

    @property
    def worth(self) -> float:
        """Its worth."""

    @property
    def slopes(self) -> Floats:
        """A supergradient, f64 ``[K]``: lineup j for lineup i adds at most ``[j]`` less ``[i]``."""

    def exchanged(self, out: int, candidates: Indices) -> Floats:
        """The worth with each candidate in the place of a lineup that is held, f64 ``[M]``."""


class WholeWorth(Protocol):
    """What portfolios of a pool's lineups are worth, each as a whole.

    The worth is concave in how much of each lineup a portfolio holds, so that slopes bound what an
    exchange adds.
    """

    def at(self, picked: Indices) -> Held:
        """The portfolio of the lineups ``picked`` from the pool."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A portfolio that no computed exchange makes better.

    Parameters
    ----------
    picked
        Indices into the pool, rising.
    worth
        Its worth as a whole.
    likeness
        What it costs that its lineups are alike, in the same unit.
    """

    picked: Indices
    worth: float
    likeness: float


def choose_from_pool(
    lineups: Lineups, scores: Floats, limits: PortfolioLimits, correlation_weight: float
) -> Indices | None:
    """Indices of the lineups chosen from a pool, rising; ``None`` where it does not hold enough.

    Parameters are those of :func:`core.portfolio.choosing.choose`.
    """
    picked = choose(lineups, scores, limits, correlation_weight).picked
    return picked if len(picked) == limits.n_lineups else None


def exchange_for_worth(
    lineups: Lineups,
    picked: Indices,
    limits: PortfolioLimits,
    worth: WholeWorth,
    best_score: float,
    correlation_weight: float,
    check_cancelled: CheckCancelled = never_cancelled,
) -> Exchanged:
    """Exchange single lineups of a portfolio while its worth less its likeness rises.

    Slopes exclude most exchanges; of the others those that may add most are computed.

    Parameters
    ----------
    lineups
        The pool, u8 ``[K, R]``, all different.
    picked
        The portfolio to begin with, which holds every limit; so does the one that is returned.
    limits
        What the portfolio must hold to.
    worth
        What portfolios are worth.
    best_score
        The score, in the unit of ``worth``, that ``correlation_weight`` is a share of.
    correlation_weight
        0..1, see :func:`core.portfolio.choosing.choose`.
    check_cancelled
        Called before every lineup that may be exchanged.
    """
    draft = Draft(lineups, limits)
    for index in picked:
        draft.change(int(index), 1)
    cost = pair_cost(np.array([best_score]), limits, correlation_weight) / lineups.shape[1]
    chosen = np.flatnonzero(draft.chosen)
    held = worth.at(chosen)
    now, slopes = held.worth, held.slopes
    improved = True
    while improved:
        improved = False
        for out in map(int, np.flatnonzero(draft.chosen)):
            check_cancelled()
            draft.change(out, -1)
            shared = draft.counts[lineups].sum(axis=1)
            likeness = cost * (shared - shared[out])
            # a margin, so that rounding cannot make two lineups take turns for ever
            margin = 1e-9 * abs(now)
            bounds = slopes - slopes[out] - likeness
            fits = np.flatnonzero(draft.allowed() & (bounds > margin))
            candidates = fits[np.argsort(-bounds[fits], kind="stable")[:_COMPUTED]]
            added = held.exchanged(out, candidates) - now - likeness[candidates]
            if not len(added) or added.max() <= margin:
                draft.change(out, 1)
                continue
            draft.change(int(candidates[np.argmax(added)]), 1)
            chosen = np.flatnonzero(draft.chosen)
            held = worth.at(chosen)
            now, slopes = held.worth, held.slopes
            improved = True
    counts = draft.counts
    return Exchanged(chosen, now, cost * float((counts * (counts - 1) / 2).sum()))
