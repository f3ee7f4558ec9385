"""What a user knows: projections, odds and finish medians, and the races tilted until they agree.

A driver's tilt is strength added to what skill and grid give. :func:`tilt` finds the tilts at which
races have the means asked for and says how far that is from the races as they were.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import inf, isfinite, isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import Infeasible, InvalidInput, Problem
from core.race._matching import MEDIAN, POINTS, TOP5, WIN, Matched, match, tilted, views
from core.race.constraints import MAX_TILT
from core.race.entropy import entropy_tilt
from core.race.odds import fair_probabilities
from core.race.spec import ConstraintSpec
from core.slate.drivers import Driver, Slate, Veto
from core.slate.rules import SiteRules

Floats = npt.NDArray[np.float64]

TOLERANCE = (0.5, 0.002, 0.002, 0.5)  # by kind: points, shares of races, places
MOST_STANDARD_ERRORS = 4.5
_DIGITS = 6


class Kind(StrEnum):
    """A kind of thing that a user may say of a driver."""

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
_PLACES = {Kind.WIN_PROBABILITY: 1, Kind.TOP5_PROBABILITY: 5}

Said = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class UserKnowledge:
    """What somebody says of the drivers of a slate, in its order; ``None`` = not said.

    Parameters
    ----------
    projected_points
        Mean of the site's points.
    win_probability, top5_probability
        0..1, of all races.
    median_finish
        Place, 1..60: as many races end before it as after it.

    Raises
    ------
    InvalidInput
        Not one entry for each driver, a number outside its range, or chances that sum to more than
        there are places.
    """

    projected_points: Said
    win_probability: Said
    top5_probability: Said
    median_finish: Said

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for kind, (low, high) in _BOUNDS.items():
            said: Said = getattr(self, kind.value)
            if len(said) != len(self):
                message = f"{len(said)} entries for {len(self)} drivers; give one each."
                problems.append(Problem(kind.value, message))
            for index, value in enumerate(said):
                if value is not None and not (isfinite(value) and low <= value <= high):
                    message = f"{value}; give {low:g} to {high:g}."
                    problems.append(Problem(kind.value, message, index))
        for kind, places in _PLACES.items():
            whole = sum(value for value in getattr(self, kind.value) if value is not None)
            if whole > places + 1e-6 and not problems:
                message = f"sums to {whole:g}; there is room for {places}."
                problems.append(Problem(kind.value, message))
        if problems:
            raise InvalidInput(problems)

    def __len__(self) -> int:
        return len(self.projected_points)

    @property
    def table(self) -> Floats:
        """What is said, ``[4, D]`` in the order of :class:`Kind`; NaN = not said."""
        return np.array([getattr(self, kind.value) for kind in Kind], dtype=np.float64)

    @classmethod
    def from_slate(cls, slate: Slate) -> "UserKnowledge | None":
        """Give what a slate's drivers carry, or ``None`` where that is nothing.

        Odds become chances by :func:`core.race.odds.fair_probabilities`; a driver who does not
        race, or may not win, has none of those.

        Raises
        ------
        InvalidInput
            A number that cannot be; the subject is the driver's id.
        """
        _require_sound(slate.drivers)
        racing = [not driver.out for driver in slate.drivers]
        may_win = [
            here and Veto.MAY_NOT_WIN not in driver.vetoes and driver.max_laps_led != 0
            for here, driver in zip(racing, slate.drivers, strict=True)
        ]

        def said(values: Sequence[float | None]) -> Said:
            return tuple(v if here else None for v, here in zip(values, racing, strict=True))

        def chances(odds: Sequence[float | None], places: int, may: list[bool]) -> Said:
            fair = fair_probabilities(np.array(odds, dtype=np.float64), places, may).tolist()
            return tuple(None if isnan(chance) else chance for chance in fair)

        try:
            knowledge = cls(
                projected_points=said([driver.projected_points for driver in slate.drivers]),
                win_probability=chances([driver.win_odds for driver in slate.drivers], 1, may_win),
                top5_probability=chances([driver.top5_odds for driver in slate.drivers], 5, racing),
                median_finish=said([driver.finish_median for driver in slate.drivers]),
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
            ("finish_median", 1.0, 60.0, "a place from 1 to 60"),
        ):
            value = getattr(driver, name)
            if value is None:
                continue
            right = isfinite(value) and low <= value <= high and not (high == inf and value == low)
            if not right:
                problems.append(Problem(name, f"{value}; give {what}.", driver.driver_id))
    if problems:
        raise InvalidInput(problems)


@dataclass(frozen=True, slots=True)
class TargetFit:
    """One thing said of a driver, and what races make of it.

    Parameters
    ----------
    kind
        What was said.
    asked
        As it was said.
    target
        What was looked for: a projection by the common scale and offset, a median half a place
        inside the field at the least.
    before, after
        In races before any tilt and at the tilts found.
    miss_se
        After less target, in standard errors of the races it is read off.
    reached
        Whether that is noise, or less than anybody minds: within 4.5 standard errors, or within
        half a point, 0.2% of races, half a place.
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
    """What was said of one driver.

    Parameters
    ----------
    driver_id
        The site's id.
    tilt
        Strength added, in normal scores of the running order.
    tilt_sd
        The same in standard deviations of the field's skill.
    at_limit
        Whether the tilt would have to be larger than a spec allows.
    held
        Whether the tilt went no further because too few races would have stood the rules.
    reached
        Whether everything said is.
    targets
        Each thing said.
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
    """How far races had to move to what a user says, and what is left.

    Parameters
    ----------
    drivers
        Those of whom something is said, in slate order.
    not_reached
        Ids of those who miss something.
    max_tilt, rms_tilt
        Largest, and root of the mean square over all who race.
    kl, effective_sample_size
        The least that ``races_weighed`` races as they were would have to be reweighted to have the
        means that were reached: Kullback-Leibler divergence in nats, and how many even races that
        leaves. ``None`` where no weighting of so few does it.
    races_weighed
        How many those are.
    survival
        Share of the races at the tilts found that stand the rules.
    total_projected, total_simulated
        Points of all drivers in a race: with the projections in the place of the simulated means,
        and simulated. ``None`` without projections.
    scale, offset_points
        What each projection was multiplied with, and then lowered by, because no race hands so much
        out: its target is ``scale * projection - offset_points``.
    iterations, races
        How often was looked, and how many races were simulated for it.
    rms_miss_se, max_miss_se
        What is left, in standard errors.
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
        """Give a JSON object, numbers to six decimals."""
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
    """A race moved to what a user says of it.

    Parameters
    ----------
    spec
        With the tilts found.
    diagnostics
        How far that is, and what is left.
    """

    spec: ConstraintSpec
    diagnostics: KnowledgeDiagnostics

    @property
    def tilts(self) -> tuple[float, ...]:
        """The tilts, in slate order."""
        return tuple(driver.tilt for driver in self.spec.drivers)


