"""What pooling with analogs would add: ``python -m benchmarks.analog_pool [--data DIR] [--json]``.

Analogs of a car are the cars of earlier races at the same kind of track that were most like it in
skill and grid spot; what they got is a forecast. Each race of 2023 and later is forecast by
simulated races and by the analogs of its cars, and both are pooled: a mixture, half analogs for the
finish and a quarter for the points.

A mixture is no race: its finishes are not a permutation. So the races themselves are weighted until
each driver's mean is that of the mixture, by the weights of the least relative entropy (Csiszar,
"I-divergence geometry", Annals of Probability 1975). Figures are points of skill over the simulated
races, in percent of their CRPS, with standard errors by race. *Races left* is how many equally
weighted races are worth the weighted ones, in percent (Kish).

Skills are those before each race. Parameters of tracks are the shipped ones, which have seen the
races: all forecasts share them.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from benchmarks.real_slates import DATA
from core.history import spec_of
from core.history.grading.climatology import points_of
from core.history.grading.scores import compute_crps
from core.history.races import PastRace, normal_scores, read_races
from core.history.strength import skill_before
from core.race import generate_scenarios, load_priors
from core.slate import DRAFTKINGS_CLASSIC, TICKS_PER_POINT
from core.slate.tracks import TrackType

Floats = npt.NDArray[np.float64]

FIRST = "2023"
RACES = 4_000
SEED = 1
ANALOGS = 150
SHARES = {"finish": 0.5, "points": 0.25}


@dataclass(frozen=True, slots=True)
class Pooled:
    """Mean CRPS of one quantity in one race, by forecast, and what is left of the races."""

    simulated: float
    analogs: float
    mixture: float
    weighted: float
    races_left: float


class Analogs:
    """Cars of past races, by kind of track."""

    def __init__(self) -> None:
        self._cars: dict[TrackType, list[Floats]] = defaultdict(list)

    def learn(self, race: PastRace, skill: Floats) -> None:
        """Add the cars of a race as they were run."""
        cars = np.column_stack([_likeness(race, skill), race.finish, points_of(race)])
        self._cars[race.track_type].append(cars)

    def samples(self, race: PastRace, skill: Floats, quantity: str) -> Floats:
        """Results of the cars most like each car of a race, ``[150, D]``."""
        cars = np.vstack(self._cars[race.track_type])
        results = cars[:, 2 if quantity == "finish" else 3]
        known = np.isfinite(results)
        cars, results = cars[known], results[known]
        away = np.square(_likeness(race, skill)[:, None, :] - cars[None, :, :2]).sum(axis=2)
        nearest = np.argsort(away, axis=1, kind="stable")[:, :ANALOGS]
        found: Floats = results[nearest].T
        return found


def _likeness(race: PastRace, skill: Floats) -> Floats:
    """What cars are compared in, ``[D, 2]``: skill and grid spot, both in standard deviations."""
    # in the first race nobody is known, and all skills are equal
    spread = float(skill.std()) or 1.0
    return np.column_stack([(skill - skill.mean()) / spread, normal_scores(race.start)])


def pooled(simulated: Floats, analogs: Floats, observed: Floats, share: float) -> Pooled:
    """The forecasts of one quantity in one race, graded.

    Parameters
    ----------
    simulated, analogs
        Samples, ``[N, D]`` and ``[A, D]``.
    observed
        What came, ``[D]``.
    share
        Of the analogs in the mixture.
    """
    n, a = len(simulated), len(analogs)
    weights = np.concatenate([np.full(n, (1.0 - share) / n), np.full(a, share / a)])
    both = np.vstack([simulated, analogs])
    of_races = weights_meeting(simulated, weights @ both)
    return Pooled(
        simulated=float(compute_crps(simulated, observed).mean()),
        analogs=float(compute_crps(analogs, observed).mean()),
        mixture=float(compute_crps(both, observed, weights).mean()),
        weighted=float(compute_crps(simulated, observed, of_races).mean()),
        races_left=float(1.0 / (n * np.square(of_races).sum())),
    )


def weights_meeting(samples: Floats, means: Floats) -> Floats:
    """Weights of samples, ``[N]``, nearest to equal ones whose means are the given ones, ``[D]``.

    Means that no weights reach are met as nearly as a small ridge lets them.
    """
    scale = samples.std(axis=0)
    off = (samples - means) / np.where(scale > 0.0, scale, 1.0)

    def dual(slopes: Floats) -> tuple[float, Floats]:
        logs = off @ slopes
        top = logs.max()
        terms = np.exp(logs - top)
        value = top + np.log(terms.mean()) + 5e-4 * slopes @ slopes
        return float(value), terms @ off / terms.sum() + 1e-3 * slopes

    found = minimize(dual, np.zeros(off.shape[1]), jac=True, method="L-BFGS-B")
    logs = off @ found.x
    weights = np.exp(logs - logs.max())
    shares: Floats = weights / weights.sum()
    return shares


def grade(data: Path) -> dict[str, list[Pooled]]:
    """Every race since 2023, by quantity; points only where the race has loop data."""
    races = read_races(data)
    priors, analogs = load_priors(), Analogs()
    grades: dict[str, list[Pooled]] = {name: [] for name in SHARES}
    for number, (race, skill) in enumerate(zip(races, skill_before(races), strict=True)):
        if race.date >= FIRST:
            spec = spec_of(race, skill, priors[race.track_type])
            scenarios, _ = generate_scenarios(spec, RACES, SEED + number)
            ticks = scenarios.points(DRAFTKINGS_CLASSIC)
            for name, simulated, observed in (
                ("finish", scenarios.finish.astype(np.float64), race.finish.astype(np.float64)),
                ("points", ticks / TICKS_PER_POINT, points_of(race)),
            ):
                if np.isfinite(observed).all():
                    cars = analogs.samples(race, skill, name)
                    grades[name].append(pooled(simulated, cars, observed, SHARES[name]))
        analogs.learn(race, skill)
    return grades


def gains(grades: list[Pooled], name: str) -> Floats:
    """Gain of a forecast over the simulated races in each race, percent of their mean CRPS."""
    base = np.array([each.simulated for each in grades])
    other = np.array([getattr(each, name) for each in grades])
    gain: Floats = 100.0 * (base - other) / base.mean()
    return gain


def main() -> None:
    """Print the gains, or every race's grades as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analog_pool", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="directory of data")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    grades = grade(options.data)
    if options.json:
        print(json.dumps({name: [asdict(one) for one in each] for name, each in grades.items()}))
        return
    table = Table(title="Points of skill over simulated races")
    for column in ("", "races", "analogs", "mixture", "weighted races", "races left"):
        table.add_column(column, justify="right" if column else "left")
    for name, each in grades.items():
        cells = [
            f"{gain.mean():+.2f} ± {gain.std(ddof=1) / len(gain) ** 0.5:.2f}"
            for gain in (gains(each, kind) for kind in ("analogs", "mixture", "weighted"))
        ]
        left = np.mean([one.races_left for one in each])
        table.add_row(name, str(len(each)), *cells, f"{left:.0%}")
    Console().print(table)


if __name__ == "__main__":
    main()
