"""A user's projections, odds and finish medians, and races tilted until they agree with them.

A driver's tilt is strength added to what skill and grid give. :func:`tilt` finds the tilts at which
simulated races have the user's numbers as their means, and reports how far that is from the races
before.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import inf, isfinite, isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from core.cancelling import CheckCancelled, never_cancelled
from core.errors import Infeasible, InvalidInput, Problem
from core.race.constraints import MAX_TILT
from core.race.entropy import entropy_tilt
from core.race.matching import MEDIAN, POINTS, TOP5, WIN, Matched, match, tilted, views
from core.race.odds import fair_probabilities
from core.race.spec import ConstraintSpec
from core.sites import SiteRules
from core.slate.drivers import Driver, Slate, Veto
from core.slate.prices import doubted_odds

Floats = npt.NDArray[np.float64]

# A number counts as reached within these, by kind (points, share of races, share of races,
# positions), or within so many standard errors of the races that it is measured on.
TOLERANCE = (0.5, 0.002, 0.002, 0.5)
MOST_STANDARD_ERRORS = 4.5
_DIGITS = 6  # decimals in JSON


class Kind(StrEnum):
    """A kind of number that a user may know of a driver."""

    PROJECTED_POINTS = "projected_points"
    WIN_PROBABILITY = "win_probability"
    TOP5_PROBABILITY = "top5_probability"
    MEDIAN_FINISH = "median_finish"


_BOUNDS = {
    Kind.PROJECTED_POINTS: (-1_000.0, 1_000.0),
    Kind.WIN_PROBABILITY: (0.0, 1.0),
    Kind.TOP5_PROBABILITY: (0.0, 1.0),
    Kind.MEDIAN_FINISH: (1.0, 60.0),
}
# positions that share a probability
_POSITIONS = {Kind.WIN_PROBABILITY: 1, Kind.TOP5_PROBABILITY: 5}

Numbers = tuple[float | None, ...]
"""A user's number for each driver, ``None`` for a driver without one."""


@dataclass(frozen=True, slots=True)
class UserKnowledge:
    """A user's numbers for the drivers of a slate, in its order; ``None`` = no number.

    Parameters
    ----------
    projected_points
        Mean points of the site.
    win_probability, top5_probability
        Share of all races, 0..1, in which the driver wins, or finishes in the top five.
    median_finish
        Median finishing position, 1..60.

    Raises
    ------
    InvalidInput
        Not one entry for each driver, a number outside its range, or probabilities that sum to more
        than there are positions.
    """

    projected_points: Numbers
    win_probability: Numbers
    top5_probability: Numbers
    median_finish: Numbers

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for kind, (low, high) in _BOUNDS.items():
            numbers: Numbers = getattr(self, kind.value)
            if len(numbers) != len(self):
                message = f"{len(numbers)} entries for {len(self)} drivers; give one each."
                problems.append(Problem(kind.value, message))
            for index, value in enumerate(numbers):
                if value is not None and not (isfinite(value) and low <= value <= high):
                    message = f"{value}; give {low:g} to {high:g}."
                    problems.append(Problem(kind.value, message, index))
        for kind, positions in _POSITIONS.items():
            whole = sum(value for value in getattr(self, kind.value) if value is not None)
            if whole > positions + 1e-6 and not problems:
                message = f"the numbers sum to {whole:g}; there is room for {positions}."
                problems.append(Problem(kind.value, message))
        if problems:
            raise InvalidInput(problems)

    def __len__(self) -> int:
        return len(self.projected_points)

    @property
    def table(self) -> Floats:
        """The numbers, ``[4, D]`` in the order of :class:`Kind`; NaN = no number."""
        return np.array([getattr(self, kind.value) for kind in Kind], dtype=np.float64)

    @property
    def has_odds(self) -> bool:
        """Whether any driver has a chance to win or to be in the top five."""
        chances = (*self.win_probability, *self.top5_probability)
        return any(chance is not None for chance in chances)

    @classmethod
    def from_slate(cls, slate: Slate) -> "UserKnowledge | None":
        """The numbers that a slate holds of its drivers, or ``None`` where it holds none.

        :func:`core.race.odds.fair_probabilities` makes odds probabilities. Odds of a driver who
        does not race, and win odds of a driver who may not win, are ignored.

        Raises
        ------
        InvalidInput
            A number is out of range or contradicts another; the error names the driver's id. Or the
            odds of ten drivers or more can only be American ones without their signs.
        """
        _require_sound(slate.drivers)
        racing = [not driver.out for driver in slate.drivers]
        may_win = [
            races and Veto.MAY_NOT_WIN not in driver.vetoes and driver.max_laps_led != 0
            for races, driver in zip(racing, slate.drivers, strict=True)
        ]

        def of_racing(values: Sequence[float | None]) -> Numbers:
            return tuple(v if races else None for v, races in zip(values, racing, strict=True))

        def chances(odds: Sequence[float | None], positions: int, may: list[bool]) -> Numbers:
            fair = fair_probabilities(np.array(odds, dtype=np.float64), positions, may).tolist()
            return tuple(None if isnan(chance) else chance for chance in fair)

        try:
            knowledge = cls(
                projected_points=of_racing([driver.projected_points for driver in slate.drivers]),
                win_probability=chances([driver.win_odds for driver in slate.drivers], 1, may_win),
                top5_probability=chances([driver.top5_odds for driver in slate.drivers], 5, racing),
                median_finish=of_racing([driver.finish_median for driver in slate.drivers]),
            )
        except InvalidInput as error:
            raise InvalidInput(_of_drivers(error.problems, slate.drivers)) from error
        return knowledge if bool(np.isfinite(knowledge.table).any()) else None


