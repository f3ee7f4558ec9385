"""Finding the tilts under which simulated means are what somebody says they are.

Each thing said is a mean over races: of points, of "won", of "in the top five", and, for a median,
of "ahead of it". Whatever a tilt changes sets all later random numbers off, so two looks at a race
have nothing in common even from one seed, and a difference between them is mostly noise. So this
is stochastic approximation: Newton's steps on fresh races at every look until the miss is noise,
then the mean of what further looks would have stepped to (Polyak and Juditsky, "Acceleration of
stochastic approximation by averaging", SIAM J. Control Optim. 30, 1992).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from core.race.constraints import MAX_TILT, SKILL_PER_SD, DriverConstraints
from core.race.generate import BLOCK_SCENARIOS, LEAST_SURVIVAL, draw_races, simulate_block
from core.race.kernel import DRIVER_RULES, KernelLogic, KernelStats, veto_reason
from core.race.scenarios import Scenarios, concatenate
from core.race.spec import ConstraintSpec
from core.randomness import Purpose, stream
from core.sites import TICKS_PER_POINT, SiteRules

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

POINTS, WIN, TOP5, MEDIAN = range(4)
SHARES = slice(WIN, MEDIAN + 1)

FIRST_BLOCKS = 8  # races before any tilt: the start, and the yardstick of how far it went
SEARCH_BLOCKS, MOST_SEARCHES = 4, 14
AVERAGED_BLOCKS, AVERAGED_LOOKS = 4, 9
LAST_BLOCKS = 16  # fresh races at the tilts found

NUDGE = 0.15  # strength by which drivers are moved up and down to see what moves with it
LONGEST_STEP = 0.7
FORGETTING = 0.7
SHARED = 0.97  # of what rivals share: 1 would leave a whole field's move open
NOISE = 4.0  # standard errors that a miss may have and still be noise
LEAST_SHARE = 1e-4  # a share of 0 is looked for as this
SURVIVING = 0.05  # of the races judged: below that a tilt is taken back
HELD_SURVIVING = 0.6  # of that may be left where somebody is held there: looks differ
LEAST_SURVIVING = 0.015  # where even untilted no more than twice that survives
MOST_HALVINGS = 2  # of steps too far, before whoever breaks the rules is held
BLAMED = 0.1  # of the races that the worst rule throws out: a driver of whose rules so many do
SCALE_HALVINGS = 20
WITHIN_REACH = 0.97
PAYS_BLOCKS = 8
LEAST_OFFSET_POINTS = 1.0  # above that is looked whether projections less as much can be had
ABSORBED_POINTS = 5.0  # what the mean of drivers of whom nothing is said may give way, each
_DECIMALS = 6  # tilts lie on a grid, so that the last bit of no machine's logarithm counts


@dataclass(frozen=True, slots=True)
class Look:
    """What n races show.

    Parameters
    ----------
    n
        How many stand.
    judged
        They, those that the rules threw out, and which rules did.
    means, variances
        ``[4, D]``, of the things said.
    slopes
        ``[4, D]``, what a unit of tilt adds to each mean; 0 where nobody was nudged.
    medians
        ``[D]``, of the finish; see :func:`views`.
    points_range
        The fewest and the most that anybody scored.
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
        """Points of all drivers in a race, mean."""
        return float(self.means[POINTS].sum())

    @property
    def survival(self) -> float:
        """Share of the races judged that stand."""
        return 1.0 - self.judged.rejection_rate

    def blamed(self, drivers: Sequence[DriverConstraints]) -> Mask:
        """Drivers whose own rules threw the most races out, bool ``[D]``."""
        counts = self.judged.veto_reasons
        of = np.array(
            [
                sum(counts.get(veto_reason(rule, driver.driver_id), 0) for rule in DRIVER_RULES)
                for driver in drivers
            ]
        )
        return np.asarray((of > 0) & (of >= BLAMED * of.max()))


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found.

    Parameters
    ----------
    tilts
        ``[D]``.
    before, after
        Races at the tilts begun with and at those found, neither used to find them.
    first
        The races before.
    targets
        ``[4, D]`` as asked, points times ``scale`` less ``offset_points``; NaN = nothing asked.
    scale, offset_points
        What every projection is multiplied with, and then lowered by, to fit into a race.
    held
        ``[D]``, who was kept from going further because too few races would have stood.
    looks, races
        How often was looked, and how many races were simulated for it in all.
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


