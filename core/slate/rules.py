"""A site's rules: how a roster is filled and how a race is scored, in whole ticks of 0.05 point.

Every DraftKings score is a whole number of ticks (a lap led is 5, a fastest lap 9), so sums, ranks
and ties computed in ticks are exact.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TICKS_PER_POINT = 20

Ticks = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class SiteRules:
    """Roster and scoring rules of one contest site.

    Parameters
    ----------
    site
        The site's name, as shown to users.
    roster_size
        Drivers in a lineup.
    salary_cap_usd
        What a lineup may cost at most.
    finish_points
        Points for finishing 1st, 2nd, ..; places beyond the end score 0.
    ticks_per_position
        Ticks for every position gained from the official grid to the finish, lost when negative.
    ticks_per_lap_led, ticks_per_fastest_lap
        Ticks for a lap led and for a lap on which the driver was the fastest.
    """

    site: str
    roster_size: int
    salary_cap_usd: int
    finish_points: tuple[int, ...]
    ticks_per_position: int
    ticks_per_lap_led: int
    ticks_per_fastest_lap: int

    def finish_ticks(self, places: int) -> npt.NDArray[np.int32]:
        """Give ticks by finishing place, ``[places + 1]``; entry 0, never a place, is 0."""
        table = np.zeros(places + 1, dtype=np.int32)
        paid = self.finish_points[:places]
        table[1 : len(paid) + 1] = np.array(paid, dtype=np.int32) * TICKS_PER_POINT
        return table


DRAFTKINGS_CLASSIC = SiteRules(
    site="DraftKings",
    roster_size=6,
    salary_cap_usd=50_000,
    # 45 for the win, then one point less a place, with a skip of two after 1st, 10th, 20th and 30th
    finish_points=(
        45,
        *range(42, 33, -1),
        *range(32, 22, -1),
        *range(21, 11, -1),
        *range(10, 0, -1),
    ),
    ticks_per_position=TICKS_PER_POINT,
    ticks_per_lap_led=5,
    ticks_per_fastest_lap=9,
)


def score(
    rules: SiteRules,
    start: npt.ArrayLike,
    finish: npt.ArrayLike,
    laps_led: npt.ArrayLike,
    fastest_laps: npt.ArrayLike,
) -> Ticks:
    """Score drivers' races in ticks of 0.05 point.

    Parameters
    ----------
    rules
        The site's rules.
    start
        Official grid position, 1 = pole; any shape.
    finish
        Finishing position, 1 = winner, of a shape that broadcasts with ``start``; 0 = did not race,
        which scores 0.
    laps_led, fastest_laps
        Counts, of the same shape.

    Returns
    -------
    int16 of the common shape.
    """
    started, finished, led, fastest = np.broadcast_arrays(
        *(np.asarray(part, dtype=np.int32) for part in (start, finish, laps_led, fastest_laps))
    )
    table = rules.finish_ticks(max(255, int(finished.max(initial=0))))
    ticks = (
        table[finished]
        + (started - finished) * rules.ticks_per_position
        + led * rules.ticks_per_lap_led
        + fastest * rules.ticks_per_fastest_lap
    )
    return np.where(finished > 0, ticks, 0).astype(np.int16)
