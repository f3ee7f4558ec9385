"""What a race looks like in a few numbers, of a real one and of simulated ones alike."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from core.history.races import PastRace
from core.race import (
    SKILL_PER_SD,
    ConstraintSpec,
    DriverConstraints,
    Scenarios,
    TrackConstraints,
    TrackPriors,
    simulate_block,
)


@dataclass(frozen=True, slots=True)
class Moments:
    """Averages over races.

    Parameters
    ----------
    skill_finish, start_finish
        Correlation over drivers of finish with skill before the race (negative: the skilled finish
        ahead) and with the grid.
    top_led_share, winner_led_share
        Of the laps, led by who led most and by the winner.
    leaders
        Drivers with a lap led.
    top_fastest_share
        Of the fastest laps scored, by who set most.
    out_share
        Of the field, not running at the finish.
    pole_wins
        Share of races won from pole.
    cautions
        A race, where known.
    """

    skill_finish: float
    start_finish: float
    top_led_share: float
    winner_led_share: float
    leaders: float
    top_fastest_share: float
    out_share: float
    pole_wins: float
    cautions: float


def _correlation(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Give the mean over races of the correlation over drivers (``[N, D]``), 0 where all equal."""
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return float(((x * y).sum(axis=1) / np.where(scale > 0, scale, 1.0)).mean())


def _moments(
    skill: npt.NDArray[np.float64],
    race: PastRace | Scenarios,
    cautions: float,
) -> Moments:
    start, finish, led, fastest = (
        np.atleast_2d(part).astype(np.float64)
        for part in (race.start, race.finish, race.laps_led, race.fastest_laps)
    )
    laps = led.sum(axis=1)
    won = finish == 1
    return Moments(
        skill_finish=_correlation(np.broadcast_to(skill, finish.shape), finish),
        start_finish=_correlation(start, finish),
        top_led_share=float((led.max(axis=1) / laps).mean()),
        winner_led_share=float(((led * won).sum(axis=1) / laps).mean()),
        leaders=float((led > 0).sum(axis=1).mean()),
        top_fastest_share=float((fastest.max(axis=1) / np.maximum(fastest.sum(axis=1), 1)).mean()),
        out_share=float((~race.running).mean()),
        pole_wins=float((won & (start == 1)).any(axis=1).mean()),
        cautions=cautions,
    )


def real_moments(race: PastRace, skill: npt.NDArray[np.float64]) -> Moments:
    """Give the moments of one race as it was run."""
    return _moments(skill, race, float("nan") if race.cautions is None else float(race.cautions))


def simulated_moments(scenarios: Scenarios, skill: npt.NDArray[np.float64]) -> Moments:
    """Give the moments of simulated races of one field, in which every driver races."""
    return _moments(skill, scenarios, float(scenarios.cautions.mean()))


def mean_moments(each: Sequence[Moments]) -> Moments:
    """Average moments over races, leaving out what is not known; NaN where nothing is."""
    return Moments(*(_mean_and_error(column)[0] for column in _columns(each)))


def moment_errors(each: Sequence[Moments]) -> Moments:
    """Give the standard errors of :func:`mean_moments`; NaN where fewer than two are known."""
    return Moments(*(_mean_and_error(column)[1] for column in _columns(each)))


def _columns(each: Sequence[Moments]) -> npt.NDArray[np.float64]:
    return np.array([astuple(one) for one in each]).T


def _mean_and_error(column: npt.NDArray[np.float64]) -> tuple[float, float]:
    known = column[np.isfinite(column)]
    n = len(known)
    return (
        float(known.mean()) if n else float("nan"),
        float(known.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
    )


def spec_of(race: PastRace, skill: npt.NDArray[np.float64], priors: TrackPriors) -> ConstraintSpec:
    """Give the spec of a past race as it stood before the start."""
    return ConstraintSpec(
        drivers=tuple(
            DriverConstraints(
                driver_id=name, skill=0.5 + SKILL_PER_SD * float(z), start_position=int(spot)
            )
            for name, z, spot in zip(race.drivers, skill, race.start, strict=True)
        ),
        track=TrackConstraints(
            track_type=race.track_type,
            race_laps=race.race_laps,
            difficulty=0.5,
            aggression_factor=1.0,
            caution_rate=priors.cautions_mean,
            # nobody knows it of a past race: a tank is about a fifth of one
            pit_window_laps=max(5, race.race_laps // 5),
        ),
        priors=priors,
    )


def replay(
    races: Sequence[PastRace],
    skills: Sequence[npt.NDArray[np.float64]],
    priors: TrackPriors,
    seed: int,
) -> Moments:
    """Simulate a block of each race and give the moments, averaged over the races."""
    each = []
    for number, (race, skill) in enumerate(zip(races, skills, strict=True)):
        scenarios, _ = simulate_block(spec_of(race, skill, priors), seed, number)
        each.append(simulated_moments(scenarios, skill))
    return mean_moments(each)
