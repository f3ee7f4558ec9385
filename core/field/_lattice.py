"""Sums over every legal lineup, by a dynamic program over (driver, picks left, salary left).

A lineup is built by going through the drivers in index order and taking each or not. Lineups have
P(lineup) proportional to exp(sum of theta over its drivers); ``include[i, k, s]`` is the chance
that such a lineup takes driver ``i``, if ``k`` picks and ``s`` units of salary are left when it
comes to that driver. Everything else follows from this table. A sampler needs nothing more, and
marginals come from pushing probabilities forward through it, which cannot overflow.

A roster has a fixed number of picks, so only salary above the cheapest driver's matters. Counting
from there halves the table. It often doubles the unit too, which is the greatest common divisor of
those differences.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# exp(600) times every lineup of the largest slate is far from overflow, exp(-600) from underflow
_SAFE_EXPONENT = 600.0


@dataclass(frozen=True, slots=True)
class Lattice:
    """The legal lineups that are summed over: every way to take ``picks`` drivers within a budget.

    Parameters
    ----------
    extra
        Units of salary above the cheapest driver's, ``[D]``.
    picks
        Drivers in a lineup.
    budget
        Units of salary that a lineup may cost more than ``picks`` times the cheapest driver.
    """

    extra: Ints
    picks: int
    budget: int


def lattice_of(salaries_usd: Ints, picks: int, salary_usd: int) -> Lattice | None:
    """All ways to take ``picks`` drivers for at most ``salary_usd``; None if there is no way."""
    if picks == 0:
        return Lattice(np.zeros(0, dtype=np.int64), 0, 0) if salary_usd >= 0 else None
    if len(salaries_usd) < picks:
        return None
    cheapest = int(salaries_usd.min())
    extra = salaries_usd - cheapest
    room = salary_usd - picks * cheapest
    if room < int(np.sort(extra)[:picks].sum()):
        return None
    unit = int(np.gcd.reduce(extra)) or 1
    extra = extra // unit
    # no lineup costs more than the dearest drivers together, so no larger table is needed
    budget = min(room // unit, int(np.sort(extra)[-picks:].sum()))
    return Lattice(extra, picks, budget)


@compiled
def _include_by_products(
    weight: Floats, extra: Ints, picks: int, budget: int, include: Floats
) -> float:
    ways = np.zeros((picks + 1, budget + 1))
    ways[0, :] = 1.0
    drivers = len(weight)
    for i in range(drivers - 1, -1, -1):
        cost = extra[i]
        for k in range(min(picks, drivers - i), 0, -1):
            for s in range(cost, budget + 1):
                taken = weight[i] * ways[k - 1, s - cost]
                total = ways[k, s] + taken
                ways[k, s] = total
                include[i, k, s] = taken / total if total > 0.0 else 0.0
    return math.log(ways[picks, budget])


@compiled
def _include_by_logs(theta: Floats, extra: Ints, picks: int, budget: int, include: Floats) -> float:
    ways = np.full((picks + 1, budget + 1), -np.inf)
    ways[0, :] = 0.0
    drivers = len(theta)
    for i in range(drivers - 1, -1, -1):
        cost = extra[i]
        for k in range(min(picks, drivers - i), 0, -1):
            for s in range(cost, budget + 1):
                taken = theta[i] + ways[k - 1, s - cost]
                left = ways[k, s]
                if taken == -np.inf:
                    include[i, k, s] = 0.0
                elif left == -np.inf:
                    include[i, k, s] = 1.0
                    ways[k, s] = taken
                elif taken > left:
                    odds = math.exp(left - taken)
                    include[i, k, s] = 1.0 / (1.0 + odds)
                    ways[k, s] = taken + math.log1p(odds)
                else:
                    odds = math.exp(taken - left)
                    include[i, k, s] = odds / (1.0 + odds)
                    ways[k, s] = left + math.log1p(odds)
    return float(ways[picks, budget])


@compiled
def _push(mass: Floats, chance: Floats, cost: int) -> float:
    """Move to "one pick less" the part ``chance`` of each state's mass; the total moved."""
    moved = 0.0
    for k in range(1, mass.shape[0]):
        for s in range(cost, mass.shape[1]):
            taken = mass[k, s] * chance[k, s]
            mass[k - 1, s - cost] += taken
            mass[k, s] -= taken
            moved += taken
    return moved


@compiled
def _marginals(include: Floats, extra: Ints) -> Floats:
    drivers = include.shape[0]
    mass = np.zeros((include.shape[1], include.shape[2]))
    mass[-1, -1] = 1.0
    marginal = np.zeros(drivers)
    for i in range(drivers):
        marginal[i] = _push(mass, include[i], extra[i])
    return marginal


@compiled
def _pairs(include: Floats, extra: Ints) -> Floats:
    drivers, rows, columns = include.shape
    mass = np.zeros((rows, columns))
    mass[-1, -1] = 1.0
    pairs = np.zeros((drivers, drivers))
    for i in range(drivers):
        branch = np.zeros((rows, columns))
        cost = extra[i]
        for k in range(1, rows):
            for s in range(cost, columns):
                taken = mass[k, s] * include[i, k, s]
                branch[k - 1, s - cost] = taken
                mass[k - 1, s - cost] += taken
                mass[k, s] -= taken
                pairs[i, i] += taken
        for j in range(i + 1, drivers):
            pairs[i, j] = _push(branch, include[j], extra[j])
            pairs[j, i] = pairs[i, j]
    return pairs


def include_table(lattice: Lattice, theta: Floats) -> tuple[Floats, float]:
    """Chance to take each driver in each state, and the log of the partition function.

    Parameters
    ----------
    lattice
        The legal lineups.
    theta
        Log weight of each driver, ``[D]``, finite and of any size.

    Returns
    -------
    ``include [D, picks + 1, budget + 1]`` and log of the sum over legal lineups of exp(sum theta).
    """
    include = np.zeros((len(theta), lattice.picks + 1, lattice.budget + 1))
    if lattice.picks == 0:
        return include, 0.0
    centre = (float(theta.max()) + float(theta.min())) / 2.0
    shifted = theta - centre
    if lattice.picks * float(np.abs(shifted).max()) <= _SAFE_EXPONENT:
        log_total = _include_by_products(
            np.exp(shifted), lattice.extra, lattice.picks, lattice.budget, include
        )
    else:
        log_total = _include_by_logs(shifted, lattice.extra, lattice.picks, lattice.budget, include)
    return include, log_total + lattice.picks * centre


def marginals(lattice: Lattice, include: Floats) -> Floats:
    """Chance that a lineup holds each driver, ``[D]``, summing to ``picks``."""
    return _marginals(include, lattice.extra)


def pair_marginals(lattice: Lattice, include: Floats) -> Floats:
    """Chance that a lineup holds both drivers, ``[D, D]``; the marginals stand on the diagonal."""
    return _pairs(include, lattice.extra)
