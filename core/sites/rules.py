"""A site's rules: how a roster is filled and how a race is scored, in whole ticks of 0.05 point.

Every DraftKings score is a whole number of ticks (a lap led is 5, a fastest lap 9), and so is every
FanDuel score (a lap led or completed is 2), so sums, ranks and ties computed in ticks are exact.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

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
        Points for finishing 1st, 2nd, ..; positions beyond the end score 0.
    ticks_per_position
        Ticks for every position gained from the official grid to the finish, lost when negative.
    ticks_per_lap_led, ticks_per_fastest_lap
        Ticks for a lap led and for a lap on which the driver was the fastest.
    ticks_per_lap_completed
        Ticks for every lap the driver completed.
    """

    site: str
    roster_size: int
    salary_cap_usd: int
    finish_points: tuple[int, ...]
    ticks_per_position: int
    ticks_per_lap_led: int
    ticks_per_fastest_lap: int
    ticks_per_lap_completed: int = 0

    def finish_ticks(self, positions: int) -> npt.NDArray[np.int32]:
        """Ticks by finishing position, ``[positions + 1]``; entry 0 is no position and holds 0."""
        table = np.zeros(positions + 1, dtype=np.int32)
        paid = self.finish_points[:positions]
        table[1 : len(paid) + 1] = np.array(paid, dtype=np.int32) * TICKS_PER_POINT
        return table


def score(
    rules: SiteRules,
    start: npt.ArrayLike,
    finish: npt.ArrayLike,
    laps_led: npt.ArrayLike,
    fastest_laps: npt.ArrayLike,
    laps_completed: npt.ArrayLike | None = None,
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
    laps_completed
        Counts, of the same shape; needed by the rules that pay for them.

    Returns
    -------
    int16 of the common shape.

    Raises
    ------
    InvalidInput
        The rules pay for laps completed and none are given.
    """
    if not rules.ticks_per_lap_completed:
        laps_completed = 0
    elif laps_completed is None:
        raise InvalidInput(
            {"laps_completed": f"{rules.site} pays for laps completed; give their counts."}
        )
    started, finished, led, fastest, completed = np.broadcast_arrays(
        *(
            np.asarray(part, dtype=np.int32)
            for part in (start, finish, laps_led, fastest_laps, laps_completed)
        )
    )
    table = rules.finish_ticks(max(255, int(finished.max(initial=0))))
    ticks = (
        table[finished]
        + (started - finished) * rules.ticks_per_position
        + led * rules.ticks_per_lap_led
        + fastest * rules.ticks_per_fastest_lap
        + completed * rules.ticks_per_lap_completed
    )
    return np.where(finished > 0, ticks, 0).astype(np.int16)
