"""Every legal lineup looked at: exact best-K search by summed value and by weighted upper CVaR.

Maximising CVaR is a maximum of a maximum, no linear program; it is done here by bounds (Rockafellar
and Uryasev, "Optimization of conditional value-at-risk", 2000) and by exact evaluation of what they
cannot exclude.
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
from core.lineups.found import Found, Units, WalkProof, nothing_found, ranked, unpacked, walk_units
from core.lineups.legality import LineupRules
from core.lineups.tail import adaptive_scenario_count, tail_mass
from core.slate import TICKS_PER_POINT

Points = npt.NDArray[np.int16]
Offsets = npt.NDArray[np.float64]

# the best by mean of which the best by tail tell a walk where to start: with few of them the bar
# is low and the walk long, with many their own evaluation takes longer than it saves
_MORE_GUESSES = 250
# far beyond any score, and sums of eight stay exact in floats
_LARGEST_OFFSET = 1_000_000.0
# weights that sum to 1 but for their own rounding
_ROUNDED = 1e-14
_TICKS = np.iinfo(np.int16)
_NO_CHARGE = Charges(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class TailTarget:
    """What a multi-CVaR search maximises: ``sum_j weights[j] x CVaR at alphas[j]``.

    Parameters
    ----------
    alphas
        Levels, each in (0, 1).
    weights
        One a level, each >= 0, summing to 1.

    Raises
    ------
    InvalidInput
        Lengths differ, a level outside (0, 1), a negative weight or weights that do not sum to 1.
    """

    alphas: tuple[float, ...] = (0.99, 0.95)
    weights: tuple[float, ...] = (0.7, 0.3)

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if not self.alphas or not all(0.0 < alpha < 1.0 for alpha in self.alphas):
            problems["cvar_alphas"] = f"{list(self.alphas)}; give levels between 0 and 1."
        if len(self.weights) != len(self.alphas):
            problems["cvar_weights"] = (
                f"{len(self.weights)} weights for {len(self.alphas)} levels; give one a level."
            )
        elif not all(weight >= 0.0 for weight in self.weights) or not math.isclose(
            sum(self.weights), 1.0, abs_tol=1e-6
        ):
            problems["cvar_weights"] = f"{list(self.weights)}; give weights >= 0 that sum to 1."
        if problems:
            raise InvalidInput(problems)

    def require_scenarios(self, n_scenarios: int) -> None:
        """Refuse a level whose tail would hold less than one of ``n_scenarios``.

        Raises
        ------
        InvalidInput
            Naming the level and the number of scenarios that would do.
        """
        for alpha in self.alphas:
            if tail_mass(alpha, n_scenarios) < 1.0:
                raise InvalidInput(
                    {
                        "cvar_alphas": f"the best {1 - alpha:.4g} of {n_scenarios} scenarios is "
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
    """What makes a tail walk fast and cannot change what it finds.

    Parameters
    ----------
    at_least
        A score in ticks that at least k legal lineups reach; ``-inf`` if unknown. What cannot reach
        it is not looked at, so the counts of a walk depend on it.
    thresholds
        i64 ``[J]`` in ticks: about the VaR of good lineups at each level.
    """

    at_least: float
    thresholds: npt.NDArray[np.int64]


def best_by_value(
    values: npt.NDArray[np.int64],
    rules: LineupRules,
    k: int,
    units: Units | None = None,
    charges: Sequence[tuple[Sequence[int], int]] = (),
) -> Found:
    """Give the k legal lineups with the largest sum of ``values``.

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds, in any whole unit, so that sums are exact.
    rules
        What is legal.
    k
        How many to give; fewer come back only where fewer are legal.
    units
        The part of :func:`walk_units` to walk; all by default.
    charges
        ``(drivers, cost >= 0)``: what a lineup pays once if it holds any of the drivers.
    """
    board = Board.of(rules)
    if rules.contradicted or len(board.drivers) < board.roster_size:
        return nothing_found(board.roster_size)
    scores, keys, reached = walk_values(
        board,
        walk_units(rules) if units is None else units,
        np.ascontiguousarray(values[board.drivers]),
        _charges(charges, board),
        k,
    )
    best = ranked(scores.astype(np.float64), keys, k)
    return Found(
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
    """Count the legal lineups, by walking to every one of them."""
    nothing = np.zeros(len(rules.salaries_usd), dtype=np.int64)
    # with all values equal no bound cuts anything, so the walk reaches every lineup
    return best_by_value(nothing, rules, 1).looked_at


def _span(points: Points, size: int) -> int:
    """Give how many different tick totals a lineup can have at most."""
    return int(size * (int(points.max(initial=0)) - int(points.min(initial=0)))) + 1


def _by_driver(points: Points, drivers: npt.NDArray[np.uint8]) -> Points:
    return np.ascontiguousarray(points.T[drivers])


def _folded(
    points: Points, target: TailTarget, offsets: Offsets | None
) -> tuple[Points, npt.NDArray[np.int64]]:
    """Add the whole ticks of ``offsets`` to the points; give what is left in 1 / GRID of a tick.

    The CVaR of scores that are all higher by some ticks is higher by as many.
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
    # whatever does not fit 16 bits stays in the rest: a looser bound, the same score
    whole = np.clip(
        np.rint(ticks).astype(np.int64),
        _TICKS.min - points.min(axis=0).astype(np.int64),
        _TICKS.max - points.max(axis=0).astype(np.int64),
    )
    if abs(math.fsum(target.weights) - 1.0) > _ROUNDED:
        # a score of these weights is not higher by as much as the points are
        whole[:] = 0
    rests = np.rint(ticks * GRID).astype(np.int64) - whole * int(GRID)
    return (points + whole).astype(np.int16), rests