_READ_FROM = {
    Kind.PROJECTED_POINTS: "projected_points",
    Kind.WIN_PROBABILITY: "win_odds",
    Kind.TOP5_PROBABILITY: "top5_odds",
    Kind.MEDIAN_FINISH: "finish_median",
}


def _of_drivers(problems: Sequence[Problem], drivers: Sequence[Driver]) -> list[Problem]:
    """Problems of a :class:`UserKnowledge` as those of the drivers whose numbers it was read from.

    One of all drivers' numbers together is every driver's who has such a number.
    """
    return [
        Problem(name, problem.message, driver.driver_id)
        for problem in problems
        for name in [_READ_FROM[Kind(problem.key)]]
        for index, driver in enumerate(drivers)
        if problem.subject in {None, index} and getattr(driver, name) is not None
    ]


def _require_sound(drivers: Sequence[Driver]) -> None:
    problems: list[Problem] = []
    for driver in drivers:
        for name, low, high, what in (
            ("projected_points", -1_000.0, 1_000.0, "points within 1,000"),
            ("win_odds", 1.0, inf, "decimal odds above 1, such as 7.5"),
            ("top5_odds", 1.0, inf, "decimal odds above 1, such as 2.4"),
            ("finish_median", 1.0, 60.0, "a position from 1 to 60"),
        ):
            value = getattr(driver, name)
            if value is None:
                continue
            right = isfinite(value) and low <= value <= high and not (high == inf and value == low)
            if not right:
                problems.append(Problem(name, f"{value}; give {what}.", driver.driver_id))
    racing = [driver for driver in drivers if not driver.out]
    for name, top in (("win_odds", 1), ("top5_odds", 5)):
        doubt = doubted_odds([getattr(driver, name) for driver in racing], top)
        if doubt is not None:
            problems.append(Problem("drivers", f"{name}: {doubt}"))
    if problems:
        raise InvalidInput(problems)


@dataclass(frozen=True, slots=True)
class TargetFit:
    """One of a user's numbers for a driver, and how near the tilted races come to it.

    Parameters
    ----------
    kind
        Kind of number.
    asked
        The user's number.
    target
        The number that the tilts were to reach. A projection is changed by the common scale and
        offset; a median is at least half a position inside the first and the last position.
    before, after
        The same quantity in races before any tilt, and in races at the final tilts.
    miss_se
        After less target, in standard errors of the races that it is measured on.
    reached
        Whether the miss is noise or does not matter: within 4.5 standard errors, or within half a
        point, 0.2% of races or half a position.
    """

    kind: Kind
    asked: float
    target: float
    before: float
    after: float
    miss_se: float
    reached: bool


@dataclass(frozen=True, slots=True)
class DriverFit:
    """The tilt of one driver, and how near it comes to the user's numbers for him.

    Parameters
    ----------
    driver_id
        The site's id.
    tilt
        Strength added, in normal scores of the running order.
    tilt_sd
        How far the tilt moved, in standard deviations of the drivers' skill.
    at_limit
        Whether the tilt is at the largest size that a spec allows.
    held
        Whether the tilt was stopped because with a larger one too few races would obey the rules.
    reached
        Whether all of the user's numbers for the driver are reached.
    targets
        Each of these numbers.
    """

    driver_id: str
    tilt: float
    tilt_sd: float
    at_limit: bool
    held: bool
    reached: bool
    targets: tuple[TargetFit, ...]


