"""Starting grids that the race model draws, and how drivers' points change with them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.race.generate import BLOCK_SCENARIOS, generate_scenarios
from core.race.spec import ConstraintSpec
from core.sites import TICKS_PER_POINT, SiteRules

Floats = npt.NDArray[np.float64]

GRIDS = 100
"""Grids drawn: their mean is as near to that of all grids as an estimate needs."""

_RACES = 4 * BLOCK_SCENARIOS  # from which it is read how points change with the spot


@dataclass(frozen=True, eq=False)
class DrawnGrids:
    """Equally likely starting grids of one race.

    Parameters
    ----------
    start
        Spot on the grid, 1 = pole, ``[G, D]``; NaN for a driver who does not race. Known spots are
        in every grid, and the other drivers qualify for the rest.
    points_moved
        Points by which a driver's mean over all grids changes with his spot of each, ``[G, D]``; 0
        for a driver of known spot.
    """

    start: Floats
    points_moved: Floats


def draw_grids(spec: ConstraintSpec, rules: SiteRules, seed: int) -> DrawnGrids | None:
    """The grids of a race's first 100 simulated races; ``None`` where every spot is known.

    How a driver's points change with his spot is the slope of a line through his simulated races.
    Positions gained score, so it is mostly upwards: the further back, the more points.

    Parameters
    ----------
    spec
        The race. The grids and points are those of races that obey its rules.
    rules
        Scoring.
    seed
        Of the races.

    Raises
    ------
    InvalidInput, Infeasible
        As :func:`~core.race.generate.generate_scenarios`.
    """
    if all(spec.drivers[index].start_position is not None for index in spec.racing):
        return None
    races, _ = generate_scenarios(spec, _RACES, seed)
    start = races.start.astype(np.float64)
    points = races.points(rules) / TICKS_PER_POINT
    behind = start - start.mean(axis=0)
    spread = np.einsum("nd,nd->d", behind, behind)
    slope = np.einsum("nd,nd->d", behind, points) / np.where(spread > 0.0, spread, 1.0)
    racing_spots = np.where(start > 0.0, start, np.nan)
    return DrawnGrids(racing_spots[:GRIDS], slope * behind[:GRIDS])
