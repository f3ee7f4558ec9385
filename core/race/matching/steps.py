"""Newton's steps of the tilts: what a look says of slopes, and how far each driver should move."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from core.race.constraints import MAX_TILT, SKILL_PER_SD
from core.race.matching.looks import Look
from core.race.matching.problem import (
    LEAST_SHARE,
    MEDIAN,
    POINTS,
    TOP5,
    WIN,
    Floats,
    Mask,
    MatchingProblem,
)
from core.race.spec import ConstraintSpec

LONGEST_STEP = 0.7
FORGETTING = 0.7
SHARED = 0.97  # of what rivals share: 1 would leave a whole field's move open


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the tilts.

    Parameters
    ----------
    by
        The step, ``[D]``.
    alone
        What it would be if nobody else moved and no step were too long, ``[D]``.
    error
        Standard error of ``alone``, ``[D]``.
    stuck
        Drivers who are held, or at a bound and would go beyond it, ``[D]``.
    """

    by: Floats
    alone: Floats
    error: Floats
    stuck: Mask


class Steps:
    """Source of the steps: slopes learnt from nudged looks, and strengths of the drivers.

    Parameters
    ----------
    problem
        The race and its targets.
    """

    def __init__(self, problem: MatchingProblem) -> None:
        self._problem = problem
        self._strength = _strength(problem.spec)
        self._sd = max(problem.spec.priors.residual_sd, 0.1)
        self._slopes = _Slopes(problem.racing)
        self._spreads = np.zeros_like(problem.targets)

    @property
    def has_slopes(self) -> bool:
        """Whether any look has been learnt from."""
        return self._slopes.looks > 0.0

    def learn(self, look: Look, targets: Floats) -> None:
        """Take in a nudged look, and how far its shares are from the targets, ``[4, D]``."""
        self._slopes.learn(look)
        self._spreads = _spreads(targets, look)

    def step(self, tilts: Floats, look: Look, targets: Floats, held: Mask) -> Step:
        """Least-squares step of each driver: misses in standard errors, over their slopes.

        Parameters
        ----------
        tilts
            Tilts from which to step, ``[D]``.
        look
            A look at them.
        targets
            Targets of the means, ``[4, D]``.
        held
            Drivers who may not move, ``[D]``.
        """
        wanted = self._problem.wanted
        slope = self._slopes.log_odds() * self._spreads
        slope[POINTS] = self._slopes.points()
        variance = np.where(np.isfinite(targets), targets * (1.0 - targets), 1.0)
        variance[POINTS] = np.maximum(look.variances[POINTS], 1.0)
        weight = np.where(wanted, slope * slope / variance, 0.0)
        total = np.maximum(weight.sum(axis=0), 1e-12)
        miss = np.where(wanted, targets - look.means, 0.0)
        by = (slope * miss / variance).sum(axis=0) / total
        stuck = held | (np.abs(tilts) == MAX_TILT) & (by * tilts > 0.0)
        alone = np.where(stuck, 0.0, by)
        rivals = self._rivals(weight, slope, self._strength + tilts)
        together = self._together(alone, rivals, self._problem.movable & ~stuck)
        return Step(together, alone, 1.0 / np.sqrt(look.n * total), stuck)

    def _together(self, alone: Floats, rivals: Floats, moves: Mask) -> Floats:
        """The step, ``[D]``, of all who move at once.

        Only differences in strength count: who moves up by as much as his rivals stays where he is.
        A mean's derivative by a tilt is ``slope_i (1{i = j} - r_ij)`` with parts ``r_ij`` of driver
        i's rivals that sum to 1, so a step is the solution of that, a little damped: where
        everybody has a number, all of them together move nothing.
        """
        together = np.zeros(len(alone))
        if not moves.any():
            return together
        by = np.clip(alone, -LONGEST_STEP, LONGEST_STEP)
        own = np.eye(int(moves.sum())) - SHARED * rivals[np.ix_(moves, moves)]
        solved = np.linalg.solve(own, by[moves])
        common = float(solved.mean())
        together[moves] = np.clip(solved - common, -LONGEST_STEP, LONGEST_STEP)
        if self._problem.without_number.any():
            together[moves] += np.clip(common, -LONGEST_STEP, LONGEST_STEP)
        return together

    def _rivals(self, weight: Floats, slope: Floats, strength: Floats) -> Floats:
        """What a driver's mean loses by each rival's tilt, as parts of its own slope, ``[D, D]``.

        For a win or the top five the rivals are those who are often there; for points and the
        median those of about the same strength, whom a little more of it passes.
        """
        apart = (strength[:, None] - strength[None, :]) / self._sd
        near = np.exp(-apart * apart / 4.0)
        rivals = np.zeros(near.shape)
        for kind in (POINTS, WIN, TOP5, MEDIAN):
            if weight[kind].any():
                part = np.where(self._problem.racing, slope[kind], 0.0)
                part = part * (near if kind in (POINTS, MEDIAN) else 1.0)
                part = np.broadcast_to(part, near.shape).copy()
                np.fill_diagonal(part, 0.0)
                # far from everybody there may be no rival at all
                part /= np.maximum(part.sum(axis=1, keepdims=True), 1e-12)
                rivals += weight[kind][:, None] * part
        return np.asarray(rivals / np.maximum(weight.sum(axis=0), 1e-12)[:, None])


