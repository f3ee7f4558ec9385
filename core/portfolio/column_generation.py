"""The portfolio with the largest worth under its limits, and an upper bound of any portfolio's.

The portfolio is the solution of one program over all legal lineups. First comes a linear program
with column generation: its duals price drivers and teams, and an exact search adds the lineups
that are best at those prices as new columns (Gilmore and Gomory, "A linear programming approach to
the cutting-stock problem", 1961). Then an integer program chooses among the lineups that those
prices favour. The prices also bound the worth of every portfolio, so the result states how far it
can be from the best.

A lineup's score need not be a sum over its drivers. It is enough that a search can find the best
lineups when every driver has a price, as the walk by tail does.

Two lineups are as similar as the number of drivers they share. Summed over all pairs of lineups
that is a sum over drivers of ``c (c - 1) / 2``, c being the number of lineups that hold the driver.
It is convex in c, so the program includes it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.result import WalkResult
from core.lineups.walk import best_by_value
from core.portfolio._master import Program, Scores, program_of, relaxed, whole
from core.portfolio.feasibility import presence
from core.portfolio.limits import PortfolioLimits

Values = npt.NDArray[np.int64]
Search = Callable[[Scores, int, float], WalkResult]
Value = Callable[[Lineups], Scores]

# The walk adds whole numbers, so values and prices are rounded to this fraction of the dearest
# driver's value.
_PRICE_STEPS = 1 << 40
# A search's scores are accurate to a ten-millionth; this leaves some room.
_SEARCH_GRID = 1e-6
_NEW_COLUMNS = 300
_FEW_NEW = 50
_MOST_COLUMNS = 12_000
# Columns of the integer program beyond the portfolio's size: few, then many if the few give no
# good portfolio.
_PROGRAM_COLUMNS = (200, 1_500)
_LACKING = 1e-6
# Distance between worth and bound, as a fraction of the worth, at which column generation ends: far
# below a hundredth of a point, but above the rounding of a linear program.
_CLOSE = 1e-9
# A search takes far longer than a walk by value, so it ends at this larger distance, or after this
# many rounds, or when this many lineups were sought at once.
_NEAR = 2e-5
_ROUNDS = 8
_MOST_SEARCHED = 2_000
# Iterations of all linear programs after which column generation ends where it is, some six seconds
# of them; ordinary requests take a tenth.
_MOST_ITERATIONS = 40_000
# If the portfolio is farther than this from the bound, an integer program of more columns is tried.
_FAR = 1e-3


@dataclass(frozen=True, slots=True)
class Together:
    """Lineups chosen together.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, the best score first; ``[0, R]`` where only the bound was found.
    values
        f64 ``[n]``: each lineup's score.
    worth
        The sum of ``values`` less what sharing drivers costs; ``-inf`` without lineups.
    bound
        Upper bound: no portfolio within the limits is worth more.
    columns
        Number of lineups in the linear program when column generation ended.
    """

    lineups: Lineups
    values: Scores
    worth: float
    bound: float
    columns: int

    @property
    def complete(self) -> bool:
        """Whether there are lineups, and not only a bound."""
        return len(self.lineups) > 0


@dataclass(frozen=True, slots=True)
class _Best:
    """The best lineups at some prices.

    Parameters
    ----------
    lineups, gains
        u8 ``[K, R]``, and each one's score less the prices of its drivers and the charges of its
        teams, f64 ``[K]``.
    rest
        Upper bound of any other lineup's gain; ``None`` where there is no other lineup.
    prices, charges
        What drivers ``[D]`` and teams ``[T]`` cost a lineup, as rounded for the search.
    """

    lineups: Lineups
    gains: Scores
    rest: float | None
    prices: Scores
    charges: Scores


class _Market(Protocol):
    """The legal lineups: their scores, and a search for those that gain most at given prices."""

    @property
    def scale(self) -> float:
        """About the largest score."""

    @property
    def least(self) -> float:
        """Lower bound of every lineup's score."""

    @property
    def lost(self) -> float:
        """Most that rounding can take off a lineup's gain."""

    def scores(self, lineups: Lineups) -> Scores:
        """Score of each lineup, ``[K]``."""

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        """The ``look`` lineups that gain most; those that gain no more than ``above`` may lack."""


class _Additive:
    """Lineups whose score is the sum of their drivers' values, in whole numbers."""

    def __init__(self, values: Values, rules: LineupRules, limits: PortfolioLimits) -> None:
        self._values, self._rules, self._limits = values, rules, limits
        dearest = max(1.0, float(np.abs(values).max()))
        self._unit = _PRICE_STEPS / dearest
        self.scale = dearest * rules.roster_size
        self.least = float(np.sort(values)[: rules.roster_size].sum())
        # half a step for each driver's value and half a step for his price
        self.lost = rules.roster_size / self._unit

    def scores(self, lineups: Lineups) -> Scores:
        return np.asarray(self._values[lineups].sum(axis=1), dtype=np.float64)

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        del above  # a walk by value is fast enough without it
        whole_prices = np.rint(prices * self._unit).astype(np.int64)
        whole_charges = np.rint(charges * self._unit).astype(np.int64)
        result = best_by_value(
            np.rint(self._values * self._unit).astype(np.int64) - whole_prices,
            self._rules,
            look,
            charges=[
                (team.members, int(charge))
                for team, charge in zip(self._limits.teams, whole_charges, strict=True)
            ],
        )
        gains = result.scores / self._unit
        return _Best(
            result.lineups,
            gains,
            float(gains[-1]) if len(gains) == look else None,
            whole_prices / self._unit,
            whole_charges / self._unit,
        )


