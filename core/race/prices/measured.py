"""What simulated races make of pairs of drivers, to hold prices against."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from core.cancelling import CheckCancelled, never_cancelled
from core.race.constraints import MAX_TILT
from core.race.generate import BLOCK_SCENARIOS, draw_races
from core.race.knowledge import with_tilts
from core.race.spec import ConstraintSpec
from core.randomness import Purpose, stream

Floats = npt.NDArray[np.float64]

Pair = tuple[int, int]
"""Driver indices, of A and of B."""

BLOCKS = 16  # an even number: what goes up in one goes down in the next
NUDGE = 0.15  # strength by which drivers are moved up and down to measure the slope
_USUAL_SLOPE = 1.0  # where every pair is decided beforehand; 0.6 at superspeedways, 1.1 on roads
# shares of races between which a pair tells of the slope: further out log-odds are not linear
_NEAR_EVEN = 0.1


@dataclass(frozen=True, slots=True)
class MeasuredPairs:
    """Pairs as a race simulates them.

    Parameters
    ----------
    log_odds
        By pair, the log-odds that A finishes ahead of B.
    slope
        What one unit of strength, that A has more than B, adds to them: the same for all pairs.
    """

    log_odds: tuple[float, ...]
    slope: float

    def differences(
        self, pairs: Sequence[Pair], prices: Sequence[float], moved: npt.ArrayLike
    ) -> Floats:
        """Strength that A has to gain on B for the prices to come true, ``[P]``.

        Parameters
        ----------
        pairs
            The pairs measured.
        prices
            By pair, the log-odds that its prices imply.
        moved
            Strength that each driver has more than in the race measured, ``[D]``.
        """
        first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        more = np.asarray(moved, dtype=np.float64)
        miss = np.array(prices, dtype=np.float64) - np.array(self.log_odds)
        gain: Floats = miss / self.slope - (more[first] - more[second])
        return gain


def measure_pairs(
    spec: ConstraintSpec,
    pairs: Sequence[Pair],
    seed: int,
    check_cancelled: CheckCancelled = never_cancelled,
) -> MeasuredPairs:
    """Pairs as races of a spec have them, and how fast strength changes them.

    In every other block of 500 races each driver is a little stronger or weaker, drawn by lot, and
    in the next one the other way round. The slope is a regression over all pairs of the race that
    are not decided beforehand; rules reject none of these races.

    Parameters
    ----------
    spec
        The race; its drivers' tilts count.
    pairs
        Pairs of drivers who race.
    seed
        The job's seed. The same spec, pairs and seed give the same figures, to the last bit.
    check_cancelled
        Called before every 500 races; it may raise.
    """
    rng = stream(seed, Purpose.PRICES)
    racing = np.array(spec.racing)
    tilts = np.array([driver.tilt for driver in spec.drivers])
    count = len(racing)
    ahead = np.zeros((BLOCKS, count, count))
    nudges = np.zeros((BLOCKS, count))
    for block in range(BLOCKS):
        check_cancelled()
        if block % 2 == 0:
            nudges[block] = NUDGE * rng.choice([-1.0, 1.0], count)
        else:
            nudges[block] = -nudges[block - 1]
        nudged = tilts.copy()
        nudged[racing] += nudges[block]
        moved = with_tilts(spec, np.clip(nudged, -MAX_TILT, MAX_TILT).tolist())
        races, _ = draw_races(moved, stream(seed, Purpose.PRICES, block), BLOCK_SCENARIOS)
        finish = races.finish[:, racing].astype(np.int16)
        for number in range(count):
            ahead[block, number] = (finish[:, number, None] < finish).sum(axis=0)
    index = {driver: number for number, driver in enumerate(racing.tolist())}
    wins = ahead.sum(axis=0)
    return MeasuredPairs(
        tuple(
            log((wins[index[a], index[b]] + 0.5) / (wins[index[b], index[a]] + 0.5))
            for a, b in pairs
        ),
        _slope(ahead / BLOCK_SCENARIOS, nudges),
    )


def _slope(shares: Floats, nudges: Floats) -> float:
    """Slope of log-odds in strength, from shares of races ``[B, R, R]`` and nudges ``[B, R]``."""
    mean = shares.mean(axis=0)
    counts = np.triu(np.minimum(mean, 1.0 - mean) > _NEAR_EVEN, 1)
    if not counts.any():
        return _USUAL_SLOPE
    gained = nudges[:, :, None] - nudges[:, None, :]
    rise = (gained * (shares - mean))[:, counts].sum()
    spread = (gained**2 * (mean * (1.0 - mean)))[:, counts].sum()
    return float(rise / spread)
