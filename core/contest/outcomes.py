"""Exact distributions of winnings: every amount that was won, and in how many simulations."""

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
    """Distribution of one amount over all simulations.

    Parameters
    ----------
    values
        The different amounts, micro-dollars, ascending, int64 ``[M]``.
    counts
        Number of simulations with each amount, int64 ``[M]``.
    """

    values: Ints
    counts: Ints

    @property
    def simulations(self) -> int:
        """Number of simulations."""
        return int(self.counts.sum())

    def mean(self) -> float:
        """Mean amount."""
        return self._total(len(self.values)) / self.simulations

    def std(self) -> float | None:
        """Standard deviation of the amount (divisor n - 1); ``None`` for one simulation."""
        n = self.simulations
        if n < 2:
            return None
        deviations = self.values - self.mean()
        return sqrt(fsum((self.counts * deviations * deviations).tolist()) / (n - 1))

    def quantile(self, share: Fraction) -> int:
        """Least of the amounts that at least ``share`` of the simulations do not exceed."""
        rank = max(1, ceil(share * self.simulations))
        return int(self.values[np.searchsorted(np.cumsum(self.counts), rank)])

    def lower_mean(self, share: Fraction) -> float:
        """Mean of the worst ``share`` of the simulations, the boundary one counted in part."""
        worst = share * self.simulations
        reached = np.cumsum(self.counts)
        index = int(np.searchsorted(reached, ceil(worst)))
        before = int(reached[index - 1]) if index else 0
        boundary = (worst - before) * int(self.values[index])
        return float((self._total(index) + boundary) / worst)

    def _total(self, stop: int) -> int:
        """Sum over the simulations with one of the first ``stop`` amounts."""
        return sum(
            value * count
            for value, count in zip(
                self.values[:stop].tolist(), self.counts[:stop].tolist(), strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Distributions of winnings in one record: a row for each own lineup, then the portfolio's.

    Parameters
    ----------
    keys
        ``row * 2**53 + amount``, ascending and different, int64 ``[M]``: amounts are below 2**53
        micro-dollars (9 billion USD) and rows below 1,024.
    counts
        Number of simulations with each key, int64 ``[M]``.
    """

    keys: Ints
    counts: Ints

    @classmethod
    def of(cls, amounts: Ints) -> "Outcomes":
        """Distributions of amounts in S simulations, int64 ``[S, rows]``, each 0 to 2**53."""
        rows = np.arange(amounts.shape[1], dtype=np.int64) << _ROW_SHIFT
        paid = amounts != 0
        unpaid = len(amounts) - paid.sum(axis=0, dtype=np.int64)
        # most entries win nothing: counting those apart leaves little to sort
        keys, counts = np.unique((amounts + rows)[paid], return_counts=True)
        none = unpaid > 0
        index = np.searchsorted(keys, rows[none])
        return cls(np.insert(keys, index, rows[none]), np.insert(counts, index, unpaid[none]))

    @classmethod
    def merge(cls, parts: Sequence["Outcomes"]) -> "Outcomes":
        """Distributions of all parts' simulations together; the order of parts does not matter."""
        keys = np.concatenate([part.keys for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        # each part is sorted already, and a stable sort only merges such runs
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        new = np.ones(len(keys), dtype=np.bool_)
        new[1:] = keys[1:] != keys[:-1]
        first = np.flatnonzero(new)
        return cls(keys[first], np.add.reduceat(counts[order], first))

    def row(self, row: int) -> Distribution:
        """Distribution of one row."""
        start, end = np.searchsorted(self.keys, [row << _ROW_SHIFT, (row + 1) << _ROW_SHIFT])
        return Distribution(self.keys[start:end] - (row << _ROW_SHIFT), self.counts[start:end])
