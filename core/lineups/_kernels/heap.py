"""The best lineups that a walk has found so far, as keys that compare as the lineups do."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.compiled import piece

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


class Heap(NamedTuple):
    """Scores and keys of the best lineups ``[k]``, each entry worse than the two below it."""

    scores: F64 | I64
    keys: I64


@piece
def is_worse(
    score: float | np.int64, key: np.int64, than_score: float | np.int64, than_key: np.int64
) -> bool:
    """Whether a lineup has the lower score, or of two equal ones the larger key."""
    return bool((score < than_score) | ((score == than_score) & (key > than_key)))


@piece
def offer(heap: Heap, count: int, score: float | np.int64, key: np.int64) -> int:
    """Put a lineup on the heap of ``count``, if it is among the best; the new count."""
    scores, keys = heap
    limit = keys.shape[0]
    i = 0
    if count < limit:
        i = count
        while i > 0 and is_worse(score, key, scores[(i - 1) // 2], keys[(i - 1) // 2]):
            scores[i], keys[i] = scores[(i - 1) // 2], keys[(i - 1) // 2]
            i = (i - 1) // 2
        count += 1
    else:
        if is_worse(score, key, scores[0], keys[0]):
            return count
        while 2 * i + 1 < limit:
            child = 2 * i + 1
            if child + 1 < limit and is_worse(
                scores[child + 1], keys[child + 1], scores[child], keys[child]
            ):
                child += 1
            if not is_worse(scores[child], keys[child], score, key):
                break
            scores[i], keys[i] = scores[child], keys[child]
            i = child
    scores[i], keys[i] = score, key
    return count