@dataclass(frozen=True, slots=True)
class KnowledgeDiagnostics:
    """How far races had to move to agree with a user's numbers, and how far they still miss them.

    Parameters
    ----------
    drivers
        The drivers for whom the user has a number, in slate order.
    not_reached
        Ids of the drivers for whom some number is not reached.
    max_tilt, rms_tilt
        Largest move of a tilt, and root mean square of the moves over all racing drivers.
    kl, effective_sample_size
        Size of the least reweighting that would give the races before any tilt the means of the
        tilted races: its Kullback-Leibler divergence in nats, and the effective sample size that it
        leaves. ``None`` where no weights of ``races_weighed`` races have these means.
    races_weighed
        Number of the races before any tilt.
    survival
        Share of the races at the final tilts that obey the rules.
    total_projected, total_simulated
        Points of all drivers in a race: with the user's projections (and simulated means where
        there is none), and in the tilted races. ``None`` without projections.
    scale, offset_points
        The target of a projection is ``scale * projection - offset_points``, because a race hands
        out only so many points.
    iterations, races
        Number of rounds of simulation in the search, and of races simulated in all of them.
    rms_miss_se, max_miss_se
        Root mean square, and largest, of the misses, in standard errors.
    """

    drivers: tuple[DriverFit, ...]
    not_reached: tuple[str, ...]
    max_tilt: float
    rms_tilt: float
    kl: float | None
    effective_sample_size: float | None
    races_weighed: int
    survival: float
    total_projected: float | None
    total_simulated: float | None
    scale: float
    offset_points: float
    iterations: int
    races: int
    rms_miss_se: float
    max_miss_se: float

    def to_json(self) -> dict[str, Any]:
        """The diagnostics as a JSON object, numbers to six decimals."""
        document: dict[str, Any] = _rounded(asdict(self))
        return document


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    if isinstance(value, StrEnum):
        return value.value
    return round(value, _DIGITS) if isinstance(value, float) else value


@dataclass(frozen=True, slots=True)
class Tilted:
    """A spec tilted to a user's numbers.

    Parameters
    ----------
    spec
        The spec with the final tilts.
    diagnostics
        How far the races moved, and how far they still miss the numbers.
    """

    spec: ConstraintSpec
    diagnostics: KnowledgeDiagnostics

    @property
    def tilts(self) -> tuple[float, ...]:
        """The tilts, in slate order."""
        return tuple(driver.tilt for driver in self.spec.drivers)


def with_tilts(spec: ConstraintSpec, tilts: Sequence[float]) -> ConstraintSpec:
    """The spec with other tilts, one for each driver in slate order."""
    return tilted(spec, np.asarray(tilts, dtype=np.float64))


def tilt(
    spec: ConstraintSpec,
    knowledge: UserKnowledge,
    rules: SiteRules,
    seed: int,
    check_cancelled: CheckCancelled = never_cancelled,
) -> Tilted:
    """Tilt the drivers' strengths until simulated means agree with a user's numbers.

    A driver has one tilt for all of his numbers. Numbers of a driver that contradict each other are
    met by least squares in standard errors, and what remains is reported. A driver without a number
    keeps the tilt of ``spec`` (0 as compiled); since strengths are relative, other drivers may
    still move past him.

    Points sum to nearly the same in every race. Where projections ask for another sum, drivers
    without a projection first give way, by up to five points each on average; then all projections
    are lowered or raised by one offset. Where that would leave the worst driver with fewer points
    than he can score, or the best with more, projections are also drawn together by a common scale,
    at most as far as multiplying all of them by one factor would.

    A number that no tilt within the spec's bounds reaches is reported, and does not count in that
    sum. The same holds for a number that would leave too few races that obey the rules: the driver
    whose rules reject them is held at a tilt where 5% of the races still stand.

    Parameters
    ----------
    spec
        The race and its rules; only races that obey the rules are used.
    knowledge
        The user's numbers, in the order of the spec's drivers; those for drivers who do not race
        are ignored.
    rules
        The site's rules, by which points are scored.
    seed
        The job's seed. The races simulated here differ from those that the job simulates with the
        same seed. The same spec, knowledge and seed give the same tilts, to the last bit.
    check_cancelled
        Called before every 500 races; it may raise to stop the search.

    Raises
    ------
    InvalidInput
        ``knowledge`` is of another number of drivers than ``spec``.
    Infeasible
        Fewer than 1% of the races survive the spec's rules before any tilt.
    """
    if len(knowledge) != len(spec):
        raise InvalidInput(
            {"knowledge": f"it is of {len(knowledge)} drivers; the race has {len(spec)}."}
        )
    matched = match(spec, knowledge.table, rules, seed, check_cancelled)
    return Tilted(tilted(spec, matched.tilts), _diagnostics(spec, knowledge, rules, matched))


