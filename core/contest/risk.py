"""Dollars with their risk taken off: mean profit less k times the CVaR of the loss.

A portfolio that wins ``W`` in a race, for fees of ``F``, loses ``L = F - W``. Its CVaR is the mean
loss of the worst 5% of races, the boundary race counted with the fraction of it that lies inside
(Rockafellar and Uryasev, "Conditional value-at-risk for general loss distributions", 2002). So::

    mean(W - F) - k CVaR(L) = mean(W) + k worst(W) - (1 + k) F

with ``worst(W)`` the mean winnings of the worst 5% of races. That is the least of all
``sum_s q_s W_s`` with weights q of at most 1 / (5% of the races) that sum to 1: concave in W, with
the weights that attain it, :func:`tail_weights`, for a supergradient ("Optimization of conditional
value-at-risk", 2000). As fees are the same for any portfolio of as many lineups, they are left out
of a worth here.

Each lineup meets the field alone, as :func:`~core.contest.value.value_lineups` values it: own
lineups neither push each other down nor share prizes.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from core.contest.steps import PrizeSteps

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Micros = npt.NDArray[np.int64]

_WORST = 20  # one race in so many is among the worst
_MOST_BITS = 62


def worst_mean(winnings: Micros) -> Floats:
    """Mean of the least 5% of winnings over the last axis, the boundary race counted in part.

    Parameters
    ----------
    winnings
        Micro-dollars by race, i64 ``[.., N]``, N at least 1.

    Returns
    -------
    f64 ``[..]``, in micro-dollars. Sums are whole, so every machine gives the same.
    """
    return _mean_of_least(winnings, winnings.shape[-1] / _WORST)


def _mean_of_least(winnings: Micros, mass: float) -> Floats:
    """Mean of the ``mass`` least winnings over the last axis."""
    races = ceil(mass)
    worst = np.partition(winnings, races - 1, axis=-1)[..., :races]
    boundary = worst[..., races - 1]
    total = worst.sum(axis=-1, dtype=np.int64)
    return np.asarray((total - (races - mass) * boundary) / mass)


def tail_weights(winnings: Micros) -> Floats:
    """Weights of the races in :func:`worst_mean`, f64 ``[N]``, summing to 1.

    Races that win as much as the boundary race share evenly what is left of the 5%: none of them is
    worse than another.

    Parameters
    ----------
    winnings
        Of the portfolio, micro-dollars by race, i64 ``[N]``.
    """
    mass = len(winnings) / _WORST
    races = ceil(mass)
    boundary = np.partition(winnings, races - 1)[races - 1]
    below, at = winnings < boundary, winnings == boundary
    weights = np.zeros(len(winnings))
    weights[below] = 1.0 / mass
    weights[at] = (mass - int(below.sum())) / int(at.sum()) / mass
    return weights


def reweighted(steps: PrizeSteps, weights: Floats) -> PrizeSteps:
    """Prizes times the weights of their races, whole and rising as the prizes are.

    Parameters
    ----------
    steps
        What any score wins in each race.
    weights
        f64 ``[N]``, each at least 1.

    Returns
    -------
    PrizeSteps
        In micro-dollars, or, where their sums over the races would not fit 64 bits, in the least
        multiple of a micro-dollar with which they do.
    """
    highest = float(steps.micros.max()) * float(weights.max()) * len(weights)
    unit = max(1, ceil(highest / 2.0**_MOST_BITS))
    micros = np.floor(steps.micros * (weights / unit)[:, None]).astype(np.int64)
    # a prize is above 0
    return PrizeSteps(steps.breaks, np.maximum(micros, 1))


@dataclass(frozen=True, slots=True)
class RiskAdjustedWinnings:
    """What portfolios of some lineups are worth: mean winnings plus k times those of the worst 5%.

    Parameters
    ----------
    winnings
        Of each lineup alone, micro-dollars by race, i64 ``[K, N]``.
    risk_aversion
        k, at least 0.
    totals
        N times the mean winnings of each lineup, i64 ``[K]``. They may be known better than from
        these races; by default they are the winnings in them.
    """

    winnings: Micros
    risk_aversion: float
    totals: Micros

    @classmethod
    def of(
        cls, winnings: Micros, risk_aversion: float, totals: Micros | None = None
    ) -> "RiskAdjustedWinnings":
        """What portfolios are worth by these winnings; the parameters are those of the class."""
        return cls(winnings, risk_aversion, winnings.sum(axis=1) if totals is None else totals)

    def at(self, picked: Indices) -> "HeldWinnings":
        """The portfolio of the lineups ``picked``."""
        return HeldWinnings(self, self.winnings[picked].sum(axis=0), int(self.totals[picked].sum()))


@dataclass(frozen=True, slots=True)
class HeldWinnings:
    """One portfolio, its worth in micro-dollars a race.

    Parameters
    ----------
    lineups
        The lineups that may be held.
    won
        By those that are held together, micro-dollars by race, i64 ``[N]``.
    total
        N times their mean winnings together.
    """

    lineups: RiskAdjustedWinnings
    won: Micros
    total: int

    @property
    def worth(self) -> float:
        """Mean winnings plus k times those of the worst 5% of races."""
        mean = self.total / len(self.won)
        return mean + self.lineups.risk_aversion * float(worst_mean(self.won))

    @property
    def slopes(self) -> Floats:
        """What each lineup adds to the worth at the most, f64 ``[K]``: a supergradient.

        Those of the lineups that are held sum to the worth.
        """
        winnings, weights = self.lineups.winnings, tail_weights(self.won)
        worst = np.zeros(len(winnings))
        # two different weights above 0: whole sums, so that every machine gives the same
        for weight in np.unique(weights[weights > 0.0]):
            worst += weight * winnings[:, weights == weight].sum(axis=1, dtype=np.int64)
        means: Floats = self.lineups.totals / len(self.won)
        return means + self.lineups.risk_aversion * worst

    def exchanged(self, out: int, candidates: Indices) -> Floats:
        """The worth with each candidate in the place of a lineup that is held, f64 ``[M]``."""
        winnings = self.lineups.winnings
        rest = self.won - winnings[out]
        totals = self.lineups.totals
        mean = (self.total - int(totals[out]) + totals[candidates]) / len(rest)
        near = _near_the_worst(rest, winnings, candidates)
        won = rest[near] + winnings[np.ix_(candidates, near)]
        return mean + self.lineups.risk_aversion * _mean_of_least(won, len(rest) / _WORST)


def _near_the_worst(rest: Micros, winnings: Micros, candidates: Indices) -> Indices:
    """Races that can be among the worst 5% when a candidate's winnings come to ``rest``.

    Of twice as many races, those that win least without a candidate, the worst half bounds the
    boundary race's winnings; a race that wins more without a candidate is beyond it with one.
    """
    races = ceil(len(rest) / _WORST)
    if 2 * races >= len(rest) or not len(candidates):
        return np.arange(len(rest))
    least = np.argpartition(rest, 2 * races - 1)[: 2 * races]
    won = rest[least] + winnings[np.ix_(candidates, least)]
    boundary = np.partition(won, races - 1, axis=-1)[:, races - 1]
    return np.flatnonzero(rest <= boundary.max())
