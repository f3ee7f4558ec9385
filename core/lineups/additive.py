"""What each driver adds to the values of lineups, by least squares."""

import math
from collections.abc import Sequence
from operator import mul

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups


def additive_fit(
    lineups: Lineups, values: npt.NDArray[np.int64] | npt.NDArray[np.float64], drivers: int
) -> npt.NDArray[np.float64]:
    """What each driver adds to a lineup's value, f64 ``[D]``, in the unit of the values.

    The sum over a lineup's drivers is the closest to its value in squares, with a ridge: as if each
    driver were in one more lineup, alone and of value 0. A driver of no lineup adds 0. Every sum is
    rounded once, whatever the order of its terms, so every machine gives the same bits and the
    order of the lineups does not count.

    Parameters
    ----------
    lineups
        Driver indices, u8 ``[K, R]``.
    values
        Value of each lineup, ``[K]``.
    drivers
        Number of drivers D.
    """
    held = np.zeros((len(lineups), drivers), dtype=np.bool_)
    held[np.arange(len(lineups))[:, None], lineups] = True
    sums = [math.fsum(values[held[:, d]].tolist()) for d in range(drivers)]
    together = [held[held[:, d]].sum(axis=0, dtype=np.int64).tolist() for d in range(drivers)]
    for d in range(drivers):
        together[d][d] += 1
    return np.array(_solution(together, sums))


def _solution(matrix: Sequence[Sequence[int]], right: Sequence[float]) -> list[float]:
    """The solution of ``matrix x = right``, by Cholesky; the matrix is positive definite."""
    size = len(right)
    lower = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            done = math.fsum(map(mul, lower[row][:column], lower[column][:column]))
            left = matrix[row][column] - done
            lower[row][column] = math.sqrt(left) if row == column else left / lower[column][column]
    forward: list[float] = []
    for row in range(size):
        done = math.fsum(map(mul, lower[row][:row], forward))
        forward.append((right[row] - done) / lower[row][row])
    solution = [0.0] * size
    for row in reversed(range(size)):
        done = math.fsum(lower[below][row] * solution[below] for below in range(row + 1, size))
        solution[row] = (forward[row] - done) / lower[row][row]
    return solution
