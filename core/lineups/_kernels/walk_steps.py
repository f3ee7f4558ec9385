"""The walk by prizes, compiled.

The steps from score to prize are bounded from above by a few classes: the same prizes in every
scenario, class c adding ``gains[c]`` where the score reaches ``needs[c, s]``. Counting scenarios
then bounds what a lineup wins; with the best completion of every scenario in the place of the
score, what any lineup of a branch does. The classes stand from the highest prize down, so what the
lower ones can still add, as counted one level up, often ends the count early.
"""

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
    first_affordable,
    lineup_key,
    new_branch,
    next_position,
)
from core.lineups._kernels.completions import best_completions
from core.lineups._kernels.groups import obeys
from core.lineups._kernels.heap import Heap, offer
from core.lineups._kernels.prizes import Steps, winnings
from core.lineups._kernels.rows import add_rows
from core.lineups.board import Board

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Whole = npt.NDArray[np.int16 | np.int32]

_COUNTED = 2**15


class StepBound(NamedTuple):
    """Points and classes of prizes that bound what they win.

    Parameters
    ----------
    points
        Ticks, ``[P, N]``.
    needs
        Of the same type, which holds any difference of the two, ``[C, N]``: the score from which
        class c is reached.
    gains
        What class c adds, i64 ``[C]``, the highest prize first.
    """

    points: Whole
    needs: Whole
    gains: I64


class _State(NamedTuple):
    """Where a walk stands, what it has found, and scratch.

    Parameters
    ----------
    branch
        The branch.
    completions
        The most that r drivers at or after a position add, ``[R - 1, P + 1, N]``.
    need
        What is still lacking to each class, by how many drivers are picked, ``[R - 1, C, N]``.
    still
        The most that class c and the lower ones add below a branch, i64 ``[R + 1, C + 1]``.
    adds
        The most that each class adds below the pick looked at last, i64 ``[C]``.
    row
        Points that are held against the need, ``[N]``.
    heap
        The best lineups so far.
    scores, paid
        See :func:`~core.lineups._kernels.prizes.winnings`.
    """

    branch: Branch
    completions: Whole
    need: Whole
    still: I64
    adds: I64
    row: Whole
    heap: Heap
    scores: I32
    paid: I32


@piece
def _reaching(row: Whole, need: Whole) -> np.int64:
    """In how many scenarios a row reaches what is needed."""
    total = np.int64(0)
    for begin_at in range(0, row.shape[0], _COUNTED):
        some = row[begin_at : begin_at + _COUNTED]
        needed = need[begin_at : begin_at + _COUNTED]
        # as narrow as what it counts, so that one instruction counts many
        count = np.uint16(0)
        for i in range(some.shape[0]):
            if some[i] >= needed[i]:
                count = np.uint16(count + np.uint16(1))
        total += np.int64(count)
    return total


@compiled
def step_bounds(bound: StepBound, lineups: U8) -> I64:
    """Bound of each lineup ``[K, R]``, as it stands at the leaf of :func:`walk_steps`."""
    points = bound.points
    bounds = np.zeros(lineups.shape[0], dtype=np.int64)
    row = np.empty(points.shape[1], dtype=points.dtype)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], row)
        for c in range(bound.gains.shape[0]):
            bounds[k] += bound.gains[c] * _reaching(row, bound.needs[c])
    return bounds


@piece
def _add(one: Whole, other: Whole, total: Whole) -> None:
    for i in range(total.shape[0]):
        total[i] = one[i] + other[i]


@piece
def _need_below_pair(bound: StepBound, state: _State) -> None:
    """Write what classes need below a pair, and the most that they may add."""
    first, second = state.branch.picks[0], state.branch.picks[1]
    for c in range(bound.gains.shape[0]):
        for i in range(bound.points.shape[1]):
            picked = bound.points[first, i] + bound.points[second, i]
            state.need[2, c, i] = bound.needs[c, i] - picked
    for c in range(bound.gains.shape[0] + 1):
        state.still[2, c] = state.still[0, c]