class _Slopes:
    """What a unit of tilt adds to each mean: pooled over drivers, bent to each as looks are learnt.

    Shares move alike on the scale of their log odds; points as each driver's do. Drivers who have
    been pulled apart move less than they did: earlier looks count less and less.
    """

    def __init__(self, racing: Mask) -> None:
        self.looks = 0.0
        self._racing = racing
        self._sum = np.zeros((4, len(racing)))
        self._odds = np.zeros((4, 2))

    def learn(self, look: Look) -> None:
        """Take in a look in which drivers were nudged."""
        self.looks = FORGETTING * self.looks + 1.0
        self._sum = FORGETTING * self._sum + look.slopes
        self._odds *= FORGETTING
        spread = look.means * (1.0 - look.means)
        for kind in (WIN, TOP5, MEDIAN):
            self._odds[kind] += (
                float((look.slopes[kind] * spread[kind]).sum()),
                float((spread[kind] * spread[kind]).sum()),
            )

    def log_odds(self) -> Floats:
        """Slopes of log odds, ``[4, 1]``; the first stands for nothing."""
        slope = self._odds[:, 0] / np.maximum(self._odds[:, 1], 1e-12)
        return np.asarray(np.clip(slope, 0.5, 6.0))[:, None]

    def points(self) -> Floats:
        """Slopes of points, ``[D]``: the mean of all drivers counts as two looks at each."""
        pooled = float(self._sum[POINTS, self._racing].mean()) / self.looks
        pooled = max(pooled, 1.0)
        own = (2.0 * pooled + self._sum[POINTS]) / (2.0 + self.looks)
        return np.asarray(np.clip(own, 0.4 * pooled, 2.5 * pooled))


def _strength(spec: ConstraintSpec) -> Floats:
    """Strengths before any tilt, ``[D]``: of skill and of the grid, where it is known."""
    priors, last = spec.priors, max(len(spec.racing), 2)
    grid = [(driver.start_position or (last + 1) / 2) for driver in spec.drivers]
    score = -ndtri(np.clip((np.array(grid) - 0.5) / last, 0.01, 0.99))
    skill = np.array([(driver.skill - 0.5) / SKILL_PER_SD for driver in spec.drivers])
    return np.asarray(priors.skill_weight * skill + priors.grid_weight * score)


def _spreads(targets: Floats, look: Look) -> Floats:
    """How much of a share there is to a unit of its log odds, ``[4, D]``: p (1 - p).

    Away from the target it is the slope of the line to it: what log odds would have to move.
    """
    now = np.clip((look.means * look.n + 0.5) / (look.n + 1.0), LEAST_SHARE, 1.0 - LEAST_SHARE)
    to = np.where(np.isfinite(targets), targets, now)
    now[POINTS] = to[POINTS] = 0.5
    odds = _logit(to) - _logit(now)
    near = np.abs(odds) < 1e-6
    return np.asarray(np.where(near, now * (1.0 - now), (to - now) / np.where(near, 1.0, odds)))


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))
