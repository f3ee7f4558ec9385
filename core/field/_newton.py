"""The convex dual of the maximum-entropy field, minimised by Newton steps on exact covariances."""

from dataclasses import dataclass

import numpy as np

from core.field._lattice import (
    Floats,
    Ints,
    Lattice,
    include_table,
    marginals,
    pair_marginals,
)

_GOOD_ENOUGH = 1e-10
_STEPS = 200
_HALVINGS = 30
_PROVEN = -1e-9
_CLOSE = 1e-4
_SERVES = 0.1
FINE = 1_000
"""Units of salary beyond which a fit begins, and a spread is found, on coarser ones."""
_COARSE = 250
# where a descent begins for a driver who is asked for by nobody or by all
_EDGE = 1e-9
# from one level of units to the next
_STEP = 10


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of entrants: each adds its own offsets to the log weights that all share.

    Parameters
    ----------
    shares
        Fraction of the entrants of each kind, ``[K]``, summing to 1.
    offsets
        What a kind adds to each driver's log weight, ``[K, D]``; their mean over entrants is 0.
    """

    shares: Floats
    offsets: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """Where the descent ended."""

    theta: Floats
    marginals: Floats
    iterations: int
    max_error: float
    covariance: Floats | None


def one_kind(drivers: int) -> Kinds:
    """Give the field in which all entrants are alike."""
    return Kinds(np.ones(1), np.zeros((1, drivers)))


def match_marginals(
    lattice: Lattice, asked: Floats, ridge: float = 0.0, kinds: Kinds | None = None
) -> Solution:
    """Find log weights whose exact marginals equal ``asked``, or come as near as a ridge lets them.

    Minimises ``sum over kinds of share x log Z(theta + offsets) - asked.theta + ridge / 2
    |theta|^2``; the gradient is the marginals of the mixture less those asked for, the Hessian the
    mean over kinds of the covariance of "holds the driver".

    Parameters
    ----------
    lattice
        The legal lineups.
    asked
        Fractions of entries, ``[D]``, summing to ``lattice.picks``; each strictly between 0 and 1
        if they are to be matched exactly.
    ridge
        0 to match exactly. Above 0 there is always a minimum, at marginals ``asked - ridge x
        theta``.
    kinds
        Kinds of entrants; all alike by default.
    """
    drivers = len(asked)
    dual = _Dual(
        lattice=lattice,
        asked=asked,
        known=np.arange(drivers),
        base=np.zeros(drivers),
        ridge=ridge,
        kinds=one_kind(drivers) if kinds is None else kinds,
        # log Z(theta + offsets) >= (theta + offsets).m for any m that can be had, and the offsets
        # are 0 on average: what falls below 0 proves that this m cannot
        least=0.0,
    )
    near = None
    if lattice.budget > FINE:
        near = match_marginals(coarser(lattice, lattice.budget // _STEP), asked, ridge, kinds)
    within = np.clip(asked, _EDGE, 1.0 - _EDGE)
    return _descend(dual, *_begun(dual, near, np.log(within / (1.0 - within))))


def _begun(dual: "_Dual", near: "Solution | None", start: Floats) -> tuple[Floats, Floats | None]:
    """Give where to begin: where the descent on coarser units ended, if that is of use.

    It is where it found the minimum, and where it found that there is none that is as plain here.
    """
    if near is None:
        return start, None
    if dual.ridge > 0.0 or near.max_error <= _CLOSE:
        return near.theta, near.covariance
    return (near.theta, None) if dual.refuted(dual.look(near.theta)) else (start, None)


def coarser(lattice: Lattice, units: int = _COARSE) -> Lattice:
    """Give nearly the same lineups in so many units of salary that the sums are short."""
    unit = -(-lattice.budget // units)
    return Lattice((lattice.extra + unit // 2) // unit, lattice.picks, lattice.budget // unit)


def match_some(lattice: Lattice, asked: Floats, known: Ints, liked: Floats) -> Solution:
    """Find the distribution nearest to P0(lineup) ~ exp(sum of ``liked``) with some marginals.

    The nearest in relative entropy changes the log weights of the ``known`` drivers alone.

    Parameters
    ----------
    lattice
        The legal lineups.
    asked
        Fractions of entries of the known, ``[len(known)]``, each strictly between 0 and 1.
    known
        Indices of the drivers whose marginal is given.
    liked
        Log weights before anything is known, ``[D]``.
    """
    base = liked - liked.mean() if len(liked) else liked
    dual = _Dual(
        lattice=lattice,
        asked=asked,
        known=known,
        base=base,
        ridge=0.0,
        kinds=one_kind(len(liked)),
        # as above, and no lineup is liked less than the least liked drivers together
        least=float(np.sort(base)[: lattice.picks].sum()),
    )
    near = None
    if lattice.budget > FINE:
        near = match_some(coarser(lattice, lattice.budget // _STEP), asked, known, liked)
    return _descend(dual, *_begun(dual, near, base))


@dataclass(frozen=True, slots=True)
class _Point:
    theta: Floats
    includes: list[Floats]
    by_kind: Floats
    marginals: Floats
    gradient: Floats
    value: float
    error: float


@dataclass(frozen=True, slots=True)
class _Dual:
    """What is minimised over the log weights of the known drivers; the others' stay at base."""

    lattice: Lattice
    asked: Floats
    known: Ints
    base: Floats
    ridge: float
    kinds: Kinds
    least: float

    def look(self, theta: Floats) -> _Point:
        tables = [include_table(self.lattice, theta + offsets) for offsets in self.kinds.offsets]
        by_kind = np.array([marginals(self.lattice, include) for include, _ in tables])
        share = self.kinds.shares @ by_kind
        moved = (theta - self.base)[self.known]
        gradient = share[self.known] - self.asked + self.ridge * moved
        value = float(self.kinds.shares @ np.array([log_total for _, log_total in tables]))
        return _Point(
            theta=theta,
            includes=[include for include, _ in tables],
            by_kind=by_kind,
            marginals=share,
            gradient=gradient,
            value=value - float(self.asked @ moved) + self.ridge / 2.0 * float(moved @ moved),
            error=float(np.abs(gradient).max(initial=0.0)),
        )

    def refuted(self, at: _Point) -> bool:
        """Say whether it is proved that no distribution over legal lineups has these marginals."""
        return self.ridge == 0.0 and at.value < self.least + _PROVEN

    def covariance(self, at: _Point) -> Floats:
        whole = within_kinds(self.lattice, at.includes, at.by_kind, self.kinds.shares)
        return whole[np.ix_(self.known, self.known)]

    def newton_step(self, at: _Point, covariance: Floats) -> Floats:
        count = len(self.known)
        # adding a constant to every log weight changes nothing, so the Hessian alone is singular
        damping = self.ridge + 1e-9 * max(float(np.trace(covariance)) / count, 1e-6)
        step = np.linalg.solve(covariance + damping * np.eye(count), -at.gradient)
        longest = max(4.0, float(np.abs(at.theta).max()))
        return np.asarray(step * min(1.0, longest / float(np.abs(step).max())))


