"""Lineups and races as the compiled loops read them: checked here, as those do not look."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.field import Field
from core.sites import Ticks

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint16]
Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]

_WIDEST_SHORT = (1 << 16) - 1


def pair_codes(lineups: npt.NDArray[np.uint8], drivers: int, roster_size: int) -> Codes:
    """Lineups ``[U, R]`` as columns of pairs, ``[ceil(R / 2), U]``.

    Pair (a, b) is ``a * (drivers + 1) + b``; an odd roster is filled up with the driver that does
    not exist, index ``drivers``, who scores 0.

    Raises
    ------
    ValueError
        Lineups of another size, of drivers without points, or not ascending.
    """
    if lineups.shape[1] != roster_size or int(lineups.max(initial=0)) >= drivers:
        raise ValueError(f"these are no lineups of {roster_size} out of {drivers} drivers")
    if bool((lineups[:, 1:] <= lineups[:, :-1]).any()):
        raise ValueError("a lineup's drivers must ascend")
    wide = lineups.astype(np.uint16)
    if wide.shape[1] % 2:
        wide = np.column_stack([wide, np.full(len(wide), drivers, dtype=np.uint16)])
    return np.ascontiguousarray((wide[:, 0::2] * np.uint16(drivers + 1) + wide[:, 1::2]).T)


class PackedLineups(NamedTuple):
    """Lineups as heads and tails: codes of pairs, see :func:`pair_codes`.

    Parameters
    ----------
    heads
        Pairs of each different head, u16 ``[P - 1, H]``.
    head, tail
        Of each lineup: the index of its head, rising, u32 ``[U]``, and its last pair, u16 ``[U]``.
    copies
        Entries, u32 or u16 ``[U]``.
    """

    heads: Codes
    head: npt.NDArray[np.uint32]
    tail: Codes
    copies: Counts

    @property
    def entries(self) -> int:
        """Entries in all."""
        return int(self.copies.sum(dtype=np.int64))

    @classmethod
    def of(cls, field: Field, drivers: int, roster_size: int) -> "PackedLineups":
        """Pack a field; its lineups stand in lexicographic order, so equal heads are neighbours."""
        codes = pair_codes(field.lineups, drivers, roster_size)
        new = np.ones(codes.shape[1], dtype=np.bool_)
        new[1:] = (codes[:-1, 1:] != codes[:-1, :-1]).any(axis=0)
        return cls(
            np.ascontiguousarray(codes[:-1, new]),
            (np.cumsum(new) - 1).astype(np.uint32),
            codes[-1].copy(),
            field.copies.astype(np.uint32),
        )

    def counted_in(self, counter: Counts) -> "PackedLineups":
        """Copy of the lineups whose copies have the type of ``counter``."""
        if counter.itemsize == self.copies.itemsize:
            return self
        return self._replace(copies=self.copies.astype(np.uint16))


class PackedRaces(NamedTuple):
    """Scenarios side by side in words.

    Parameters
    ----------
    words
        Points above the scenario's worst driver, ``[ceil(N / lanes), D]``; what is left of the last
        word is 0.
    lane
        Empty; its type is that of a score: u16 (four lanes) or u32 (two).
    low, high
        Between which every lineup's score lies, int64 ``[N]``: the worst and best drivers together.
    least
        What was taken off every lineup's score, in ticks, int64 ``[N]``.
    """

    words: Words
    lane: Counts
    low: Ints
    high: Ints
    least: Ints

    @classmethod
    def of(cls, points: Ticks, roster_size: int) -> "PackedRaces":
        """Pack points in ticks, int16 ``[N, D]``."""
        scenarios, drivers = points.shape
        worst = points.min(axis=1, keepdims=True, initial=2**15 - 1).astype(np.int32)
        over = points - worst
        ranked = np.sort(over, axis=1).astype(np.int64)
        short = roster_size * int(over.max(initial=0)) <= _WIDEST_SHORT
        lane: Counts = np.zeros(0, np.uint16) if short else np.zeros(0, np.uint32)
        lanes = 8 // lane.itemsize
        filled = np.zeros((-(-scenarios // lanes) * lanes, drivers), dtype=lane.dtype)
        filled[:scenarios] = over
        side_by_side = filled.reshape(-1, lanes, drivers).transpose(0, 2, 1)
        return cls(
            np.ascontiguousarray(side_by_side).view(np.uint64)[:, :, 0],
            lane,
            ranked[:, :roster_size].sum(axis=1),
            ranked[:, drivers - roster_size :].sum(axis=1),
            roster_size * worst[:, 0].astype(np.int64),
        )

    def counter(self, entries: int) -> Counts:
        """Empty array of the type that counts so many entries, and their sum, exactly."""
        short = entries < 1 << 16 and self.lane.itemsize == 2
        return np.zeros(0, np.uint16) if short else np.zeros(0, np.uint32)
