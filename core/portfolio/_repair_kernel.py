"""The compiled loop that exchanges lineups until a portfolio breaks no limit."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, piece

# Knuth's linear congruential generator: its high bits choose among equally good exchanges
_FACTOR = np.uint64(6_364_136_223_846_793_005)
_STEP = np.uint64(1_442_695_040_888_963_407)
_HIGH = np.uint64(33)
# exchanges for which a lineup may not come back, and a random number more of them
_BARRED = 10
_BARRED_MORE = 10


class Bounds(NamedTuple):
    """What a portfolio must hold.

    Parameters
    ----------
    groups
        Groups of drivers that each lineup touches, i64 ``[K, W]``: drivers, then teams; -1 fills a
        row.
    fewest, most
        Fewest and most lineups that touch each group, i64 ``[G]``.
    shared_most
        Most drivers that two lineups may share.
    """

    groups: npt.NDArray[np.int64]
    fewest: npt.NDArray[np.int64]
    most: npt.NDArray[np.int64]
    shared_most: int


@piece
def _shared(first: int, second: int) -> int:
    """Number of drivers that two lineups, one bit a driver, have in common."""
    left, count = first & second, 0
    while left:
        left &= left - 1
        count += 1
    return count


@compiled
def exchange_until_kept(
    masks: npt.NDArray[np.int64],
    bounds: Bounds,
    chosen: npt.NDArray[np.int64],
    most_looks: int,
) -> bool:
    """Exchange lineups of ``chosen`` in place; returns whether the portfolio breaks no limit.

    Parameters
    ----------
    masks
        The pool, a bit for each driver, i64 ``[K]``.
    bounds
        What the portfolio must hold.
    chosen
        Indices of the portfolio's lineups, i64 ``[n]``, all different.
    most_looks
        Lineups looked at before the search is given up.
    """
    count, n = len(masks), len(chosen)
    groups, fewest, most = bounds.groups, bounds.fewest, bounds.most
    width = groups.shape[1]
    held = np.zeros(len(fewest), np.int64)
    too_close = np.zeros(count, np.int64)
    inside = np.zeros(count, np.bool_)
    barred_until = np.zeros(count, np.int64)
    for index in chosen:
        inside[index] = True
        for place in range(width):
            if groups[index, place] >= 0:
                held[groups[index, place]] += 1
        for other in range(count):
            if other != index and _shared(masks[index], masks[other]) > bounds.shared_most:
                too_close[other] += 1
    random = np.uint64(1)
    looks, turn = 0, 0
    while True:
        lacking = 0
        for group in range(len(held)):
            lacking += max(held[group] - most[group], 0) + max(fewest[group] - held[group], 0)
        # who goes: the lineup that breaks most, by turns among equals
        worst, worst_at, ties = -1, -1, 0
        broken = lacking
        for at in range(n):
            index = chosen[at]
            breaks = too_close[index]
            broken += breaks
            for place in range(width):
                group = groups[index, place]
                if group >= 0:
                    breaks += held[group] > most[group]
                    breaks -= held[group] <= fewest[group]
            if barred_until[index] > turn:
                continue
            if breaks > worst or worst_at < 0:
                worst, worst_at, ties = breaks, at, 1
            elif breaks == worst:
                ties += 1
                random = random * _FACTOR + _STEP
                if (random >> _HIGH) % np.uint64(ties) == np.uint64(0):
                    worst_at = at
        if broken == 0:
            return True
        if looks >= most_looks:
            return False
        turn += 1
        if worst_at < 0:
            continue
        gone = chosen[worst_at]
        inside[gone] = False
        for place in range(width):
            if groups[gone, place] >= 0:
                held[groups[gone, place]] -= 1
        for other in range(count):
            if other != gone and _shared(masks[gone], masks[other]) > bounds.shared_most:
                too_close[other] -= 1
        # who comes: the lineup that breaks least
        best, come, ties = np.int64(1) << 40, gone, 0
        for index in range(count):
            if inside[index] or index == gone or barred_until[index] > turn:
                continue
            breaks = 2 * too_close[index]
            if breaks > best:
                continue
            for place in range(width):
                group = groups[index, place]
                if group >= 0:
                    breaks += held[group] >= most[group]
                    breaks -= held[group] < fewest[group]
            if breaks < best:
                best, come, ties = breaks, index, 1
            elif breaks == best:
                ties += 1
                random = random * _FACTOR + _STEP
                if (random >> _HIGH) % np.uint64(ties) == np.uint64(0):
                    come = index
        looks += count
        chosen[worst_at] = come
        inside[come] = True
        for place in range(width):
            if groups[come, place] >= 0:
                held[groups[come, place]] += 1
        for other in range(count):
            if other != come and _shared(masks[come], masks[other]) > bounds.shared_most:
                too_close[other] += 1
        random = random * _FACTOR + _STEP
        barred = _BARRED + np.int64((random >> _HIGH) % np.uint64(_BARRED_MORE))
        barred_until[gone] = turn + barred
        barred_until[come] = turn + (n if n < barred else barred) // 2
