"""Whether a portfolio under the limits exists at all, decided over every legal lineup.

A linear program over lineups with column generation: the duals price drivers, and the exact walk
(:func:`core.lineups.best_by_value`) finds the lineups that would help most, or proves that none
does (Gilmore and Gomory, "A linear programming approach to the cutting-stock problem", 1961). A
positive optimum of the shortfall proves that no portfolio exists. The same prices exclude most
other sizes of portfolio without another program.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import block_array, coo_array, csr_array, eye_array, vstack

from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.walk import best_by_value
from core.portfolio.limits import Counts, PortfolioLimits
from core.portfolio.programs import solve_integer, solve_linear
from core.portfolio.repair import repaired

FEW_LEGAL = 1_500
"""Up to this number of legal lineups, all of them are columns of an integer program.

Its verdict is then a proof.
"""

_PRICE_UNIT = 1_000_000_000_000
# Most drivers have no price, and the walk has to visit all lineups that tie. So each driver's price
# is changed a little, which weakens a proof by far less than the tolerance.
_TIE_BREAK = 10_007
_TIE_STEP = 7_919
_NEW_COLUMNS = 200
# A shortfall is a number of lineups; the program's and the prices' rounding is far below this.
_TOLERANCE = 1e-5
_GAP = 0.002
# An integer program takes long at its root, which no number of nodes ends, where many lineups meet
# in sets of drivers that only one may hold and many lineups are wanted: 2 s at half this product of
# the two, 7 s at twice as much, 28 s at three times. Ordinary requests stay below a tenth.
_MOST_MEETINGS = 100_000
# a node takes about three millionths of a second for each such meeting
_MEETINGS_OF_NODES = 1_000_000
# rounds of column generation: ordinary requests take one to ten
_ROUNDS = 200
# SciPy's number for a program proven to have no solution
_INFEASIBLE = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """Prices on the limits under which even the most helpful legal lineups leave a shortfall.

    Parameters
    ----------
    over, under, each
        Price of one lineup too many with a driver or team ``[D + T]``, of one too few with a driver
        ``[D]``, and of one missing lineup: 0..1 each.
    gains
        What the most helpful legal lineups save at these prices, falling. Any other lineup saves no
        more than the last of them.
    """

    over: npt.NDArray[np.float64]
    under: npt.NDArray[np.float64]
    each: float
    gains: npt.NDArray[np.float64]

    def excludes(self, rules: LineupRules, limits: PortfolioLimits) -> bool:
        """Whether the prices prove that no portfolio keeps ``limits`` (weak duality).

        ``limits`` have the drivers and teams of the proof's, and no more lineups than those.
        """
        least = (
            self.each * limits.n_lineups
            + self.under @ limits.fewest
            - self.over @ np.concatenate([_most(rules, limits), limits.team_most])
            - self.gains[: limits.n_lineups].sum()
        )
        return bool(least > _TOLERANCE)


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Whether fractions of lineups can keep every limit.

    Parameters
    ----------
    columns
        The legal lineups in the program, u8 ``[C, R]``: first those it began with, then those
        added.
    proof
        Proof that not even fractions of lineups can keep every limit; ``None`` if they can.
    """

    columns: Lineups
    proof: Proof | None


def _most_apart(drivers: int, roster_size: int, min_unique: int) -> int:
    """Upper bound of the lineups that hold one driver if any two differ in ``min_unique`` drivers.

    No two lineups may then share a set of ``roster_size - min_unique + 1`` drivers, which bounds
    their number (Johnson, "A new upper bound for error-correcting codes", 1962).
    """
    most = 1
    for smaller in range(min_unique, roster_size):
        most = most * (drivers - roster_size + smaller) // smaller
    return most


def _most(rules: LineupRules, limits: PortfolioLimits) -> Counts:
    apart = _most_apart(len(rules.eligible), rules.roster_size, limits.min_unique)
    return np.minimum(limits.most, apart)


