"""Exact search for the K lineups that win most, over all legal lineups, by prize steps.

In every scenario a step function gives the prize of a score (:func:`core.contest.prize_steps`). A
coarser step function, with the same few prize levels in all scenarios, bounds it from above.
Counting the scenarios in which a lineup reaches each level bounds what the lineup wins; counting
those in which the best completion of a branch reaches it bounds all lineups of the branch. A lineup
that the bound does not exclude is valued exactly, in whole micro-dollars.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.lineups._kernels.prizes import Steps, total_winnings, winnings_by_scenario
from core.lineups._kernels.walk_steps import StepBound, step_bounds, walk_steps
from core.lineups.additive import additive_fit
from core.lineups.board import Board, Lineups
from core.lineups.legality import LineupRules
from core.lineups.result import Units, WalkResult, no_lineups, packed, ranked, unpacked, walk_units
from core.lineups.walk import Points, best_by_value

Breaks = npt.NDArray[np.int32]
Micros = npt.NDArray[np.int64]

_LEVELS = 10  # prize levels of the bound: with more it is tighter and takes longer
_PRIZES = 256  # different prizes at most, from which the levels are chosen
# the levels are fitted to the prizes of the best _TYPICAL of _VALUED lineups that are valued
_TYPICAL, _VALUED = 100, 500
# beyond those that a walk is to find: lineups to bound before it starts, at first and for the last
# guess, and lineups to value
_FIRST_GUESSES, _LAST_GUESSES, _MORE_VALUED = 1_000, 20_000, 250


@dataclass(frozen=True, slots=True)
class StepsStart:
    """What a walk over prizes starts from; it makes the walk fast and cannot change its result.

    Parameters
    ----------
    at_least
        Micro-dollars, summed over all scenarios, that at least k legal lineups win; 0 if unknown.
        Lineups that cannot win as much are excluded, so a walk's counts depend on it.
    levels
        Prize levels in micro-dollars, i64 ``[C]``, rising: a prize between two levels is bounded by
        the higher one.
    """

    at_least: int
    levels: Micros


def _checked(points: Points, breaks: Breaks, micros: Micros) -> Points:
    """Points by driver, ``[D, N]``, after a check that the steps are of the same scenarios."""
    if not len(points) or breaks.shape != micros.shape or len(breaks) != len(points):
        raise InvalidInput({"steps": "give the steps of each scenario, and at least one scenario."})
    if len(points) * int(micros.max()) >= 2**63:
        raise ValueError(f"{len(points):,} scenarios of so large a prize overflow 64 bits")
    return np.ascontiguousarray(points.T)


def step_values(points: Points, breaks: Breaks, micros: Micros, lineups: Lineups) -> Micros:
    """Winnings of each lineup, summed over the scenarios, i64 ``[K]`` in micro-dollars.

    Parameters
    ----------
    points
        Driver scores in ticks, i16 ``[N, D]``.
    breaks, micros
        Prize steps of each scenario, i32 and i64 ``[N, B]``, both rising: in scenario s a score of
        at least ``breaks[s, b]`` ticks and below the next break wins ``micros[s, b]``; a score
        below ``breaks[s, 0]`` wins nothing.
    lineups
        Driver indices, u8 ``[K, R]``.
    """
    by_driver = _checked(points, breaks, micros)
    return total_winnings(by_driver, _steps(breaks, micros), np.ascontiguousarray(lineups))


def step_winnings(points: Points, breaks: Breaks, micros: Micros, lineups: Lineups) -> Micros:
    """Winnings of each lineup in each scenario, i64 ``[K, N]`` in micro-dollars.

    Parameters are those of :func:`step_values`, which gives their sums.
    """
    by_driver = _checked(points, breaks, micros)
    return winnings_by_scenario(by_driver, _steps(breaks, micros), np.ascontiguousarray(lineups))


def _steps(breaks: Breaks, micros: Micros) -> Steps:
    breaks, micros = np.ascontiguousarray(breaks), np.ascontiguousarray(micros)
    return Steps(breaks, micros, breaks[:, 0].copy())


def _fitted_levels(micros: Micros, prizes: Micros) -> Micros:
    """Levels that bound ``prizes`` with the least sum of bounds; the highest prize is a level.

    A dynamic program over the different prizes, or over groups of them where there are too many.
    """
    values, counts = np.unique(prizes[prizes > 0], return_counts=True)
    if len(values) >= _PRIZES:
        # group prizes so that each group has about the same share of the sum of all prizes
        share = np.cumsum(values * counts.astype(np.float64))
        marks = np.searchsorted(share, np.linspace(0.0, share[-1], _PRIZES)[1:-1])
        edges = np.unique(np.append(marks, len(values) - 1))
        begins = np.append(0, edges[:-1] + 1)
        values, counts = values[edges], np.add.reduceat(counts, begins)
    highest = int(micros.max())
    if not len(values) or values[-1] < highest:
        values, counts = np.append(values, highest), np.append(counts, 0)
    held = np.append(0, np.cumsum(counts)).astype(np.float64)
    # least[n] = least sum of bounds of the first n prizes with the levels so far
    least = np.full(len(values) + 1, np.inf)
    least[0] = 0.0
    chosen = []
    for _ in range(min(_LEVELS, len(values))):
        bound = least[:, None] + values[None, :] * (held[None, 1:] - held[:, None])
        bound[np.arange(len(least))[:, None] > np.arange(len(values))[None, :]] = np.inf
        chosen.append(bound.argmin(axis=0))
        least = np.append(np.inf, bound.min(axis=0))
    levels = []
    end = len(values)
    for starts in reversed(chosen):
        levels.append(values[end - 1])
        end = int(starts[end - 1])
    return np.array(levels[::-1], dtype=np.int64)


def _bounding(
    points: Points, size: int, breaks: Breaks, micros: Micros, levels: Micros
) -> StepBound:
    """Points ``[P, N]``, and the classes of prizes by which the kernels bound winnings."""
    rising = np.unique(np.append(levels, micros.max()))
    lower = np.append(0, rising[:-1])[::-1]
    gains = rising[::-1] - lower
    ordered = np.sort(points, axis=0).astype(np.int64)
    lowest, highest = ordered[:size].cumsum(axis=0), ordered[::-1][:size].cumsum(axis=0)
    needs = np.empty((len(lower), points.shape[1]), dtype=np.int64)
    scenario = np.arange(len(breaks))
    for c, level in enumerate(lower):
        step = (micros <= level).sum(axis=1)
        inside = np.minimum(step, breaks.shape[1] - 1)
        begins = np.where(step < breaks.shape[1], breaks[scenario, inside], np.iinfo(np.int32).max)
        # a need outside the range of scores is reached by every lineup or by none; cut it there
        needs[c] = np.clip(begins, lowest[-1], highest[-1] + 1)
    farthest = np.maximum(highest.max(axis=0), 0) - np.minimum(lowest.min(axis=0), 0) + 1
    width = np.int16 if int(farthest.max()) <= np.iinfo(np.int16).max else np.int32
    return StepBound(points.astype(width), needs.astype(width), gains)


def start_steps_walk(
    points: Points, breaks: Breaks, micros: Micros, rules: LineupRules, k: int
) -> StepsStart:
    """Start of a walk over prizes, from the values of some lineups that probably win much.

    They are the best lineups by mean, then twice the best by an additive fit to what those before
    win. Parameters are those of :func:`best_by_steps`.
    """
    by_driver = _checked(points, breaks, micros)
    by_mean = best_by_value(
        points.sum(axis=0, dtype=np.int64), rules, 2 * k + _FIRST_GUESSES
    ).lineups
    if not len(by_mean):
        return StepsStart(0, np.array([micros.max()], dtype=np.int64))
    valued = by_mean[:_VALUED]
    best = np.argsort(-step_values(points, breaks, micros, valued), kind="stable")[:_TYPICAL]
    prizes = winnings_by_scenario(by_driver, _steps(breaks, micros), valued[best])
    levels = _fitted_levels(micros, prizes)
    bound = _bounding(by_driver, rules.roster_size, breaks, micros, levels)

    def promising(lineups: Lineups, count: int) -> Lineups:
        bounds = step_bounds(bound, lineups)
        return lineups[np.argsort(-bounds, kind="stable")[:count]]

    seen = promising(by_mean, k // 2 + _MORE_VALUED)
    won = step_values(points, breaks, micros, seen)
    for more in (_FIRST_GUESSES, _LAST_GUESSES):
        fit = np.rint(additive_fit(seen, won, points.shape[1])).astype(np.int64)
        by_fit = best_by_value(fit, rules, 2 * k + more).lineups
        new = promising(by_fit[~np.isin(packed(by_fit), packed(seen))], k + _MORE_VALUED)
        seen = np.concatenate([seen, new])
        won = np.append(won, step_values(points, breaks, micros, new))
    won = np.sort(won)[::-1]
    return StepsStart(int(won[k - 1]) if k <= len(won) else 0, levels)


def best_by_steps(
    points: Points,
    breaks: Breaks,
    micros: Micros,
    rules: LineupRules,
    k: int,
    units: Units | None = None,
    start: StepsStart | None = None,
) -> WalkResult:
    """The k lineups that win most over all scenarios, proven best of all legal lineups.

    Parameters
    ----------
    points
        Driver scores in ticks, i16 ``[N, D]``.
    breaks, micros
        Prize steps of each scenario, i32 and i64 ``[N, B]``, both rising: in scenario s a score of
        at least ``breaks[s, b]`` ticks and below the next break wins ``micros[s, b]``, which is
        above 0; a score below ``breaks[s, 0]`` wins nothing.
    rules
        Rules that make a lineup legal.
    k
        Number of lineups to return; there are fewer only where fewer are legal.
    units
        The part of :func:`walk_units` to walk; all by default.
    start
        Result of :func:`start_steps_walk` for the same points, steps and rules, and for the same k
        or a larger one.

    Returns
    -------
    WalkResult
        Scores are whole micro-dollars, summed over the scenarios.

    Raises
    ------
    InvalidInput
        The steps are of another number of scenarios, or there is no scenario.
    ValueError
        Sums of prizes do not fit 64 bits, or winnings of a lineup do not fit the 53 bits of a
        float.
    """
    by_driver = _checked(points, breaks, micros)
    if start is None:
        start = start_steps_walk(points, breaks, micros, rules, k)
    board = Board.of(rules)
    if rules.contradicted or len(board.drivers) < board.roster_size:
        return no_lineups(board.roster_size)
    by_position = by_driver[board.drivers]
    won, keys, bounded, evaluated, cut = walk_steps(
        board,
        walk_units(rules) if units is None else units,
        _bounding(by_position, board.roster_size, breaks, micros, start.levels),
        _steps(breaks, micros),
        start.at_least,
        k,
    )
    if int(won.max(initial=0)) >= 2**53:
        raise ValueError("so much is won that a float does not hold it exactly")
    scores = won.astype(np.float64)
    best = ranked(scores, keys, k)
    return WalkResult(
        unpacked(keys[best], board.roster_size),
        scores[best],
        int(bounded),
        int(evaluated),
        int(cut),
    )
