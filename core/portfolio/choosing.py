"""Choosing a portfolio from a pool of lineups.

The lineup that adds most is taken first, then the one that adds most to it, and so on; then lineups
are exchanged as long as that improves the portfolio. Its worth is ``mean(score) - weight x best
score x mean similarity``, the similarity of two lineups being the share of drivers they have in
common. The overlaps of all pairs sum to a function of the drivers' counts alone, so a step costs
one pass over the pool.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.portfolio.limits import PortfolioLimits

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Choice:
    """The lineups chosen from a pool, and what that leaves for further ones.

    Parameters
    ----------
    picked
        Indices into the pool, rising.
    blocked
        Drivers that no further lineup may hold.
    needed
        Drivers that every further lineup must hold.
    """

    picked: Indices
    blocked: tuple[int, ...]
    needed: tuple[int, ...]


class Draft:
    """The lineups chosen so far and which of the pool may still join them."""

    def __init__(self, lineups: Lineups, limits: PortfolioLimits) -> None:
        self.lineups = lineups
        self.limits = limits
        drivers = len(limits.drivers)
        self.most, self.fewest, self.team_most = limits.most, limits.fewest, limits.team_most
        # whole numbers, as floats: matrix products of those are many times faster, and as exact
        self.holds = np.zeros((len(lineups), drivers))
        self.holds[np.arange(len(lineups))[:, None], lineups] = 1.0
        self.touches = np.column_stack(
            [
                np.zeros((len(lineups), 0)),
                *[self.holds[:, list(team.members)].any(axis=1) for team in limits.teams],
            ]
        )
        self.shared_most = lineups.shape[1] - limits.min_unique
        self.counts = np.zeros(drivers)
        self.team_counts = np.zeros(len(limits.teams))
        self.too_close = np.zeros(len(lineups), dtype=np.int64)
        self.chosen = np.zeros(len(lineups), dtype=np.bool_)

    def change(self, index: int, by: int) -> None:
        """Add (``by`` = 1) or take back (``by`` = -1) the lineup at ``index`` of the pool."""
        self.counts += by * self.holds[index]
        self.team_counts += by * self.touches[index]
        overlap = self.holds @ self.holds[index]
        self.too_close += by * (overlap > self.shared_most)
        self.chosen[index] = by > 0

    def _teams_full(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.team_counts >= self.team_most)

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Which lineups of the pool may join the chosen, bool ``[K]``.

        One that would break an upper limit, or leave too few lineups to reach the drivers' minima,
        may not.
        """
        left = self.limits.n_lineups - int(self.chosen.sum())
        full = self.counts >= self.most
        missing = np.maximum(self.fewest - self.counts, 0)
        fits = ~self.chosen & (self.too_close == 0)
        fits &= self.holds @ full == 0
        fits &= self.touches @ self._teams_full() == 0
        forced = missing >= left
        fits &= self.holds @ forced == forced.sum()
        # what the lineups after the next one can supply, each of them a roster of missing drivers
        spare = self.lineups.shape[1] * (left - 1)
        fits &= self.holds @ (missing > 0) >= missing.sum() - spare
        return np.asarray(fits)

    def choice(self) -> Choice:
        """The lineups chosen so far, and the drivers that further ones may not and must hold."""
        left = self.limits.n_lineups - int(self.chosen.sum())
        full = self.counts >= self.most
        for team, used_up in zip(self.limits.teams, self._teams_full(), strict=True):
            if used_up:
                full[list(team.members)] = True
        forced = np.maximum(self.fewest - self.counts, 0) >= max(left, 1)
        return Choice(
            np.flatnonzero(self.chosen),
            tuple(int(d) for d in np.flatnonzero(full)),
            tuple(int(d) for d in np.flatnonzero(forced)),
        )


