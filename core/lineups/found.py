"""What a walk over the legal lineups finds, however it is cut, and why nothing is better.

A walk begins with a pair of drivers (:func:`walk_units`), so it can be cut into any chunks of
pairs; :func:`merge_found` joins what the chunks found, and the join does not depend on the cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules

Units = npt.NDArray[np.uint8]

_HANDS = 61


@dataclass(frozen=True, slots=True)
class Found:
    """The best lineups of a walk or of a part of one, best first.

    Parameters
    ----------
    lineups
        u8 ``[K, R]``, slate indices sorted within each lineup.
    scores
        f64 ``[K]`` in points to a ten-millionth (of values and prizes: in their own unit), falling;
        of equal scores the lexicographically smaller lineup comes first.
    looked_at, evaluated, cut
        Legal lineups reached one by one, those of them whose score was computed exactly, and
        branches excluded by their bound. Over the parts of a walk by tail or by steps they add
        up to the same however it was cut. A walk by value excludes what its part's best k
        exceed, so there they depend on the cut.
    """

    lineups: Lineups
    scores: npt.NDArray[np.float64]
    looked_at: int
    evaluated: int
    cut: int


@dataclass(frozen=True, slots=True)
class WalkProof:
    """Why no lineup that a walk left out is better than those it gives.

    Parameters
    ----------
    legal_lineups
        All that the rules allow: ``pruned + looked_at``.
    pruned
        Those in branches that were excluded together, because a bound on all of them lay below a
        score that k lineups reach.
    looked_at
        Those reached one by one, each with a bound of its own.
    evaluated
        Those of ``looked_at`` whose bound did not exclude them, so that the score was computed.
    bound
        The score, as in :class:`Found`, that no lineup left out exceeds: the k-th best. ``None``
        where none is left out.
    """

    legal_lineups: int
    pruned: int
    looked_at: int
    evaluated: int
    bound: float | None


def walk_units(rules: LineupRules) -> Units:
    """Give the pairs of positions a walk can begin with, u8 ``[U, 2]``.

    Pairs of dear drivers have far more lineups under them than pairs of cheap ones, so they are
    dealt out like cards: any run of units is about a fair share of the walk.
    """
    count = len(rules.eligible)
    first, second = np.triu_indices(max(count - rules.roster_size + 2, 0), k=1)
    units = np.column_stack((first, second)).astype(np.uint8)
    return np.concatenate([units[hand::_HANDS] for hand in range(_HANDS)])


def unpacked(keys: npt.NDArray[np.int64], size: int) -> Lineups:
    """Give the lineups of the keys that kernels pack them into, u8 ``[K, R]``."""
    shifts = 6 * np.arange(size - 1, -1, -1, dtype=np.int64)
    return ((keys[:, None] >> shifts) & 63).astype(np.uint8)


def ranked(
    scores: npt.NDArray[np.float64], keys: npt.NDArray[np.int64], k: int
) -> npt.NDArray[np.intp]:
    """Give the places of the best k: by score, of equal ones the smaller key."""
    return np.lexsort((keys, -scores))[:k]


def packed(lineups: Lineups) -> npt.NDArray[np.int64]:
    """Give the keys of sorted lineups: they compare as the lineups do."""
    keys = np.zeros(len(lineups), dtype=np.int64)
    for column in lineups.T:
        keys = (keys << 6) | column
    return keys


def nothing_found(size: int) -> Found:
    """Give what is found where no lineup is legal."""
    return Found(np.zeros((0, size), dtype=np.uint8), np.zeros(0), 0, 0, 0)


def merge_found(parts: Sequence[Found], k: int) -> Found:
    """Join what parts of one walk found: the same best k, however the walk was cut."""
    lineups = np.concatenate([part.lineups for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    best = ranked(scores, packed(lineups), k)
    return Found(
        lineups[best],
        scores[best],
        sum(part.looked_at for part in parts),
        sum(part.evaluated for part in parts),
        sum(part.cut for part in parts),
    )
