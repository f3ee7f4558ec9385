"""A portfolio by regime: a number of lineups for each kind of race, under limits on all of them.

Any lineup may be chosen for any regime, and its worth differs from one to the other. The lineups
and their regimes are chosen together: the numbers of lineups by regime are rows of one linear
program, whose prices make lineups for different regimes comparable.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment
from scipy.sparse import block_array, csr_array, eye_array, kron

from core.errors import InvalidInput
from core.lineups import LineupRules, Lineups, WalkResult
from core.portfolio.choosing import Draft, Indices, choose, pair_cost
from core.portfolio.feasibility import presence, sets_of_one
from core.portfolio.limits import Counts, PortfolioLimits
from core.portfolio.portfolio import generate_portfolio
from core.portfolio.programs import solve_integer, solve_linear

Kind = str | None
RegimeSearch = Callable[[Kind, LineupRules], WalkResult]
RegimeValue = Callable[[Kind, Lineups], npt.NDArray[np.float64]]
Scores = npt.NDArray[np.float64]
Columns = tuple[Indices, Indices]

_SUM_TOLERANCE = 1e-6
# Where lineups must differ in more than two drivers, a program of many columns takes minutes. It
# then gets few columns, and the exchanges do the rest.
_EASY_UNIQUE = 2
_COLUMNS_PER_LINEUP = 6
_FEW_COLUMNS = 200
# Correlation weights of the other starts: lineups that share few drivers leave more of the pool
# that differs enough from all of them.
_SPREAD = (0.1, 0.3, 0.5)
_NODES = 20
# relative gap of the objective, which is how far the lineups fall short of their regimes' best
_GAP = 1e-3


@dataclass(frozen=True, slots=True)
class RegimePortfolio:
    """Lineups chosen together, each for one regime: in the allotment's order, best score first.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, all different.
    scores
        f64 ``[n]``: value of each lineup in the races of its regime.
    regimes
        The regime of each lineup, ``[n]``.
    pool_size
        Number of lineups that the portfolio was chosen from.
    """

    lineups: Lineups
    scores: npt.NDArray[np.float64]
    regimes: tuple[Kind, ...]
    pool_size: int


def allocate_lineups_by_regime(n_lineups: int, weights: Mapping[Kind, float]) -> dict[Kind, int]:
    """Number of lineups for each regime: its share of ``n_lineups``, by largest remainder.

    Parameters
    ----------
    n_lineups
        Lineups in the portfolio; the counts sum to it.
    weights
        Each regime's share: 0 or more, summing to 1. Among equal remainders the larger weight gets
        the lineup, then the name that sorts first, ``None`` last. A regime of weight 0 gets none.

    Raises
    ------
    InvalidInput
        A weight below 0 or not finite, or a sum other than 1 (to a millionth).
    """
    if any(not math.isfinite(weight) or weight < 0.0 for weight in weights.values()):
        raise InvalidInput({"regime_weights": "give weights of 0 or more."})
    total = math.fsum(weights.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise InvalidInput({"regime_weights": f"they sum to {total:g}; they must sum to 1."})
    # 0.07 x 100 is a little more than 7 in binary: without rounding it would have a remainder
    shares = {name: round(n_lineups * weight / total, 9) for name, weight in weights.items()}
    counts = {name: math.floor(share) for name, share in shares.items()}
    served = [name for name, weight in weights.items() if weight > 0.0]
    served.sort(
        key=lambda name: (
            -round(shares[name] - counts[name], 9),
            -weights[name],
            name is None,
            name or "",
        )
    )
    for name in served[: n_lineups - sum(counts.values())]:
        counts[name] += 1
    return counts


class _Pool:
    """Different lineups ``[K, R]`` and the value of each in every regime ``[K, G]``."""

    def __init__(self, regimes: tuple[Kind, ...], roster_size: int, value: RegimeValue) -> None:
        self._regimes, self._value = regimes, value
        self._index: dict[bytes, int] = {}
        self.lineups: Lineups = np.zeros((0, roster_size), dtype=np.uint8)
        self.values: Scores = np.zeros((0, len(regimes)))

    def valued(self, lineups: Lineups) -> Scores:
        """Value of any lineups in every regime, ``[L, G]``."""
        return np.column_stack([self._value(regime, lineups) for regime in self._regimes])

    def add(self, lineups: Lineups) -> Indices:
        """Add the new ones of ``lineups``; return the indices of all of them in the pool."""
        known = len(self._index)
        indices = [self._index.setdefault(row.tobytes(), len(self._index)) for row in lineups]
        if len(self._index) > known:
            _, first = np.unique(indices, return_index=True)
            new = lineups[[row for row in first if indices[row] >= known]]
            self.lineups = np.concatenate([self.lineups, new])
            self.values = np.concatenate([self.values, self.valued(new)])
        return np.array(indices, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class _Prices:
    """Prices of the linear program over (lineup, regime), which leaves out ``min_unique`` alone.

    Parameters
    ----------
    regimes
        What a lineup pays for being chosen for each regime, ``[G]``.
    lineups
        Value of each lineup in its best regime, less these prices and those of the limits, ``[K]``.
    losses
        Lower bound of what the program's sum loses if a lineup is taken for a regime, ``[K, G]``.
    """

    regimes: Scores
    lineups: Scores
    losses: Scores


def _priced(
    lineups: Lineups, values: Scores, limits: PortfolioLimits, quota: Counts
) -> _Prices | None:
    """Prices of the linear program; ``None`` if no portfolio of the pool keeps the limits."""
    count, kinds = values.shape
    if count < quota.sum():
        return None
    held = csr_array(presence(lineups, limits))
    rows = block_array([[held], [-held[: len(limits.drivers)]]], format="csr")
    each = np.ones((1, kinds))
    solved = solve_linear(
        -values.ravel(),
        A_ub=block_array([[kron(rows, each)], [kron(eye_array(count), each)]], format="csr"),
        b_ub=np.concatenate([limits.most, limits.team_most, -limits.fewest, np.ones(count)]),
        A_eq=csr_array(np.tile(np.eye(kinds), (1, count))),
        b_eq=quota,
        bounds=(0.0, None),
    )
    if solved.status != 0:
        return None
    prices = -solved.eqlin.marginals
    limited = rows.T @ solved.ineqlin.marginals[: rows.shape[0]]
    return _Prices(
        # only their differences matter, so their mean over the portfolio's lineups is made 0
        prices - prices @ quota / quota.sum(),
        (values - prices).max(axis=1) + limited,
        solved.lower.marginals.reshape(count, kinds),
    )


def _labelled(values: Scores, quota: Counts) -> npt.NDArray[np.intp]:
    """Regime of each lineup of a portfolio, ``[n]``, for the largest sum of values ``[n, G]``."""
    slots = np.repeat(np.arange(len(quota)), quota)
    lineup, slot = linear_sum_assignment(values[:, slots], maximize=True)
    labels = np.empty(len(values), dtype=np.intp)
    labels[lineup] = slots[slot]
    return labels


def _openings(values: Scores, labels: npt.NDArray[np.intp]) -> Scores:
    """Gain from moving one lineup from regime s to r, directly or through others, ``[G, G]``.

    Entry ``[r, s]`` is the change of the sum when r, which lacks a lineup, gets one and s lacks
    one instead. ``values`` and ``labels`` are those of the lineups chosen.
    """
    kinds = values.shape[1]
    gains = np.full((kinds, kinds), -np.inf)
    for kind in range(kinds):
        own = values[labels == kind]
        if len(own):
            gains[:, kind] = (own - own[:, [kind]]).max(axis=0)
    np.fill_diagonal(gains, 0.0)
    for between in range(kinds):
        gains = np.maximum(gains, gains[:, [between]] + gains[[between], :])
    return gains


def _exchanged(
    pool: Lineups,
    values: Scores,
    limits: PortfolioLimits,
    quota: Counts,
    cost: float,
    picked: Indices,
) -> Indices:
    """Swap a chosen lineup for another, with the best regimes for all, while the worth rises."""
    draft = Draft(pool, limits)
    for index in picked:
        draft.change(int(index), 1)
    labels = np.full(len(pool), -1, dtype=np.intp)
    labels[picked] = _labelled(values[picked], quota)
    # a margin, so that rounding cannot make two lineups take turns for ever
    margin = 1e-9 * float(np.abs(values).max())
    improved = True
    while improved:
        improved = False
        for index in np.flatnonzero(draft.chosen):
            draft.change(int(index), -1)
            chosen = np.flatnonzero(draft.chosen)
            opened = _openings(values[chosen], labels[chosen])[labels[index]]
            worth = (values + opened).max(axis=1) - cost * draft.counts[pool].sum(axis=1)
            best = int(np.argmax(np.where(draft.allowed(), worth, -np.inf)))
            gained = worth[best] > worth[index] + margin
            draft.change(best if gained else int(index), 1)
            if gained:
                chosen = np.flatnonzero(draft.chosen)
                labels[index] = -1
                labels[chosen] = _labelled(values[chosen], quota)
                improved = True
    return np.flatnonzero(draft.chosen)


def _programmed(
    pool: Lineups, values: Scores, limits: PortfolioLimits, quota: Counts, columns: Columns
) -> Indices | None:
    """Portfolio with the largest sum by an integer program over some (lineup, regime) columns.

    The search ends after a number of nodes, not of seconds, so that its result does not depend on
    the machine. ``None`` if it found no portfolio.
    """
    lineup, kind = columns
    used, row = np.unique(lineup, return_inverse=True)
    ones = np.ones(len(lineup))
    spread = csr_array((ones, (row, np.arange(len(lineup)))), shape=(len(used), len(lineup)))
    served = csr_array((ones, (kind, np.arange(len(lineup)))), shape=(len(quota), len(lineup)))
    constraints = [
        LinearConstraint(
            csr_array(presence(pool[used], limits)) @ spread,
            np.concatenate([limits.fewest, np.zeros(len(limits.teams))]),
            np.concatenate([limits.most, limits.team_most]),
        ),
        LinearConstraint(served, quota, quota),
        LinearConstraint(spread, -np.inf, 1.0),
    ]
    sets = sets_of_one(pool[used], limits.min_unique)
    if sets.shape[0]:
        constraints.append(LinearConstraint(sets @ spread, -np.inf, 1.0))
    score = values[lineup, kind]
    solved = solve_integer(
        -score / max(float(np.abs(score).max()), 1e-12),
        constraints=constraints,
        integrality=ones,
        bounds=Bounds(0, 1),
        gap=_GAP,
        most_nodes=_NODES,
    )
    return None if solved.x is None else lineup[np.round(solved.x) == 1]


def _starts(
    pool: Lineups,
    values: Scores,
    limits: PortfolioLimits,
    quota: Counts,
    picked: Indices,
    level: float,
) -> list[Indices]:
    """Other portfolios under the limits, which may be worth more than ``picked``."""
    prices = _priced(pool, values, limits, quota)
    if prices is None:
        return []
    easy = limits.min_unique <= _EASY_UNIQUE
    most = max(_FEW_COLUMNS, _COLUMNS_PER_LINEUP * limits.n_lineups if easy else 0)
    losses = prices.losses
    # with the columns of ``picked`` the program has a solution
    losses[picked, _labelled(values[picked], quota)] = -np.inf
    best = np.sort(np.argsort(losses.ravel(), kind="stable")[: max(most, len(picked))])
    lineup, kind = np.divmod(best, len(quota))
    programmed = _programmed(pool, values, limits, quota, (lineup, kind))
    starts = [] if programmed is None else [programmed]
    if not starts or not easy:
        # back to the scale of the values, as the correlation weight is a share of their largest
        worth = prices.lineups - prices.lineups.max() + level
        starts += [choose(pool, worth, limits, weight).picked for weight in _SPREAD]
    return [start for start in starts if len(start) == limits.n_lineups]


def generate_regime_aware_portfolio(
    pools: Mapping[Kind, WalkResult],
    rules: LineupRules,
    limits: PortfolioLimits,
    allotment: Mapping[Kind, int],
    value: RegimeValue,
    search: RegimeSearch,
    correlation_weight: float = 0.0,
) -> RegimePortfolio:
    """Choose exactly ``limits.n_lineups`` different lineups, a fixed number for each regime.

    The search looks for the largest sum of the lineups' values, each in the races of its own
    regime. A lineup from any pool may be chosen for any regime, and the limits are on the portfolio
    as a whole. The numbers by regime are fixed, so a regime whose races pay more takes no lineups
    from another: a constant added to all of its values changes every portfolio's sum alike. What
    does matter, where regimes compete for a driver, is how far values differ within a regime.

    :func:`generate_portfolio` finds a first portfolio under the limits, beyond the pools where it
    must. It is improved by an integer program over the columns that a linear program favours, and
    by exchanges of single lineups.

    Parameters
    ----------
    pools
        For each regime with an allotment, the best lineups in its races.
    rules
        Rules of every lineup.
    limits
        Limits on the portfolio, all regimes together.
    allotment
        Number of lineups for each regime, ``limits.n_lineups`` in all; see
        :func:`allocate_lineups_by_regime`.
    value
        Called with a regime and lineups; returns their values in its races, f64 ``[K]``.
    search
        Called with a regime and narrower rules; returns the best lineups in its races.
    correlation_weight
        0..1, as for :func:`core.portfolio.choosing.choose`. The best score is the mean of the
        regimes' best, each counted as often as the regime has lineups.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`. The numbers by regime can always be met, the limits may not.
    """
    regimes = tuple(regime for regime, count in allotment.items() if count)
    quota = np.array([allotment[regime] for regime in regimes], dtype=np.int64)
    n = limits.n_lineups
    if quota.sum() != n or (quota < 0).any():
        raise ValueError(f"{dict(allotment)} does not allot {n} lineups")
    pool = _Pool(regimes, rules.roster_size, value)
    for regime in regimes:
        pool.add(pools[regime].lineups)
    best = pool.values.max(axis=0) if len(pool.lineups) else np.zeros(len(quota))
    level = float(best @ quota) / n

    def shortfalls(values: Scores) -> Scores:
        # adding a constant to a regime's values leaves these as they are, to the last digit
        return values - best

    prices = _priced(pool.lineups, shortfalls(pool.values), limits, quota)
    by_regime = prices.regimes if prices is not None else np.zeros(len(quota))

    def in_best_regime(values: Scores) -> Scores:
        return np.asarray((shortfalls(values) - by_regime).max(axis=1) + level)

    def search_all(narrower: LineupRules) -> WalkResult:
        lineups = np.concatenate([search(regime, narrower).lineups for regime in regimes])
        indices = np.unique(pool.add(lineups))
        return WalkResult(pool.lineups[indices], in_best_regime(pool.values[indices]), 0, 0, 0)

    portfolio = generate_portfolio(
        WalkResult(pool.lineups, in_best_regime(pool.values), 0, 0, 0),
        rules,
        limits,
        search_all,
        lambda lineups: in_best_regime(pool.valued(lineups)),
        correlation_weight,
    )
    generated = pool.add(portfolio.lineups)
    values = shortfalls(pool.values)
    cost = pair_cost(np.array([level]), limits, correlation_weight) / rules.roster_size

    def worth(picked: Indices) -> float:
        held = np.bincount(pool.lineups[picked].ravel())
        chosen = values[picked]
        total = float(chosen[np.arange(n), _labelled(chosen, quota)].sum())
        return total - cost * float((held * (held - 1)).sum()) / 2

    starts = [generated, *_starts(pool.lineups, values, limits, quota, generated, level)]
    picked = _exchanged(pool.lineups, values, limits, quota, cost, max(starts, key=worth))
    labels = _labelled(values[picked], quota)
    scores = pool.values[picked, labels]
    order = np.lexsort((*pool.lineups[picked].T[::-1], -scores, labels))
    return RegimePortfolio(
        pool.lineups[picked[order]],
        scores[order],
        tuple(regimes[label] for label in labels[order]),
        len(pool.lineups),
    )
