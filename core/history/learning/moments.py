"""A race in a few numbers, by the same code for real and for simulated races."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from core.history.forecast import spec_of
from core.history.races import PastRace
from core.history.strength import Skill
from core.race import Scenarios, TrackPriors, draw_races
from core.randomness import Purpose, stream

FITTING = Purpose.FITTING
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Numbers of one race (each ``[N]``) or averages over races (each a number).

    Parameters
    ----------
    skill_finish, start_finish
        Correlation over drivers of finish with skill before the race (negative: the skilled finish
        ahead) and with the grid.
    led_finish
        Correlation of finish with having led much (the square root of laps led).
    top_led_share, winner_led_share, pole_led_share
        Share of the laps led by the driver who led most, by the winner, and from pole.
    top_led_square
        The square of ``top_led_share``: averages of both tell how much races differ.
    leaders
        Drivers with a lap led.
    skill_led
        Skill of the leader of the average lap.
    top_fastest_share, leader_fastest_share
        Share of the fastest laps set by the driver with most of them, and by the driver who led
        most laps.
    fastest_drivers
        Share of the drivers with a fastest lap.
    out_share, out_square, out_root
        Share of the drivers not running at the finish, its square and its root: averages of all
        three tell how much races differ, and which way.
    pole_wins
        Whether the race was won from pole.
    cautions
        Number of cautions, where known.
    """

    skill_finish: Numbers
    start_finish: Numbers
    led_finish: Numbers
    top_led_share: Numbers
    top_led_square: Numbers
    winner_led_share: Numbers
    pole_led_share: Numbers
    leaders: Numbers
    skill_led: Numbers
    top_fastest_share: Numbers
    leader_fastest_share: Numbers
    fastest_drivers: Numbers
    out_share: Numbers
    out_square: Numbers
    out_root: Numbers
    pole_wins: Numbers
    cautions: Numbers


def _correlation(x: Numbers, y: Numbers) -> Numbers:
    """Each race's correlation over drivers, ``[N]`` of ``[N, D]``; 0 where all are equal."""
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    correlation: Numbers = (x * y).sum(axis=1) / np.where(scale > 0, scale, 1.0)
    return correlation


def moments(skill: Skill, race: PastRace | Scenarios) -> Moments:
    """Moments of a race as it was run, or of each simulated race.

    Parameters
    ----------
    skill
        ``[D]`` before the race, in which every driver races.
    race
        Moments of fastest laps are NaN where those are not known.
    """
    start, finish, led, fastest, running = (
        np.atleast_2d(part).astype(np.float64)
        for part in (race.start, race.finish, race.laps_led, race.fastest_laps, race.running)
    )
    rows = np.arange(len(finish))
    laps, fastest_laps = led.sum(axis=1), fastest.sum(axis=1)
    skills = np.broadcast_to(skill, finish.shape)
    won, pole, most = finish == 1, start == 1, led.argmax(axis=1)
    top_led = led.max(axis=1) / laps
    known = np.where(fastest_laps > 0, fastest_laps, np.nan)
    cautions = np.array([np.nan if race.cautions is None else race.cautions], dtype=np.float64)
    return Moments(
        skill_finish=_correlation(skills, finish),
        start_finish=_correlation(start, finish),
        led_finish=_correlation(np.sqrt(led), finish),
        top_led_share=top_led,
        top_led_square=top_led**2,
        winner_led_share=(led * won).sum(axis=1) / laps,
        pole_led_share=(led * pole).sum(axis=1) / laps,
        leaders=(led > 0).sum(axis=1).astype(np.float64),
        skill_led=(led * skills).sum(axis=1) / laps,
        top_fastest_share=fastest.max(axis=1) / known,
        leader_fastest_share=fastest[rows, most] / known,
        fastest_drivers=np.where(fastest_laps > 0, (fastest > 0).mean(axis=1), np.nan),
        out_share=1.0 - running.mean(axis=1),
        out_square=(1.0 - running.mean(axis=1)) ** 2,
        out_root=(1.0 - running.mean(axis=1)) ** 0.5,
        pole_wins=(won & pole).any(axis=1).astype(np.float64),
        cautions=cautions.ravel(),
    )


@dataclass(frozen=True, slots=True)
class Average:
    """Moments averaged over races, and the standard errors of the averages, NaN where unknown."""

    value: dict[str, float]
    error: dict[str, float]


def average(each: Sequence[Moments], weights: Numbers) -> Average:
    """Average over races by weight ``[R]``; the simulations of one race are averaged first.

    The errors are those of the weighted mean of races that differ; NaN of fewer than two races with
    a known value.
    """
    names = list(Moments.__dataclass_fields__)
    columns = np.array([[np.mean(moment) for moment in astuple(one)] for one in each])
    value, error = {}, {}
    for name, column in zip(names, columns.T, strict=True):
        known = np.isfinite(column)
        shares = weights[known] / max(weights[known].sum(), 1e-300)
        mean = float((shares * column[known]).sum()) if known.any() else float("nan")
        effective = 1.0 / float((shares**2).sum()) if known.any() else 0.0
        spread = float((shares * (column[known] - mean) ** 2).sum())
        value[name] = mean
        error[name] = (spread / (effective - 1.0)) ** 0.5 if effective > 1.0 else float("nan")
    return Average(value, error)


def scatter_of_means(each: Sequence[Moments], weights: Numbers, names: Sequence[str]) -> Numbers:
    """Covariance ``[M, M]`` of the weighted means of moments over races.

    A moment that is not known of a race counts as the mean.
    """
    columns = np.array([[np.mean(getattr(one, name)) for name in names] for one in each])
    known = np.isfinite(columns)
    shares = weights[:, None] * known
    shares = shares / np.maximum(shares.sum(axis=0), 1e-300)
    off = np.where(known, columns - np.nansum(shares * np.nan_to_num(columns), axis=0), 0.0)
    scatter: Numbers = (shares * off).T @ (shares * off)
    return scatter * len(each) / max(len(each) - 1, 1)


def replay(
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    priors: TrackPriors,
    seed: int,
    n: int,
) -> list[Moments]:
    """Moments of ``n`` simulations of each race of one kind, as it stood before the start."""
    return [
        moments(
            skill, draw_races(spec_of(race, skill, priors), stream(seed, FITTING, number), n)[0]
        )
        for number, (race, skill) in enumerate(zip(races, skills, strict=True))
    ]