def pair_cost(scores: npt.NDArray[np.float64], limits: PortfolioLimits, weight: float) -> float:
    """Cost of one driver shared by one pair of lineups, times the roster's size.

    Divided by the roster's size it is the number for which ``sum(score) - cost x shared drivers
    over all pairs`` equals n times the portfolio's worth. It is in the unit of ``scores``.
    """
    pairs_a_lineup = (limits.n_lineups - 1) / 2
    return weight * abs(float(scores.max())) / pairs_a_lineup if pairs_a_lineup else 0.0


def choose(
    lineups: Lineups,
    scores: npt.NDArray[np.float64],
    limits: PortfolioLimits,
    correlation_weight: float,
    *,
    exchange: bool = True,
) -> Choice:
    """Choose up to ``limits.n_lineups`` of a pool.

    Parameters
    ----------
    lineups
        The pool, u8 ``[K, R]``, all different.
    scores
        f64 ``[K]``: what each is worth, in points or in dollars.
    limits
        Limits on the portfolio. Upper limits are never broken. Where fewer lineups than
        ``limits.n_lineups`` are chosen, the result names the drivers that block further ones.
    correlation_weight
        0..1: the share of the best score that a portfolio of equal lineups would lose.
    exchange
        Whether a complete portfolio is then improved by exchanges.
    """
    draft = Draft(lineups, limits)
    cost = pair_cost(scores, limits, correlation_weight) / lineups.shape[1]
    while draft.chosen.sum() < limits.n_lineups:
        fits = draft.allowed()
        if not fits.any():
            return draft.choice()
        worth = scores - cost * draft.counts[lineups].sum(axis=1)
        draft.change(int(np.argmax(np.where(fits, worth, -np.inf))), 1)
    if exchange:
        _exchange(draft, scores, cost)
    return draft.choice()


def improve(
    lineups: Lineups,
    scores: npt.NDArray[np.float64],
    limits: PortfolioLimits,
    correlation_weight: float,
    picked: Indices,
) -> Indices:
    """Exchange lineups of a complete portfolio, ``picked`` from a pool, while its worth rises.

    The other parameters are those of :func:`choose`. ``picked`` keeps every limit, and so does the
    portfolio returned.
    """
    draft = Draft(lineups, limits)
    for index in picked:
        draft.change(int(index), 1)
    _exchange(draft, scores, pair_cost(scores, limits, correlation_weight) / lineups.shape[1])
    return draft.choice().picked


def _exchange(draft: Draft, scores: npt.NDArray[np.float64], cost: float) -> None:
    """Swap a chosen lineup for another of the pool as long as the portfolio's worth rises."""
    # a margin, so that rounding cannot make two lineups take turns for ever
    margin = 1e-9 * float(np.abs(scores).max())
    improved = True
    while improved:
        improved = False
        for index in np.flatnonzero(draft.chosen):
            draft.change(int(index), -1)
            worth = scores - cost * draft.counts[draft.lineups].sum(axis=1)
            best = int(np.argmax(np.where(draft.allowed(), worth, -np.inf)))
            gained = worth[best] > worth[index] + margin
            draft.change(best if gained else int(index), 1)
            improved |= bool(gained)


def similarity(lineups: Lineups, drivers: int) -> dict[str, float]:
    """Mean, largest and smallest share of drivers that two of ``lineups`` have in common.

    Parameters
    ----------
    lineups
        u8 ``[L, R]``.
    drivers
        Drivers on the slate.

    Returns
    -------
    ``avg_similarity``, ``max_similarity``, ``min_similarity``, 0..1. All are 0 for a single lineup,
    which has no pair.
    """
    if len(lineups) < 2:
        return {"avg_similarity": 0.0, "max_similarity": 0.0, "min_similarity": 0.0}
    holds = np.zeros((len(lineups), drivers), dtype=np.int64)
    holds[np.arange(len(lineups))[:, None], lineups] = 1
    shared = (holds @ holds.T)[np.triu_indices(len(lineups), k=1)] / lineups.shape[1]
    return {
        "avg_similarity": float(shared.mean()),
        "max_similarity": float(shared.max()),
        "min_similarity": float(shared.min()),
    }
