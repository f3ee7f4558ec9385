"""What is to be met: a user's numbers as targets of means over the races of a spec."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.race.constraints import MAX_TILT
from core.race.spec import ConstraintSpec
from core.sites import SiteRules

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

POINTS, WIN, TOP5, MEDIAN = range(4)

LEAST_SHARE = 1e-4  # the target of a share of 0
_DECIMALS = 6  # tilts lie on a grid, so that the last bit of no machine's logarithm counts


@dataclass(frozen=True, slots=True)
class MatchingProblem:
    """A race, and the means that its drivers' tilts are to reach.

    Parameters
    ----------
    spec, rules
        The race, and how it is scored.
    start
        The spec's own tilts, ``[D]``.
    racing
        Drivers who race, ``[D]``.
    numbers
        The user's numbers, ``[4, D]``: points, win share, top-five share, median finish; NaN where
        there is none.
    targets
        Targets of the means, ``[4, D]``; NaN where there is none. A median's is 0.5, the share of
        races ahead of it.
    wanted
        Targets that a tilt can move towards, ``[4, D]``: not the wins of who may not win.
    """

    spec: ConstraintSpec
    rules: SiteRules
    start: Floats
    racing: Mask
    numbers: Floats
    targets: Floats
    wanted: Mask

    @classmethod
    def from_numbers(
        cls, spec: ConstraintSpec, numbers: Floats, rules: SiteRules
    ) -> "MatchingProblem":
        """The problem of meeting a user's numbers, ``[4, D]``, of the drivers who race."""
        racing = np.array([not driver.out for driver in spec.drivers])
        numbers = np.where(racing, numbers, np.nan)
        # half a race to either side of a position is the median's: 1.5 is won half of the time
        numbers[MEDIAN] = np.clip(numbers[MEDIAN], 1.5, racing.sum() - 0.5)
        targets = np.clip(numbers, LEAST_SHARE, 1.0 - LEAST_SHARE)
        targets[MEDIAN] = np.where(np.isfinite(numbers[MEDIAN]), 0.5, np.nan)
        targets[POINTS] = numbers[POINTS]
        wanted = np.isfinite(targets)
        wanted[WIN] &= np.array([driver.may_win for driver in spec.drivers])
        start = np.array([driver.tilt for driver in spec.drivers])
        return cls(spec, rules, start, racing, numbers, targets, wanted)

    @property
    def movable(self) -> Mask:
        """Drivers with a wanted target, whose tilts move, ``[D]``."""
        return np.asarray(self.wanted.any(axis=0))

    @property
    def without_number(self) -> Mask:
        """Drivers who race and have no wanted target, ``[D]``."""
        return self.racing & ~self.movable

    @property
    def medians(self) -> Floats:
        """Positions that finishes are compared with, ``[D]``: the middle where there is no median.

        See :func:`core.race.matching.looks.views`.
        """
        medians = self.numbers[MEDIAN]
        return np.asarray(np.where(np.isfinite(medians), medians, (self.racing.sum() + 1.0) / 2.0))

    def admissible(self, tilts: Floats) -> Floats:
        """These tilts, ``[D]``, within the bounds and on the grid; only movable drivers move."""
        change = np.where(self.movable, tilts - self.start, 0.0)
        if not self.without_number.any():
            # only differences count: where everybody has a number, nobody is the yardstick
            change = np.where(self.racing, change - change[self.racing].mean(), 0.0)
            if np.abs(change).max() > MAX_TILT:
                # as much room on one side as on the other
                middle = (change[self.racing].max() + change[self.racing].min()) / 2.0
                change = np.where(self.racing, change - middle, 0.0)
        return np.asarray(np.round(np.clip(self.start + change, -MAX_TILT, MAX_TILT), _DECIMALS))