def presence(lineups: Lineups, limits: PortfolioLimits) -> npt.NDArray[np.float64]:
    """1 where a lineup holds a driver, or any driver of a team, else 0: ``[D + T, C]``."""
    holds = np.zeros((len(lineups), len(limits.drivers)), dtype=np.float64)
    holds[np.arange(len(lineups))[:, None], lineups] = 1.0
    teams = [holds[:, list(team.members)].any(axis=1) for team in limits.teams]
    return np.vstack([holds.T, *[team.astype(np.float64) for team in teams]])


def _shortfall(lineups: Lineups, rules: LineupRules, limits: PortfolioLimits) -> Any:
    """Solution of the linear program: the least sum by which these lineups miss the limits."""
    held = presence(lineups, limits)
    drivers, rows, count = len(limits.drivers), len(held), len(lineups)
    slack = rows + drivers + 1
    above = block_array([[csr_array(held), -eye_array(rows), csr_array((rows, drivers + 1))]])
    below = block_array(
        [
            [
                -csr_array(held[:drivers]),
                csr_array((drivers, rows)),
                -eye_array(drivers),
                csr_array((drivers, 1)),
            ]
        ]
    )
    upper = np.concatenate([np.ones(count), np.full(slack, np.inf)])
    return solve_linear(
        np.concatenate([np.zeros(count), np.ones(slack)]),
        A_ub=block_array([[above], [below]], format="csr"),
        b_ub=np.concatenate([_most(rules, limits), limits.team_most, -limits.fewest]),
        A_eq=csr_array(np.concatenate([np.ones(count), np.zeros(slack - 1), [1.0]])[None, :]),
        b_eq=[float(limits.n_lineups)],
        bounds=np.column_stack((np.zeros(len(upper)), upper)),
    )


def relax(rules: LineupRules, limits: PortfolioLimits, columns: Lineups) -> Relaxation:
    """Decide whether fractions of legal lineups can keep the limits, beginning with ``columns``.

    Every round adds a legal lineup that is not a column yet. After a number of rounds, or where a
    program uses up its iterations, there is no proof, so that a portfolio is searched for.
    """
    drivers, teams = len(limits.drivers), len(limits.teams)
    for _ in range(_ROUNDS):
        solved = _shortfall(columns, rules, limits)
        if not solved.success or solved.fun <= _TOLERANCE:
            break
        over = np.maximum(-solved.ineqlin.marginals[: drivers + teams], 0.0)
        under = np.maximum(-solved.ineqlin.marginals[drivers + teams :], 0.0)
        each = float(solved.eqlin.marginals[0])
        worth = np.rint((under - over[:drivers]) * _PRICE_UNIT).astype(np.int64)
        worth += np.arange(1, drivers + 1) * _TIE_STEP % _TIE_BREAK
        charges = [
            (team.members, round(float(price) * _PRICE_UNIT))
            for team, price in zip(limits.teams, over[drivers:], strict=True)
        ]
        # at most n columns can sit at their bound of one, so a helpful new one is among the next
        best = best_by_value(worth, rules, limits.n_lineups + _NEW_COLUMNS, charges=charges)
        gains = np.maximum(best.scores / _PRICE_UNIT + each, 0.0)
        proof = Proof(over, under, each, gains)
        if proof.excludes(rules, limits):
            return Relaxation(columns, proof)
        known = {lineup.tobytes() for lineup in columns}
        new = [row for row in best.lineups[gains > 0.0] if row.tobytes() not in known]
        if not new:
            # undecided within rounding
            break
        columns = np.concatenate([columns, np.stack(new)])
    return Relaxation(columns, None)


def could_hold(rules: LineupRules, limits: PortfolioLimits) -> bool:
    """Whether the counts of drivers and teams, regardless of any lineup, allow ``n_lineups``."""
    n, slots = limits.n_lineups, rules.roster_size * limits.n_lineups
    most, fewest = _most(rules, limits), limits.fewest.copy()
    most[list(set(rules.excludes))] = 0
    fewest[list(set(rules.locks))] = n
    teams = zip(limits.teams, limits.team_most, strict=True)
    return bool(
        most.sum() >= slots
        and fewest.sum() <= slots
        and (fewest <= most).all()
        and all(fewest[list(team.members)].max() <= held for team, held in teams)
    )


