"""The best lineups together: the portfolio of the largest worth under its limits, with a bound.

The whole portfolio is one program over all legal lineups: a linear program with column generation,
whose duals price drivers and teams and whose new columns an exact search finds, the best lineups
at those prices (Gilmore and Gomory, "A linear programming approach to the cutting-stock problem",
1961), then the integer program over the lineups that can matter. The search's prices also bound
every portfolio there is, so the answer says how far from the best it can be at most.

What a lineup scores need not be a sum over its drivers: it is enough that the best lineups can be
found when every driver has a price, as the walk by tail does.

The similarity of two lineups is the drivers they share; summed over all pairs it is a sum over
drivers of ``c (c - 1) / 2``, c being a driver's count: convex, so it is part of the program too.
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

# prices are rounded to this share of the dearest driver's value: the walk adds whole numbers
_PRICE_STEPS = 1 << 40
# scores of a search are good to a ten-millionth
_SEARCH_GRID = 1e-6
_NEW_COLUMNS = 300
_FEW_NEW = 50
_MOST_COLUMNS = 12_000
# Lineups beside the asked for that an integer program sees: few, or many where those do not do.
_PROGRAM_COLUMNS = (200, 1_500)
_LACKING = 1e-6
# of the worth: far less than a hundredth of a point, more than what a linear program rounds
_CLOSE = 1e-9
# a search takes far longer than a walk by value: so near is near enough, or so many rounds and
# lineups looked for
_NEAR = 2e-5
_ROUNDS = 8
_MOST_SEARCHED = 2_000
# so far from the bound more columns are worth another try
_FAR = 1e-3


@dataclass(frozen=True, slots=True)
class Together:
    """Lineups chosen together.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, the best score first; ``[0, R]`` where only the bound was found.
    values
        f64 ``[n]``: what each scores.
    worth
        The sum of ``values`` less what sharing drivers costs; ``-inf`` without lineups.
    bound
        No portfolio within the limits is worth more.
    columns
        Lineups that the prices were found with.
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
        u8 ``[K, R]``, and what each scores beyond its prices and charges, f64 ``[K]``.
    rest
        No other lineup gains more; ``None`` where there is no other.
    prices, charges
        What drivers ``[D]`` and teams ``[T]`` cost: as asked for, but for rounding.
    """

    lineups: Lineups
    gains: Scores
    rest: float | None
    prices: Scores
    charges: Scores


class _Market(Protocol):
    """What lineups score, and which gain most at which prices."""

    @property
    def scale(self) -> float:
        """About the largest score."""

    @property
    def least(self) -> float:
        """No lineup scores less."""

    @property
    def lost(self) -> float:
        """What rounding may take off a lineup's gain."""

    def scores(self, lineups: Lineups) -> Scores:
        """Give what each lineup scores, ``[K]``."""

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        """Give the ``look`` lineups that gain most, of those at least that gain above so much."""


class _Additive:
    """Lineups that score the sum of what their drivers are worth, in whole numbers."""

    def __init__(self, values: Values, rules: LineupRules, limits: PortfolioLimits) -> None:
        self._values, self._rules, self._limits = values, rules, limits
        dearest = max(1.0, float(np.abs(values).max()))
        self._unit = _PRICE_STEPS / dearest
        self.scale = dearest * rules.roster_size
        self.least = float(np.sort(values)[: rules.roster_size].sum())
        # half a step a driver, and as much for its price
        self.lost = rules.roster_size / self._unit

    def scores(self, lineups: Lineups) -> Scores:
        return np.asarray(self._values[lineups].sum(axis=1), dtype=np.float64)

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        del above  # a walk by value takes no time without it
        whole_prices = np.rint(prices * self._unit).astype(np.int64)
        whole_charges = np.rint(charges * self._unit).astype(np.int64)
        found = best_by_value(
            np.rint(self._values * self._unit).astype(np.int64) - whole_prices,
            self._rules,
            look,
            charges=[
                (team.members, int(charge))
                for team, charge in zip(self._limits.teams, whole_charges, strict=True)
            ],
        )
        gains = found.scores / self._unit
        return _Best(
            found.lineups,
            gains,
            float(gains[-1]) if len(gains) == look else None,
            whole_prices / self._unit,
            whole_charges / self._unit,
        )


class _Searched:
    """Lineups that a search finds by any score, drivers' prices taken off it."""

    def __init__(
        self, search: Search, value: Value, limits: PortfolioLimits, scale: float, least: float
    ) -> None:
        self._search, self._value, self._limits = search, value, limits
        self.scale, self.least, self.lost = max(scale, 1e-12), least, _SEARCH_GRID

    def scores(self, lineups: Lineups) -> Scores:
        return np.asarray(self._value(lineups), dtype=np.float64)

    def best(self, prices: Scores, charges: Scores, look: int, above: float) -> _Best:
        # a search knows no charges: what it gives beyond its last may gain as much, not more
        found = self._search(prices, look, above)
        touched = presence(found.lineups, self._limits)[len(prices) :]
        return _Best(
            found.lineups,
            found.scores - charges @ touched,
            float(found.scores[-1]) if len(found.scores) == look else above,
            prices,
            charges,
        )


