"""How much the best lineup by tail depends on which races happened to be simulated.

The races are resampled (Efron and Tibshirani, "An introduction to the bootstrap", 1993). A resample
holds a whole number of copies of each race, so a lineup's races are sorted once, and its tail in
every resample follows from that order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.lineups._kernels.rows import add_rows
from core.lineups._kernels.tail_scores import GRID, Tails
from core.lineups.board import Lineups
from core.lineups.shrinkage import Shrinkage
from core.lineups.walk import TailTarget
from core.randomness import Purpose, stream
from core.slate import TICKS_PER_POINT

Points = npt.NDArray[np.int16]
Copies = npt.NDArray[np.uint16]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DEFAULT_RESAMPLES = 200
_STABLE_BELOW = 0.2  # coefficient of variation of a stable lineup's value
_STABLE_ABOVE = 0.7  # recurrence of a stable lineup


@dataclass(frozen=True, slots=True)
class TailStability:
    """Stability of the best lineup by tail: of its value, and of its being the best.

    The value of a lineup is its weighted CVaR (:class:`~core.lineups.walk.TailTarget`), shrunken
    where a shrinkage was passed.

    Parameters
    ----------
    lineup
        Slate indices of the best candidate in the simulated races.
    value
        Its value in the simulated races, in points.
    mean, std
        Mean and standard deviation of its value over the resamples, in points; ``std`` (divisor
        B - 1) is the bootstrap's standard error.
    coefficient_of_variation
        ``std / |mean|``.
    low, high
        The 5% and 95% quantiles of its value over the resamples, in points.
    recurrence
        Share of the resamples in which it is again the best candidate.
    n_top
        Number of best lineups that ``top_recurrence`` follows.
    top_recurrence
        Share of the best ``n_top`` lineups that are also among a resample's best ``n_top``, on
        average over the resamples. If ``n_top`` is the number of candidates it is always 1.
    n_candidates, resamples
        Number of different lineups compared, and of resamples.
    """

    lineup: tuple[int, ...]
    value: float
    mean: float
    std: float
    coefficient_of_variation: float
    low: float
    high: float
    recurrence: float
    n_top: int
    top_recurrence: float
    n_candidates: int
    resamples: int

    @property
    def stable(self) -> bool:
        """Whether the value varies by less than 20% and the choice recurs in more than 70%."""
        return self.coefficient_of_variation < _STABLE_BELOW and self.recurrence > _STABLE_ABOVE


def validate_tail_stability(
    points: Points,
    lineups: Lineups,
    target: TailTarget,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
    n_top: int = 1,
    shrinkage: Shrinkage | None = None,
) -> TailStability:
    """Stability of the best candidate under resampling of the races.

    Only the candidates compete in a resample. Another lineup might be the best there, so the
    recurrences are upper estimates; the more candidates, the closer they are.

    Parameters
    ----------
    points
        Driver scores in ticks of 0.05 point, i16 ``[N, D]``: the races that the candidates were
        chosen on.
    lineups
        The candidates, u8 ``[K, R]``: the walk's best, in any order; repeated ones count once.
    target
        Levels and weights of the value.
    resamples
        Number of resamples, each of N races drawn with replacement; at least 2.
    seed
        Seed of the resamples. The first resamples of a seed are the same for any number of them.
    n_top
        Number of best lineups to follow for ``top_recurrence``; cut to the number of candidates.
    shrinkage
        How values are shrunk, in the resamples as in the races themselves; ``None`` = not at all.
        What it adds for each driver is not resampled, which makes recurrences upper estimates once
        more.

    Raises
    ------
    InvalidInput
        No candidate, fewer than two resamples, no lineup to follow, or a level whose tail holds
        less than one scenario.
    """
    problems: dict[str, str] = {}
    if len(lineups) == 0:
        problems["lineups"] = "none; give at least one candidate."
    if resamples < 2:
        problems["resamples"] = f"{resamples}; a spread takes at least 2."
    if n_top < 1:
        problems["n_top"] = f"{n_top}; follow at least 1 lineup."
    if problems:
        raise InvalidInput(problems)
    target.require_scenarios(len(points))
    # unique sorts the rows, so of equal values the first lineup is that to which ties resolve
    candidates = np.unique(np.sort(lineups, axis=1), axis=0)
    copies = _sample_and_resamples(len(points), resamples, seed)
    scores = resampled_tail_values(points, candidates, target, copies)
    if shrinkage is not None:
        scores = shrinkage.applied(scores, candidates)
    order = np.argsort(-scores, axis=0, kind="stable")
    best = int(order[0, 0])
    n_top = min(n_top, len(candidates))
    resampled = scores[best, 1:]
    mean, std = float(resampled.mean()), float(resampled.std(ddof=1))
    low, high = np.quantile(resampled, (0.05, 0.95))
    return TailStability(
        lineup=tuple(map(int, candidates[best])),
        value=float(scores[best, 0]),
        mean=mean,
        std=std,
        coefficient_of_variation=std / abs(mean) if mean else np.inf,
        low=float(low),
        high=float(high),
        recurrence=float((order[0, 1:] == best).mean()),
        n_top=n_top,
        top_recurrence=float(np.isin(order[:n_top, 1:], order[:n_top, 0]).mean()),
        n_candidates=len(candidates),
        resamples=resamples,
    )


def _sample_and_resamples(n_scenarios: int, resamples: int, seed: int) -> Copies:
    """Copies of each race in the sample (1 each) and in every resample, u16 ``[1 + B, N]``."""
    copies = np.ones((1 + resamples, n_scenarios), dtype=np.uint16)
    for number in range(resamples):
        rng = stream(seed, Purpose.BOOTSTRAP, number)
        drawn = rng.integers(n_scenarios, size=n_scenarios)
        copies[1 + number] = np.bincount(drawn, minlength=n_scenarios)
    return copies


def resampled_tail_values(
    points: Points, lineups: Lineups, target: TailTarget, copies: Copies
) -> F64:
    """Weighted CVaR of each lineup in each resample, f64 ``[K, B]`` in points.

    Parameters
    ----------
    points
        Driver scores in ticks, i16 ``[N, D]``.
    lineups
        Driver indices, u8 ``[K, R]``.
    target
        Levels and weights.
    copies
        Number of copies of each race in each resample, u16 ``[B, N]``; rows sum to N. A row of ones
        is the sample itself and gives what :func:`core.lineups.tail_values` does.
    """
    target.require_scenarios(len(points))
    ticks = _resampled_scores(
        np.ascontiguousarray(points.T),
        np.ascontiguousarray(lineups),
        np.ascontiguousarray(copies.T),
        target.tails(len(points)),
    )
    return np.asarray(ticks, dtype=np.float64) / TICKS_PER_POINT


@compiled
def _best_first(sums: npt.NDArray[np.int32], order: npt.NDArray[np.int32]) -> None:
    """Write the indices of ``sums`` into ``order``, the largest first, by a counting sort."""
    low = sums.min()
    high = sums.max()
    next_index = np.zeros(high - low + 2, dtype=np.int32)
    for i in range(sums.shape[0]):
        next_index[high - sums[i] + 1] += 1
    for value in range(1, next_index.shape[0]):
        next_index[value] += next_index[value - 1]
    for i in range(sums.shape[0]):
        order[next_index[high - sums[i]]] = i
        next_index[high - sums[i]] += 1


@compiled
def _fill(
    sums: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
    copies: Copies,
    whole: np.int32,
    filled: npt.NDArray[np.int32],
    total: I64,
    boundary: npt.NDArray[np.int32],
) -> None:
    """Write each resample's sum over its best ``whole`` races, and the score of the next race."""
    filled[:] = 0
    total[:] = 0
    boundary[:] = 0
    for index in range(order.shape[0]):
        value = sums[order[index]]
        row = copies[order[index]]
        fewest = np.int32(1 << 30)
        for b in range(filled.shape[0]):
            missing = np.int32(whole - filled[b])
            copies_here = np.int32(row[b])
            total[b] += np.int64(min(copies_here, max(missing, np.int32(0)))) * value
            boundary[b] = value if (missing >= 0) & (copies_here > missing) else boundary[b]
            filled[b] += copies_here
            fewest = min(fewest, filled[b])
        if fewest > whole:
            return