def sets_of_one(lineups: Lineups, min_unique: int) -> csr_array:
    """Sets of drivers that only one chosen lineup may hold: 1 where a lineup holds one, ``[S, C]``.

    Two lineups differ in at least ``min_unique`` drivers exactly if they share no set of
    R - min_unique + 1 drivers.
    """
    size = lineups.shape[1] - min_unique + 1
    keys = np.zeros((len(lineups), 0), dtype=np.int64)
    for members in combinations(range(lineups.shape[1]), size):
        key = np.zeros(len(lineups), dtype=np.int64)
        for member in members:
            key = (key << 6) | lineups[:, member]
        keys = np.column_stack((keys, key))
    _, number, count = np.unique(keys.ravel(), return_inverse=True, return_counts=True)
    shared = count[number] > 1
    if min_unique == 1 or not shared.any():
        return csr_array((0, len(lineups)))
    column = np.repeat(np.arange(len(lineups)), keys.shape[1])[shared]
    _, row = np.unique(number[shared], return_inverse=True)
    return coo_array((np.ones(len(row)), (row, column)), (row.max() + 1, len(lineups))).tocsr()


def too_alike(sets: csr_array, limits: PortfolioLimits) -> bool:
    """Whether an integer program with these :func:`sets_of_one` would take long at its root."""
    return bool(sets.nnz * limits.n_lineups > _MOST_MEETINGS)


def choose_exactly(
    lineups: Lineups, scores: npt.NDArray[np.float64], limits: PortfolioLimits, most_nodes: int
) -> tuple[npt.NDArray[np.intp] | None, bool]:
    """Choose exactly ``limits.n_lineups`` of the lineups, by integer program for the largest sum.

    The search ends after ``most_nodes`` nodes, or fewer where each takes long, and not after a
    time, so that its result does not depend on the machine. Where so many lineups are alike that
    the program would take long however few its nodes are, and where its nodes are used up, any
    choice that keeps the limits is searched for (:func:`core.portfolio.repair.repaired`).

    Returns
    -------
    The indices, or ``None`` if none were found; and whether the question was decided. ``None`` and
    True together prove that no choice of these lineups keeps the limits.
    """
    constraints = [
        LinearConstraint(
            csr_array(presence(lineups, limits)),
            np.concatenate([limits.fewest, np.zeros(len(limits.teams))]),
            np.concatenate([limits.most, limits.team_most]),
        ),
        LinearConstraint(np.ones((1, len(lineups))), limits.n_lineups, limits.n_lineups),
    ]
    sets = sets_of_one(lineups, limits.min_unique)
    if not too_alike(sets, limits):
        if sets.shape[0]:
            constraints.append(LinearConstraint(sets, -np.inf, 1.0))
            most_nodes = min(most_nodes, _MEETINGS_OF_NODES // sets.nnz)
        # the solver gets scores near 1, so that the gap means the same for points, dollars, losses
        scale = max(float(np.abs(scores).max()), 1e-12)
        solved = solve_integer(
            -scores / scale,
            constraints=constraints,
            integrality=np.ones(len(lineups)),
            bounds=Bounds(0, 1),
            gap=_GAP,
            most_nodes=most_nodes,
        )
        if solved.x is not None:
            return np.flatnonzero(np.round(solved.x) == 1), True
        if solved.status == _INFEASIBLE:
            return None, True
    picked = repaired(lineups, scores, limits)
    if picked is None and len(lineups) <= FEW_LEGAL:
        return None, _fractions_miss(lineups, sets, limits)
    return picked, picked is not None


def _fractions_miss(lineups: Lineups, sets: csr_array, limits: PortfolioLimits) -> bool:
    """Whether it is proven that not even fractions of the lineups keep the limits."""
    held = csr_array(presence(lineups, limits))
    solved = solve_linear(
        np.zeros(len(lineups)),
        A_ub=vstack([held, -held[: len(limits.drivers)], sets], format="csr"),
        b_ub=np.concatenate(
            [limits.most, limits.team_most, -limits.fewest, np.ones(sets.shape[0])]
        ),
        A_eq=csr_array(np.ones((1, len(lineups)))),
        b_eq=[float(limits.n_lineups)],
        bounds=(0.0, 1.0),
    )
    return bool(solved.status == _INFEASIBLE)
