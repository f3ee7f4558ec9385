"""Exact distributions of winnings: every amount that occurred, with how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, fsum, sqrt

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_ROW_SHIFT = 53
MOST_ROWS = 1 << 10


@dataclass(frozen=True, slots=True)
class Distribution:
    """One quantity over all simulations.

    Parameters
    ----------
    values
        Different amounts, ascending, int64 ``[M]``.
    counts
        Simulations with each, int64 ``[M]``.
    """

    values: Ints
    counts: Ints

    @property
    def simulations(self) -> int:
        """Simulations in all."""
        return int(self.counts.sum())

    def mean(self) -> float:
        """Give the mean."""
        return self._total(len(self.values)) / self.simulations

    def std(self) -> float | None:
        """Give the standard deviation of one simulation (divisor n - 1); nothing for one alone."""
        n = self.simulations
        if n < 2:
            return None
        away = self.values - self.mean()
        return sqrt(fsum((self.counts * away * away).tolist()) / (n - 1))

    def quantile(self, share: Fraction) -> int:
        """Give the least amount not exceeded in at least ``share`` of the simulations."""
        rank = max(1, ceil(share * self.simulations))
        return int(self.values[np.searchsorted(np.cumsum(self.counts), rank)])

    def lower_mean(self, share: Fraction) -> float:
        """Give the mean of the worst ``share`` of simulations, the boundary one in part."""
        worst = share * self.simulations
        reached = np.cumsum(self.counts)
        place = int(np.searchsorted(reached, ceil(worst)))
        before = int(reached[place - 1]) if place else 0
        boundary = (worst - before) * int(self.values[place])
        return float((self._total(place) + boundary) / worst)

    def _total(self, places: int) -> int:
        return sum(
            value * count
            for value, count in zip(
                self.values[:places].tolist(), self.counts[:places].tolist(), strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A distribution per row: each own lineup, then the portfolio.

    Parameters
    ----------
    keys
        ``row * 2**53 + amount``, ascending and different, int64 ``[M]``: amounts are below 2**53
        micro-dollars (9 billion USD) and rows below 1,024.
    counts
        Simulations with each, int64 ``[M]``.
    """

    keys: Ints
    counts: Ints

    @classmethod
    def of(cls, amounts: Ints) -> "Outcomes":
        """Count amounts ``[S, rows]``, each 0 to 2**53."""
        rows = np.arange(amounts.shape[1], dtype=np.int64) << _ROW_SHIFT
        paid = amounts != 0
        unpaid = len(amounts) - paid.sum(axis=0, dtype=np.int64)
        # most entries win nothing: only what was won has to be sorted
        keys, counts = np.unique((amounts + rows)[paid], return_counts=True)
        none = unpaid > 0
        place = np.searchsorted(keys, rows[none])
        return cls(np.insert(keys, place, rows[none]), np.insert(counts, place, unpaid[none]))

    @classmethod
    def merge(cls, parts: Sequence["Outcomes"]) -> "Outcomes":
        """Add distributions up; the order cannot matter."""
        keys = np.concatenate([part.keys for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        # each part is in order already, which a stable sort makes use of
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        new = np.ones(len(keys), dtype=np.bool_)
        new[1:] = keys[1:] != keys[:-1]
        first = np.flatnonzero(new)
        return cls(keys[first], np.add.reduceat(counts[order], first))

    def row(self, row: int) -> Distribution:
        """Give one row's distribution."""
        start, end = np.searchsorted(self.keys, [row << _ROW_SHIFT, (row + 1) << _ROW_SHIFT])
        return Distribution(self.keys[start:end] - (row << _ROW_SHIFT), self.counts[start:end])