@compiled
def _resampled_scores(points: Points, lineups: Lineups, copies: Copies, tails: Tails) -> F64:
    """The sum over levels j of weights[j] x CVaR_j, ``[K, B]`` in ticks, to the nearest 1 / GRID.

    ``points`` is ``[D, N]``, ``copies`` ``[N, B]``. The tails of all resamples are filled together,
    race by race from the best, each race with its copies; usually all are full after little more
    than ``mass`` races. Sums are whole numbers until they are divided, and are divided in the same
    order as in the walk, so lineups that tie there tie here.
    """
    scenarios, resamples = copies.shape
    sums = np.empty(scenarios, dtype=np.int32)
    order = np.empty(scenarios, dtype=np.int32)
    filled = np.empty(resamples, dtype=np.int32)
    boundary = np.empty(resamples, dtype=np.int32)
    total = np.empty(resamples, dtype=np.int64)
    scores = np.zeros((lineups.shape[0], resamples), dtype=np.float64)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], sums)
        _best_first(sums, order)
        for j in range(tails.weights.shape[0]):
            _fill(sums, order, copies, np.int32(tails.whole[j]), filled, total, boundary)
            part, mass, weight = tails.part[j], tails.mass[j], tails.weights[j]
            for b in range(resamples):
                # where the tail is a whole number of races, part is 0 and this adds exactly 0
                scores[k, b] += weight * ((total[b] + part * boundary[b]) / mass)
    return np.floor(scores * GRID + 0.5) / GRID
