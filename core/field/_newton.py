"""The convex dual of the maximum-entropy field, minimised by Newton steps on exact covariances."""

from dataclasses import dataclass

import numpy as np

from core.field._lattice import Floats, Lattice, include_table, marginals, pair_marginals

_GOOD_ENOUGH = 1e-10
_STEPS = 200
_HALVINGS = 30
_PROVEN = -1e-9


@dataclass(frozen=True, slots=True)
class Solution:
    """Where the descent ended."""

    theta: Floats
    marginals: Floats
    iterations: int
    max_error: float


def match_marginals(lattice: Lattice, asked: Floats, ridge: float = 0.0) -> Solution:
    """Find log weights whose exact marginals equal ``asked``, or come as near as a ridge lets them.

    Minimises ``log Z(theta) - asked.theta + ridge / 2 |theta|^2``; the gradient is the marginals
    less those asked for, the Hessian the covariance of "holds the driver".

    Parameters
    ----------
    lattice
        The legal lineups.
    asked
        Fractions of entries, ``[D]``, each strictly between 0 and 1, summing to ``lattice.picks``.
    ridge
        0 to match exactly. Above 0 there is always a minimum, at marginals ``asked - ridge x
        theta``.
    """
    theta = np.log(asked / (1.0 - asked))
    best = _look(lattice, asked, ridge, theta)
    iterations = 0
    while best.error > _GOOD_ENOUGH and iterations < _STEPS:
        if ridge == 0.0 and best.value < _PROVEN:
            break  # below zero no distribution over legal lineups has these marginals
        iterations += 1
        step = _newton_step(lattice, best, ridge)
        slope = float(step @ best.gradient)
        size = 1.0
        for _ in range(_HALVINGS):
            trial = _look(lattice, asked, ridge, best.theta + size * step)
            # close to the minimum the value has no digits left to judge by, the gradient has
            if trial.value <= best.value + 1e-4 * size * slope or trial.error < 0.9 * best.error:
                break
            size /= 2.0
        else:
            break
        best = trial
    return Solution(
        theta=best.theta - best.theta.mean() if ridge == 0.0 and len(asked) else best.theta,
        marginals=best.marginals,
        iterations=iterations,
        max_error=float(np.abs(best.marginals - asked).max(initial=0.0)),
    )


@dataclass(frozen=True, slots=True)
class _Point:
    theta: Floats
    include: Floats
    marginals: Floats
    gradient: Floats
    value: float
    error: float


def _look(lattice: Lattice, asked: Floats, ridge: float, theta: Floats) -> _Point:
    include, log_partition = include_table(lattice, theta)
    share = marginals(lattice, include)
    gradient = share - asked + ridge * theta
    return _Point(
        theta=theta,
        include=include,
        marginals=share,
        gradient=gradient,
        value=log_partition - float(asked @ theta) + ridge / 2.0 * float(theta @ theta),
        error=float(np.abs(gradient).max(initial=0.0)),
    )


def _newton_step(lattice: Lattice, at: _Point, ridge: float) -> Floats:
    covariance = pair_marginals(lattice, at.include) - np.outer(at.marginals, at.marginals)
    # adding a constant to every log weight changes nothing, so the Hessian alone is singular
    damping = ridge + 1e-9 * max(float(np.trace(covariance)) / len(at.theta), 1e-6)
    step = np.linalg.solve(covariance + damping * np.eye(len(at.theta)), -at.gradient)
    longest = max(4.0, float(np.abs(at.theta).max()))
    return np.asarray(step * min(1.0, longest / float(np.abs(step).max())))