def tilted(spec: ConstraintSpec, tilts: Floats) -> ConstraintSpec:
    """Give the spec with these tilts, ``[D]``."""
    drivers = zip(spec.drivers, tilts.tolist(), strict=True)
    return replace(spec, drivers=tuple(replace(driver, tilt=tilt) for driver, tilt in drivers))


def views(races: Scenarios, rules: SiteRules, medians: Floats) -> Floats:
    """Give per race what is averaged, ``[4, N, D]``.

    A finish counts as spread evenly over half a place to either side: so medians between places
    have a meaning, and a driver who is as often before 8th as after it has median 8.
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
    """Looks at races, always at fresh ones.

    Parameters
    ----------
    spec, rules
        The race, and how it is scored.
    medians
        ``[D]``, the place that a finish is ahead of or not; see :func:`views`.
    seed
        The job's.
    tick
        Called before every block of races.

    Attributes
    ----------
    blocks, races
        How many were looked at, and how many races were simulated in all.
    """

    def __init__(
        self,
        spec: ConstraintSpec,
        rules: SiteRules,
        medians: Floats,
        seed: int,
        tick: Callable[[], None],
    ) -> None:
        self.spec, self.rules, self.medians, self.tick = spec, rules, medians, tick
        rng = stream(seed, Purpose.KNOWLEDGE)
        self._seed = int(rng.integers(2**63))
        self._rng = rng
        self.blocks = self.races = 0

    def block(self, tilts: Floats) -> tuple[Scenarios, KernelStats]:
        """Give those of the next 500 races at these tilts that stand.

        None is drawn in the place of another, so that a look takes the same time whatever the
        rules throw out.
        """
        self.tick()
        spec = tilted(self.spec, tilts)
        rng = stream(self._seed, Purpose.SCENARIOS, self.blocks, 0)
        races, evidence = draw_races(spec, rng, BLOCK_SCENARIOS)
        self.blocks += 1
        self.races += BLOCK_SCENARIOS
        stands, judged = KernelLogic(spec).judge(races, evidence)
        return races.take(stands), judged

    def pays(self) -> Floats:
        """Give what the strongest, the second, .. of a race score, grid spots aside, ``[racing]``.

        Strengths as far apart as can be, given to drivers in another order in each of some blocks;
        no rule throws any of these races out.
        """
        racing, rng = np.array(self.spec.racing), stream(self._seed, Purpose.KNOWLEDGE)
        scored = np.zeros(len(racing))
        for _ in range(PAYS_BLOCKS):
            self.tick()
            tilts, order = np.zeros(len(self.spec)), rng.permutation(racing)
            tilts[order] = np.linspace(MAX_TILT, -MAX_TILT, len(racing))
            races, _ = draw_races(tilted(self.spec, tilts), rng, BLOCK_SCENARIOS)
            self.races += BLOCK_SCENARIOS
            grid = races.start.astype(np.float64) * self.rules.ticks_per_position
            scored += (races.points(self.rules) - grid)[:, order].mean(axis=0) / TICKS_PER_POINT
        return np.sort(scored / PAYS_BLOCKS)[::-1]

    def require_races(self, look: Look) -> None:
        """Refuse a spec under which next to no race stands.

        Raises
        ------
        Infeasible
            Fewer than 1% do.
        """
        if look.survival < LEAST_SURVIVAL:
            simulate_block(self.spec, self._seed, 0)

    def _sides(self) -> Floats:
        """Draw who goes up (1) and who down (-1): half of those who race, as near as can be."""
        racing = self._rng.permutation(np.array(self.spec.racing))
        sides = np.zeros(len(self.spec))
        sides[racing[::2]], sides[racing[1::2]] = 1.0, -1.0
        return sides

    def look(self, tilts: Floats, blocks: int, nudge: float = 0.0) -> tuple[Look, Scenarios]:
        """Look at ``blocks`` blocks, and give the races.

        With a nudge, for an even number of blocks, every driver is moved up by it in half of them
        and down in the others. Who goes up with whom is drawn, so that others' nudges are noise to
        a driver's own slope.
        """
        parts: list[Scenarios] = []
        tables: list[Floats] = []
        slopes = np.zeros((4, len(tilts)))
        up = np.zeros(len(tilts))
        judged = KernelStats()
        for place in range(blocks):
            if nudge > 0.0:
                up = -up if place % 2 else self._sides()
            # at the bound the nudge is shorter on one side; the slope there is not needed
            moved = np.clip(tilts + nudge * up, -MAX_TILT, MAX_TILT)
            part, of_part = self.block(moved)
            judged += of_part
            parts.append(part)
            tables.append(views(part, self.rules, self.medians))
            if nudge > 0.0 and len(part) > 0:
                slopes += up * tables[-1].mean(axis=1) / (nudge * blocks)
        table, races = np.concatenate(tables, axis=1), concatenate(parts)
        if len(races) == 0:
            nothing = np.zeros((4, len(tilts)))
            return Look(0, judged, nothing, nothing, nothing, nothing[0], (0.0, 0.0)), races
        found = Look(
            n=len(races),
            judged=judged,
            means=table.mean(axis=1),
            variances=table.var(axis=1),
            slopes=slopes,
            medians=_medians(races.finish),
            points_range=(float(table[POINTS].min()), float(table[POINTS].max())),
        )
        return found, races


def _medians(finish: npt.NDArray[np.uint8]) -> Floats:
    """Give the median finish, ``[D]``, each finish spread over half a place to either side."""
    middle = np.sort(finish, axis=0)[len(finish) // 2].astype(np.int64)
    before = (finish < middle).sum(axis=0)
    there = (finish == middle).sum(axis=0)
    return np.asarray(middle - 0.5 + (len(finish) / 2.0 - before) / there)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))


class _Slopes:
    """What a unit of tilt adds to each mean: pooled over drivers, bent to each as looks tell.

    Shares move alike on the scale of their log odds; points as each driver's do. A field that has
    been pulled apart moves less than it did: earlier looks count less and less.
    """

    def __init__(self, racing: Mask) -> None:
        self.racing = racing
        self.looks = 0.0
        self._sum = np.zeros((4, len(racing)))
        self._odds = np.zeros((4, 2))

    def learn(self, look: Look) -> None:
        """Take in a look at which drivers were nudged."""
        self.looks = FORGETTING * self.looks + 1.0
        self._sum = FORGETTING * self._sum + look.slopes
        self._odds *= FORGETTING
        spread = look.means * (1.0 - look.means)
        for kind in range(WIN, MEDIAN + 1):
            self._odds[kind] += (
                float((look.slopes[kind] * spread[kind]).sum()),
                float((spread[kind] * spread[kind]).sum()),
            )

    def log_odds(self) -> Floats:
        """Give slopes of log odds, ``[4, 1]``; the first stands for nothing."""
        slope = self._odds[:, 0] / np.maximum(self._odds[:, 1], 1e-12)
        return np.asarray(np.clip(slope, 0.5, 6.0))[:, None]

    def points(self) -> Floats:
        """Give slopes of points, ``[D]``: the field's counts as two looks at each driver."""
        field = float(self._sum[POINTS, self.racing].mean()) / self.looks
        field = max(field, 1.0)
        own = (2.0 * field + self._sum[POINTS]) / (2.0 + self.looks)
        return np.asarray(np.clip(own, 0.4 * field, 2.5 * field))


