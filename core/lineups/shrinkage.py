"""Values of lineups, shrunk by as much of their differences as is the luck of the races.

The lineup with the largest value of two million is in part the luckiest one, and a driver looks
better than he is where the races happened to go his way. A value v, of a lineup with the mean
points m, is therefore taken apart,

    v = a + b m + (sum over its drivers of d_i) + (what is left: the lineup's own part)

with a and b by least squares over lineups, and the d_i by least squares on what those leave. The
last two parts keep the share of their variance over lineups that is not luck:

    shrunken v = a + b m + driver_share x (sum of d_i) + lineup_share x (the lineup's own part)

A share is how far two halves of the races agree. Both halves are taken apart in the same way. With
r the covariance of a part in one half and the other, over the mean of its variances there, the part
over races as many as n halves has the share n r / (1 + (n - 1) r): the prophecy formula of Spearman
and of Brown ("Correlation calculated from faulty data", "Some experimental results in the
correlation of mental abilities", British Journal of Psychology, 1910). A deviation times its
reliability is the estimate of James and Stein with the variances estimated (Efron and Morris,
"Stein's estimation rule and its competitors: an empirical Bayes approach", 1973).

All that is added to ``lineup_share x v`` is a sum over drivers. So a search that takes a price of
each driver, as the walk by tail does, finds the lineups with the largest shrunken values exactly.
"""

import math
from dataclasses import dataclass
from operator import mul

import numpy as np
import numpy.typing as npt

from core.lineups.additive import additive_fit
from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.lineups.tail import tail_mass
from core.lineups.walk import Points, TailTarget, best_by_value, tail_values
from core.slate import TICKS_PER_POINT

Floats = npt.NDArray[np.float64]

# lineups that shares are estimated on: the best by mean, which no tail's luck has chosen
_LINEUPS = 5_000
_FEWEST_LINEUPS = 10
# Shares of so many races, about as on the slates of docs/decisions/shrinkage.md: what is assumed
# where there are too few races to halve.
_TYPICAL_RACES, _TYPICAL_DRIVER_SHARE, _TYPICAL_LINEUP_SHARE = 10_000, 0.8, 0.3
# With less of a lineup's own part the prices of drivers outgrow its score, and the walk's numbers.
# Where nearly all of the part is luck, the tenth that is kept of it is small beside the rest.
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How values are shrunk.

    Parameters
    ----------
    lineup_share, driver_share
        What is kept of a lineup's own part and of the drivers' parts, 0..1.
    slope
        Value of one mean point, b.
    constant
        Added to every shrunken value.
    by_driver
        What a driver adds to a lineup's shrunken value beside ``lineup_share`` times the value,
        ``[D]``, in the unit of the values.
    lineups
        Number of lineups that it was estimated on; 0 where there were too few, or too few races,
        and nothing is shrunk.
    """

    lineup_share: float
    driver_share: float
    slope: float
    constant: float
    by_driver: tuple[float, ...]
    lineups: int

    @classmethod
    def none(cls, drivers: int) -> "Shrinkage":
        """The shrinkage that leaves values of a slate of so many drivers as they are."""
        return cls(1.0, 1.0, 0.0, 0.0, (0.0,) * drivers, 0)

    def offsets(self, added: Floats | None = None) -> Floats:
        """Offsets of drivers with which a search finds the largest shrunken values, f64 ``[D]``.

        Parameters
        ----------
        added
            What else a driver adds to a shrunken value, ``[D]``; 0 by default.
        """
        own = np.array(self.by_driver)
        return np.asarray((own if added is None else own + added) / self.lineup_share)

    def shrunken(self, scores: Floats) -> Floats:
        """Shrunken values, from the scores that values have with :meth:`offsets`, ``[K]``."""
        return np.asarray(self.lineup_share * scores + self.constant)

    def score_of(self, shrunken: float) -> float:
        """The score with :meth:`offsets` of a lineup with that shrunken value."""
        return (shrunken - self.constant) / self.lineup_share

    def applied(self, values: Floats, lineups: Lineups) -> Floats:
        """Shrunken values of lineups u8 ``[K, R]`` from these values, ``[K]`` or ``[K, B]``."""
        drivers = np.array(self.by_driver)[lineups].sum(axis=1)
        beside = drivers.reshape(-1, *(1,) * (values.ndim - 1)) + self.constant
        return np.asarray(self.lineup_share * values + beside)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What some lineups are worth in some races.

    Parameters
    ----------
    values
        Value of each lineup, f64 ``[K]``.
    points
        Mean points of each driver, f64 ``[D]``; all 0 where values are not to follow them.
    """

    values: Floats
    points: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A sample's values taken apart.

    Parameters
    ----------
    level, slope
        a and b.
    drivers
        The d_i, ``[D]``, and ``centre`` the mean of their sums over the lineups.
    of_drivers, own
        The two parts of each lineup, about their means, ``[K]``.
    """

    level: float
    slope: float
    drivers: Floats
    centre: float
    of_drivers: Floats
    own: Floats


def estimate_shrinkage(
    lineups: Lineups, whole: Sample, halves: tuple[Sample, Sample], length: float = 2.0
) -> Shrinkage:
    """How the values of all races are to be shrunk, from the values in two halves of them.

    The order of the lineups does not count, and every machine gives the same bits.

    Parameters
    ----------
    lineups
        Driver indices, u8 ``[K, R]``, which were not chosen for their values in these races.
    whole
        Their values in all races.
    halves
        Their values in two parts of the races, as large as each other, which share nothing that is
        drawn.
    length
        All races over those of a half.
    """
    first, second = (_taken_apart(lineups, half) for half in halves)
    return _shrinkage(
        lineups,
        whole,
        _share(first.of_drivers, second.of_drivers, length),
        _share(first.own, second.own, length),
    )


def _shrinkage(
    lineups: Lineups, whole: Sample, driver_share: float, lineup_share: float
) -> Shrinkage:
    """The shrinkage with these shares; of a lineup's own part the least that can be is kept."""
    if len(lineups) < _FEWEST_LINEUPS:
        return Shrinkage.none(len(whole.points))
    lineup_share = max(lineup_share, _LEAST_SHARE)
    parts = _taken_apart(lineups, whole)
    by_driver = (1.0 - lineup_share) * parts.slope * whole.points
    by_driver += (driver_share - lineup_share) * parts.drivers
    # offsets about 0 keep the walk's numbers small
    middle = (float(by_driver.max()) + float(by_driver.min())) / 2.0
    return Shrinkage(
        lineup_share=lineup_share,
        driver_share=driver_share,
        slope=parts.slope,
        constant=(1.0 - lineup_share) * parts.level
        - (driver_share - lineup_share) * parts.centre
        + middle * lineups.shape[1],
        by_driver=tuple((by_driver - middle).tolist()),
        lineups=len(lineups),
    )