class _Searched:
    """Lineups of any score, which a search finds by their score less their drivers' prices."""

    def __init__(
        self, search: Search, value: Value, limits: PortfolioLimits, scale: float, least: float
    ) -> None:
        self._search, self._value, self._limits = search, value, limits
        self.scale, self.least, self.lost = max(scale, 1e-12), least, _SEARCH_GRID

    def scores(self, lineups: Lineups) -> Scores:
        return np.asarray(self._value(lineups), dtype=np.float64)

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        # The search ignores charges, and they only lower a gain: lineups that it leaves out gain
        # no more than the score of the last that it returns.
        result = self._search(prices, look, above)
        touched = presence(result.lineups, self._limits)[len(prices) :]
        return _Best(
            result.lineups,
            result.scores - charges @ touched,
            float(result.scores[-1]) if len(result.scores) == look else above,
            prices,
            charges,
        )


@dataclass(frozen=True, slots=True)
class _Priced:
    """The legal lineups at the prices of a solved linear program.

    Parameters
    ----------
    lineups, gains
        The columns, after them the new lineups, and what each adds to the worth at these prices.
    bound
        Upper bound of any portfolio's worth.
    new
        Number of new lineups: the last ones, which are not columns yet and would add to the worth.
    lacking
        Number of missing lineups and missing appearances of drivers in the solution, summed.
    iterations
        Iterations of the linear program.
    """

    lineups: Lineups
    gains: Scores
    bound: float
    new: int
    lacking: float
    iterations: int


def _count_worth(price: Scores, limits: PortfolioLimits, pair_cost: float) -> float:
    """The most that drivers' counts can earn at these prices, within their limits."""
    total = 0.0
    for paid, least, most in zip(price, limits.fewest, limits.most, strict=True):
        counts = np.arange(least, most + 1)
        total += float((paid * counts - pair_cost * counts * (counts - 1) / 2).max())
    return total


def _price(
    market: _Market, limits: PortfolioLimits, pair_cost: float, program: Program, look: int
) -> tuple[float, _Priced]:
    """Worth of the linear program over the columns, and the lineups that its prices ask for."""
    drivers, teams, scale = len(limits.drivers), len(limits.teams), program.scale
    solved = relaxed(program)
    above = solved.ineqlin.marginals * scale if len(program.above_at) else np.zeros(0)
    shared = np.maximum(-above[teams:], 0.0)
    each = -float(solved.eqlin.marginals[drivers]) * scale
    best = market.best(
        -solved.eqlin.marginals[:drivers] * scale, np.maximum(-above[:teams], 0.0), look, each
    )
    held = presence(program.columns, limits)
    own = program.scores - np.concatenate([best.prices, best.charges]) @ held
    own -= program.sets.T @ shared
    known = {lineup.tobytes() for lineup in program.columns}
    fresh = np.array([row.tobytes() not in known for row in best.lineups], dtype=np.bool_)
    others = best.gains[fresh]
    most = np.sort(np.concatenate([own, others]))[::-1][: limits.n_lineups]
    if best.rest is not None:
        most = np.maximum(most, best.rest)
    bound = (
        float(most.sum())
        + _count_worth(best.prices, limits, pair_cost)
        + float(best.charges @ limits.team_most)
        + float(shared.sum())
        + limits.n_lineups * market.lost
    )
    worth = -float(solved.fun) * scale
    adds = others > each + _CLOSE * max(1.0, abs(worth))
    return worth, _Priced(
        np.concatenate([program.columns, best.lineups[fresh][adds]]),
        np.concatenate([own, others[adds]]) - each,
        bound,
        int(adds.sum()),
        float(solved.x[-drivers - 1 :].sum()),
        int(solved.nit),
    )


def best_together(
    values: Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    pair_cost: float = 0.0,
) -> Together | None:
    """The portfolio that is worth most; ``None`` where not even fractions of lineups make up one.

    Where no whole lineups were found to fit, the result has no lineups, only the bound
    (:attr:`Together.complete` is False).

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to a lineup, in any whole unit.
    rules, limits
        Rules of each lineup and limits on the portfolio.
    pair_cost
        Cost of each driver that two lineups share, for each pair of lineups, in the unit of
        ``values``.

    Raises
    ------
    ValueError
        ``limits.min_unique`` is above 2: lineups that far apart make a program of another size.
    ArithmeticError
        The solver of linear programs gave up.
    """
    start = best_by_value(values, rules, limits.n_lineups + _NEW_COLUMNS).lineups
    market = _Additive(values, rules, limits)
    best = _generated(market, start, limits, pair_cost, _CLOSE, None)
    if best is None or pair_cost > 0.0 or not best.complete:
        return best
    # all values are multiples of the grain, so every portfolio's worth is one
    grain = max(1, int(np.gcd.reduce(values)))
    bound = max(math.floor(best.bound / grain) * grain, best.worth)
    return Together(best.lineups, best.values, best.worth, bound, best.columns)