@dataclass(frozen=True, slots=True)
class _Step:
    """A step, ``[D]``.

    Parameters
    ----------
    by
        The step.
    alone
        What it would be if nobody else moved and none were too long.
    error
        How much of that may be noise.
    stuck
        Who is held, or at a bound and would go beyond.
    """

    by: Floats
    alone: Floats
    error: Floats
    stuck: Mask


def _step(
    tilts: Floats,
    strength: Floats,
    sd: float,
    wanted: Mask,
    targets: Floats,
    look: Look,
    spreads: Floats,
    slopes: _Slopes,
    held: Mask,
) -> _Step:
    """Give the least squares' step of each driver: misses in standard errors, over their slopes.

    Only differences in strength count: who moves up by as much as his rivals stays where he is. A
    mean's derivative by a tilt is ``slope_i (1{i = j} - r_ij)`` with parts ``r_ij`` of driver i's
    rivals that sum to 1, so a step is the solution of that, a little damped: where something is
    said of everybody, all of them together move nothing.
    """
    slope = slopes.log_odds() * spreads
    slope[POINTS] = slopes.points()
    variance = np.where(np.isfinite(targets), targets * (1.0 - targets), 1.0)
    variance[POINTS] = np.maximum(look.variances[POINTS], 1.0)
    weight = np.where(wanted, slope * slope / variance, 0.0)
    whole = np.maximum(weight.sum(axis=0), 1e-12)
    miss = np.where(wanted, targets - look.means, 0.0)
    by = (slope * miss / variance).sum(axis=0) / whole
    stuck = held | (np.abs(tilts) == MAX_TILT) & (by * tilts > 0.0)
    alone = np.where(stuck, 0.0, by)
    by = np.clip(alone, -LONGEST_STEP, LONGEST_STEP)
    error = 1.0 / np.sqrt(look.n * whole)
    moves = wanted.any(axis=0) & ~stuck
    rivals = _rivals(weight, slope, strength, sd, slopes.racing)
    own = np.eye(int(moves.sum())) - SHARED * rivals[np.ix_(moves, moves)]
    together = np.zeros(len(by))
    if moves.any():
        solved = np.linalg.solve(own, by[moves])
        common = float(solved.mean())
        together[moves] = np.clip(solved - common, -LONGEST_STEP, LONGEST_STEP)
        if (slopes.racing & ~wanted.any(axis=0)).any():
            together[moves] += np.clip(common, -LONGEST_STEP, LONGEST_STEP)
    return _Step(together, alone, error, stuck)


