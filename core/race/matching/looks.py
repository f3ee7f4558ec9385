"""Looks at a race: the means, variances and slopes that fresh races at some tilts show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.cancelling import CheckCancelled
from core.race.constraints import MAX_TILT, DriverConstraints
from core.race.generate import BLOCK_SCENARIOS, LEAST_SURVIVAL, draw_races, simulate_block
from core.race.kernel import DRIVER_RULES, KernelLogic, KernelStats, veto_reason
from core.race.matching.problem import POINTS, Floats, Mask, MatchingProblem
from core.race.scenarios import Scenarios, concatenate
from core.race.spec import ConstraintSpec
from core.randomness import Purpose, stream
from core.sites import TICKS_PER_POINT, SiteRules

BLAMED = 0.1  # of the races that the worst driver's rules reject: who rejects so many is blamed
PAYS_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What n races show.

    Parameters
    ----------
    n
        Number of races that obey the rules.
    judged
        Counts of these races, of those that the rules rejected, and of the rules that did.
    means, variances
        Of the quantities with targets, ``[4, D]``; see :func:`views`.
    slopes
        What a unit of tilt adds to each mean, ``[4, D]``; 0 where nobody was nudged.
    medians
        Median finishes, ``[D]``; see :func:`views`.
    points_range
        The fewest and the most points that any driver scored.
    """

    n: int
    judged: KernelStats
    means: Floats
    variances: Floats
    slopes: Floats
    medians: Floats
    points_range: tuple[float, float]

    @property
    def total_points(self) -> float:
        """Mean of the points of all drivers in a race."""
        return float(self.means[POINTS].sum())

    @property
    def survival(self) -> float:
        """Share of the races judged that obey the rules."""
        return 1.0 - self.judged.rejection_rate

    def blamed(self, drivers: Sequence[DriverConstraints]) -> Mask:
        """Drivers whose own rules rejected the most races, ``[D]``."""
        counts = self.judged.veto_reasons
        rejected = np.array(
            [
                sum(counts.get(veto_reason(rule, driver.driver_id), 0) for rule in DRIVER_RULES)
                for driver in drivers
            ]
        )
        return np.asarray((rejected > 0) & (rejected >= BLAMED * rejected.max()))


def tilted(spec: ConstraintSpec, tilts: Floats) -> ConstraintSpec:
    """The spec with these tilts, ``[D]``."""
    drivers = zip(spec.drivers, tilts.tolist(), strict=True)
    return replace(spec, drivers=tuple(replace(driver, tilt=tilt) for driver, tilt in drivers))


def views(races: Scenarios, rules: SiteRules, medians: Floats) -> Floats:
    """What is averaged, of each race, ``[4, N, D]``.

    A finish counts as spread evenly over half a position to either side: so medians between
    positions have a meaning, and a driver who is as often before 8th as after it has median 8.
    """
    finish = races.finish.astype(np.float64)
    raced = finish > 0
    ahead = np.clip(medians + 0.5 - finish, 0.0, 1.0)
    return np.stack(
        [
            races.points(rules) / TICKS_PER_POINT,
            finish == 1,
            raced & (finish <= 5),
            np.where(raced, ahead, 0.0),
        ]
    )