def _descend(dual: _Dual, start: Floats, covariance: Floats | None = None) -> Solution:
    best = dual.look(start)
    iterations = 0
    while best.error > _GOOD_ENOUGH and iterations < _STEPS:
        if dual.refuted(best):
            break
        iterations += 1
        fresh = covariance is None
        if covariance is None:
            covariance = dual.covariance(best)
        found = _search(dual, best, dual.newton_step(best, covariance))
        if found is None and fresh:
            break
        # a covariance costs as much as ten looks, so it is kept while it serves
        if found is None or found.error > _SERVES * best.error:
            covariance = None
        best = best if found is None else found
    # where some weights stay where they are, a constant added to the others is no constant
    whole = dual.ridge == 0.0 and 0 < len(dual.known) == len(start)
    return Solution(
        theta=best.theta - best.theta.mean() if whole else best.theta,
        marginals=best.marginals,
        iterations=iterations,
        max_error=float(np.abs(best.marginals[dual.known] - dual.asked).max(initial=0.0)),
        covariance=covariance,
    )


def _search(dual: _Dual, best: _Point, step: Floats) -> _Point | None:
    """Go along a step as far as the dual falls; None if it does not."""
    slope = float(step @ best.gradient)
    size = 1.0
    for _ in range(_HALVINGS):
        there = best.theta.copy()
        there[dual.known] += size * step
        trial = dual.look(there)
        lower = trial.value <= best.value + 1e-4 * size * slope
        # close to the minimum the value has no digits left to judge by, the gradient has
        if lower or trial.error < min(_CLOSE, 0.9 * best.error):
            return trial
        size /= 2.0
    return None


def within_kinds(
    lattice: Lattice, includes: list[Floats], by_kind: Floats, shares: Floats
) -> Floats:
    """Give the mean over kinds of the covariance of "holds the driver", ``[D, D]``.

    It is how the marginals answer a change of the log weights.
    """
    total = np.zeros((by_kind.shape[1], by_kind.shape[1]))
    for share, include, mean in zip(shares, includes, by_kind, strict=True):
        total += share * (pair_marginals(lattice, include) - np.outer(mean, mean))
    return total