def best_searched_together(
    search: Search,
    value: Value,
    start: Lineups,
    limits: PortfolioLimits,
    pair_cost: float,
    least: float,
) -> Together | None:
    """The portfolio that is worth most, or nearly so, by any score, and an upper bound of the most.

    Parameters
    ----------
    search
        Called with ``(prices f64 [D], k, above)``; returns the k legal lineups with the largest
        score less their drivers' prices as a :class:`~core.lineups.result.WalkResult`. It may leave
        out lineups for which that is no more than ``above``.
    value
        The score of any lineups, f64 ``[K]``.
    start
        Lineups to begin with, u8 ``[C, R]``: the best by score are good ones.
    limits, pair_cost
        As for :func:`best_together`, in the unit of scores.
    least
        Lower bound of every legal lineup's score.

    Returns
    -------
    As from :func:`best_together`.

    Raises
    ------
    ValueError, ArithmeticError
        As :func:`best_together`.
    """
    if len(start) == 0:
        return None
    scale = float(np.abs(value(start)).max())
    market = _Searched(search, value, limits, scale, least)
    return _generated(market, start, limits, pair_cost, _NEAR, _ROUNDS)


def _generated(
    market: _Market,
    columns: Lineups,
    limits: PortfolioLimits,
    pair_cost: float,
    close: float,
    rounds: int | None,
) -> Together | None:
    """Add columns until none would help or the bound is near, then choose whole lineups."""
    if limits.min_unique > 2:
        raise ValueError(f"min_unique {limits.min_unique} is above 2")
    if len(columns) == 0 or (limits.fewest > limits.most).any():
        return None
    pairs = limits.n_lineups * (limits.n_lineups - 1) / 2
    least = limits.n_lineups * market.least - pair_cost * pairs * columns.shape[1]
    look = limits.n_lineups + _NEW_COLUMNS
    bound, turn, iterations = np.inf, 0, 0
    scores = market.scores(columns)
    while True:
        program = program_of(columns, scores, limits, pair_cost, market.scale)
        worth, priced = _price(market, limits, pair_cost, program, look)
        bound = min(bound, priced.bound)
        new = priced.lineups[len(columns) :]
        columns = priced.lineups
        scores = np.concatenate([scores, market.scores(new)])
        if bound < least:
            # every portfolio is worth ``least`` or more, so there is none
            return None
        turn += 1
        iterations += priced.iterations
        near = bound - worth <= close * max(1.0, abs(worth))
        if near or len(columns) > _MOST_COLUMNS or turn == rounds or iterations > _MOST_ITERATIONS:
            break
        if priced.new < _FEW_NEW:
            # No search knows the prices on sets of drivers, and only the walk by value knows the
            # charges on teams, so the lineups returned may be columns already. The next search
            # returns more lineups.
            if look > (_MOST_COLUMNS if rounds is None else _MOST_SEARCHED):
                break
            look *= 2
    if priced.lacking > _LACKING:
        return None
    return _whole(market, columns, scores, priced.gains, limits, pair_cost, bound)


def _whole(
    market: _Market,
    columns: Lineups,
    scores: Scores,
    gains: Scores,
    limits: PortfolioLimits,
    pair_cost: float,
    bound: float,
) -> Together:
    """Choose whole lineups among those that the prices favour most."""
    none = columns[:0]
    best = Together(none, scores[:0], -math.inf, bound, len(columns))
    for width in _PROGRAM_COLUMNS:
        kept = np.sort(np.argsort(-gains, kind="stable")[: width + limits.n_lineups])
        program = program_of(columns[kept], scores[kept], limits, pair_cost, market.scale)
        picked = whole(program, limits)
        if picked is not None:
            chosen, values = program.columns[picked], program.scores[picked]
            order = np.lexsort((*chosen.T[::-1], -values))
            counts = np.bincount(chosen.ravel(), minlength=len(limits.drivers))
            worth = float(values.sum()) - pair_cost * float((counts * (counts - 1) / 2).sum())
            if worth > bound + 1e-6 * max(1.0, abs(bound)):
                raise ArithmeticError(f"a portfolio is worth {worth}, above the bound of {bound}")
            if worth > best.worth:
                best = Together(
                    chosen[order], values[order], worth, max(bound, worth), len(columns)
                )
            if bound - best.worth <= _FAR * abs(bound):
                break
        if len(kept) == len(columns):
            break
    return best
