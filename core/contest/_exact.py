"""Exact sums of whole numbers of any size, so that no grouping of work can change a result."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

Ints = npt.NDArray[np.int64]

_LIMB_BITS = 32
_LIMBS = 6
_DIGIT_BITS = 21
_MOST_ROWS = 1 << 20


@compiled
def _digit_products(values: Ints, products: Ints) -> None:
    """Add the products of each value's digits (21 bits each), low, middle and high, by column."""
    mask = (1 << 21) - 1
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if value == 0:
                continue  # most entries win nothing
            low = value & mask
            middle = (value >> 21) & mask
            high = value >> 42
            products[column, 0] += low * low
            products[column, 1] += low * middle
            products[column, 2] += middle * middle
            if high > 0:
                products[column, 3] += low * high
                products[column, 4] += middle * high
                products[column, 5] += high * high


def square_sums(values: Ints) -> list[int]:
    """Exact sum of squares of each column of int64 ``[S, L]``, all >= 0.

    A value has three digits of 21 bits, so the sums of their products over 2**20 rows fit 64 bits.
    """
    if values.size == 0 or int(values.max()) ** 2 * len(values) < 2**63:
        return [int(total) for total in (values * values).sum(axis=0, dtype=np.int64).tolist()]
    totals = [0] * values.shape[1]
    for start in range(0, len(values), _MOST_ROWS):
        products = np.zeros((values.shape[1], 6), dtype=np.int64)
        _digit_products(np.ascontiguousarray(values[start : start + _MOST_ROWS]), products)
        for column, (ll, lm, mm, lh, mh, hh) in enumerate(products.tolist()):
            totals[column] += (
                ll
                + (lm << (_DIGIT_BITS + 1))
                + ((mm + 2 * lh) << (2 * _DIGIT_BITS))
                + (mh << (3 * _DIGIT_BITS + 1))
                + (hh << (4 * _DIGIT_BITS))
            )
    return totals


def column_sums(values: Ints) -> list[int]:
    """Exact sum of each column of int64 ``[S, L]``, all >= 0."""
    if values.size == 0 or int(values.max()) * len(values) < 2**63:
        return [int(total) for total in values.sum(axis=0, dtype=np.int64).tolist()]
    low = (values & ((1 << _LIMB_BITS) - 1)).sum(axis=0, dtype=np.int64).tolist()
    high = (values >> _LIMB_BITS).sum(axis=0, dtype=np.int64).tolist()
    return [int(h) * (1 << _LIMB_BITS) + int(w) for h, w in zip(high, low, strict=True)]


def to_limbs(numbers: Sequence[int]) -> npt.NDArray[np.uint32]:
    """Whole numbers from 0 to 2**192 as uint32 ``[n, 6]``, least significant limb first."""
    mask = (1 << _LIMB_BITS) - 1
    return np.array(
        [[(number >> (_LIMB_BITS * limb)) & mask for limb in range(_LIMBS)] for number in numbers],
        dtype=np.uint32,
    ).reshape(len(numbers), _LIMBS)


def from_limbs(limbs: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    """Whole numbers rebuilt from what :func:`to_limbs` returned."""
    return tuple(
        sum(limb << (_LIMB_BITS * index) for index, limb in enumerate(row))
        for row in limbs.tolist()
    )
