"""The walk by weighted upper CVaR, compiled.

For any threshold t, ``t + sum(max(score - t, 0)) / mass`` is at least the mean of the best ``mass``
scenarios, and equal to it at the tail's own quantile (Rockafellar and Uryasev, "Optimization of
conditional value-at-risk", Journal of Risk 2, 2000). With the best completion of every scenario in
the place of the score it bounds every lineup of a branch. A scenario in which even the best
completion stays at or below the lowest threshold adds nothing to that bound, here or further down:
a branch carries on only the others.
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
from core.lineups._kernels.completions import best_completions, best_sums
from core.lineups._kernels.groups import obeys
from core.lineups._kernels.heap import Heap, offer
from core.lineups._kernels.rows import add_rows
from core.lineups._kernels.tail_scores import GRID, Tails, tail_score
from core.lineups.board import Board

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# A bound may lie below a score by what the grid rounds up and a few ulps: prune what is clearly so.
SLACK = 2e-6


class TailRaces(NamedTuple):
    """Points by position, in ticks.

    Parameters
    ----------
    points
        i16 ``[P, N]``.
    rests
        Added once a driver held, in 1 / GRID of a tick, i64 ``[P]``.
    span
        How many different sums a lineup can have.
    """

    points: I16
    rests: I64
    span: int


class TailBar(NamedTuple):
    """What is looked for, and where the bound is taken.

    Parameters
    ----------
    at_least
        The score in ticks below which no lineup is looked for.
    thresholds
        In ticks, of each tail, i64 ``[J]``: any value bounds, one near the VaR of good lineups
        best.
    lowest
        The lowest of them.
    """

    at_least: float
    thresholds: I64
    lowest: int


class _Carried(NamedTuple):
    """Scenarios that a branch still carries, by how many drivers are picked.

    Parameters
    ----------
    counts
        How many, i64 ``[R + 1]``.
    scenarios
        Which, i32 ``[R + 1, N]``.
    partial
        Points of the drivers picked, i32 ``[R + 1, N]``.
    table
        Points of each position, i16 ``[R + 1, P, N]``.
    rest
        ``rests`` of the drivers picked, together, i64 ``[R + 1]``.
    reach
        Points with the best completion, below the pick looked at last, i32 ``[N]``.
    completions, best_rest
        The most that r drivers at or after a position add: points by scenario, i32
        ``[R - 1, P + 1, N]``, and of the rests, i64 ``[R - 1, P + 1]``.
    """

    counts: I64
    scenarios: I32
    partial: I32
    table: I16
    rest: I64
    reach: I32
    completions: I32
    best_rest: I64


class _State(NamedTuple):
    """Where a walk stands, what it has found, and scratch to score a lineup.

    Parameters
    ----------
    branch, carried
        The branch, and its scenarios.
    heap
        The best lineups so far.
    sums, counts
        See :func:`~core.lineups._kernels.tail_scores.tail_score`.
    """

    branch: Branch
    carried: _Carried
    heap: Heap
    sums: I32
    counts: I64


@piece
def _carry(
    carried: _Carried, count: int, kept: int, scenario: int, partial: np.int32, reach: np.int32
) -> None:
    """Write a scenario as the ``kept``-th below ``count`` drivers.

    The next one writes over it unless it is kept: which are kept is too random to guess, and to
    write them all needs no branch.
    """
    carried.scenarios[count, kept] = scenario
    carried.partial[count, kept] = partial
    carried.reach[kept] = reach


@piece
def _look_below_pair(
    board: Board, branch: Branch, races: TailRaces, carried: _Carried, lowest: int
) -> int:
    """Carry the scenarios that may end above ``lowest`` below a pair; returns their number."""
    one, other = branch.picks[0], branch.picks[1]
    completion = carried.completions[board.roster_size - 2, first_affordable(board, branch, 1)]
    carried.rest[2] = races.rests[one] + races.rests[other]
    kept = 0
    for i in range(races.points.shape[1]):
        partial = np.int32(races.points[one, i]) + np.int32(races.points[other, i])
        reach = partial + completion[i]
        _carry(carried, 2, kept, i, partial, reach)
        kept += reach > lowest
    return kept


@piece
def _look_below(
    board: Board, branch: Branch, carried: _Carried, level: int, lowest: int, rest: np.int64
) -> int:
    """Carry the scenarios that may end above ``lowest`` below a level's pick; returns their number.

    Writes their indices among those carried so far. The last inner level carries all that its
    parent carries, as it has too few leaves to repay the copy.
    """
    left = board.roster_size - level - 1
    position = branch.picks[level]
    completion = carried.completions[left, first_affordable(board, branch, level)]
    carried.rest[level + 1] = carried.rest[level] + rest
    n = carried.counts[level]
    if left == 1:
        for i in range(n):
            partial = carried.partial[level, i] + np.int32(carried.table[level, position, i])
            carried.partial[level + 1, i] = partial
            carried.reach[i] = partial + completion[carried.scenarios[level, i]]
        return int(n)
    kept = 0
    for i in range(n):
        partial = carried.partial[level, i] + np.int32(carried.table[level, position, i])
        reach = partial + completion[carried.scenarios[level, i]]
        _carry(carried, level + 1, kept, i, partial, reach)
        kept += reach > lowest
    return kept


@piece
def _copy_pair(races: TailRaces, carried: _Carried, position: np.int64, kept: int) -> None:
    """Copy the points of later positions in the scenarios kept below a pair."""
    for row in range(position + 1, races.points.shape[0]):
        for i in range(kept):
            carried.table[2, row, i] = races.points[row, carried.scenarios[2, i]]


@piece
def _copy(carried: _Carried, level: int, position: np.int64, kept: int) -> None:
    """Copy the points of later positions in the scenarios kept, and say which those are."""
    for row in range(position + 1, carried.table.shape[1]):
        for i in range(kept):
            index = carried.scenarios[level + 1, i]
            carried.table[level + 1, row, i] = carried.table[level, row, index]
    for i in range(kept):
        index = carried.scenarios[level + 1, i]
        carried.scenarios[level + 1, i] = carried.scenarios[level, index]


@piece
def _excess(values: I32, n: int, threshold: int) -> np.int64:
    """Sum of what the first n values have above the threshold."""
    total = np.int64(0)
    for i in range(n):
        total += max(values[i] - threshold, 0)
    return total


@piece
def _excess_of_sums(one: I32, other: I16, n: int, threshold: int) -> np.int64:
    """Sum of what the first n sums of two values have above the threshold."""
    total = np.int64(0)
    for i in range(n):
        total += max(one[i] + other[i] - threshold, 0)
    return total


@piece
def _bound_of_branch(
    tails: Tails, bar: TailBar, carried: _Carried, level: int, position: np.int64, kept: int
) -> float:
    """Upper bound: no lineup below ``position``, picked at ``level``, scores more."""
    left = carried.counts.shape[0] - level - 2
    bound = (carried.rest[level + 1] + carried.best_rest[left, position + 1]) / GRID
    for j in range(tails.weights.shape[0]):
        threshold = bar.thresholds[j]
        excess = _excess(carried.reach, kept, threshold)
        bound += tails.weights[j] * (threshold + excess / tails.mass[j])
    return float(bound)


@piece
def _bound_of_lineup(
    tails: Tails, bar: TailBar, carried: _Carried, level: int, position: np.int64, rest: np.int64
) -> float:
    """Upper bound: the lineup that ``position``, picked at the last level, makes whole."""
    points = carried.table[level - 1, position]
    bound = rest / GRID
    for j in range(tails.weights.shape[0]):
        threshold = bar.thresholds[j]
        excess = _excess_of_sums(carried.partial[level], points, carried.counts[level], threshold)
        bound += tails.weights[j] * (threshold + excess / tails.mass[j])
    return float(bound)


@loop
def _walk(
    board: Board, units: U8, races: TailRaces, tails: Tails, bar: TailBar, state: _State
) -> tuple[int, int, int, int]:
    size, branch, carried = board.roster_size, state.branch, state.carried
    needed = bar.at_least - SLACK
    count = bounded = evaluated = cut = 0
    for u in range(units.shape[0]):
        if not begin(board, branch, units[u]):
            continue
        p = branch.picks[1]
        kept = _look_below_pair(board, branch, races, carried, bar.lowest)
        if _bound_of_branch(tails, bar, carried, 1, p, kept) < needed:
            cut += 1
            continue
        _copy_pair(races, carried, p, kept)
        carried.counts[2] = kept
        level = 2
        while level >= 2:
            p = next_position(board, branch, level)
            if p == NONE:
                level -= 1
                continue
            if level < size - 1:
                kept = _look_below(board, branch, carried, level, bar.lowest, races.rests[p])
                if _bound_of_branch(tails, bar, carried, level, p, kept) < needed:
                    cut += 1
                    continue
                if level < size - 2:
                    _copy(carried, level, p, kept)
                carried.counts[level + 1] = kept
                descend(board, branch, level)
                level += 1
                continue
            if not obeys(board.groups, branch.masks[level] | bit(p)):
                continue
            bounded += 1
            rest = carried.rest[level] + races.rests[p]
            if _bound_of_lineup(tails, bar, carried, level, p, rest) < needed:
                continue
            evaluated += 1
            add_rows(races.points, branch.picks, state.sums)
            score = tail_score(state.sums, state.counts, tails) + rest / GRID
            if score >= bar.at_least:
                count = offer(state.heap, count, score, lineup_key(board, branch))
    return count, bounded, evaluated, cut


@compiled
def walk_tail(
    board: Board, units: U8, races: TailRaces, tails: Tails, bar: TailBar, limit: int
) -> tuple[F64, I64, int, int, int]:
    """Lineups of the largest weighted CVaR, exactly.

    A branch is cut where its bound lies below ``bar.at_least``, never by what was found before: so
    what is cut does not depend on where a walk begins.

    Returns scores f64 ``[k]`` in ticks, keys i64 ``[k]`` (unordered), and counts: legal lineups
    bounded one by one, lineups evaluated, branches cut.
    """
    size = board.roster_size
    rows, scenarios = races.points.shape
    carried = _Carried(
        counts=np.zeros(size + 1, dtype=np.int64),
        scenarios=np.empty((size + 1, scenarios), dtype=np.int32),
        partial=np.empty((size + 1, scenarios), dtype=np.int32),
        table=np.empty((size + 1, rows, scenarios), dtype=np.int16),
        rest=np.zeros(size + 1, dtype=np.int64),
        reach=np.empty(scenarios, dtype=np.int32),
        completions=best_completions(races.points, size - 2),
        best_rest=best_sums(races.rests, size - 2),
    )
    scores, keys = np.empty(limit, dtype=np.float64), np.empty(limit, dtype=np.int64)
    state = _State(
        branch=new_branch(board),
        carried=carried,
        heap=Heap(scores, keys),
        sums=np.empty(scenarios, dtype=np.int32),
        counts=np.zeros(races.span, dtype=np.int64),
    )
    count, bounded, evaluated, cut = _walk(board, units, races, tails, bar, state)
    return scores[:count], keys[:count], bounded, evaluated, cut
