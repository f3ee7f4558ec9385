"""The branch of the search tree that a walk stands on, and whom the rules let it pick next.

A lineup is picked position by position in rising order, a level each. A walk's units fix the first
two picks (:func:`begin`), :func:`next_position` proposes every further one and :func:`descend`
keeps it. Positions stand by falling salary, so a driver costs at most as much as the one picked
before, and the cheapest completion is that of the last positions: a comparison each ends a branch
that would miss the floor, or be over the cap. The three walks share these pieces; they differ in
the bound by which they leave a branch.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, piece
from core.lineups._kernels.completions import best_sums
from core.lineups.board import Board

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

NONE = np.int64(-1)
"""No position."""


class Branch(NamedTuple):
    """Drivers picked so far and what they use up, by how many they are.

    Parameters
    ----------
    picks
        Position picked at each level, i64 ``[R]``; at the walk's own level the one tried last.
    masks
        Positions picked as bits, u64 ``[R + 1]``.
    spent
        USD, i64 ``[R + 1]``.
    used
        Of each budget, i64 ``[R + 1, B]``.
    cheapest
        USD of the r cheapest drivers, i64 ``[R + 1]``.
    least
        The least that r drivers at or after a position take of each budget, i64
        ``[B, R + 1, P + 1]``.
    in_order
        Scratch for a whole lineup's drivers, i64 ``[R]``.
    """

    picks: I64
    masks: U64
    spent: I64
    used: I64
    cheapest: I64
    least: I64
    in_order: I64


@compiled
def new_branch(board: Board) -> Branch:
    """Branch of no driver yet."""
    size, rows = board.roster_size, board.salaries.shape[0]
    budgets = board.budgets.limits.shape[0]
    cheapest = np.zeros(size + 1, dtype=np.int64)
    for r in range(1, size + 1):
        cheapest[r] = cheapest[r - 1] + board.salaries[rows - r]
    least = np.zeros((budgets, size + 1, rows + 1), dtype=np.int64)
    for b in range(budgets):
        least[b] = -best_sums(-board.budgets.amounts[b], size)
    return Branch(
        picks=np.zeros(size, dtype=np.int64),
        masks=np.zeros(size + 1, dtype=np.uint64),
        spent=np.zeros(size + 1, dtype=np.int64),
        used=np.zeros((size + 1, budgets), dtype=np.int64),
        cheapest=cheapest,
        least=least,
        in_order=np.zeros(size, dtype=np.int64),
    )


@piece
def bit(position: np.int64) -> np.uint64:
    """Mask of one position."""
    return np.uint64(1) << np.uint64(position)


@piece
def _passes_lock(board: Board, mask: np.uint64, position: np.int64) -> bool:
    """Whether a locked driver before ``position`` is missing from the lineup so far."""
    before = bit(position) - np.uint64(1)
    return bool((board.groups.locked & before & ~mask) != np.uint64(0))


@piece
def _overdraws(board: Board, branch: Branch, level: int, position: np.int64) -> bool:
    """Whether picking ``position``, with the least that the others take, is over some budget.

    Writes what is used with it.
    """
    after = board.roster_size - level - 1
    over = False
    for b in range(board.budgets.limits.shape[0]):
        used = branch.used[level, b] + board.budgets.amounts[b, position]
        branch.used[level + 1, b] = used
        over |= used + branch.least[b, after, position + 1] > board.budgets.limits[b]
    return over


@piece
def begin(board: Board, branch: Branch, pair: U8) -> bool:
    """Pick a pair of positions; whether salary, locks and budgets may allow a lineup with it."""
    first, second = np.int64(pair[0]), np.int64(pair[1])
    spent = board.salaries[first] + board.salaries[second]
    mask = bit(first) | bit(second)
    if spent + branch.cheapest[board.roster_size - 2] > board.cap:
        return False
    if _passes_lock(board, mask, second):
        return False
    branch.picks[0] = first
    branch.picks[1] = second
    branch.picks[2] = second
    branch.spent[1] = board.salaries[first]
    branch.spent[2] = spent
    branch.masks[2] = mask
    _overdraws(board, branch, 0, first)
    return not _overdraws(board, branch, 1, second)


@piece
def next_position(board: Board, branch: Branch, level: int) -> np.int64:
    """Next position at ``level`` that salary, locks and budgets leave open, or ``NONE``."""
    left = board.roster_size - level
    last = board.salaries.shape[0] - left
    spent, mask = branch.spent[level], branch.masks[level]
    position = np.int64(branch.picks[level])
    while True:
        position += 1
        if position > last or _passes_lock(board, mask, position):
            return NONE
        salary = board.salaries[position]
        if spent + salary + branch.cheapest[left - 1] > board.cap:
            continue
        if spent + left * salary < board.floor:
            return NONE
        if branch.least.shape[0] == 0 or not _overdraws(board, branch, level, position):
            branch.picks[level] = position
            return position


@piece
def descend(board: Board, branch: Branch, level: int) -> None:
    """Keep the pick of ``level``, and begin the level below after it."""
    position = branch.picks[level]
    branch.spent[level + 1] = branch.spent[level] + board.salaries[position]
    branch.masks[level + 1] = branch.masks[level] | bit(position)
    branch.picks[level + 1] = position


@piece
def first_affordable(board: Board, branch: Branch, level: int) -> np.int64:
    """First position that the cap leaves open below the pick of ``level``.

    Whoever completes the lineup stands at or after it.
    """
    position = branch.picks[level]
    left = board.roster_size - level - 1
    room = board.cap - branch.spent[level] - board.salaries[position]
    first = np.int64(position + 1)
    while board.salaries[first] + branch.cheapest[left - 1] > room:
        first += 1
    return first


@piece
def lineup_key(board: Board, branch: Branch) -> np.int64:
    """Slate indices of a whole lineup's drivers, sorted and packed in 6 bits each.

    The first driver has the highest bits, so keys compare as sorted lineups do.
    """
    size = board.roster_size
    for i in range(size):
        driver = np.int64(board.drivers[branch.picks[i]])
        j = i
        while j > 0 and branch.in_order[j - 1] > driver:
            branch.in_order[j] = branch.in_order[j - 1]
            j -= 1
        branch.in_order[j] = driver
    key = np.int64(0)
    for i in range(size):
        key = (key << 6) | branch.in_order[i]
    return key
