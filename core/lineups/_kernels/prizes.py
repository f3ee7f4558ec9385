"""What lineups win by steps from score to prize, compiled; in whole micro-dollars."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import compiled, loop, piece
from core.lineups._kernels.rows import add_rows

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class Steps(NamedTuple):
    """Prizes by score: ``micros[s, b]`` from ``breaks[s, b]`` ticks up to the next break.

    Parameters
    ----------
    breaks
        i32 ``[N, B]``, rising; a score below the first wins nothing.
    micros
        i64 ``[N, B]``, rising.
    lowest
        The first breaks, i32 ``[N]``: most scores win nothing, and a row of breaks is far from the
        next.
    """

    breaks: I32
    micros: I64
    lowest: I32


@piece
def _step_of(score: np.int32, breaks: I32, scenario: int) -> int:
    """Index of the step that a score of at least the scenario's first break has reached."""
    # most prizes are small: look for a step above the score in strides from the lowest on
    reached = 0
    above = 1
    while above < breaks.shape[1] and breaks[scenario, above] <= score:
        reached = above
        above *= 2
    above = min(above, breaks.shape[1])
    while above - reached > 1:
        middle = (reached + above) // 2
        if breaks[scenario, middle] <= score:
            reached = middle
        else:
            above = middle
    return reached


@loop
def winnings(scores: I32, steps: Steps, paid: I32) -> np.int64:
    """Sum of what one lineup's scores win.

    ``paid`` i32 ``[N]`` is scratch: which scores win something is nearly random, and to list them
    first needs no branch.
    """
    n = 0
    for i in range(scores.shape[0]):
        paid[n] = i
        n += scores[i] >= steps.lowest[i]
    total = np.int64(0)
    for j in range(n):
        i = paid[j]
        total += steps.micros[i, _step_of(scores[i], steps.breaks, i)]
    return total


@compiled
def winnings_by_scenario(points: I16, steps: Steps, lineups: U8) -> I64:
    """Winnings of each lineup ``[K, R]`` in each scenario, ``[K, N]``; ``points`` ``[D, N]``."""
    scores = np.empty(points.shape[1], dtype=np.int32)
    prizes = np.empty((lineups.shape[0], points.shape[1]), dtype=np.int64)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], scores)
        for i in range(scores.shape[0]):
            if scores[i] >= steps.lowest[i]:
                prizes[k, i] = steps.micros[i, _step_of(scores[i], steps.breaks, i)]
            else:
                prizes[k, i] = 0
    return prizes


@compiled
def total_winnings(points: I16, steps: Steps, lineups: U8) -> I64:
    """Winnings of each lineup ``[K, R]`` over all scenarios, ``[K]``; ``points`` ``[D, N]``."""
    scores = np.empty(points.shape[1], dtype=np.int32)
    paid = np.empty(points.shape[1], dtype=np.int32)
    values = np.empty(lineups.shape[0], dtype=np.int64)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], scores)
        values[k] = winnings(scores, steps, paid)
    return values