def _rivals(weight: Floats, slope: Floats, strength: Floats, sd: float, racing: Mask) -> Floats:
    """Give what a driver's mean loses by each rival's tilt, as parts of its own slope, ``[D, D]``.

    For a win or the top five the rivals are those who are often there; for points and the median
    those of about the same strength, whom a little more of it passes.
    """
    apart = (strength[:, None] - strength[None, :]) / sd
    near = np.exp(-apart * apart / 4.0)
    rivals = np.zeros(near.shape)
    for kind in (POINTS, WIN, TOP5, MEDIAN):
        if weight[kind].any():
            part = np.where(racing, slope[kind], 0.0) * (near if kind in (POINTS, MEDIAN) else 1.0)
            part = np.broadcast_to(part, near.shape).copy()
            np.fill_diagonal(part, 0.0)
            # far from everybody there may be no rival at all
            part /= np.maximum(part.sum(axis=1, keepdims=True), 1e-12)
            rivals += weight[kind][:, None] * part
    return np.asarray(rivals / np.maximum(weight.sum(axis=0), 1e-12)[:, None])


def _strength(spec: ConstraintSpec) -> Floats:
    """Give strengths before any tilt, ``[D]``: of skill and of the grid, where it is known."""
    priors, last = spec.priors, max(len(spec.racing), 2)
    grid = [(driver.start_position or (last + 1) / 2) for driver in spec.drivers]
    score = -ndtri(np.clip((np.array(grid) - 0.5) / last, 0.01, 0.99))
    skill = np.array([(driver.skill - 0.5) / SKILL_PER_SD for driver in spec.drivers])
    return np.asarray(priors.skill_weight * skill + priors.grid_weight * score)


