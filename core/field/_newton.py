"""Log weights whose marginals are a given ownership: a convex dual, minimised by Newton steps.

The field with these marginals and most entropy has P(lineup) proportional to exp(sum of theta). Its
theta minimises the dual ``log Z(theta) - target.theta``, of which gradient and Hessian are exact
sums over all legal lineups (:mod:`core.field._lattice`).
"""

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

_GOOD_ENOUGH = 1e-10  # largest error of a marginal at which the descent ends
_STEPS = 200  # Newton steps at most
_HALVINGS = 30  # most halvings of a step that does not lower the dual
_PROVEN = -1e-9  # a dual below its bound by more than rounding proves that there is no minimum
_CLOSE = 1e-4  # a point with a smaller error of the marginals is close to the minimum
_SERVES = 0.1  # a covariance is used again while a step with it leaves this share of the error
FINE = 1_000
"""Most units of salary that are fitted at once: with more, a fit starts from one in coarser units.

How contests spread around a field is then worked out in coarser units alone.
"""
_COARSE = 250  # units of salary in the cap after making the units coarser
_EDGE = 1e-9  # a target of 0 or 1 is this far inside at the start, so that its log odds are finite
_STEP = 10  # how many times coarser the units of the fit are from which another one starts


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of entrants. All share the log weights; each kind adds offsets of its own.

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
    """The log weights at which the descent ended, and what they give.

    ``theta`` and ``marginals`` are ``[D]``. ``max_error`` is the largest distance of a marginal
    from its target, as a fraction of entries. ``covariance`` is the last one used, if it still
    serves, for a fit in finer units to start with.
    """

    theta: Floats
    marginals: Floats
    iterations: int
    max_error: float
    covariance: Floats | None


def one_kind(drivers: int) -> Kinds:
    """Kinds of a field in which all entrants are alike."""
    return Kinds(np.ones(1), np.zeros((1, drivers)))


