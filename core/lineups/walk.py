"""Exact search for the K best of all legal lineups, by summed value and by weighted upper CVaR.

Maximising CVaR is a maximum of a maximum and no linear program. The walk bounds it (Rockafellar and
Uryasev, "Optimization of conditional value-at-risk", 2000) and evaluates exactly every lineup that
the bound does not exclude.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.lineups._kernels.tail_scores import GRID, Tails, tail_scores
from core.lineups._kernels.walk_tail import TailBar, TailRaces, walk_tail
from core.lineups._kernels.walk_values import Charges, walk_values
from core.lineups.board import Board, Lineups
from core.lineups.legality import LineupRules
from core.lineups.result import (
    Units,
    WalkProof,
    WalkResult,
    no_lineups,
    ranked,
    unpacked,
    walk_units,
)
from core.lineups.tail import adaptive_scenario_count, tail_mass
from core.slate import TICKS_PER_POINT

Points = npt.NDArray[np.int16]
Offsets = npt.NDArray[np.float64]

# A walk starts from the tails of the best lineups by mean, 2 k + this many. With few of them the
# score to beat is low and the walk long; with many, evaluating them takes longer than it saves.
_MORE_GUESSES = 250
_LARGEST_OFFSET = 1_000_000.0  # points: far beyond any score, and sums of eight are exact in floats
_ROUNDED = 1e-14  # weights whose sum differs from 1 by no more than rounding
_TICKS = np.iinfo(np.int16)
_NO_CHARGE = Charges(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class TailTarget:
    """Weighted CVaR, which a walk by tail maximises: ``sum_j weights[j] x CVaR at alphas[j]``.

    Parameters
    ----------
    alphas
        Levels, each in (0, 1); 0.99 is the best 1% of the races.
    weights
        Weight of each level, each >= 0, summing to 1.

    Raises
    ------
    InvalidInput
        Lengths differ, a level is outside (0, 1), a weight is negative, or weights do not sum to 1.
    """

    alphas: tuple[float, ...] = (0.99, 0.95)
    weights: tuple[float, ...] = (0.7, 0.3)

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if not self.alphas or not all(0.0 < alpha < 1.0 for alpha in self.alphas):
            problems["alphas"] = f"{list(self.alphas)}; give levels between 0 and 1."
        if len(self.weights) != len(self.alphas):
            problems["weights"] = (
                f"{len(self.weights)} weights for {len(self.alphas)} levels; give one a level."
            )
        elif not all(weight >= 0.0 for weight in self.weights) or not math.isclose(
            sum(self.weights), 1.0, abs_tol=1e-6
        ):
            problems["weights"] = f"{list(self.weights)}; give weights >= 0 that sum to 1."
        if problems:
            raise InvalidInput(problems)

    def require_scenarios(self, n_scenarios: int) -> None:
        """Refuse a level whose tail holds less than one of ``n_scenarios`` scenarios.

        Raises
        ------
        InvalidInput
            It names the level and the number of scenarios that would be enough.
        """
        for alpha in self.alphas:
            if tail_mass(alpha, n_scenarios) < 1.0:
                raise InvalidInput(
                    {
                        "alphas": f"the best {1 - alpha:.4g} of {n_scenarios} scenarios is "
                        f"less than one; {adaptive_scenario_count(alpha, 1)} would give one."
                    }
                )

    def _masses(self, n_scenarios: int) -> tuple[npt.NDArray[np.float64], ...]:
        mass = np.array([tail_mass(alpha, n_scenarios) for alpha in self.alphas])
        whole = np.floor(mass)
        return whole, mass - whole, mass

    def tails(self, n_scenarios: int) -> Tails:
        """Tails that the levels have in so many scenarios."""
        whole, part, mass = self._masses(n_scenarios)
        return Tails(whole.astype(np.int64), part, mass, np.array(self.weights, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class WalkStart:
    """What a walk by tail starts from; it makes the walk fast and cannot change its result.

    Parameters
    ----------
    at_least
        Score in ticks that at least k legal lineups reach; ``-inf`` if unknown. Lineups that cannot
        reach it are excluded, so a walk's counts depend on it.
    thresholds
        About the VaR of good lineups at each level, in ticks, i64 ``[J]``.
    """

    at_least: float
    thresholds: npt.NDArray[np.int64]


def best_by_value(
    values: npt.NDArray[np.int64],
    rules: LineupRules,
    k: int,
    units: Units | None = None,
    charges: Sequence[tuple[Sequence[int], int]] = (),
) -> WalkResult:
    """The k legal lineups with the largest sum of ``values``.

    Parameters
    ----------
    values
        Value of each driver, i64 ``[D]``, in any whole unit, so that sums are exact.
    rules
        Rules that make a lineup legal.
    k
        Number of lineups to return; there are fewer only where fewer are legal.
    units
        The part of :func:`walk_units` to walk; all by default.
    charges
        Pairs ``(drivers, cost >= 0)``: a lineup that holds any of the drivers loses the cost once.
    """
    board = Board.of(rules)
    if rules.contradicted or len(board.drivers) < board.roster_size:
        return no_lineups(board.roster_size)
    scores, keys, reached = walk_values(
        board,
        walk_units(rules) if units is None else units,
        np.ascontiguousarray(values[board.drivers]),
        _charges(charges, board),
        k,
    )
    best = ranked(scores.astype(np.float64), keys, k)
    return WalkResult(
        unpacked(keys[best], board.roster_size),
        scores[best].astype(np.float64),
        int(reached),
        int(reached),
        0,
    )


def _charges(charges: Sequence[tuple[Sequence[int], int]], board: Board) -> Charges:
    if not charges:
        return _NO_CHARGE
    position = {int(driver): index for index, driver in enumerate(board.drivers)}
    return Charges(
        np.array(
            [sum(1 << position[d] for d in drivers if d in position) for drivers, _ in charges],
            dtype=np.uint64,
        ),
        np.array([cost for _, cost in charges], dtype=np.int64),
    )


def count_legal(rules: LineupRules) -> int:
    """Number of legal lineups, counted by a walk that reaches every one of them."""
    zeros = np.zeros(len(rules.salaries_usd), dtype=np.int64)
    # with all values equal no bound excludes a branch, so the walk reaches every lineup
    return best_by_value(zeros, rules, 1).looked_at


def _span(points: Points, size: int) -> int:
    """Upper bound of the number of different scores in ticks that a lineup can have."""
    return int(size * (int(points.max(initial=0)) - int(points.min(initial=0)))) + 1


def _by_driver(points: Points, drivers: npt.NDArray[np.uint8]) -> Points:
    return np.ascontiguousarray(points.T[drivers])


def _folded(
    points: Points, target: TailTarget, offsets: Offsets | None
) -> tuple[Points, npt.NDArray[np.int64]]:
    """Points with the whole ticks of ``offsets`` added, and the rest in 1 / GRID of a tick.

    Adding the same ticks to a score in every race adds as many to its CVaR.
    """
    drivers = points.shape[1]
    if offsets is None:
        return points, np.zeros(drivers, dtype=np.int64)
    ticks = np.asarray(offsets, dtype=np.float64) * TICKS_PER_POINT
    largest = _LARGEST_OFFSET * TICKS_PER_POINT
    if ticks.shape != (drivers,) or not (np.abs(ticks) <= largest).all():
        raise InvalidInput(
            {"offsets": f"give one a driver, of at most {_LARGEST_OFFSET:,.0f} points."}
        )
    # ticks that do not fit 16 bits stay in the rest: the bound is looser, the score the same
    whole = np.clip(
        np.rint(ticks).astype(np.int64),
        _TICKS.min - points.min(axis=0).astype(np.int64),
        _TICKS.max - points.max(axis=0).astype(np.int64),
    )
    if abs(math.fsum(target.weights) - 1.0) > _ROUNDED:
        # with weights that do not sum to 1, the score does not rise by as much as the points
        whole[:] = 0
    rests = np.rint(ticks * GRID).astype(np.int64) - whole * int(GRID)
    return (points + whole).astype(np.int16), rests


def tail_values(
    points: Points, lineups: Lineups, target: TailTarget, offsets: Offsets | None = None
) -> npt.NDArray[np.float64]:
    """Weighted CVaR of each lineup, f64 ``[K]`` in points.

    Parameters
    ----------
    points
        Driver scores in ticks, i16 ``[N, D]``.
    lineups
        Driver indices, u8 ``[K, R]``.
    target
        Levels and weights.
    offsets
        Points added to a lineup's score for each driver that it holds, f64 ``[D]``; 0 by default.

    Raises
    ------
    InvalidInput
        A level's tail holds less than one scenario, or offsets are not one for each driver within
        1,000,000 points.
    """
    target.require_scenarios(len(points))
    points, rests = _folded(points, target, offsets)
    everyone = np.arange(points.shape[1], dtype=np.uint8)
    ticks = tail_scores(
        _by_driver(points, everyone),
        rests,
        np.ascontiguousarray(lineups),
        target.tails(len(points)),
        _span(points, lineups.shape[1]),
    )
    return np.asarray(ticks, dtype=np.float64) / TICKS_PER_POINT


def start_tail_walk(
    points: Points,
    rules: LineupRules,
    target: TailTarget,
    k: int,
    offsets: Offsets | None = None,
) -> WalkStart:
    """Start of a walk by tail, from the weighted CVaR of the best lineups by mean.

    Parameters are those of :func:`best_by_tail`.
    """
    target.require_scenarios(len(points))
    folded, rests = _folded(points, target, offsets)
    rest = np.rint(len(points) * (rests / GRID)).astype(np.int64)
    totals = folded.sum(axis=0, dtype=np.int64) + rest
    guess = best_by_value(totals, rules, 2 * k + _MORE_GUESSES).lineups
    if len(guess) == 0:
        return WalkStart(-math.inf, np.zeros(len(target.alphas), dtype=np.int64))
    scores = tail_values(points, guess, target, offsets) * TICKS_PER_POINT
    order = np.argsort(-scores, kind="stable")
    # slightly below the kth score: rounding between points and ticks must not exclude the kth
    at_least = float(scores[order[k - 1]]) if len(order) >= k else -math.inf
    typical = guess[order[min(k, len(order)) - 1]]
    sums = folded[:, typical].sum(axis=1, dtype=np.int64)
    levels = [math.ceil(alpha * len(sums)) - 1 for alpha in target.alphas]
    return WalkStart(at_least - 1e-6, np.sort(sums)[levels])


def best_by_tail(
    points: Points,
    rules: LineupRules,
    target: TailTarget,
    k: int,
    units: Units | None = None,
    start: WalkStart | None = None,
    offsets: Offsets | None = None,
) -> WalkResult:
    """The k lineups with the largest weighted upper CVaR, proven best of all legal lineups.

    Parameters
    ----------
    points
        Driver scores in ticks of 0.05 point, i16 ``[N, D]``.
    rules
        Rules that make a lineup legal.
    target
        Levels and weights.
    k
        Number of lineups to return; there are fewer only where fewer are legal.
    units
        The part of :func:`walk_units` to walk; all by default. The best k of a part contain every
        lineup of the whole walk's best k that begins with one of the part's pairs.
    start
        Result of :func:`start_tail_walk` for the same points, rules, target and offsets, and for
        the same k or a larger one.
    offsets
        Points of either sign that are added to a lineup's score for each driver that it holds, f64
        ``[D]``: a price of the driver that is the same in every race. They count to the nearest
        2^-20 of a tick.

    Raises
    ------
    InvalidInput
        A level's tail holds less than one scenario, or offsets are not one for each driver within
        1,000,000 points.
    """
    target.require_scenarios(len(points))
    if start is None:
        start = start_tail_walk(points, rules, target, k, offsets)
    board = Board.of(rules)
    if rules.contradicted or len(board.drivers) < board.roster_size:
        return no_lineups(board.roster_size)
    folded, rests = _folded(points, target, offsets)
    races = TailRaces(
        _by_driver(folded, board.drivers), rests[board.drivers], _span(folded, board.roster_size)
    )
    bar = TailBar(start.at_least, start.thresholds, int(start.thresholds.min()))
    scores, keys, bounded, evaluated, cut = walk_tail(
        board,
        walk_units(rules) if units is None else units,
        races,
        target.tails(len(points)),
        bar,
        k,
    )
    best = ranked(scores, keys, k)
    return WalkResult(
        unpacked(keys[best], board.roster_size),
        scores[best] / TICKS_PER_POINT,
        int(bounded),
        int(evaluated),
        int(cut),
    )


def prove_walk(
    result: WalkResult, rules: LineupRules, k: int, legal: int | None = None
) -> WalkProof:
    """Proof of a whole walk's result, which :func:`merge_results` joined if the walk was cut.

    Parameters
    ----------
    result, rules, k
        The result, and the rules and the k of the walk.
    legal
        Number of legal lineups, if it was counted already.
    """
    legal = count_legal(rules) if legal is None else legal
    return WalkProof(
        legal_lineups=legal,
        pruned=legal - result.looked_at,
        looked_at=result.looked_at,
        evaluated=result.evaluated,
        bound=float(result.scores[-1]) if k <= len(result.scores) < legal else None,
    )
