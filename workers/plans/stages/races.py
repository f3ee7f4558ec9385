"""The races of a job: in blocks, half of them to choose lineups on, half to grade them on."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.race import BLOCK_SCENARIOS
from core.slate import TICKS_PER_POINT, Slate
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key

MICROPOINTS = 1_000_000
"""Millionths of a point in a point."""

# blocks of opposite strengths, of those that lineups are chosen on
_PAIR = 2

Points = npt.NDArray[np.int16]


class RaceFigures(msgspec.Struct, frozen=True):
    """Sums over some races.

    Parameters
    ----------
    validated, rejected
        Races that the kernel judged, and those of them that it threw out.
    veto_reasons
        Races that each rule threw out, by the rule.
    laps_led, fastest_laps, positions_gained
        By driver of the slate, over the races kept.
    cautions
        Over the races kept.
    """

    validated: int
    rejected: int
    veto_reasons: dict[str, int]
    laps_led: tuple[int, ...]
    fastest_laps: tuple[int, ...]
    positions_gained: tuple[int, ...]
    cautions: int


class RacesFact(msgspec.Struct, frozen=True):
    """All races of a job.

    Parameters
    ----------
    races
        ``points``, i16 ``[N, D]`` in ticks, and ``regime``, u8 ``[N]``.
    figures
        What they add up to.
    regimes
        How many races were of each regime.
    """

    races: ArrayRef
    figures: RaceFigures
    regimes: dict[str, int]


RACES = Key("scenarios", RacesFact)


def block_count(n_scenarios: int) -> int:
    """How many blocks hold ``n_scenarios``: pairs of full ones, and two that share the rest."""
    pairs, rest = divmod(n_scenarios, 2 * BLOCK_SCENARIOS)
    return 2 * pairs + min(rest, 2)


def block_rows(block: int, n_scenarios: int) -> slice:
    """The rows of a block among all scenarios; the last two blocks are as long as each other."""
    pair, second = divmod(block, 2)
    start = pair * 2 * BLOCK_SCENARIOS
    left = min(n_scenarios - start, 2 * BLOCK_SCENARIOS)
    first = -(-left // 2)
    return slice(start + first, start + left) if second else slice(start, start + first)


def selects(block: int) -> bool:
    """Whether a block's races are for selection; the other half is kept for the report.

    Even blocks choose lineups, odd blocks grade them, so no figure of the report comes from races
    that the lineups were chosen on.
    """
    return block % 2 == 0


def half(values: npt.NDArray[Any], *, selection: bool) -> npt.NDArray[Any]:
    """The rows of ``values`` ``[N, ..]`` that belong to one half's blocks, in order."""
    rows = [
        values[block_rows(block, len(values))]
        for block in range(block_count(len(values)))
        if selects(block) is selection
    ]
    return np.concatenate(rows) if rows else values[:0]


def selection_halves(n_scenarios: int) -> npt.NDArray[np.bool_] | None:
    """Which of the races that lineups are chosen on are the first of two halves, bool ``[N]``.

    The halves share nothing that a block's races have in common. Nor do they share the two blocks
    of a pair, whose strengths are opposite (:func:`core.race.draw_block_strength`): one half would
    then mirror the other. ``None`` where there are not two pairs.
    """
    blocks = [block for block in range(block_count(n_scenarios)) if selects(block)]
    rows = [block_rows(block, n_scenarios) for block in blocks]
    counts = [each.stop - each.start for each in rows]
    if len(blocks) < 2 * _PAIR:
        return None
    first = [index // _PAIR % 2 == 0 for index in range(len(blocks))]
    return np.repeat(np.array(first), counts)


def simulated_points(facts: Facts, arrays: Blobs) -> Points:
    """The points of all scenarios, i16 ``[N, D]`` in ticks."""
    return arrays.get(facts.of(RACES).races)["points"]


def selection_points(facts: Facts, arrays: Blobs) -> Points:
    """The points of the races that lineups are chosen on, i16 ``[N, D]`` in ticks."""
    return half(simulated_points(facts, arrays), selection=True)


def selection_regimes(facts: Facts, arrays: Blobs) -> npt.NDArray[np.uint8]:
    """The regimes of the races that lineups are chosen on, u8 ``[N]``."""
    return half(arrays.get(facts.of(RACES).races)["regime"], selection=True)


def mean_points(points: Points) -> npt.NDArray[np.float64]:
    """The simulated mean of each driver, ``[D]``."""
    means: npt.NDArray[np.float64] = points.sum(axis=0, dtype=np.int64) / (
        len(points) * TICKS_PER_POINT
    )
    return means


def projected_points(slate: Slate, points: Points) -> npt.NDArray[np.float64]:
    """Points by driver: the user's own where there are any, the simulated mean elsewhere."""
    means = mean_points(points)
    own = [driver.projected_points for driver in slate.drivers]
    return np.array([m if g is None else g for m, g in zip(means, own, strict=True)])


def micropoints(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Points in whole millionths, so that sums are exact."""
    return np.round(points * MICROPOINTS).astype(np.int64)
