"""Whether a tail's best lineup is one, or an accident of the races that happened to be simulated.

The races are resampled (Efron and Tibshirani, "An introduction to the bootstrap", 1993): a resample
is a whole number of copies of each race, so a lineup's races are put in order once and every
resample reads its tail off that order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.lineups._kernels.rows import add_rows
from core.lineups._kernels.tail_scores import GRID, Tails
from core.lineups.board import Lineups
from core.lineups.walk import TailTarget
from core.randomness import Purpose, stream
from core.slate import TICKS_PER_POINT

Points = npt.NDArray[np.int16]
Copies = npt.NDArray[np.uint16]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DEFAULT_RESAMPLES = 200
_STABLE_BELOW = 0.2
_STABLE_ABOVE = 0.7


@dataclass(frozen=True, slots=True)
class TailStability:
    """How far the best lineup's value, and its being the best, depend on the races simulated.

    Parameters
    ----------
    lineup
        Slate indices of the best of the candidates, all races counted once.
    value
        Its target in points, all races counted once.
    mean, std
        Of its target over the resamples, in points; ``std`` (divisor B - 1) is the bootstrap's
        standard error.
    coefficient_of_variation
        ``std / |mean|``.
    low, high
        The 5% and 95% quantiles of its target over the resamples, in points.
    recurrence
        The share of the resamples in which it is again the best candidate.
    n_top
        How many lineups ``top_recurrence`` looks at.
    top_recurrence
        The share of the best ``n_top`` that are among a resample's best ``n_top``, on average over
        the resamples. With all candidates in it, it is 1 and says nothing.
    n_candidates, resamples
        Different lineups compared, and how often the races were resampled.
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
) -> TailStability:
    """Resample the races and see what becomes of the best lineup.

    Only the candidates compete in a resample. A lineup that is none of them might win it, so the
    recurrences are upper estimates, the closer the more candidates there are.

    Parameters
    ----------
    points
        i16 ``[N, D]`` in ticks of 0.05 point: the races the candidates were found on.
    lineups
        u8 ``[K, R]``, the candidates: the walk's best, in any order; one given twice counts once.
    target
        Levels and weights.
    resamples
        How often to draw N races with replacement, at least 2.
    seed
        Of the resamples. More of them under the same seed begin with the same ones.
    n_top
        How many of the best to follow beside the very best; at most all candidates are.

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
    # in lexicographic order the first of equals is the one that ties resolve to
    candidates = np.unique(np.sort(lineups, axis=1), axis=0)
    copies = _sample_and_resamples(len(points), resamples, seed)
    scores = resampled_tail_values(points, candidates, target, copies)
    order = np.argsort(-scores, axis=0, kind="stable")
    best = int(order[0, 0])
    n_top = min(n_top, len(candidates))
    drawn = scores[best, 1:]
    mean, std = float(drawn.mean()), float(drawn.std(ddof=1))
    low, high = np.quantile(drawn, (0.05, 0.95))
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
    """Give how many copies of each race are in the sample and each resample, ``[1 + B, N]``."""
    copies = np.ones((1 + resamples, n_scenarios), dtype=np.uint16)
    for number in range(resamples):
        rng = stream(seed, Purpose.BOOTSTRAP, number)
        drawn = rng.integers(n_scenarios, size=n_scenarios)
        copies[1 + number] = np.bincount(drawn, minlength=n_scenarios)
    return copies


def resampled_tail_values(
    points: Points, lineups: Lineups, target: TailTarget, copies: Copies
) -> F64:
    """Give ``target`` of each lineup in each resample, f64 ``[K, B]`` in points.

    Parameters
    ----------
    points
        i16 ``[N, D]`` in ticks.
    lineups
        u8 ``[K, R]``.
    target
        Levels and weights.
    copies
        u16 ``[B, N]``: how often each race stands in each resample; rows sum to N. With ones
        throughout a resample is the sample itself, as :func:`core.lineups.tail_values` values it.
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
    """Write the indices of ``sums`` into ``order``, the largest first, by counting."""
    low = sums.min()
    high = sums.max()
    place = np.zeros(high - low + 2, dtype=np.int32)
    for i in range(sums.shape[0]):
        place[high - sums[i] + 1] += 1
    for value in range(1, place.shape[0]):
        place[value] += place[value - 1]
    for i in range(sums.shape[0]):
        order[place[high - sums[i]]] = i
        place[high - sums[i]] += 1


@compiled
def _fill(
    sums: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
    copies: Copies,
    whole: np.int32,
    seen: npt.NDArray[np.int32],
    total: I64,
    boundary: npt.NDArray[np.int32],
) -> None:
    """Write each resample's sum of its best ``whole`` races and the value of the next one."""
    seen[:] = 0
    total[:] = 0
    boundary[:] = 0
    for at in range(order.shape[0]):
        value = sums[order[at]]
        row = copies[order[at]]
        fewest = np.int32(1 << 30)
        for b in range(seen.shape[0]):
            missing = np.int32(whole - seen[b])
            drawn = np.int32(row[b])
            total[b] += np.int64(min(drawn, max(missing, np.int32(0)))) * value
            boundary[b] = value if (missing >= 0) & (drawn > missing) else boundary[b]
            seen[b] += drawn
            fewest = min(fewest, seen[b])
        if fewest > whole:
            return


@compiled
def _resampled_scores(points: Points, lineups: Lineups, copies: Copies, tails: Tails) -> F64:
    """Give sum_j weights[j] x CVaR_j in ticks, ``[K, B]``, to the nearest 1 / GRID.

    ``points`` ``[D, N]``, ``copies`` ``[N, B]``. The tails of all resamples are filled together,
    race by race from the best, each with its copies; mostly all are full after little more than
    ``mass`` races. Sums are whole numbers until they are divided, in the order in which the search
    for the best divides them, so ties are ties here too.
    """
    scenarios, resamples = copies.shape
    sums = np.empty(scenarios, dtype=np.int32)
    order = np.empty(scenarios, dtype=np.int32)
    seen = np.empty(resamples, dtype=np.int32)
    boundary = np.empty(resamples, dtype=np.int32)
    total = np.empty(resamples, dtype=np.int64)
    scores = np.zeros((lineups.shape[0], resamples), dtype=np.float64)
    for k in range(lineups.shape[0]):
        add_rows(points, lineups[k], sums)
        _best_first(sums, order)
        for j in range(tails.weights.shape[0]):
            _fill(sums, order, copies, np.int32(tails.whole[j]), seen, total, boundary)
            part, mass, weight = tails.part[j], tails.mass[j], tails.weights[j]
            for b in range(resamples):
                # without a fraction this adds nothing, to the last bit
                scores[k, b] += weight * ((total[b] + part * boundary[b]) / mass)
    return np.floor(scores * GRID + 0.5) / GRID
