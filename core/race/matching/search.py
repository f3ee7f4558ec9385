"""The search itself: from look to look, until races have the means that are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.cancelling import CheckCancelled
from core.race.constraints import DriverConstraints
from core.race.matching.looks import Look, Sampler
from core.race.matching.points import PointsBudget
from core.race.matching.problem import MEDIAN, POINTS, WIN, Floats, Mask, MatchingProblem
from core.race.matching.steps import Step, Steps
from core.race.scenarios import Scenarios
from core.race.spec import ConstraintSpec
from core.sites import SiteRules

SHARES = slice(WIN, MEDIAN + 1)

FIRST_BLOCKS = 8  # races before any tilt: the start, and the yardstick of how far the tilts went
SEARCH_BLOCKS, MOST_SEARCHES = 4, 14
AVERAGED_BLOCKS, AVERAGED_LOOKS = 4, 9
LAST_BLOCKS = 16  # fresh races at the final tilts

NUDGE = 0.15  # strength by which drivers are moved up and down to measure slopes
NOISE = 4.0  # standard errors that a miss may have and still be noise
SURVIVING = 0.05  # of the races judged: below that a tilt is taken back
HELD_SURVIVING = 0.6  # of that may be left where somebody is held there: looks differ
LEAST_SURVIVING = 0.015  # where even untilted no more than twice that survives
MOST_HALVINGS = 2  # of steps too far, before whoever breaks the rules is held

History = Sequence[tuple[Floats, Look]]
"""Tilts, ``[D]``, and the look at them, earliest first."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Result of the search.

    Parameters
    ----------
    tilts
        The final tilts, ``[D]``.
    before, after
        Looks at the first tilts and at the final ones, neither used to find them.
    first
        The races of ``before``.
    targets
        The user's numbers, ``[4, D]``, points times ``scale`` less ``offset_points``; NaN where
        there is none.
    scale, offset_points
        By what every projection is multiplied, and then lowered, to be paid by one race.
    held
        Drivers kept from going further because too few races would obey the rules, ``[D]``.
    looks, races
        Number of looks, and of races simulated for them in all.
    """

    tilts: Floats
    before: Look
    after: Look
    first: Scenarios
    targets: Floats
    scale: float
    offset_points: float
    held: Mask
    looks: int
    races: int


def match(
    spec: ConstraintSpec,
    numbers: Floats,
    rules: SiteRules,
    seed: int,
    check_cancelled: CheckCancelled,
) -> Matched:
    """Search for the tilts at which races have a user's numbers as their means.

    Parameters
    ----------
    spec, rules
        The race and its scoring; the search starts at the spec's own tilts.
    numbers
        ``[4, D]``: points, win share, top-five share, median finish; NaN where there is none.
    seed, check_cancelled
        See :class:`core.race.matching.looks.Sampler`.

    Raises
    ------
    Infeasible
        Fewer than 1% of the races survive the spec's rules before any tilt.
    """
    problem = MatchingProblem.from_numbers(spec, numbers, rules)
    sampler = Sampler(problem, seed, check_cancelled)
    before, first = sampler.look(problem.start, FIRST_BLOCKS)
    sampler.require_races(before)
    search = _Search(sampler, PointsBudget(problem, before, first))
    search.approach()
    search.average()
    return search.finish()


class _Search:
    """A search under way: the tilts so far, and what the looks at them showed.

    Parameters
    ----------
    sampler
        Simulator of the looks; it has looked once, before any tilt.
    budget
        What that look says a race pays.
    """

    def __init__(self, sampler: Sampler, budget: PointsBudget) -> None:
        problem, before = budget.problem, budget.before
        self._sampler, self._budget, self._problem = sampler, budget, problem
        self._floor = min(SURVIVING, max(before.survival / 2.0, LEAST_SURVIVING))
        self._steps = Steps(problem)
        self._tilts = problem.start
        self._good = problem.start  # the last tilts at which enough races obeyed the rules
        self._history: list[tuple[Floats, Look]] = []  # of all such tilts
        self._looks = 1
        self._halvings = 0
        self._held: Mask = np.zeros(len(problem.spec), dtype=bool)
        self._stuck = self._held  # as of the last step; see Step
        self._targets = problem.targets.copy()
        self._offset = budget.offset(problem.numbers[POINTS], before, self._stuck)
        self._scale = budget.scale(self._offset, sampler.pays)
        self._projections, self._drawn = budget.drawn_together(self._scale)

    def approach(self) -> None:
        """Step until no miss is more than noise, learning slopes from nudged looks."""
        for index in range(MOST_SEARCHES):
            look = self._look(SEARCH_BLOCKS, NUDGE)
            if not self._survives(look):
                self._retreat(look)
                if self._all_held:
                    break
                continue
            self._keep(look)
            self._retarget(look)
            self._steps.learn(look, self._targets)
            step = self._next_step(look)
            arrived = self._arrived(step)
            self._stuck = step.stuck
            self._move(step.by)
            if arrived and index > 0:
                break
        if not self._steps.has_slopes:
            self._held = self._problem.movable

    def average(self) -> None:
        """Take shorter and shorter steps, whose end is the mean of what whole steps would reach."""
        for averaged in range(1, AVERAGED_LOOKS + 1):
            if self._all_held:
                break
            look = self._look(AVERAGED_BLOCKS)
            if not self._survives(look):
                self._hold(look)
                continue
            self._keep(look)
            self._move(self._next_step(look).by / averaged)

    def finish(self) -> Matched:
        """The result, measured on fresh races at the final tilts."""
        after, _ = self._sampler.look(self._tilts, LAST_BLOCKS)
        too_few = after.survival < HELD_SURVIVING * self._floor
        if too_few and bool((self._tilts != self._good).any()):
            self._tilts = self._good
            after, _ = self._sampler.look(self._tilts, LAST_BLOCKS)
        targets = self._targets.copy()
        targets[SHARES] = self._problem.numbers[SHARES]
        return Matched(
            tilts=self._tilts,
            before=self._budget.before,
            after=after,
            first=self._budget.races,
            targets=targets,
            scale=self._scale,
            offset_points=self._offset - self._drawn,
            held=self._held,
            looks=self._looks + 1,
            races=self._sampler.races,
        )

    @property
    def _all_held(self) -> bool:
        return bool((self._held == self._problem.movable).all())

    def _look(self, blocks: int, nudge: float = 0.0) -> Look:
        look, _ = self._sampler.look(self._tilts, blocks, nudge)
        self._looks += 1
        return look

    def _survives(self, look: Look) -> bool:
        """Whether enough of the races obey the rules to go on from these tilts."""
        return look.survival >= (HELD_SURVIVING if self._held.any() else 1.0) * self._floor

    def _retreat(self, look: Look) -> None:
        """Halve a step too far, or go back and hold whoever breaks the rules again and again."""
        self._halvings += 1
        if self._halvings > MOST_HALVINGS:
            self._hold(look)
        else:
            self._tilts = self._problem.admissible((self._good + self._tilts) / 2.0)

    def _hold(self, look: Look) -> None:
        """Go back to good tilts, and hold whose rules break, or everybody where that is not new."""
        movable = self._problem.movable
        more = self._held | (look.blamed(self._problem.spec.drivers) & movable)
        self._held = movable if bool((more == self._held).all()) else more
        self._tilts = self._good

    def _keep(self, look: Look) -> None:
        self._good = self._tilts
        self._history.append((self._tilts, look))

    def _retarget(self, look: Look) -> None:
        """Lower the targets of points by what drivers at a bound leave of the race's points."""
        self._offset = self._budget.offset(self._projections, look, self._stuck)
        self._targets[POINTS] = self._projections - self._offset

    def _next_step(self, look: Look) -> Step:
        """The step from here, after whoever went too far is back where it was best, and held."""
        wanted = np.where(self._problem.wanted, self._targets, np.nan)
        turned = _turned_back(self._history, wanted, self._problem.spec.drivers) & ~self._held
        self._tilts = np.where(turned, _nearest(self._history, wanted), self._tilts)
        self._held = self._held | turned
        return self._steps.step(self._tilts, look, self._targets, self._held)

    def _arrived(self, step: Step) -> bool:
        """Whether the step is noise, and the same drivers are stuck as before it."""
        still = (np.abs(step.alone) <= NOISE * step.error) | ~self._problem.movable
        return bool(still.all() and (step.stuck == self._stuck).all())

    def _move(self, by: Floats) -> None:
        self._tilts = self._problem.admissible(self._tilts + by)


