"""Projections fitted to the points that a race pays: one scale and one offset for all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.race.matching.looks import Look
from core.race.matching.problem import POINTS, Floats, Mask, MatchingProblem
from core.race.scenarios import Scenarios
from core.sites import TICKS_PER_POINT

SCALE_HALVINGS = 20
WITHIN_REACH = 0.97  # of the spread of what positions pay
LEAST_OFFSET_POINTS = 1.0  # below that, projections are not drawn together
ABSORBED_POINTS = 5.0  # by which the mean of drivers without a number may change, each


@dataclass(frozen=True, slots=True)
class PointsBudget:
    """What a race pays, before any tilt.

    Parameters
    ----------
    problem
        The race and its targets.
    before, races
        The look before any tilt, and its races.
    """

    problem: MatchingProblem
    before: Look
    races: Scenarios

    def offset(self, projections: Floats, look: Look, at_bound: Mask) -> float:
        """By how many points every projection, ``[D]``, must be lowered to be paid by one race.

        Drivers without a number give way first, by up to five points each on the mean. Drivers at a
        bound count with what they score in ``look``: their projections are out of reach, and not
        for the others to make up for.
        """
        counted = np.isfinite(projections) & ~at_bound
        if not counted.any():
            return 0.0
        without_number = self.problem.without_number
        elsewhere = self.problem.racing & ~counted & ~without_number
        # nobody's mean is beyond what anybody ever scored, even before he is at a bound
        total = float(
            np.clip(projections[counted], *self.before.points_range).sum()
            + look.means[POINTS, elsewhere].sum()
            + self.before.means[POINTS, without_number].sum()
        )
        over = total - self.before.total_points
        room = ABSORBED_POINTS * float(without_number.sum())
        beyond = np.sign(over) * max(0.0, abs(over) - room)
        return float(beyond / counted.sum()) + 0.0  # no minus zero

    def scale(self, offset: float, pays: Callable[[], Floats]) -> float:
        """Factor of the projections' distances from their mean; 1 where their order needs no other.

        Lowered or raised by one number, projections of many more points than a race pays ask of the
        last driver to score less than the last driver does. Then they are drawn together, so that
        the order stays, but no further than multiplying all of them by one factor would.

        Parameters
        ----------
        offset
            By how many points every projection would be lowered.
        pays
            See :meth:`core.race.matching.looks.Sampler.pays`; called only where it matters.
        """
        numbers = self.problem.numbers[POINTS]
        with_number = np.isfinite(numbers)
        projections = np.clip(numbers[with_number], *self.before.points_range)
        if abs(offset) < LEAST_OFFSET_POINTS or len(projections) < 2:
            return 1.0
        center = float(projections.mean())
        shared = center - offset
        if center <= 0.0 or shared <= 0.0:
            return 1.0
        per_spot = self.problem.rules.ticks_per_position / TICKS_PER_POINT
        grid = self.races.start.mean(axis=0)[with_number] * per_spot
        payouts = pays()

        def is_paid(scale: float) -> bool:
            return _can_be_paid(shared + scale * (projections - center) - grid, payouts)

        low, high = min(center / shared, shared / center), 1.0
        if is_paid(high):
            return 1.0
        for _ in range(SCALE_HALVINGS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if is_paid(middle) else (low, middle)
        return low

    def drawn_together(self, scale: float) -> tuple[Floats, float]:
        """The projections ``[D]`` scaled about their mean, and the points that this adds to each.

        About the mean, so that it stays: what is added to all of them is no offset any more.
        """
        projections = self.problem.numbers[POINTS]
        if scale >= 1.0:
            return projections, 0.0
        center = float(np.nanmean(np.clip(projections, *self.before.points_range)))
        added = (1.0 - scale) * center
        return scale * projections + added, added


def _can_be_paid(means: Floats, payouts: Floats) -> bool:
    """Whether drivers can have these means, ``[n]``, of points without grid spots.

    In the order of strength drivers share out what a race pays for its positions, ``[racing]``. A
    mean can be had where no few drivers have less than the worst positions pay, or more than the
    best (Rado, "An inequality", Journal of the London Mathematical Society 27, 1952).
    """
    # the very ends take tilts without end
    payouts = payouts.mean() + WITHIN_REACH * (payouts - payouts.mean())
    fewer = len(means) - 1
    worst, best = np.cumsum(payouts[::-1])[:fewer], np.cumsum(payouts)[:fewer]
    means = np.sort(means)
    return bool(
        (np.cumsum(means)[:fewer] >= worst).all() and (np.cumsum(means[::-1])[:fewer] <= best).all()
    )