@piece
def _may_win(bound: StepBound, state: _State, level: int, at_least: int) -> bool:
    """Whether ``row``, held against the need of ``level``, may win ``at_least``."""
    need = state.need[min(level, state.need.shape[0] - 1)]
    total = np.int64(0)
    for c in range(bound.gains.shape[0]):
        state.adds[c] = bound.gains[c] * _reaching(state.row, need[c])
        total += state.adds[c]
        if total + state.still[level, c + 1] < at_least:
            return False
    return True


@piece
def _need_below(bound: StepBound, state: _State, level: int, position: np.int64) -> None:
    """Write what classes need below ``position``, picked at ``level``, and the most they add.

    The last level looks at the need of the one above: it has too few leaves to repay the copy.
    """
    for c in range(bound.gains.shape[0] - 1, -1, -1):
        state.still[level + 1, c] = state.still[level + 1, c + 1] + state.adds[c]
    if level + 1 < state.need.shape[0]:
        for c in range(bound.gains.shape[0]):
            for i in range(bound.points.shape[1]):
                need = state.need[level, c, i] - bound.points[position, i]
                state.need[level + 1, c, i] = need


@loop
def _walk(
    board: Board, units: U8, bound: StepBound, steps: Steps, at_least: int, state: _State
) -> tuple[int, int, int, int]:
    size, branch, points = board.roster_size, state.branch, bound.points
    count = bounded = evaluated = cut = 0
    for u in range(units.shape[0]):
        if not begin(board, branch, units[u]):
            continue
        _need_below_pair(bound, state)
        level = 2
        while level >= 2:
            p = next_position(board, branch, level)
            left = size - level
            if p == NONE:
                level -= 1
                continue
            if left > 1:
                completion = state.completions[left - 1, first_affordable(board, branch, level)]
                _add(points[p], completion, state.row)
                if not _may_win(bound, state, level, at_least):
                    cut += 1
                    continue
                _need_below(bound, state, level, p)
                descend(board, branch, level)
                level += 1
                continue
            if not obeys(board.groups, branch.masks[level] | bit(p)):
                continue
            bounded += 1
            _add(points[branch.picks[level - 1]], points[p], state.row)
            if not _may_win(bound, state, level, at_least):
                continue
            evaluated += 1
            add_rows(points, branch.picks, state.scores)
            score = winnings(state.scores, steps, state.paid)
            if score >= at_least:
                count = offer(state.heap, count, score, lineup_key(board, branch))
    return count, bounded, evaluated, cut


@compiled
def walk_steps(
    board: Board, units: U8, bound: StepBound, steps: Steps, at_least: int, limit: int
) -> tuple[I64, I64, int, int, int]:
    """Lineups that win most over all scenarios, exactly.

    A branch is cut where its bound lies below ``at_least``, never by what was found before: so what
    is cut does not depend on where a walk begins.

    Returns values i64 ``[k]``, keys i64 ``[k]`` (unordered), and counts: legal lineups bounded one
    by one, lineups evaluated, branches cut.
    """
    size, classes = board.roster_size, bound.gains.shape[0]
    rows, scenarios = bound.points.shape
    completions = np.zeros((size - 1, rows + 1, scenarios), dtype=bound.points.dtype)
    widest = best_completions(bound.points, size - 2)
    for r in range(size - 1):
        # no sum of more drivers than there are is ever read, nor would it fit
        for p in range(rows - r + 1):
            for i in range(scenarios):
                completions[r, p, i] = widest[r, p, i]
    still = np.zeros((size + 1, classes + 1), dtype=np.int64)
    for c in range(classes - 1, -1, -1):
        still[0, c] = still[0, c + 1] + bound.gains[c] * scenarios
    won, keys = np.empty(limit, dtype=np.int64), np.empty(limit, dtype=np.int64)
    state = _State(
        branch=new_branch(board),
        completions=completions,
        need=np.empty((size - 1, classes, scenarios), dtype=bound.points.dtype),
        still=still,
        adds=np.zeros(classes, dtype=np.int64),
        row=np.empty(scenarios, dtype=bound.points.dtype),
        heap=Heap(won, keys),
        scores=np.empty(scenarios, dtype=np.int32),
        paid=np.empty(scenarios, dtype=np.int32),
    )
    count, bounded, evaluated, cut = _walk(board, units, bound, steps, at_least, state)
    return won[:count], keys[:count], bounded, evaluated, cut