def with_tilts(spec: ConstraintSpec, tilts: Sequence[float]) -> ConstraintSpec:
    """Give a spec with these tilts, in slate order."""
    return tilted(spec, np.asarray(tilts, dtype=np.float64))


def _go_on() -> None:
    """Never stop."""


def tilt(
    spec: ConstraintSpec,
    knowledge: UserKnowledge,
    rules: SiteRules,
    seed: int,
    tick: Callable[[], None] = _go_on,
) -> Tilted:
    """Tilt the drivers' strengths until simulated means are what a user says they are.

    One tilt a driver serves all that is said of that driver; things that disagree are met by least
    squares in standard errors, and what remains is reported. A driver of whom nothing is said keeps
    the tilt of ``spec`` (0 as compiled), but strengths are relative: others move past. The points
    of a race's drivers sum to nearly the same in every race; projections that sum to something else
    are lowered or raised by one number of points each, after drivers of whom nothing is said have
    given way by five points each; where that asks of the last less than they can score, or of the
    first more, projections are drawn together too, at most as far as in proportion. What no tilt
    within the spec's bounds reaches is reported, and does not count in that sum; nor does what
    would leave too few races that stand the rules: whose rules those are is held where 5% still do.

    Parameters
    ----------
    spec
        The race, its rules included: only races that stand are looked at.
    knowledge
        What is said, in the order of the spec's drivers; of those who do not race it is left out.
    rules
        How points are scored.
    seed
        The job's. The races looked at are others than the job simulates from the same seed. Same
        spec, knowledge and seed: the same tilts, to the last bit.
    tick
        Called before every 500 races: it may raise.

    Raises
    ------
    InvalidInput
        Knowledge of another number of drivers.
    Infeasible
        Fewer than 1% of the races survive the spec's rules before any tilt.
    """
    if len(knowledge) != len(spec):
        raise InvalidInput(
            {"knowledge": f"speaks of {len(knowledge)} drivers; the race has {len(spec)}."}
        )
    matched = match(spec, knowledge.table, rules, seed, tick)
    return Tilted(tilted(spec, matched.tilts), _diagnostics(spec, knowledge, rules, matched))


def _diagnostics(
    spec: ConstraintSpec, knowledge: UserKnowledge, rules: SiteRules, matched: Matched
) -> KnowledgeDiagnostics:
    asked, targets = knowledge.table, matched.targets
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
                    asked=float(asked[k, i]),
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
    whole = np.where(wanted[POINTS], asked[POINTS], before[POINTS]).sum()
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
    """Give after less target in standard errors, ``[4, D]``."""
    look, targets = matched.after, matched.targets
    # of a share, the error if the target were true: a share of no races at all has one, too
    variance = np.maximum(targets * (1.0 - targets), 1.0 / look.n)
    variance[POINTS] = np.maximum(look.variances[POINTS], 1e-6)
    miss = look.means - targets
    # the median's is a share of races ahead of it: too many of them, and the finish is too early
    variance[MEDIAN] = 0.25
    miss[MEDIAN] = np.where(np.isfinite(targets[MEDIAN]), 0.5 - look.means[MEDIAN], np.nan)
    return np.asarray(miss / np.sqrt(variance / look.n))


def _yardstick(
    matched: Matched, wanted: npt.NDArray[np.bool_], rules: SiteRules
) -> tuple[float | None, float | None]:
    """Give how far the races had to move: the least divergence that has the means reached."""
    # what never happened has no weight to be given; others of its places have them all
    seen = wanted & (matched.before.variances > 0.0)
    means = matched.after.means.copy()
    for kind in (WIN, TOP5):
        whole, left = means[kind, wanted[kind]].sum(), means[kind, seen[kind]].sum()
        means[kind] *= whole / left if left > 0.0 else 1.0
    table = views(matched.first, rules, np.nan_to_num(matched.targets[MEDIAN]))
    try:
        found = entropy_tilt(table.transpose(1, 0, 2)[:, seen], means[seen])
    except Infeasible:
        return None, None
    return found.kl, found.effective_sample_size