def match_marginals(
    lattice: Lattice, target: Floats, ridge: float = 0.0, kinds: Kinds | None = None
) -> Solution:
    """Log weights whose marginals equal ``target``, or come as near as the ridge lets them.

    Minimises ``sum over kinds of share x log Z(theta + offsets) - target.theta + ridge / 2
    |theta|^2``. The gradient is the marginals of all kinds together less the target. The Hessian is
    the mean over kinds of the covariance of "the lineup holds the driver".

    Parameters
    ----------
    lattice
        The legal lineups.
    target
        Ownership to match, fractions of entries, ``[D]``, summing to ``lattice.picks``; each
        strictly between 0 and 1 if it is to be matched exactly.
    ridge
        0 to match exactly. Above 0 there is always a minimum, at marginals ``target - ridge x
        theta``.
    kinds
        Kinds of entrants; all alike by default.
    """
    drivers = len(target)
    dual = _Dual(
        lattice=lattice,
        target=target,
        known=np.arange(drivers),
        base=np.zeros(drivers),
        ridge=ridge,
        kinds=one_kind(drivers) if kinds is None else kinds,
        # log Z(theta + offsets) >= (theta + offsets).m for the marginals m of any mix of legal
        # lineups, and the offsets are 0 on average: a dual below 0 proves that no mix has these m
        least=0.0,
    )
    near = None
    if lattice.budget > FINE:
        near = match_marginals(coarser(lattice, lattice.budget // _STEP), target, ridge, kinds)
    within = np.clip(target, _EDGE, 1.0 - _EDGE)
    return _descend(dual, *_start_of(dual, near, np.log(within / (1.0 - within))))


def _start_of(
    dual: "_Dual", near: "Solution | None", start: Floats
) -> tuple[Floats, Floats | None]:
    """Log weights to begin with, and a covariance if one serves.

    They are those at which the descent in coarser units ended, if these help: if it found the
    minimum, or a point that proves in these units too that there is none.
    """
    if near is None:
        return start, None
    if dual.ridge > 0.0 or near.max_error <= _CLOSE:
        return near.theta, near.covariance
    return (near.theta, None) if dual.refuted(dual.evaluate(near.theta)) else (start, None)


def coarser(lattice: Lattice, units: int = _COARSE) -> Lattice:
    """Nearly the same lineups, salaries rounded to a budget of at most ``units``: faster to sum."""
    unit = -(-lattice.budget // units)
    return Lattice((lattice.extra + unit // 2) // unit, lattice.picks, lattice.budget // unit)


def cheaper(lattice: Lattice, units: int = _COARSE) -> Lattice:
    """As :func:`coarser`, salaries rounded down: some more lineups, and none of these lost."""
    unit = -(-lattice.budget // units)
    return Lattice(lattice.extra // unit, lattice.picks, lattice.budget // unit)


def match_some(lattice: Lattice, target: Floats, known: Ints, prior: Floats) -> Solution:
    """Distribution nearest to P0(lineup) ~ exp(sum of ``prior``) that has some given marginals.

    Nearest in relative entropy: such a distribution differs from P0 in the log weights of the
    ``known`` drivers alone.

    Parameters
    ----------
    lattice
        The legal lineups.
    target
        Ownership of the known drivers, fractions of entries, ``[len(known)]``, each strictly
        between 0 and 1.
    known
        Indices of the drivers whose ownership is known.
    prior
        Log weights of P0, ``[D]``.
    """
    base = prior - prior.mean() if len(prior) else prior
    dual = _Dual(
        lattice=lattice,
        target=target,
        known=known,
        base=base,
        ridge=0.0,
        kinds=one_kind(len(prior)),
        # as in match_marginals; and no lineup's prior weight is below that of the drivers who have
        # the least, together
        least=float(np.sort(base)[: lattice.picks].sum()),
    )
    near = None
    if lattice.budget > FINE:
        near = match_some(coarser(lattice, lattice.budget // _STEP), target, known, prior)
    return _descend(dual, *_start_of(dual, near, base))


@dataclass(frozen=True, slots=True)
class _Point:
    """Log weights and the dual there: its value, its gradient and the tables it was worked out by.

    ``by_kind`` holds the marginals of each kind, ``[K, D]``, ``marginals`` those of all together.
    """

    theta: Floats
    includes: list[Floats]
    by_kind: Floats
    marginals: Floats
    gradient: Floats
    value: float
    error: float


@dataclass(frozen=True, slots=True)
class _Dual:
    """The function that is minimised over the log weights of the ``known`` drivers.

    The others keep the log weights of ``base``. ``least`` is a lower bound of the value for every
    target that some mix of legal lineups has.
    """

    lattice: Lattice
    target: Floats
    known: Ints
    base: Floats
    ridge: float
    kinds: Kinds
    least: float

    def evaluate(self, theta: Floats) -> _Point:
        tables = [include_table(self.lattice, theta + offsets) for offsets in self.kinds.offsets]
        by_kind = np.array([marginals(self.lattice, include) for include, _ in tables])
        share = self.kinds.shares @ by_kind
        moved = (theta - self.base)[self.known]
        gradient = share[self.known] - self.target + self.ridge * moved
        value = float(self.kinds.shares @ np.array([log_total for _, log_total in tables]))
        return _Point(
            theta=theta,
            includes=[include for include, _ in tables],
            by_kind=by_kind,
            marginals=share,
            gradient=gradient,
            value=value - float(self.target @ moved) + self.ridge / 2.0 * float(moved @ moved),
            error=float(np.abs(gradient).max(initial=0.0)),
        )

    def refuted(self, at: _Point) -> bool:
        """Whether this point proves that no mix of legal lineups has the target marginals."""
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
    best = dual.evaluate(start)
    iterations = 0
    while best.error > _GOOD_ENOUGH and iterations < _STEPS:
        if dual.refuted(best):
            break
        iterations += 1
        fresh = covariance is None
        if covariance is None:
            covariance = dual.covariance(best)
        trial = _search(dual, best, dual.newton_step(best, covariance))
        if trial is None and fresh:
            break
        # a covariance takes as long as ten evaluations, so it is used again while it serves
        if trial is None or trial.error > _SERVES * best.error:
            covariance = None
        best = best if trial is None else trial
    # theta is known up to a constant added to all, and is centred; not where some weights are
    # fixed, as a constant added to the others alone is a change
    whole = dual.ridge == 0.0 and 0 < len(dual.known) == len(start)
    return Solution(
        theta=best.theta - best.theta.mean() if whole else best.theta,
        marginals=best.marginals,
        iterations=iterations,
        max_error=float(np.abs(best.marginals[dual.known] - dual.target).max(initial=0.0)),
        covariance=covariance,
    )


def _search(dual: _Dual, best: _Point, step: Floats) -> _Point | None:
    """Point along the step, halved until the dual falls there; None if it never does."""
    slope = float(step @ best.gradient)
    size = 1.0
    for _ in range(_HALVINGS):
        moved_theta = best.theta.copy()
        moved_theta[dual.known] += size * step
        trial = dual.evaluate(moved_theta)
        lower = trial.value <= best.value + 1e-4 * size * slope
        # close to the minimum the values differ by rounding alone, and the gradient decides
        if lower or trial.error < min(_CLOSE, 0.9 * best.error):
            return trial
        size /= 2.0
    return None


def within_kinds(
    lattice: Lattice, includes: list[Floats], by_kind: Floats, shares: Floats
) -> Floats:
    """Mean over kinds of the covariance of "the lineup holds the driver", ``[D, D]``.

    It is the derivative of the marginals by the log weights.
    """
    total = np.zeros((by_kind.shape[1], by_kind.shape[1]))
    for share, include, mean in zip(shares, includes, by_kind, strict=True):
        total += share * (pair_marginals(lattice, include) - np.outer(mean, mean))
    return total