class Sampler:
    """Simulator of the looks at a race, each on fresh races.

    Parameters
    ----------
    problem
        The race, how it is scored, and the medians of its drivers.
    seed
        The job's seed.
    check_cancelled
        Called before every block of races; it may raise.

    Attributes
    ----------
    races
        Number of races simulated in all.
    """

    def __init__(
        self, problem: MatchingProblem, seed: int, check_cancelled: CheckCancelled
    ) -> None:
        self._spec, self._rules, self._medians = problem.spec, problem.rules, problem.medians
        self._check_cancelled = check_cancelled
        self._rng = stream(seed, Purpose.KNOWLEDGE)
        self._seed = int(self._rng.integers(2**63))
        self._blocks = self.races = 0

    def look(self, tilts: Floats, blocks: int, nudge: float = 0.0) -> tuple[Look, Scenarios]:
        """A look at ``blocks`` blocks of races at these tilts, ``[D]``, and the races.

        With a nudge, for an even number of blocks, every driver is moved up by it in half of them
        and down in the others. Who goes up with whom is drawn, so that others' nudges are noise to
        a driver's own slope.
        """
        parts: list[Scenarios] = []
        tables: list[Floats] = []
        slopes = np.zeros((4, len(tilts)))
        up = np.zeros(len(tilts))
        judged = KernelStats()
        for index in range(blocks):
            if nudge > 0.0:
                up = -up if index % 2 else self._sides()
            # at the bound the nudge is shorter on one side; the slope there is not needed
            part, part_judged = self._block(np.clip(tilts + nudge * up, -MAX_TILT, MAX_TILT))
            judged += part_judged
            parts.append(part)
            tables.append(views(part, self._rules, self._medians))
            if nudge > 0.0 and len(part) > 0:
                slopes += up * tables[-1].mean(axis=1) / (nudge * blocks)
        races = concatenate(parts)
        return _summary(np.concatenate(tables, axis=1), races, judged, slopes), races

    def pays(self) -> Floats:
        """Points of the strongest, the second, .. driver, without grid spots, ``[racing]``.

        Strengths lie as far apart as they can, and each block hands them to the drivers in another
        order; no rule rejects any of these races.
        """
        racing, rng = np.array(self._spec.racing), stream(self._seed, Purpose.KNOWLEDGE)
        scored = np.zeros(len(racing))
        for _ in range(PAYS_BLOCKS):
            self._check_cancelled()
            tilts, order = np.zeros(len(self._spec)), rng.permutation(racing)
            tilts[order] = np.linspace(MAX_TILT, -MAX_TILT, len(racing))
            races, _ = draw_races(tilted(self._spec, tilts), rng, BLOCK_SCENARIOS)
            self.races += BLOCK_SCENARIOS
            grid = races.start.astype(np.float64) * self._rules.ticks_per_position
            scored += (races.points(self._rules) - grid)[:, order].mean(axis=0) / TICKS_PER_POINT
        return np.sort(scored / PAYS_BLOCKS)[::-1]

    def require_races(self, look: Look) -> None:
        """Refuse a spec whose rules reject nearly every race.

        Raises
        ------
        Infeasible
            Fewer than 1% of the races obey the rules.
        """
        if look.survival < LEAST_SURVIVAL:
            simulate_block(self._spec, self._seed, 0)

    def _block(self, tilts: Floats) -> tuple[Scenarios, KernelStats]:
        """Those of the next 500 races at these tilts that obey the rules.

        No race is drawn in the place of another, so that a look takes the same time whatever the
        rules reject.
        """
        self._check_cancelled()
        spec = tilted(self._spec, tilts)
        rng = stream(self._seed, Purpose.SCENARIOS, self._blocks, 0)
        races, evidence = draw_races(spec, rng, BLOCK_SCENARIOS)
        self._blocks += 1
        self.races += BLOCK_SCENARIOS
        stands, judged = KernelLogic(spec).judge(races, evidence)
        return races.take(stands), judged

    def _sides(self) -> Floats:
        """Who goes up (1) and who down (-1), drawn: half of the racing drivers each, ``[D]``."""
        racing = self._rng.permutation(np.array(self._spec.racing))
        sides = np.zeros(len(self._spec))
        sides[racing[::2]], sides[racing[1::2]] = 1.0, -1.0
        return sides


def _summary(table: Floats, races: Scenarios, judged: KernelStats, slopes: Floats) -> Look:
    """The look at races whose views are ``table``, ``[4, N, D]``; all zero without a race."""
    if len(races) == 0:
        nothing = np.zeros(slopes.shape)
        return Look(0, judged, nothing, nothing, nothing, nothing[0], (0.0, 0.0))
    return Look(
        n=len(races),
        judged=judged,
        means=table.mean(axis=1),
        variances=table.var(axis=1),
        slopes=slopes,
        medians=_medians(races.finish),
        points_range=(float(table[POINTS].min()), float(table[POINTS].max())),
    )


def _medians(finish: npt.NDArray[np.uint8]) -> Floats:
    """Median finishes, ``[D]``, each finish spread over half a position to either side."""
    middle = np.sort(finish, axis=0)[len(finish) // 2].astype(np.int64)
    before = (finish < middle).sum(axis=0)
    there = (finish == middle).sum(axis=0)
    return np.asarray(middle - 0.5 + (len(finish) / 2.0 - before) / there)