def _spreads(targets: Floats, look: Look) -> Floats:
    """Give how much of a share there is to a unit of its log odds, ``[4, D]``: p (1 - p).

    Away from the target it is the slope of the line to it: what log odds would have to move.
    """
    now = np.clip((look.means * look.n + 0.5) / (look.n + 1.0), LEAST_SHARE, 1.0 - LEAST_SHARE)
    to = np.where(np.isfinite(targets), targets, now)
    now[POINTS] = to[POINTS] = 0.5
    odds = _logit(to) - _logit(now)
    near = np.abs(odds) < 1e-6
    return np.asarray(np.where(near, now * (1.0 - now), (to - now) / np.where(near, 1.0, odds)))


def _points_scale(
    asked: Floats, offset: float, before: Look, first: Scenarios, sampler: Sampler
) -> float:
    """Give by what projections' distances from their mean are multiplied, 1 where that will do.

    Lowered or raised by one number, projections of many more points than a race hands out ask of
    the last to score less than the last do. Then they are drawn together, no further than to
    proportion to what they are, so that the order stays. In the order of strength drivers share
    out what a race pays for its places: a mean can be had where, grid spots aside, no few drivers
    have less than the worst places pay, or more than the best (Rado, "An inequality", Journal of
    the London Mathematical Society 27, 1952).
    """
    told = np.isfinite(asked[POINTS])
    said = np.clip(asked[POINTS, told], *before.points_range)
    if abs(offset) < LEAST_OFFSET_POINTS or len(said) < 2:
        return 1.0
    center = float(said.mean())
    shared = center - offset
    if center <= 0.0 or shared <= 0.0:
        return 1.0
    per_spot = sampler.rules.ticks_per_position / TICKS_PER_POINT
    grid = first.start.mean(axis=0)[told] * per_spot
    pays = sampler.pays()
    # the very ends take tilts without end
    pays = pays.mean() + WITHIN_REACH * (pays - pays.mean())
    worst, best = np.cumsum(pays[::-1])[: len(said)], np.cumsum(pays)[: len(said)]

    def can_be(scale: float) -> bool:
        rest = np.sort(shared + scale * (said - center) - grid)
        few = np.arange(1, len(said))
        return bool(
            (np.cumsum(rest)[few - 1] >= worst[few - 1]).all()
            and (np.cumsum(rest[::-1])[few - 1] <= best[few - 1]).all()
        )

    low, high = min(center / shared, shared / center), 1.0
    if can_be(high):
        return 1.0
    for _ in range(SCALE_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if can_be(middle) else (low, middle)
    return low


def _points_offset(
    asked: Floats, look: Look, before: Look, silent: Mask, racing: Mask, stuck: Mask
) -> float:
    """Give what every projection must be lowered by so that a race can hand them all out.

    Drivers of whom nothing is said give way first, by up to five points each on the mean. Those who
    are as strong or as weak as can be count with what they score: their projections are out of
    reach, and not for the others to make up for.
    """
    told = np.isfinite(asked[POINTS]) & ~stuck
    if not told.any():
        return 0.0
    elsewhere = racing & ~told & ~silent
    # until they are seen to be: nobody's mean is beyond what anybody ever scored
    whole = float(
        np.clip(asked[POINTS, told], *before.points_range).sum()
        + look.means[POINTS, elsewhere].sum()
        + before.means[POINTS, silent].sum()
    )
    over = whole - before.total_points
    room = ABSORBED_POINTS * float(silent.sum())
    beyond = np.sign(over) * max(0.0, abs(over) - room)
    return float(beyond / told.sum()) + 0.0  # no minus zero


def _turned_back(
    seen: Sequence[tuple[Floats, Look]], targets: Floats, spec: ConstraintSpec
) -> Mask:
    """Say whose means went away from the targets as the tilts went towards them, ``[D]``.

    Who may not win and is strong enough to win most races is in the others only where something
    went wrong: of whose own rules races break, more strength may be fewer points.
    """
    tilts, look = seen[-1]
    miss = targets - look.means
    turned = np.zeros(miss.shape, dtype=bool)
    for earlier, then in seen[:-1]:
        was = targets - then.means
        error = np.sqrt(look.variances / look.n + then.variances / then.n)
        turned |= (
            ((tilts - earlier) * np.sign(was) > NUDGE)
            & (was * miss > 0.0)
            & (np.abs(miss) > np.abs(was) + NOISE * error)
        )
    return np.asarray(turned.any(axis=0) & look.blamed(spec.drivers))


def _nearest(seen: Sequence[tuple[Floats, Look]], targets: Floats) -> Floats:
    """Give each driver's tilt of the look whose means were nearest to the targets, ``[D]``."""
    misses = [
        np.nansum(np.square(targets - look.means) / np.maximum(look.variances, 1e-3), axis=0)
        for _, look in seen
    ]
    tilts = np.array([tilts for tilts, _ in seen])
    return np.asarray(np.take_along_axis(tilts, np.argmin(misses, axis=0)[None], axis=0)[0])


def match(
    spec: ConstraintSpec,
    asked: Floats,
    rules: SiteRules,
    seed: int,
    tick: Callable[[], None],
) -> Matched:
    """Find the tilts at which races have the means asked for.

    Parameters
    ----------
    spec, rules
        The race and its scoring; the spec's own tilts are where it starts.
    asked
        ``[4, D]``: points, win share, top-five share, median finish; NaN = nothing asked.
    seed, tick
        See :class:`Sampler`.

    Raises
    ------
    Infeasible
        Fewer than 1% of the races survive the spec's rules before any tilt.
    """
    racing = np.array([not driver.out for driver in spec.drivers])
    asked = np.where(racing, asked, np.nan)
    may_win = np.array([driver.may_win for driver in spec.drivers])
    # half a race to either side of a place is the median's: 1.5 is won half of the time
    medians = np.clip(asked[MEDIAN], 1.5, racing.sum() - 0.5)
    targets = np.clip(asked, LEAST_SHARE, 1.0 - LEAST_SHARE)
    targets[MEDIAN] = np.where(np.isfinite(medians), 0.5, np.nan)
    targets[POINTS] = asked[POINTS]
    wanted = np.isfinite(targets)
    wanted[WIN] &= may_win
    moved: Mask = np.asarray(wanted.any(axis=0))
    silent = racing & ~moved

    # everybody else's finish is looked at beside the middle of the field
    places = np.where(np.isfinite(medians), medians, (racing.sum() + 1.0) / 2.0)
    sampler = Sampler(spec, rules, places, seed, tick)
    start = np.array([driver.tilt for driver in spec.drivers])
    before, first = sampler.look(start, FIRST_BLOCKS)
    sampler.require_races(before)
    floor = min(SURVIVING, max(before.survival / 2.0, LEAST_SURVIVING))
    slopes = _Slopes(racing)
    tilts, looks = start, 1
    nobody: Mask = np.zeros(len(spec), dtype=bool)
    offset = _points_offset(asked, before, before, silent, racing, nobody)
    scale, drawn = _points_scale(asked, offset, before, first, sampler), 0.0
    if scale < 1.0:
        # about the mean, so that it stays: what that adds to all of them is no offset any more
        center = float(np.nanmean(np.clip(asked[POINTS], *before.points_range)))
        drawn = (1.0 - scale) * center
        asked[POINTS] = scale * asked[POINTS] + drawn
    spreads = np.zeros_like(asked)

    def settled(after: Floats) -> Floats:
        change = np.where(moved, after - start, 0.0)
        if not silent.any():
            # only differences count: where everybody is told, nobody is the yardstick
            change = np.where(racing, change - change[racing].mean(), 0.0)
            if np.abs(change).max() > MAX_TILT:
                # as much room on one side as on the other
                middle = (change[racing].max() + change[racing].min()) / 2.0
                change = np.where(racing, change - middle, 0.0)
        return np.asarray(np.round(np.clip(start + change, -MAX_TILT, MAX_TILT), _DECIMALS))

    stuck = nobody
    held: Mask = np.zeros(len(spec), dtype=bool)
    seen: list[tuple[Floats, Look]] = []
    good, halvings = start, 0  # the last tilts at which enough races stood

    def hold(look: Look) -> Mask:
        """Give who is held from now on: whose rules break, or everybody where that is not new."""
        more = held | (look.blamed(spec.drivers) & moved)
        return moved if bool((more == held).all()) else more

    def turned_back(tilts: Floats) -> tuple[Floats, Mask]:
        """Give the tilts, whoever went too far where it was best, and who is held from now on."""
        sought = np.where(wanted, targets, np.nan)
        turned = _turned_back(seen, sought, spec) & ~held
        return np.where(turned, _nearest(seen, sought), tilts), held | turned

    strength, sd = _strength(spec), max(spec.priors.residual_sd, 0.1)
    for search in range(MOST_SEARCHES):
        look, _ = sampler.look(tilts, SEARCH_BLOCKS, NUDGE)
        looks += 1
        if look.survival < (HELD_SURVIVING if held.any() else 1.0) * floor:
            halvings += 1
            if halvings > MOST_HALVINGS:
                held, tilts = hold(look), good
            else:
                tilts = settled((good + tilts) / 2.0)
            if held.all() or bool((held == moved).all()):
                break
            continue
        good = tilts
        seen.append((tilts, look))
        slopes.learn(look)
        offset = _points_offset(asked, look, before, silent, racing, stuck)
        targets[POINTS] = asked[POINTS] - offset
        spreads = _spreads(targets, look)
        tilts, held = turned_back(tilts)
        step = _step(tilts, strength + tilts, sd, wanted, targets, look, spreads, slopes, held)
        still = (np.abs(step.alone) <= NOISE * step.error) | ~moved
        as_before, stuck = bool((step.stuck == stuck).all()), step.stuck
        tilts = settled(tilts + step.by)
        if still.all() and as_before and search > 0:
            break
    held = held if slopes.looks > 0.0 else moved
    for averaged in range(1, AVERAGED_LOOKS + 1):
        if bool((held == moved).all()):
            break
        look, _ = sampler.look(tilts, AVERAGED_BLOCKS)
        looks += 1
        if look.survival < (HELD_SURVIVING if held.any() else 1.0) * floor:
            held, tilts = hold(look), good
            continue
        good = tilts
        seen.append((tilts, look))
        tilts, held = turned_back(tilts)
        step = _step(tilts, strength + tilts, sd, wanted, targets, look, spreads, slopes, held)
        tilts = settled(tilts + step.by / averaged)
    after, _ = sampler.look(tilts, LAST_BLOCKS)
    if after.survival < HELD_SURVIVING * floor and bool((tilts != good).any()):
        tilts = good
        after, _ = sampler.look(tilts, LAST_BLOCKS)
    targets[SHARES] = asked[SHARES]
    targets[MEDIAN] = medians
    return Matched(
        tilts=tilts,
        before=before,
        after=after,
        first=first,
        targets=targets,
        scale=scale,
        offset_points=offset - drawn,
        held=held,
        looks=looks + 1,
        races=sampler.races,
    )