def _diagnostics(
    spec: ConstraintSpec, knowledge: UserKnowledge, rules: SiteRules, matched: Matched
) -> KnowledgeDiagnostics:
    numbers, targets = knowledge.table, matched.targets
    wanted = np.isfinite(targets)
    misses = _misses_se(matched)
    before, after = matched.before.means.copy(), matched.after.means.copy()
    before[MEDIAN], after[MEDIAN] = matched.before.medians, matched.after.medians
    tolerance = np.array(TOLERANCE)[:, None]
    near = (np.abs(misses) <= MOST_STANDARD_ERRORS) | (np.abs(after - targets) <= tolerance)
    moved = matched.tilts - np.array([driver.tilt for driver in spec.drivers])
    skill = spec.priors.skill_weight
    fits = tuple(
        DriverFit(
            driver_id=spec.drivers[i].driver_id,
            tilt=float(matched.tilts[i]),
            tilt_sd=float(moved[i] / skill) if skill > 0.0 else 0.0,
            at_limit=bool(abs(matched.tilts[i]) >= MAX_TILT),
            held=bool(matched.held[i]),
            reached=bool(near[wanted[:, i], i].all()),
            targets=tuple(
                TargetFit(
                    kind=kind,
                    asked=float(numbers[k, i]),
                    target=float(targets[k, i]),
                    before=float(before[k, i]),
                    after=float(after[k, i]),
                    miss_se=float(misses[k, i]),
                    reached=bool(near[k, i]),
                )
                for k, kind in enumerate(Kind)
                if wanted[k, i]
            ),
        )
        for i in np.flatnonzero(wanted.any(axis=0)).tolist()
    )
    kl, effective = _yardstick(matched, wanted, rules)
    projected = wanted[POINTS].any()
    whole = np.where(wanted[POINTS], numbers[POINTS], before[POINTS]).sum()
    left = misses[wanted]
    return KnowledgeDiagnostics(
        drivers=fits,
        not_reached=tuple(fit.driver_id for fit in fits if not fit.reached),
        max_tilt=float(np.abs(moved).max()),
        rms_tilt=float(np.sqrt((moved[list(spec.racing)] ** 2).mean())),
        kl=kl,
        effective_sample_size=effective,
        races_weighed=len(matched.first),
        survival=matched.after.survival,
        total_projected=float(whole) if projected else None,
        total_simulated=matched.after.total_points if projected else None,
        scale=matched.scale,
        offset_points=matched.offset_points,
        iterations=matched.looks,
        races=matched.races,
        rms_miss_se=float(np.sqrt((left**2).mean())) if left.size else 0.0,
        max_miss_se=float(np.abs(left).max(initial=0.0)),
    )


def _misses_se(matched: Matched) -> Floats:
    """After less target in standard errors, ``[4, D]``."""
    look, targets = matched.after, matched.targets
    # a share has the error that it would have if the target were true: not 0 for a share of 0
    variance = np.maximum(targets * (1.0 - targets), 1.0 / look.n)
    variance[POINTS] = np.maximum(look.variances[POINTS], 1e-6)
    miss = look.means - targets
    # a median is measured by the share of races ahead of it: too large a share is too early
    variance[MEDIAN] = 0.25
    miss[MEDIAN] = np.where(np.isfinite(targets[MEDIAN]), 0.5 - look.means[MEDIAN], np.nan)
    return np.asarray(miss / np.sqrt(variance / look.n))


def _yardstick(
    matched: Matched, wanted: npt.NDArray[np.bool_], rules: SiteRules
) -> tuple[float | None, float | None]:
    """Divergence and effective sample size of the least reweighting with the means reached."""
    # no weights give a probability to what never happened before the tilts; such a driver's
    # probability is handed to the other drivers with a number
    varied = wanted & (matched.before.variances > 0.0)
    means = matched.after.means.copy()
    for kind in (WIN, TOP5):
        whole, left = means[kind, wanted[kind]].sum(), means[kind, varied[kind]].sum()
        means[kind] *= whole / left if left > 0.0 else 1.0
    table = views(matched.first, rules, np.nan_to_num(matched.targets[MEDIAN]))
    try:
        reweighting = entropy_tilt(table.transpose(1, 0, 2)[:, varied], means[varied])
    except Infeasible:
        return None, None
    return reweighting.kl, reweighting.effective_sample_size
