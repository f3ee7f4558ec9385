"""Results of a walk over the legal lineups, joined from its chunks, and the proof of a result.

Every lineup of a walk begins with a pair of drivers (:func:`walk_units`), so a walk can be cut into
any chunks of pairs. :func:`merge_results` joins the chunks' results; the joined result is the same
for every cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules

Units = npt.NDArray[np.uint8]

_HANDS = 61  # hands that the pairs are dealt into, see walk_units


@dataclass(frozen=True, slots=True)
class WalkResult:
    """The best lineups of a walk, or of a part of one, best first.

    Parameters
    ----------
    lineups
        The lineups, u8 ``[K, R]``; slate indices, ascending within each lineup.
    scores
        Score of each lineup, f64 ``[K]``, falling; of equal scores the lexicographically smaller
        lineup comes first. A walk by tail scores in points, to a ten-millionth; a walk by value or
        by prizes scores in the unit of these.
    looked_at
        Number of legal lineups reached one by one.
    evaluated
        Number of those whose score was computed exactly.
    cut
        Number of branches excluded by their bound.

    Notes
    -----
    Over the parts of a walk by tail or by prizes the three numbers have the same sums for every
    cut. A part of a walk by value excludes what its own best k exceed, so there the sums depend on
    the cut.
    """

    lineups: Lineups
    scores: npt.NDArray[np.float64]
    looked_at: int
    evaluated: int
    cut: int


@dataclass(frozen=True, slots=True)
class WalkProof:
    """Proof that no lineup outside a walk's result is better than those in it.

    Parameters
    ----------
    legal_lineups
        Number of lineups that the rules allow: ``pruned + looked_at``.
    pruned
        Number of lineups in branches that were excluded whole, because an upper bound of all of
        their scores lay below a score that k lineups reach.
    looked_at
        Number of lineups reached one by one, each with a bound of its own.
    evaluated
        Number of those whose bound did not exclude them, so that their score was computed.
    bound
        Upper bound: no lineup outside the result has a higher score, as in :class:`WalkResult`. It
        is the k-th best score; ``None`` where every legal lineup is in the result.
    """

    legal_lineups: int
    pruned: int
    looked_at: int
    evaluated: int
    bound: float | None


def walk_units(rules: LineupRules) -> Units:
    """The pairs of drivers that a walk can begin with, as indices into the board, u8 ``[U, 2]``.

    A pair of expensive drivers begins far more lineups than a pair of cheap ones. So the pairs are
    dealt out like cards, and any run of units is about a fair share of the walk.
    """
    count = len(rules.eligible)
    first, second = np.triu_indices(max(count - rules.roster_size + 2, 0), k=1)
    units = np.column_stack((first, second)).astype(np.uint8)
    return np.concatenate([units[hand::_HANDS] for hand in range(_HANDS)])


def unpacked(keys: npt.NDArray[np.int64], size: int) -> Lineups:
    """Lineups, u8 ``[K, R]``, from the keys that the kernels pack them into, int64 ``[K]``."""
    shifts = 6 * np.arange(size - 1, -1, -1, dtype=np.int64)
    return ((keys[:, None] >> shifts) & 63).astype(np.uint8)


def ranked(
    scores: npt.NDArray[np.float64], keys: npt.NDArray[np.int64], k: int
) -> npt.NDArray[np.intp]:
    """Indices of the best k by score; of equal scores the smaller key comes first."""
    return np.lexsort((keys, -scores))[:k]


def packed(lineups: Lineups) -> npt.NDArray[np.int64]:
    """Keys of lineups whose rows are ascending, int64 ``[K]``; they compare as the lineups do."""
    keys = np.zeros(len(lineups), dtype=np.int64)
    for column in lineups.T:
        keys = (keys << 6) | column
    return keys


def no_lineups(size: int) -> WalkResult:
    """Result of a walk where no lineup is legal."""
    return WalkResult(np.zeros((0, size), dtype=np.uint8), np.zeros(0), 0, 0, 0)


def merge_results(parts: Sequence[WalkResult], k: int) -> WalkResult:
    """Result of a whole walk from its parts': the same best k for every cut of the walk."""
    lineups = np.concatenate([part.lineups for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    best = ranked(scores, packed(lineups), k)
    return WalkResult(
        lineups[best],
        scores[best],
        sum(part.looked_at for part in parts),
        sum(part.evaluated for part in parts),
        sum(part.cut for part in parts),
    )