def _turned_back(history: History, targets: Floats, drivers: Sequence[DriverConstraints]) -> Mask:
    """Drivers whose means went away from the targets as the tilts went towards them, ``[D]``.

    A driver who may not win and is strong enough to win most races is in the races that remain only
    where something went wrong for him: of whose own rules races break, more strength may be fewer
    points.
    """
    tilts, look = history[-1]
    miss = targets - look.means
    turned = np.zeros(miss.shape, dtype=bool)
    for earlier_tilts, earlier in history[:-1]:
        earlier_miss = targets - earlier.means
        error = np.sqrt(look.variances / look.n + earlier.variances / earlier.n)
        turned |= (
            ((tilts - earlier_tilts) * np.sign(earlier_miss) > NUDGE)
            & (earlier_miss * miss > 0.0)
            & (np.abs(miss) > np.abs(earlier_miss) + NOISE * error)
        )
    return np.asarray(turned.any(axis=0) & look.blamed(drivers))


def _nearest(history: History, targets: Floats) -> Floats:
    """Each driver's tilt of the look whose means were nearest to the targets, ``[D]``."""
    misses = [
        np.nansum(np.square(targets - look.means) / np.maximum(look.variances, 1e-3), axis=0)
        for _, look in history
    ]
    tilts = np.array([tilts for tilts, _ in history])
    return np.asarray(np.take_along_axis(tilts, np.argmin(misses, axis=0)[None], axis=0)[0])
