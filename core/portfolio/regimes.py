"""Lineups by regime: so many for each kind of race, chosen together under the portfolio's limits.

A lineup may serve any regime, and is worth something else in each. Which lineups are chosen and
which regime each is chosen for are decided together: the counts by regime are rows of one linear
program, whose prices make lineups for different regimes comparable.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, linprog, milp
from scipy.sparse import block_array, csr_array, eye_array, kron

from core.errors import InvalidInput
from core.lineups import LineupRules, Lineups, WalkResult
from core.portfolio.choosing import Draft, Indices, choose, pair_cost
from core.portfolio.feasibility import presence, sets_of_one
from core.portfolio.limits import Counts, PortfolioLimits
from core.portfolio.portfolio import generate_portfolio

Kind = str | None
RegimeSearch = Callable[[Kind, LineupRules], WalkResult]
RegimeValue = Callable[[Kind, Lineups], npt.NDArray[np.float64]]
Scores = npt.NDArray[np.float64]
Columns = tuple[Indices, Indices]

_SUM_TOLERANCE = 1e-6
# Beyond two drivers apart a program of more columns takes minutes: exchanges do what they can.
_EASY_UNIQUE = 2
_COLUMNS_PER_LINEUP = 6
_FEW_COLUMNS = 200
# Lineups spread out leave room for those that must be further apart.
_SPREAD = (0.1, 0.3, 0.5)
_NODES = 20
# of what the portfolio falls short of lineups that are all their regime's best
_GAP = 1e-3


@dataclass(frozen=True, slots=True)
class RegimePortfolio:
    """Lineups chosen together, each for one regime: by regime as allotted, then best score first.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``, all different.
    scores
        f64 ``[n]``: what each is worth in its regime's races, in the unit of the values.
    regimes
        The regime each was chosen for, ``[n]``.
    pool_size
        Lineups the choice was made from.
    """

    lineups: Lineups
    scores: npt.NDArray[np.float64]
    regimes: tuple[Kind, ...]
    pool_size: int


def allocate_lineups_by_regime(n_lineups: int, weights: Mapping[Kind, float]) -> dict[Kind, int]:
    """Give each regime its share of ``n_lineups``, in whole lineups, by largest remainder.

    Parameters
    ----------
    n_lineups
        Lineups in the portfolio; the counts sum to it.
    weights
        0 or more, summing to 1. Of equal remainders the larger weight comes first, then the name,
        ``None`` last. A regime of weight 0 gets no lineup.

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
    # 0.07 x 100 is a little more than 7 in binary, which is no remainder
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
    """Different lineups ``[K, R]`` and what each is worth in every regime ``[K, G]``."""

    def __init__(self, regimes: tuple[Kind, ...], roster_size: int, value: RegimeValue) -> None:
        self._regimes, self._value = regimes, value
        self._place: dict[bytes, int] = {}
        self.lineups: Lineups = np.zeros((0, roster_size), dtype=np.uint8)
        self.values: Scores = np.zeros((0, len(regimes)))

    def valued(self, lineups: Lineups) -> Scores:
        """Give what any lineups are worth in every regime."""
        return np.column_stack([self._value(regime, lineups) for regime in self._regimes])

    def add(self, lineups: Lineups) -> Indices:
        """Take in what is new in ``lineups`` and give the places of all of them."""
        known = len(self._place)
        places = [self._place.setdefault(row.tobytes(), len(self._place)) for row in lineups]
        if len(self._place) > known:
            _, first = np.unique(places, return_index=True)
            new = lineups[[at for at in first if places[at] >= known]]
            self.lineups = np.concatenate([self.lineups, new])
            self.values = np.concatenate([self.values, self.valued(new)])
        return np.array(places, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class _Prices:
    """What the linear program over (lineup, regime) says of a pool, all but min_unique in it.

    Parameters
    ----------
    regimes
        What a place in each regime costs, ``[G]``.
    lineups
        What each lineup is worth in its best regime at these prices and the limits' own, ``[K]``.
    losses
        By how much at least the sum falls short of the program's if a lineup is taken for a
        regime, ``[K, G]``.
    """

    regimes: Scores
    lineups: Scores
    losses: Scores


def _priced(
    lineups: Lineups, values: Scores, limits: PortfolioLimits, quota: Counts
) -> _Prices | None:
    """Solve the linear program, or give ``None`` if the pool alone cannot hold the limits."""
    count, kinds = values.shape
    if count < quota.sum():
        return None
    held = csr_array(presence(lineups, limits))
    rows = block_array([[held], [-held[: len(limits.drivers)]]], format="csr")
    each = np.ones((1, kinds))
    solved = linprog(
        -values.ravel(),
        A_ub=block_array([[kron(rows, each)], [kron(eye_array(count), each)]], format="csr"),
        b_ub=np.concatenate([limits.most, limits.team_most, -limits.fewest, np.ones(count)]),
        A_eq=csr_array(np.tile(np.eye(kinds), (1, count))),
        b_eq=quota,
        bounds=(0.0, None),
        method="highs",
    )
    if solved.status != 0:
        return None
    prices = -solved.eqlin.marginals
    limited = rows.T @ solved.ineqlin.marginals[: rows.shape[0]]
    return _Prices(
        # only their differences matter: a place in the portfolio costs nothing on average
        prices - prices @ quota / quota.sum(),
        (values - prices).max(axis=1) + limited,
        solved.lower.marginals.reshape(count, kinds),
    )


def _labelled(values: Scores, quota: Counts) -> npt.NDArray[np.intp]:
    """Give each of the portfolio's lineups ``[n, G]`` a regime so that the sum is the largest."""
    slots = np.repeat(np.arange(len(quota)), quota)
    lineup, slot = linear_sum_assignment(values[:, slots], maximize=True)
    labels = np.empty(len(values), dtype=np.intp)
    labels[lineup] = slots[slot]
    return labels


def _openings(values: Scores, labels: npt.NDArray[np.intp]) -> Scores:
    """Give what it gains to open a place in regime s in place of one in r, ``[G, G]``.

    A lineup of s goes over to r, or others between; ``values`` and ``labels`` are those of the
    lineups chosen.
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
    """Swap a chosen lineup for another, labels changing as is best, while the worth rises."""
    draft = Draft(pool, limits)
    for place in picked:
        draft.change(int(place), 1)
    labels = np.full(len(pool), -1, dtype=np.intp)
    labels[picked] = _labelled(values[picked], quota)
    # a margin, so that rounding cannot make two lineups take turns for ever
    margin = 1e-9 * float(np.abs(values).max())
    improved = True
    while improved:
        improved = False
        for place in np.flatnonzero(draft.chosen):
            draft.change(int(place), -1)
            chosen = np.flatnonzero(draft.chosen)
            opened = _openings(values[chosen], labels[chosen])[labels[place]]
            worth = (values + opened).max(axis=1) - cost * draft.counts[pool].sum(axis=1)
            best = int(np.argmax(np.where(draft.allowed(), worth, -np.inf)))
            gained = worth[best] > worth[place] + margin
            draft.change(best if gained else int(place), 1)
            if gained:
                chosen = np.flatnonzero(draft.chosen)
                labels[place] = -1
                labels[chosen] = _labelled(values[chosen], quota)
                improved = True
    return np.flatnonzero(draft.chosen)


def _programmed(
    pool: Lineups, values: Scores, limits: PortfolioLimits, quota: Counts, columns: Columns
) -> Indices | None:
    """Choose for the largest sum by integer program over some of the (lineup, regime) columns.

    The search ends after so many nodes, not seconds, so that what it finds does not depend on the
    machine.
    """
    lineup, kind = columns
    used, at = np.unique(lineup, return_inverse=True)
    ones = np.ones(len(lineup))
    spread = csr_array((ones, (at, np.arange(len(lineup)))), shape=(len(used), len(lineup)))
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
    solved = milp(
        -score / max(float(np.abs(score).max()), 1e-12),
        constraints=constraints,
        integrality=ones,
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": _GAP, "node_limit": _NODES},
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
    """Give portfolios under the limits that may be worth more than ``picked``, which is one."""
    prices = _priced(pool, values, limits, quota)
    if prices is None:
        return []
    easy = limits.min_unique <= _EASY_UNIQUE
    most = max(_FEW_COLUMNS, _COLUMNS_PER_LINEUP * limits.n_lineups if easy else 0)
    losses = prices.losses
    # with these among them, the columns hold an answer
    losses[picked, _labelled(values[picked], quota)] = -np.inf
    best = np.sort(np.argsort(losses.ravel(), kind="stable")[: max(most, len(picked))])
    lineup, kind = np.divmod(best, len(quota))
    programmed = _programmed(pool, values, limits, quota, (lineup, kind))
    starts = [] if programmed is None else [programmed]
    if not starts or not easy:
        # on the scale of the values again, which is what the weight is a share of
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
    diversity_weight: float = 0.0,
) -> RegimePortfolio:
    """Choose exactly ``limits.n_lineups`` different lineups, so many of them for each regime.

    The sum of what each is worth in the races of its own regime is made as large as can be found.
    Any lineup may serve any regime, wherever it was found, and the limits are on the portfolio as
    a whole. The counts are fixed, so a regime whose races pay more takes no lineups from another:
    a constant on all of its values is the same on every portfolio's sum. How far values spread
    within a regime does matter, where regimes compete for a driver.

    A portfolio under the limits comes first (:func:`generate_portfolio`, which looks beyond the
    pools where it must). An integer program over the columns that a linear one finds promising and
    exchanges of single lineups make it better.

    Parameters
    ----------
    pools
        For each regime with an allotment, the best lineups by its races.
    rules
        What is legal.
    limits
        What the portfolio holds to, whatever the regimes.
    allotment
        Lineups for each regime, ``limits.n_lineups`` in all; see
        :func:`allocate_lineups_by_regime`.
    value
        Gives what any lineups are worth over the races of one regime, f64 ``[K]``.
    search
        Gives the best lineups by the races of one regime under narrower rules.
    diversity_weight
        0..1, as for :func:`core.portfolio.choosing.choose`, the best score being the mean of the
        regimes' best, each counted as often as it has lineups.

    Raises
    ------
    Infeasible
        As :func:`generate_portfolio`: counts by regime can always be met, limits may not.
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
        # what a constant on a regime's values cannot change, to the last digit
        return values - best

    prices = _priced(pool.lineups, shortfalls(pool.values), limits, quota)
    by_regime = prices.regimes if prices is not None else np.zeros(len(quota))

    def in_best_regime(values: Scores) -> Scores:
        return np.asarray((shortfalls(values) - by_regime).max(axis=1) + level)

    def search_all(narrower: LineupRules) -> WalkResult:
        lineups = np.concatenate([search(regime, narrower).lineups for regime in regimes])
        places = np.unique(pool.add(lineups))
        return WalkResult(pool.lineups[places], in_best_regime(pool.values[places]), 0, 0, 0)

    portfolio = generate_portfolio(
        WalkResult(pool.lineups, in_best_regime(pool.values), 0, 0, 0),
        rules,
        limits,
        search_all,
        lambda lineups: in_best_regime(pool.valued(lineups)),
        diversity_weight,
    )
    generated = pool.add(portfolio.lineups)
    values = shortfalls(pool.values)
    cost = pair_cost(np.array([level]), limits, diversity_weight) / rules.roster_size

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
