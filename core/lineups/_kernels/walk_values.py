"""The walk by summed value, compiled."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, loop, piece
from core.lineups._kernels.branch import (
    NONE,
    Branch,
    begin,
    bit,
    descend,
    lineup_key,
    new_branch,
    next_position,
)
from core.lineups._kernels.completions import best_sums
from core.lineups._kernels.groups import could_obey, obeys
from core.lineups._kernels.heap import Heap, is_worse, offer
from core.lineups.board import Board

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


class Charges(NamedTuple):
    """What a lineup pays once if it holds a driver of ``masks[c]``: ``costs[c] >= 0``, ``[C]``."""

    masks: U64
    costs: I64


class _Worth(NamedTuple):
    """Values of a branch.

    Parameters
    ----------
    values
        Of each position, i64 ``[P]``.
    best
        Most that r drivers at or after a position add, i64 ``[R + 1, P + 1]``.
    picked
        Of so many drivers picked, together, i64 ``[R + 1]``.
    """

    values: I64
    best: I64
    picked: I64


@piece
def _charged(charges: Charges, mask: np.uint64) -> np.int64:
    """Sum of the charges that a lineup pays."""
    total = np.int64(0)
    for c in range(charges.costs.shape[0]):
        if (mask & charges.masks[c]) != np.uint64(0):
            total += charges.costs[c]
    return total


@loop
def _walk(
    board: Board, units: U8, charges: Charges, branch: Branch, worth: _Worth, heap: Heap
) -> tuple[int, int]:
    size, groups, limit = board.roster_size, board.groups, heap.keys.shape[0]
    ruled = groups.masks.shape[0] > 0 or groups.locked != np.uint64(0)
    count = reached = 0
    for u in range(units.shape[0]):
        if not begin(board, branch, units[u]):
            continue
        second = branch.picks[1]
        if ruled and not could_obey(groups, branch.masks[2], second, size - 2):
            continue
        worth.picked[2] = worth.values[branch.picks[0]] + worth.values[second]
        level = 2
        while level >= 2:
            p = next_position(board, branch, level)
            left = size - level
            if p == NONE or (
                count == limit and worth.picked[level] + worth.best[left, p] < heap.scores[0]
            ):
                level -= 1
                continue
            mask = branch.masks[level] | bit(p)
            score = worth.picked[level] + worth.values[p]
            if left > 1:
                if ruled and not could_obey(groups, mask, p, left - 1):
                    continue
                worth.picked[level + 1] = score
                descend(board, branch, level)
                level += 1
                continue
            if not obeys(groups, mask):
                continue
            reached += 1
            score -= _charged(charges, mask)
            if count == limit and score < heap.scores[0]:
                continue
            key = lineup_key(board, branch)
            if count < limit or not is_worse(score, key, heap.scores[0], heap.keys[0]):
                count = offer(heap, count, score, key)
    return count, reached


@compiled
def walk_values(
    board: Board, units: U8, values: I64, charges: Charges, limit: int
) -> tuple[I64, I64, int]:
    """Lineups of the largest summed value, exactly.

    A level is left where the best completion from its next position on stays below the worst of
    ``limit`` lineups already found: that of a later position is no better.

    ``values`` i64 ``[P]`` by position. Returns scores i64 ``[k]``, keys i64 ``[k]`` (unordered) and
    the number of legal lineups reached.
    """
    size = board.roster_size
    worth = _Worth(values, best_sums(values, size), np.zeros(size + 1, dtype=np.int64))
    scores, keys = np.empty(limit, dtype=np.int64), np.empty(limit, dtype=np.int64)
    count, reached = _walk(board, units, charges, new_branch(board), worth, Heap(scores, keys))
    return scores[:count], keys[:count], reached