@dataclass(frozen=True, slots=True)
class _Priced:
    """What the linear program's duals say of every legal lineup.

    Parameters
    ----------
    lineups, gains
        Columns and the best lineups, and what each would add to the worth at these prices.
    bound
        No portfolio is worth more.
    new
        How many of the lineups, the last ones, are no columns yet and would add something.
    lacking
        How much the columns still lack: lineups and drivers in them.
    """

    lineups: Lineups
    gains: Scores
    bound: float
    new: int
    lacking: float


def _count_worth(price: Scores, limits: PortfolioLimits, pair_cost: float) -> float:
    """Give the most that drivers' counts can earn at these prices, within their limits."""
    total = 0.0
    for paid, least, most in zip(price, limits.fewest, limits.most, strict=True):
        counts = np.arange(least, most + 1)
        total += float((paid * counts - pair_cost * counts * (counts - 1) / 2).max())
    return total


def _price(
    market: _Market, limits: PortfolioLimits, pair_cost: float, program: Program, look: int
) -> tuple[float, _Priced]:
    """Solve the linear program over the columns, and let the search look for what it lacks."""
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
    )


def best_together(
    values: Values,
    rules: LineupRules,
    limits: PortfolioLimits,
    pair_cost: float = 0.0,
) -> Together | None:
    """Give the portfolio that is worth most, or ``None`` where not even fractions make up one.

    Where whole lineups are hard to fit it may have no lineups, only the bound
    (:attr:`Together.complete`).

    Parameters
    ----------
    values
        i64 ``[D]``: what each driver adds to a lineup, in any whole unit.
    rules, limits
        What each lineup and the portfolio hold to.
    pair_cost
        What it costs, in the unit of ``values``, that two lineups share a driver; for each such
        driver of each pair.

    Raises
    ------
    ValueError
        ``limits.min_unique`` is above 2: lineups that far apart make a program of another size.
    ArithmeticError
        The solver of linear programs gave up.
    """
    start = best_by_value(values, rules, limits.n_lineups + _NEW_COLUMNS).lineups
    market = _Additive(values, rules, limits)
    found = _generated(market, start, limits, pair_cost, _CLOSE, None)
    if found is None or pair_cost > 0.0 or not found.complete:
        return found
    # every portfolio is worth a multiple of what all values are multiples of
    grain = max(1, int(np.gcd.reduce(values)))
    bound = max(math.floor(found.bound / grain) * grain, found.worth)
    return Together(found.lineups, found.values, found.worth, bound, found.columns)


def best_searched_together(
    search: Search,
    value: Value,
    start: Lineups,
    limits: PortfolioLimits,
    pair_cost: float,
    least: float,
) -> Together | None:
    """Give a portfolio that is worth about the most, and the bound on any, for any score.

    Parameters
    ----------
    search
        ``(prices f64 [D], k, above)`` to the k legal lineups with the largest score less their
        drivers' prices, a :class:`~core.lineups.result.WalkResult`; it may leave out what scores
        no more than ``above``.
    value
        Gives the score of any lineups, f64 ``[K]``.
    start
        Lineups to begin with, u8 ``[C, R]``: the best by score are good ones.
    limits, pair_cost
        As :func:`best_together` takes them, in the unit of scores.
    least
        A score that no legal lineup is below.

    Returns
    -------
    As :func:`best_together` gives it.

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
    """Add columns until none would help, or the bound is near, then choose whole ones."""
    if limits.min_unique > 2:
        raise ValueError(f"min_unique {limits.min_unique} is above 2")
    if len(columns) == 0 or (limits.fewest > limits.most).any():
        return None
    pairs = limits.n_lineups * (limits.n_lineups - 1) / 2
    least = limits.n_lineups * market.least - pair_cost * pairs * columns.shape[1]
    look = limits.n_lineups + _NEW_COLUMNS
    bound, turn = np.inf, 0
    scores = market.scores(columns)
    while True:
        program = program_of(columns, scores, limits, pair_cost, market.scale)
        worth, priced = _price(market, limits, pair_cost, program, look)
        bound = min(bound, priced.bound)
        new = priced.lineups[len(columns) :]
        columns = priced.lineups
        scores = np.concatenate([scores, market.scores(new)])
        if bound < least:
            # the bound counts what is missing: too little, whatever is chosen
            return None
        turn += 1
        near = bound - worth <= close * max(1.0, abs(worth))
        if near or len(columns) > _MOST_COLUMNS or turn == rounds:
            break
        if priced.new < _FEW_NEW:
            # the search knows no prices of sets of drivers, nor charges where they are not its own,
            # so what it finds may be columns already
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
    """Choose whole lineups among those that the prices favour, the fewest that will do well."""
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
