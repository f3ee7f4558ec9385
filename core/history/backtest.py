"""Grading the race model on past races, walk-forward: no forecast uses anything later.

Before its start, the drivers, cars, grid, practice and announced laps of a race are known. Skills
come from the races before it, parameters are fitted to races before it, and the baselines have
learnt those races and no others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from core.errors import InvalidInput
from core.history.forecast import Priors, spec_of
from core.history.grading.climatology import Climatology, RollingNormals
from core.history.grading.graded import Fitted, GradedQuantity, GradedRace
from core.history.grading.joint import as_scenario, real_joint, simulated_joint
from core.history.grading.pit import compute_pit
from core.history.grading.report import BacktestReport
from core.history.grading.scores import compute_crps, compute_log_score
from core.history.races import PastRace, RaceKey, YellowFlag, by_grid
from core.history.salaries import SlateSalaries, implied_salaries, salaries_of
from core.history.strength import Skill, skill_before
from core.race import (
    KernelStats,
    Regime,
    Scenarios,
    TrackPriors,
    classify_scenario_regime,
    generate_scenarios,
)
from core.sites import DRAFTKINGS_CLASSIC, TICKS_PER_POINT

F64 = npt.NDArray[np.float64]
Fit = Callable[[Sequence[PastRace], Sequence[Skill], Sequence[YellowFlag]], Priors]
Progress = Callable[[float, str], None]

SCENARIOS = 4_000
REFIT_RACES = 18  # half a season
LEAST_BEFORE = 12  # races before the first one graded
SEED_BITS = 64
TOP = 10  # drivers by salary or skill whose coverage is reported separately
POSITIONS = (1, 5, 10)  # the events are finishes in one of these or better


@dataclass(frozen=True, slots=True, eq=False)
class _Forecast:
    """Simulations of a race made before it."""

    simulated: Scenarios
    kernel: KernelStats
    caution_rate: float
    laps_per_caution: float


def backtest(
    races: Sequence[PastRace],
    flags: Sequence[YellowFlag],
    first_date: str,
    last_date: str,
    *,
    scenarios: int = SCENARIOS,
    seed: int = 42,
    fit: Fit | Priors,
    refit_races: int = REFIT_RACES,
    slates: SlateSalaries | None = None,
    progress: Progress | None = None,
) -> BacktestReport:
    """Grade the forecasts of every race from ``first_date`` to ``last_date``, both included.

    Parameters
    ----------
    races, flags
        All races and cautions that are known; the forecast of a race uses none that are later.
    first_date, last_date
        YYYY-MM-DD.
    scenarios
        Simulations of each race.
    seed
        The same races and seed give the same report.
    fit
        Fits parameters by kind of track to races, skills before each and cautions. It is called
        with the races of earlier days: before the first graded race, and then after every
        ``refit_races`` graded races. Or the parameters themselves; then nothing is fitted.
    slates
        Real salaries by race; those of other races follow from skill.
    progress
        Called with the share 0..1 that is done, and what is being done.

    Raises
    ------
    InvalidInput
        Text that is no date, a first date after the last, no race between them or too few before
        them, a number below 1.
    """
    _check_dates(first_date, last_date)
    if not 0 <= seed < 1 << SEED_BITS:
        raise InvalidInput({"seed": f"{seed} is outside 0 to 2**{SEED_BITS} - 1."})
    _check_counts(scenarios=scenarios, refit_races=refit_races)
    in_order = [by_grid(race) for race in sorted(races, key=lambda race: (race.date, race.key))]
    graded = [i for i, race in enumerate(in_order) if first_date <= race.date <= last_date]
    _check_races(in_order, graded, first_date, last_date)
    skills = skill_before(in_order)
    report_progress = progress or (lambda _share, _what: None)

    climatology, rolling = Climatology(), RollingNormals()
    learnt = 0
    priors: Priors = {} if callable(fit) else fit
    fits: list[Fitted] = []
    results = []
    for number, index in enumerate(graded):
        race = in_order[index]
        before = [i for i in range(index) if in_order[i].date < race.date]
        if callable(fit) and number % refit_races == 0:
            report_progress(
                number / len(graded), f"fitting to the {len(before)} races before {race.date}"
            )
            priors = _fit(fit, in_order, skills, flags, before)
            fits.append(Fitted(race.date, len(before)))
        report_progress(number / len(graded), f"{race.date} {race.track}")
        for earlier in in_order[learnt : len(before)]:
            climatology.learn(earlier)
            rolling.learn(earlier)
        learnt = len(before)
        if race.track_type not in priors:
            raise InvalidInput({"fit": f"gives no parameters for {race.track_type} tracks."})
        forecast = _forecast(race, skills[index], priors[race.track_type], scenarios, seed)
        slate = (slates or {}).get(race.key)
        results.append(_grade(race, skills[index], forecast, climatology, rolling, slate))
    report_progress(1.0, "graded")
    return BacktestReport(tuple(results), tuple(fits), first_date, last_date, scenarios, seed)


def _check_dates(first_date: str, last_date: str) -> None:
    for name, text in (("first_date", first_date), ("last_date", last_date)):
        try:
            is_date = date.fromisoformat(text).isoformat() == text
        except ValueError:
            is_date = False
        if not is_date:
            raise InvalidInput({name: f"{text!r} is no date; give YYYY-MM-DD."})
    if first_date > last_date:
        message = f"{first_date} is after {last_date}; give the earlier first."
        raise InvalidInput({"first_date": message})


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise InvalidInput({name: f"{count}; give at least 1."})


def _check_races(
    races: Sequence[PastRace], graded: Sequence[int], first_date: str, last_date: str
) -> None:
    if not races:
        raise InvalidInput({"races": "there are none."})
    if not graded:
        raise InvalidInput(
            {
                "first_date": f"no race from {first_date} to {last_date}; they run from "
                f"{races[0].date} to {races[-1].date}."
            }
        )
    before = sum(race.date < races[graded[0]].date for race in races)
    if before < LEAST_BEFORE:
        message = f"{before} races before {races[graded[0]].date}; {LEAST_BEFORE} are needed."
        raise InvalidInput({"first_date": message})


def _fit(
    fit: Fit,
    races: Sequence[PastRace],
    skills: Sequence[Skill],
    flags: Sequence[YellowFlag],
    before: Sequence[int],
) -> Priors:
    keys = {races[i].key for i in before}
    return fit(
        [races[i] for i in before],
        [skills[i] for i in before],
        [flag for flag in flags if flag.race in keys],
    )


def _seed_of(key: RaceKey, seed: int) -> int:
    """Seed of a race: with one stream for all races, their random errors would be correlated."""
    season, number = key
    return seed + ((season * 100 + number) << SEED_BITS)


def _forecast(
    race: PastRace, skill: Skill, priors: TrackPriors, scenarios: int, seed: int
) -> _Forecast:
    spec = spec_of(race, skill, priors)
    simulated, kernel = generate_scenarios(spec, scenarios, _seed_of(race.key, seed))
    return _Forecast(simulated, kernel, spec.track.caution_rate, priors.laps_per_caution)


def _grade(
    race: PastRace,
    skill: Skill,
    forecast: _Forecast,
    climatology: Climatology,
    rolling: RollingNormals,
    slate: Mapping[str, int] | None,
) -> GradedRace:
    simulated = forecast.simulated
    spots = climatology.forecast(race)
    by_spot = spots.crps(race)
    by_form = rolling.forecast(race).crps(race)
    ticks = simulated.points(DRAFTKINGS_CLASSIC)
    known = salaries_of(race.drivers, slate or {})
    salaries = known if (known > 0).sum() >= TOP else implied_salaries(skill)
    real_ticks = race.points()
    regime = _real_regime(race, forecast)
    return GradedRace(
        key=race.key,
        date=race.date,
        track=race.track,
        track_type=race.track_type,
        drivers=race.drivers,
        finish=GradedQuantity(
            compute_crps(simulated.finish, race.finish),
            by_spot[0],
            by_form[0],
            *compute_pit(simulated.finish, race.finish),
        ),
        points=GradedQuantity(
            compute_crps(ticks, real_ticks) / TICKS_PER_POINT,
            by_spot[1],
            by_form[1],
            *compute_pit(ticks, real_ticks),
        )
        if race.has_loop_data
        else None,
        log_score=compute_log_score(simulated.finish, race.finish, len(race.drivers)),
        baseline_log_score=spots.log_score(race),
        rank_correlation=_rank_correlation(simulated.finish.mean(axis=0), race.finish),
        chances=np.array([(simulated.finish <= last).mean(axis=0) for last in POSITIONS]),
        happened=np.array([race.finish <= last for last in POSITIONS]),
        # by salary, then by skill
        top=np.lexsort((-skill, -salaries))[:TOP],
        real_salaries=salaries is known,
        simulated_joint=simulated_joint(simulated, salaries),
        real_joint=real_joint(race, salaries),
        regime=regime,
        regime_shares=np.bincount(simulated.regime, minlength=len(Regime)) / len(simulated),
        kernel=forecast.kernel,
    )


def _rank_correlation(forecast: F64, finish: npt.NDArray[np.int64]) -> float:
    if np.ptp(forecast) == 0.0:
        return 0.0
    return float(spearmanr(forecast, finish).statistic)


def _real_regime(race: PastRace, forecast: _Forecast) -> Regime:
    """Regime of a real race, by the rule for simulated races.

    Where cautions are not known they are estimated from the laps under caution, and without those
    they are taken to be as many as expected.
    """
    if race.cautions is not None:
        cautions = race.cautions
    elif race.nongreen_laps is not None and forecast.laps_per_caution > 0.0:
        cautions = round(race.nongreen_laps / forecast.laps_per_caution)
    else:
        cautions = round(forecast.caution_rate)
    one = as_scenario(race, min(cautions, 255))
    regime = classify_scenario_regime(
        one.start,
        one.finish,
        one.laps_led,
        one.running,
        one.cautions,
        race_laps=race.race_laps,
        caution_rate=forecast.caution_rate,
    )
    return Regime(int(regime[0]))
