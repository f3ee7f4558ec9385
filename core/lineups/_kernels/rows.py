"""Rows of points added up, scenario by scenario."""

import numpy as np
import numpy.typing as npt

from core.compiled import piece

Whole = npt.NDArray[np.int16 | np.int32]


@piece
def add_rows(points: Whole, rows: npt.NDArray[np.uint8 | np.int64], sums: Whole) -> None:
    """Write the sum of some rows of points ``[P, N]`` into ``sums`` ``[N]``."""
    for i in range(sums.shape[0]):
        sums[i] = 0
    for r in range(rows.shape[0]):
        row = points[rows[r]]
        for i in range(sums.shape[0]):
            sums[i] += row[i]