def tail_shrinkage(
    points: Points,
    first_half: npt.NDArray[np.bool_] | None,
    rules: LineupRules,
    target: TailTarget,
) -> Shrinkage:
    """How weighted CVaRs of a slate's lineups are to be shrunk.

    Parameters
    ----------
    points
        Driver scores in ticks of 0.05 point, i16 ``[N, D]``: the races that lineups are chosen on.
    first_half
        Which races are the first of the two halves, ``[N]``. The halves share nothing that is
        drawn for several races, such as strengths. ``None`` where no two such halves can be made:
        the shares are then those that typical ones are over so many races.
    rules
        Rules that make a lineup legal. The shares are those of the best lineups by mean.
    target
        Levels and weights.

    Raises
    ------
    InvalidInput
        A level's tail holds less than one of all scenarios. If it holds less than one of a half's,
        nothing is shrunk.
    """
    target.require_scenarios(len(points))
    if first_half is None:
        lineups = best_by_value(points.sum(axis=0, dtype=np.int64), rules, _LINEUPS).lineups
        length = len(points) / _TYPICAL_RACES
        shares = (_over(share, length) for share in (_TYPICAL_DRIVER_SHARE, _TYPICAL_LINEUP_SHARE))
        return _shrinkage(lineups, _sample(points, lineups, target), *shares)
    halves = points[first_half], points[~first_half]
    if any(tail_mass(alpha, len(half)) < 1.0 for alpha in target.alphas for half in halves):
        return Shrinkage.none(points.shape[1])
    lineups = best_by_value(points.sum(axis=0, dtype=np.int64), rules, _LINEUPS).lineups
    whole, first, second = (_sample(races, lineups, target) for races in (points, *halves))
    return estimate_shrinkage(lineups, whole, (first, second))


def _sample(races: Points, lineups: Lineups, target: TailTarget) -> Sample:
    """What lineups are worth in these races."""
    points = races.sum(axis=0, dtype=np.int64) / (len(races) * TICKS_PER_POINT)
    return Sample(tail_values(races, lineups, target), points)


def _taken_apart(lineups: Lineups, sample: Sample) -> _Parts:
    means = sample.points[lineups].sum(axis=1)
    mean, level = _mean(means), _mean(sample.values)
    spread = means - mean
    squares = _dot(spread, spread)
    slope = _dot(spread, sample.values - level) / squares if squares > 0.0 else 0.0
    left = sample.values - level - slope * spread
    drivers = additive_fit(lineups, left, len(sample.points))
    sums = drivers[lineups].sum(axis=1)
    centre = _mean(sums)
    own = left - sums
    return _Parts(level - slope * mean, slope, drivers, centre, sums - centre, own - _mean(own))


def _share(first: Floats, second: Floats, length: float) -> float:
    """Share of a part's variance over all races that is not luck, 0..1."""
    variance = (_dot(first, first) + _dot(second, second)) / 2.0
    if variance <= 0.0:
        return 1.0  # there is nothing to shrink
    return _over(max(_dot(first, second) / variance, 0.0), length)


def _over(share: float, length: float) -> float:
    """A share over ``length`` times as many races, by the prophecy formula."""
    return length * share / (1.0 + (length - 1.0) * share)


def _dot(one: Floats, other: Floats) -> float:
    return math.fsum(map(mul, one.tolist(), other.tolist()))


def _mean(values: Floats) -> float:
    return math.fsum(values.tolist()) / len(values)
