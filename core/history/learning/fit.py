"""Fitting the race model's parameters to past races, one kind of track at a time.

What can be counted is counted: cautions, accidents, what team mates have in common. The other
parameters are set so that simulated races of the same drivers look like the real ones: who leads
and for how long, who sets the fastest laps, how many go out, how far skill and grid decide the
finish.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.history.learning.incidents import count_incidents, count_shared, flags_of
from core.history.learning.moment_matching import (
    MATCHED,
    SEARCHED,
    SEED,
    SIMULATED,
    Vector,
    match_moments,
)
from core.history.learning.moments import Average, average, moments, replay, scatter_of_means
from core.history.races import PastRace, YellowFlag
from core.history.strength import WARM_UP_RACES, Skill, finish_spread
from core.race import TrackPriors
from core.slate.tracks import TrackType

# cars and rules change: over 2021 to 2024 most moments were forecast best with 36 to 72
HALF_LIFE_RACES = 48.0
LEAST_RACES = 5  # of a kind
LATEST = 48  # races of a kind that it is fitted to, all simulated again at every step of the search
STEPS = 30
MORE_STEPS = 10  # from an earlier fit

Progress = Callable[[str], None]
Apply = Callable[..., Iterable[Any]]

# accidents where no causes of cautions are known: round numbers within those counted by kind of
# track in 2021 to 2023 (shares of 0.39 to 0.73, 2.0 to 5.0 cars, shapes of 0.4 to 1.6)
NO_FLAGS = {"incident_share": 0.6, "cars_involved": 2.4, "cars_shape": 0.8}


@dataclass(frozen=True, slots=True)
class FittedKind:
    """The parameters of one kind of track and the races they rest on.

    Parameters
    ----------
    priors
        The parameters that :mod:`core.race` simulates with.
    errors
        Standard error by parameter, where it has one.
    races, first_date, last_date
        Number and dates of the races fitted to; older races count less.
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
    """Weights of races that are so many races old."""
    return 0.5 ** (np.array(ages, dtype=np.float64) / HALF_LIFE_RACES)


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
        Races of that kind, the oldest first; skills before each; how much each counts.
    flags
        Cautions of these races, where known.
    steps
        Steps of the search at most.
    begin
        Where the search begins, such as an earlier fit.

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
    """Arguments of one kind's fit, which can be sent to another process."""

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
    """Fit every kind of track.

    The first races, before which little is known of any driver, are left out.

    Parameters
    ----------
    races, skills
        The oldest first, and :func:`~core.history.strength.skill_before` each.
    flags
        Cautions; those of other races are left out.
    steps, begin
        Steps of each kind's search at most, and where it begins.
    progress
        Called with each kind of track that is fitted.
    apply
        ``map``, or a function like it that works in several processes.

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
    for task, result in zip(tasks, apply(_Task.run, tasks), strict=True):
        fitted[task.kind] = result
        if progress is not None:
            progress(task.kind.value)
    return fitted


class Refitting:
    """Parameters fitted again and again as races come in, for a backtest.

    The first search begins at fixed starts, every later one at the fit before.
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
        """Fit the parameters, by kind of track, to these races, the oldest first."""
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
