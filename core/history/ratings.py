"""How good a driver was known to be before each race: running means of NASCAR's driver rating."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.history.races import PastRace
from core.slate.tracks import TrackType

FORGET = 0.95  # weight of a race beside the next one's
UNKNOWN_RATING = 55.0  # of a driver never rated, who is rarely a good one
UNKNOWN_RACES = 4.0  # how many races that guess is worth
TYPE_RACES = 6.0  # how many races at a track type are worth as much as all others
MAX_SKILL = 2.0  # standard deviations, as skill 0..1 can hold


def skill_before(races: Sequence[PastRace]) -> list[npt.NDArray[np.float64]]:
    """Give each driver's skill before each race, from the races before it alone.

    Parameters
    ----------
    races
        The oldest first.

    Returns
    -------
    One ``[D]`` a race: standard deviations above that race's field, cut at 2 either way.
    """
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    by_type: dict[tuple[str, TrackType], list[float]] = defaultdict(lambda: [0.0, 0.0])
    known = []
    for race in races:
        ratings = np.array(
            [_rating(driver, race.track_type, totals, by_type) for driver in race.drivers]
        )
        spread = ratings.std()
        skill = (ratings - ratings.mean()) / spread if spread > 0 else np.zeros(len(ratings))
        known.append(np.clip(skill, -MAX_SKILL, MAX_SKILL))
        for driver, rating in zip(race.drivers, race.rating, strict=True):
            if np.isfinite(rating):
                for running in (totals[driver], by_type[driver, race.track_type]):
                    running[0] = FORGET * running[0] + rating
                    running[1] = FORGET * running[1] + 1.0
    return known


def _rating(
    driver: str,
    track_type: TrackType,
    totals: dict[str, list[float]],
    by_type: dict[tuple[str, TrackType], list[float]],
) -> float:
    total, races = totals[driver]
    overall = (total + UNKNOWN_RACES * UNKNOWN_RATING) / (races + UNKNOWN_RACES)
    here, races_here = by_type[driver, track_type]
    return (here + TYPE_RACES * overall) / (races_here + TYPE_RACES)