def tail_values(
    points: Points, lineups: Lineups, target: TailTarget, offsets: Offsets | None = None
) -> npt.NDArray[np.float64]:
    """Give ``target`` of each lineup, f64 ``[K]`` in points.

    Parameters
    ----------
    points
        i16 ``[N, D]`` in ticks.
    lineups
        u8 ``[K, R]``.
    target
        Levels and weights.
    offsets
        f64 ``[D]`` in points, added once a driver held.
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
    """Look at the best lineups by mean first: their CVaR tells a walk what it may ignore.

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
    # a hair below the kth: changing the unit back and forth must not exclude the kth itself
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
) -> Found:
    """Give the k legal lineups with the largest weighted upper CVaR, proven over all of them.

    Parameters
    ----------
    points
        i16 ``[N, D]`` in ticks of 0.05 point.
    rules
        What is legal.
    target
        Levels and weights.
    k
        How many to give; fewer come back only where fewer are legal.
    units
        The part of :func:`walk_units` to walk; all by default. A part's own best k hold every
        lineup of the whole walk's best k that begins with one of its pairs.
    start
        From :func:`start_tail_walk`, for the same points, rules, target, offsets and k or a larger
        one.
    offsets
        f64 ``[D]`` in points of either sign, added to a lineup's score once for each driver it
        holds: a price for a driver that no race changes. Counts to the nearest 2^-20 of a tick.

    Raises
    ------
    InvalidInput
        A level whose tail holds less than one scenario; offsets that are not one finite number a
        driver.
    """
    target.require_scenarios(len(points))
    if start is None:
        start = start_tail_walk(points, rules, target, k, offsets)
    board = Board.of(rules)
    if rules.contradicted or len(board.drivers) < board.roster_size:
        return nothing_found(board.roster_size)
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
    return Found(
        unpacked(keys[best], board.roster_size),
        scores[best] / TICKS_PER_POINT,
        int(bounded),
        int(evaluated),
        int(cut),
    )


def prove_walk(found: Found, rules: LineupRules, k: int, legal: int | None = None) -> WalkProof:
    """Give the proof of what a whole walk found, joined by :func:`merge_found` if it was cut.

    Parameters
    ----------
    found, rules, k
        The result, and the rules and number it was asked for with.
    legal
        How many lineups are legal, where that has been counted.
    """
    legal = count_legal(rules) if legal is None else legal
    return WalkProof(
        legal_lineups=legal,
        pruned=legal - found.looked_at,
        looked_at=found.looked_at,
        evaluated=found.evaluated,
        bound=float(found.scores[-1]) if k <= len(found.scores) < legal else None,
    )
