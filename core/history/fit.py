"""Fitting the race model's parameters to past races, a kind of track at a time.

What can be counted is counted (cautions, accidents, what team mates have in common), and the rest
is set so that simulated races of the same fields look like the real ones: who leads and for how
long, who sets the fastest laps, how many go out, how far skill and grid decide the finish.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit, logit

from core.errors import InvalidInput
from core.history.incidents import count_incidents, count_shared, flags_of
from core.history.moments import Average, average, moments, replay, scatter_of_means
from core.history.races import PastRace, YellowFlag, read_races, read_yellow_flags
from core.history.strength import (
    WARM_UP_RACES,
    Skill,
    books_after,
    finish_spread,
    skill_before,
)
from core.race import TrackPriors
from core.race.priors import PRIORS_VERSION
from core.slate.tracks import TrackType

# cars and rules change: over 2021 to 2024 most moments were foretold best with 36 to 72
HALF_LIFE_RACES = 48.0
LEAST_RACES = 5  # of a kind
LATEST = 48  # races of a kind that it is fitted to, and simulated again at every step
SIMULATED = 120  # times each
STEPS = 30
MORE_STEPS = 10  # from an earlier fit
STEP = 0.3  # of the search's derivatives: well above what chance makes of a step
CLOSE = 2e-3  # a step that gains or moves less ends the search
SEED = 1
EDGE = 0.01  # how near a bound, in shares of the range, a search may begin

Vector = npt.NDArray[np.float64]
Progress = Callable[[str], None]
Apply = Callable[..., Iterable[Any]]


@dataclass(frozen=True, slots=True)
class _Searched:
    """A parameter that the search sets: where it starts and where it may end."""

    start: float
    low: float
    high: float

    def free(self, value: float) -> float:
        """Give the unbounded number that stands for a value between the bounds."""
        share = (value - self.low) / (self.high - self.low)
        return float(logit(np.clip(share, EDGE, 1.0 - EDGE)))

    def value(self, free: float) -> float:
        return float(self.low + (self.high - self.low) * expit(free))

    def slope(self, free: float) -> float:
        share = float(expit(free))
        return (self.high - self.low) * share * (1.0 - share)


# what accidents are taken for where no cautions tell it: round numbers within those counted by kind
# of track in 2021 to 2023 (shares of 0.39 to 0.73, 2.0 to 5.0 cars, shapes of 0.4 to 1.6)
NO_FLAGS = {"incident_share": 0.6, "cars_involved": 2.4, "cars_shape": 0.8}

# bounds are where a race would no longer be one; the starts are round numbers that suit most kinds
SEARCHED = {
    "skill_weight": _Searched(0.45, 0.0, 1.2),
    "grid_weight": _Searched(0.2, 0.0, 0.8),
    "shock_share": _Searched(0.3, 0.0, 1.0),
    "order_turnover": _Searched(20.0, 0.5, 60.0),
    "clean_air": _Searched(0.4, 0.0, 2.5),
    "lead_swaps": _Searched(3.0, 0.0, 80.0),
    "short_leaders": _Searched(0.5, 0.0, 4.0),
    "lead_depth": _Searched(7.0, 0.1, 20.0),
    "short_lead_laps": _Searched(2.0, 1.0, 15.0),
    "involved_out": _Searched(0.5, 0.0, 1.0),
    "pile_spared": _Searched(0.5, 0.0, 1.0),
    "failure_rate": _Searched(0.05, 0.0, 0.25),
    "fastest_front": _Searched(0.7, 0.0, 1.0),
    "fastest_depth": _Searched(2.0, 0.2, 20.0),
    "fastest_run": _Searched(2.0, 1.0, 10.0),
}
DECIMALS = 4
CURRENT_RACES = 45  # drivers are shipped who raced in the last season and a bit
MATCHED = (
    "skill_finish",
    "start_finish",
    "led_finish",
    "top_led_share",
    "top_led_square",
    "winner_led_share",
    "pole_led_share",
    "leaders",
    "skill_led",
    "top_fastest_share",
    "leader_fastest_share",
    "fastest_drivers",
    "pole_wins",
    "out_share",
    "out_square",
    "out_root",
)
TAME = 0.2  # pull towards the start, in standard errors a unit: where moments tell nothing


@dataclass(frozen=True, slots=True)
class FittedKind:
    """The parameters of one kind of track and what they rest on.

    Parameters
    ----------
    priors
        What :mod:`core.race` simulates with.
    errors
        Standard error by parameter, where it has one.
    races, first_date, last_date
        Fitted to; older races count less.
    real, simulated
        Moments of those races as they were run and as they are simulated.
    """

    priors: TrackPriors
    errors: Mapping[str, float]
    races: int
    first_date: str
    last_date: str
    real: Average
    simulated: Average


def recency(ages: Sequence[int]) -> Vector:
    """Give how much races count that are so many races old."""
    return 0.5 ** (np.array(ages, dtype=np.float64) / HALF_LIFE_RACES)


def match_moments(
    priors: TrackPriors,
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    weights: Vector,
    real: Average,
    scatter: Vector,
    steps: int,
    begin: TrackPriors | None = None,
) -> tuple[TrackPriors, dict[str, float]]:
    """Set what no count gives so that simulated races look like the real ones.

    Least squares (Levenberg-Marquardt with bounds by transformation, the same random numbers at
    every step) of the differences from the moments in ``MATCHED``, each in standard errors.

    Parameters
    ----------
    priors
        Holds what was counted.
    races, skills, weights
        To simulate again, what was known of their drivers, how much each counts.
    real, scatter
        Their moments, and the covariance ``[M, M]`` of the averages in ``MATCHED``.
    steps, begin
        How far the search goes and where it begins.

    Returns
    -------
    The parameters, and the standard errors of those searched: the sandwich of the search's slopes
    at the end around the moments' scatter between races.
    """
    names = tuple(SEARCHED)
    scale = np.array([max(real.error[name], 1e-4) for name in MATCHED])
    target = np.array([real.value[name] for name in MATCHED])
    known = np.isfinite(target) & np.isfinite(scale)
    if not known.any():
        raise InvalidInput({"data_dir": "holds no race whose moments are known."})
    start = np.array([part.free(part.start) for part in SEARCHED.values()])
    first = start
    if begin is not None:
        first = np.array([part.free(getattr(begin, name)) for name, part in SEARCHED.items()])

    def priors_at(free: Vector) -> TrackPriors:
        return replace(
            priors,
            **{name: SEARCHED[name].value(x) for name, x in zip(names, free, strict=True)},
        )

    def misfit(free: Vector) -> Vector:
        simulated = average(replay(races, skills, priors_at(free), SEED, SIMULATED), weights)
        missed = (np.array([simulated.value[name] for name in MATCHED]) - target) / scale
        return np.concatenate([missed[known], TAME * (free - start)])

    def slopes(free: Vector) -> Vector:
        here = misfit(free)
        columns = []
        for number in range(len(free)):
            moved = free.copy()
            moved[number] += STEP
            columns.append((misfit(moved) - here) / STEP)
        return np.array(columns).T

    search = least_squares(
        misfit, first, jac=slopes, method="trf", max_nfev=steps, ftol=CLOSE, xtol=CLOSE
    )
    inverse = np.linalg.inv(search.jac.T @ search.jac)
    gain = inverse @ search.jac[: int(known.sum())].T / scale[known]
    spread = gain @ scatter[np.ix_(known, known)] @ gain.T
    errors = {
        name: SEARCHED[name].slope(search.x[k]) * float(spread[k, k]) ** 0.5
        for k, name in enumerate(names)
    }
    return priors_at(search.x), errors


def fit_kind(
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    weights: Vector,
    flags: Sequence[YellowFlag],
    steps: int = STEPS,
    begin: TrackPriors | None = None,
) -> FittedKind:
    """Fit one kind of track.

    Parameters
    ----------
    races, skills, weights
        Of that kind, the oldest first; what was known of their drivers; how much each counts.
    flags
        Cautions of these races, where known.
    steps
        How far the search goes.
    begin
        Where it begins: an earlier fit, say.

    Raises
    ------
    InvalidInput
        Fewer than 3 races whose cautions are known.
    """
    counted = {
        **count_incidents(races, weights, flags, NO_FLAGS),
        **count_shared(races, skills, weights),
    }
    first = TrackPriors(
        residual_sd=finish_spread(races, skills),
        **{name: part.start for name, part in SEARCHED.items()},
        **{name: estimate.value for name, estimate in counted.items()},
    )
    each = [moments(skill, race) for race, skill in zip(races, skills, strict=True)]
    real = average(each, weights)
    scatter = scatter_of_means(each, weights, MATCHED)
    matched, errors = match_moments(first, races, skills, weights, real, scatter, steps, begin)
    simulated = average(replay(races, skills, matched, SEED + 1, SIMULATED), weights)
    return FittedKind(
        priors=matched,
        errors={
            **{name: e.error for name, e in counted.items() if np.isfinite(e.error)},
            **errors,
        },
        races=len(races),
        first_date=races[0].date,
        last_date=races[-1].date,
        real=real,
        simulated=simulated,
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """What fitting one kind takes; it can be sent to another process."""

    kind: TrackType
    races: list[PastRace]
    skills: list[Skill]
    weights: Vector
    flags: tuple[YellowFlag, ...]
    steps: int
    begin: TrackPriors | None

    def run(self) -> FittedKind:
        return fit_kind(
            self.races,
            self.skills,
            self.weights,
            self.flags,
            self.steps,
            self.begin,
        )


def fit_kinds(
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    flags: Sequence[YellowFlag],
    *,
    steps: int = STEPS,
    begin: Mapping[TrackType, TrackPriors] | None = None,
    progress: Progress | None = None,
    apply: Apply = map,
) -> dict[TrackType, FittedKind]:
    """Fit every kind of track to races, the oldest first, and what was known before each.

    The first races, before which little is known of any driver, are left out.

    Parameters
    ----------
    races, skills
        The oldest first, and :func:`~core.history.strength.skill_before` each.
    flags
        Of any races; those of others are left out.
    steps, begin
        How far the search goes, a kind of track, and where it begins.
    progress
        Told which kind of track is fitted.
    apply
        ``map``, or another that works in several processes; the kinds do not depend on each other.

    Raises
    ------
    InvalidInput
        Too few races of a kind.
    """
    known = [
        (race, skill, len(races) - number)
        for number, (race, skill) in enumerate(zip(races, skills, strict=True))
        if number >= WARM_UP_RACES and race.has_loop_data
    ]
    by_kind = flags_of(flags, races)
    tasks = []
    for kind in TrackType:
        of_kind = [entry for entry in known if entry[0].track_type is kind][-LATEST:]
        if len(of_kind) < LEAST_RACES:
            raise InvalidInput(
                {
                    "data_dir": f"holds {len(of_kind)} {kind} races with loop data after the first "
                    f"{WARM_UP_RACES} races; give {LEAST_RACES} or more."
                }
            )
        tasks.append(
            _Task(
                kind=kind,
                races=[race for race, _, _ in of_kind],
                skills=[skill for _, skill, _ in of_kind],
                weights=recency([age for _, _, age in of_kind]),
                flags=by_kind[kind],
                steps=steps,
                begin=None if begin is None else begin[kind],
            )
        )
    fitted = {}
    for task, found in zip(tasks, apply(_Task.run, tasks), strict=True):
        fitted[task.kind] = found
        if progress is not None:
            progress(task.kind.value)
    return fitted


class Refitting:
    """Parameters alone, fitted again and again as races come in: what a backtest asks for.

    The first fit is searched from scratch, every later one from the one before.
    """

    def __init__(
        self,
        progress: Progress | None = None,
        apply: Apply = map,
        *,
        steps: int = STEPS,
        more_steps: int = MORE_STEPS,
    ) -> None:
        self._last: Mapping[TrackType, TrackPriors] | None = None
        self._progress, self._apply = progress, apply
        self._steps, self._more_steps = steps, more_steps

    def __call__(
        self, races: Sequence[PastRace], skills: Sequence[Skill], flags: Sequence[YellowFlag]
    ) -> Mapping[TrackType, TrackPriors]:
        """Give the parameters by kind of track that these races, the oldest first, tell."""
        steps = self._steps if self._last is None else self._more_steps
        fitted = fit_kinds(
            races,
            skills,
            flags,
            steps=steps,
            begin=self._last,
            progress=self._progress,
            apply=self._apply,
        )
        self._last = {kind: one.priors for kind, one in fitted.items()}
        return self._last


def fit_document(
    data_dir: Path,
    before: str | None = None,
    *,
    steps: int = STEPS,
    progress: Progress | None = None,
    apply: Apply = map,
) -> dict[str, Any]:
    """Give what ``axiomatic fit`` writes and :mod:`core.race` reads.

    Parameters
    ----------
    data_dir
        Holds ``cup_races.csv``, ``cup_results.csv``, ``loop_stats.csv``, and where known
        ``practice.csv`` and ``caution_segments.csv``.
    before
        Leave out the races of this date (YYYY-MM-DD) and later.
    steps
        How far the search for matching moments goes, a kind of track.
    progress, apply
        As :func:`fit_kinds`.

    Returns
    -------
    By kind of track the parameters, their standard errors where they have any, the races and dates
    they rest on, and the moments ``[real, its standard error, simulated]``; the strengths of the
    drivers who raced lately, of their teams and of a newcomer, by kind of track.

    Raises
    ------
    InvalidInput
        A file or a column is absent, or a kind of track has too few races.
    """
    races = [r for r in read_races(data_dir) if before is None or r.date < before]
    flags = read_yellow_flags(data_dir, {race.key: race.track_type for race in races})
    if not races:
        raise InvalidInput({"before": f"there is no race before {before}."})
    fitted = fit_kinds(
        races, skill_before(races), flags, steps=steps, progress=progress, apply=apply
    )
    return {
        "version": PRIORS_VERSION,
        "from": races[0].date,
        "to": races[-1].date,
        "races": len(races),
        "track_types": {kind.value: _kind_document(one) for kind, one in fitted.items()},
        **_driver_documents(races),
    }


def _kind_document(fitted: FittedKind) -> dict[str, Any]:
    return {
        "races": fitted.races,
        "from": fitted.first_date,
        "to": fitted.last_date,
        "parameters": _rounded(asdict(fitted.priors)),
        "standard_errors": _rounded(fitted.errors),
        "moments": {
            name: [
                round(number, DECIMALS)
                for number in (real, fitted.real.error[name], fitted.simulated.value[name])
            ]
            for name, real in fitted.real.value.items()
            if np.isfinite(real)
        },
    }


def _driver_documents(races: Sequence[PastRace]) -> dict[str, Any]:
    forms, strengths = books_after(races)
    weights = {kind: strengths.weights(kind)[1:] for kind in TrackType}

    def by_kind(features: Mapping[TrackType, Sequence[float]]) -> dict[str, float]:
        return {
            kind.value: round(float(np.dot(row, weights[kind])), DECIMALS)
            for kind, row in features.items()
        }

    lately = {race.date for race in races[-CURRENT_RACES:]}
    drivers = [driver for driver in forms.drivers() if driver.raced in lately]
    return {
        "drivers": {
            driver.driver: {
                "team": driver.team,
                "manufacturer": driver.manufacturer,
                "car": driver.car,
                "raced": driver.raced,
                "races": round(driver.races, 1),
                "form": round(driver.form, DECIMALS),
                "standard_error": round(driver.error, DECIMALS),
                "strength": by_kind(driver.features),
            }
            for driver in drivers
        },
        "newcomers": {
            team: by_kind({kind: forms.newcomer(team, kind) for kind in TrackType})
            for team in ("", *sorted({driver.team for driver in drivers}))
        },
    }


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {n: round(value, DECIMALS) for n, value in sorted(numbers.items()) if np.isfinite(value)}
