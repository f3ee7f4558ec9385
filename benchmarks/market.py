"""The market's view, fitted: ``python -m benchmarks.market [--data DIR] [--fit] [--json]``.

On every slate with real contests, real points are regressed on salary, real ownership, the grid
and the race model's mean points, with an intercept for each slate:

    points = (1 - kappa) x consensus(salary, ownership, grid) + kappa x model + race luck

The consensus is in standard deviations of the slate's mean points by the model. Points never
published stand in one row a slate, their mean: with it a fifth of the real entries pass the score
that a fifth passed (:mod:`benchmarks.real_scores`). kappa, the conviction, is the mean of its
posterior: the likelihood with the other weights at their best, times a half-normal prior on 0..1
with standard deviation 0.25, as an opinion that the market does not share is taken to be worth
little until contests say otherwise. The other weights have wide priors around 0.

Where ownership is not known the consensus is fitted without it, on these slates and on all others
with salaries and results:

    points = salary and grid, alone + race luck

What the field knows beyond an estimate is the regression of what that leaves on the surprise: the
log-odds of real ownership less those of the estimate, by a model fitted to the other slates.

Prints the fit, the fits with one slate left out, and the likelihood of kappa; ``--fit`` also writes
``core/field/market.json``, which the project ships.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.field_contests import CAP_USD, Floats, read_contests
from benchmarks.ownership import left_out_model
from benchmarks.real_ownership import RealOwnership, read_ownership
from benchmarks.real_scores import RealField, RealScores, real_fields, real_scores, well_known
from benchmarks.real_slates import DATA, RealSlate, read_slates, rows_of
from core.field.consensus import Market, market_terms, standard_scores
from core.field.ownership import log_odds
from core.history import read_races, skill_before, spec_of
from core.history.races import by_grid
from core.history.salaries import read_slate_salaries, salaries_of
from core.race import generate_scenarios, load_priors
from core.slate import DRAFTKINGS_CLASSIC, TICKS_PER_POINT
from workers.plans.stages.estimated_ownership import estimated_percent

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "field" / "market.json"
SCENARIOS = 20_000
SEED = 1
NAMES = ("salary_weight", "ownership_weight", "start_weight", "conviction")
ALONE = ("salary_alone", "start_alone")
PRIOR = 2.0  # standard deviation of the prior of each weight of the consensus, around 0
CONVICTION_PRIOR = 0.25  # of the half-normal prior of kappa
PROFILE = tuple(round(-0.5 + 0.25 * step, 2) for step in range(7))
_GRID = np.linspace(0.0, 1.0, 401)


@dataclass(frozen=True, eq=False)
class MarketRows:
    """One slate's rows, centred.

    Parameters
    ----------
    slate_id
        The slate.
    x, y
        Salary, log-odds of ownership and grid, each in standard deviations of the model's points,
        and the model's points, ``[n, 4]``; real points, ``[n]``.
    weight
        Drivers that each row stands for, ``[n]``.
    surprise
        Log-odds of real ownership less those of the estimate, in such deviations, ``[n]``; ``None``
        for a slate whose ownership is not known, whose log-odds are 0.
    """

    slate_id: str
    x: Floats
    y: Floats
    weight: Floats
    surprise: Floats | None = None


@dataclass(frozen=True, eq=False)
class MarketFit:
    """A fit, in the order of ``NAMES``.

    Parameters
    ----------
    market
        The consensus, and the posterior mean of kappa.
    conviction_error
        Standard deviation of kappa's posterior.
    likeliest, likeliest_errors
        ``[4]``: all weights without priors, those of (1 - kappa) x consensus first, and their
        standard errors.
    residual
        Standard deviation of a driver's points around the regression.
    alone_errors, surprise_error
        Standard errors, clustered by slate, of the weights of salary and grid alone, ``[2]``, and
        of the surprise weight.
    """

    market: Market
    conviction_error: float
    likeliest: Floats
    likeliest_errors: Floats
    residual: float
    alone_errors: Floats
    surprise_error: float


def model_points(real: RealSlate) -> Floats:
    """The race model's mean points of a slate's drivers, ``[D]``, before the race."""
    races, _ = generate_scenarios(real.compiler.compile(real.slate), SCENARIOS, SEED)
    means: Floats = races.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
    return means


def rows_of_slate(
    real: RealSlate, field: RealField, scores: RealScores, ownership_model: str
) -> MarketRows:
    """A slate's rows: each driver of published points, and the mean of the others.

    Parameters
    ----------
    real, field, scores
        The slate, its best known contest, and its drivers' points.
    ownership_model
        A model fitted to other slates, as JSON.
    """
    starts = [np.nan if d.start_position is None else d.start_position for d in real.slate.drivers]
    terms = market_terms(real.slate.salaries_usd, field.percent, starts)
    model = model_points(real)
    estimate = estimated_percent(
        real.slate,
        model,
        real.compiler.compile(real.slate),
        CAP_USD,
        field.contest.entries,
        ownership_model,
        SEED,
    )
    surprise = model.std() * (log_odds(field.percent) - log_odds(estimate))
    x = np.column_stack([model.std() * terms, model, surprise])
    published = np.isfinite(field.contest.points)
    rows, y, weight = x[published], scores.points[published], np.ones(published.sum())
    if not published.all():
        rows = np.vstack([rows, x[~published].mean(axis=0)])
        y = np.append(y, scores.points[~published].mean())
        weight = np.append(weight, float((~published).sum()))
    share = weight / weight.sum()
    rows = rows - share @ rows
    return MarketRows(real.slate_id, rows[:, :4], y - share @ y, weight, rows[:, 4])


def read_rows(data: Path, owned: RealOwnership | None = None) -> list[MarketRows]:
    """The rows of every slate with real contests and published scores, then of all with results.

    Parameters
    ----------
    data
        The folder.
    owned
        Its ownership, where it has been read.
    """
    owned = read_ownership(data) if owned is None else owned
    contests = [contest for contest in read_contests(data) if len(contest.ladder) > 1]
    rows = []
    for real in read_slates(data, sorted({contest.slate for contest in contests})):
        fields = real_fields([c for c in contests if c.slate == real.slate_id])
        estimator = left_out_model(owned, real.slate_id)
        rows.append(rows_of_slate(real, well_known(fields), real_scores(fields), estimator))
    return rows + _rows_of_results(data)


def _rows_of_results(data: Path) -> list[MarketRows]:
    """The rows of slates whose results are all known, and whose ownership is not.

    Skills are those before each race; parameters of tracks are the shipped ones, which only set the
    unit: the standard deviation of the model's points.
    """
    races = [by_grid(race) for race in sorted(read_races(data), key=lambda race: race.date)]
    salaries, priors = read_slate_salaries(data), load_priors()
    with_results = {
        (int(row["season"]), int(row["round"])): row["slate_id"]
        for row in rows_of(data / "dk_slate_index.csv")
        if row["results"] == "True"
    }
    rows = []
    for race, skill in zip(races, skill_before(races), strict=True):
        if race.key not in with_results:
            continue
        spec = spec_of(race, skill, priors[race.track_type])
        scenarios, _ = generate_scenarios(spec, SCENARIOS, SEED)
        model = scenarios.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
        usd = salaries_of(race.drivers, salaries[race.key])
        on = usd > 0
        terms = standard_scores(np.column_stack([usd[on], race.start[on]]).astype(np.float64))
        points = np.asarray(race.points()[on], dtype=np.float64) / TICKS_PER_POINT
        spread = model[on].std()
        x = np.column_stack(
            [spread * terms[:, 0], np.zeros(on.sum()), spread * terms[:, 1], model[on]]
        )
        rows.append(
            MarketRows(
                with_results[race.key],
                x - x.mean(axis=0),
                points - points.mean(),
                np.ones(on.sum()),
            )
        )
    return rows


@dataclass(frozen=True, eq=False)
class _Stacked:
    """All rows, each multiplied by the root of its weight, and the number of their slates."""

    x: Floats
    y: Floats
    slates: int

    @classmethod
    def of(cls, rows: Sequence[MarketRows]) -> "_Stacked":
        root = np.sqrt(np.concatenate([one.weight for one in rows]))
        x = root[:, None] * np.vstack([one.x for one in rows])
        return cls(x, root * np.concatenate([one.y for one in rows]), len(rows))

    def consensus(self, kappa: float, variance: float) -> tuple[Floats, float]:
        """Weights of (1 - kappa) x consensus at a kappa, and the log posterior without kappa's."""
        x, left = self.x[:, :3], self.y - kappa * self.x[:, 3]
        precision = x.T @ x / variance + np.eye(3) / PRIOR**2
        weights = np.asarray(np.linalg.solve(precision, x.T @ left / variance), dtype=np.float64)
        loss = ((left - x @ weights) ** 2).sum() / variance + (weights**2).sum() / PRIOR**2
        return weights, -0.5 * float(loss)


def _regression(
    parts: Sequence[tuple[Floats, Floats, Floats]],
) -> tuple[Floats, Floats]:
    """Weighted least squares and standard errors clustered by part, from x, y and weights."""
    normal = sum(x.T @ (weight[:, None] * x) for x, _, weight in parts)
    inverse = np.linalg.inv(np.asarray(normal))
    slopes = inverse @ np.sum([x.T @ (weight * y) for x, y, weight in parts], axis=0)
    scores = [x.T @ (weight * (y - x @ slopes)) for x, y, weight in parts]
    middle = np.sum([np.outer(score, score) for score in scores], axis=0)
    errors: Floats = np.sqrt(np.diag(inverse @ middle @ inverse))
    return np.asarray(slopes, dtype=np.float64), errors


def fit_market(rows: Sequence[MarketRows]) -> MarketFit:
    """Least squares with the priors of the module."""
    owned = [one for one in rows if one.surprise is not None]
    data = _Stacked.of(owned)
    likeliest = np.asarray(np.linalg.lstsq(data.x, data.y, rcond=None)[0], dtype=np.float64)
    left = data.y - data.x @ likeliest
    variance = float((left**2).sum()) / (len(data.y) - data.slates - len(NAMES))
    density = np.array([data.consensus(kappa, variance)[1] for kappa in _GRID])
    density = np.exp(density - density.max() - 0.5 * (_GRID / CONVICTION_PRIOR) ** 2)
    density /= density.sum()
    kappa = float(density @ _GRID)
    weights, _ = data.consensus(kappa, variance)
    alone, alone_errors = _regression([(one.x[:, [0, 2]], one.y, one.weight) for one in rows])
    surprise, surprise_error = _regression(
        [
            (one.surprise[:, None], one.y - one.x[:, [0, 2]] @ alone, one.weight)
            for one in owned
            if one.surprise is not None
        ]
    )
    return MarketFit(
        Market(
            salary_weight=float(weights[0] / (1.0 - kappa)),
            ownership_weight=float(weights[1] / (1.0 - kappa)),
            start_weight=float(weights[2] / (1.0 - kappa)),
            salary_alone=float(alone[0]),
            start_alone=float(alone[1]),
            surprise_weight=float(surprise[0]),
            conviction=kappa,
        ),
        float(density @ (_GRID - kappa) ** 2) ** 0.5,
        likeliest,
        np.sqrt(variance * np.diag(np.linalg.inv(data.x.T @ data.x))),
        variance**0.5,
        alone_errors,
        float(surprise_error[0]),
    )


def model_beside(rows: Sequence[MarketRows]) -> tuple[float, float]:
    """Slope of real points on the model's beside salary and grid, and its error by slate."""
    slopes, errors = _regression([(one.x[:, [0, 2, 3]], one.y, one.weight) for one in rows])
    return float(slopes[2]), float(errors[2])


def profile(rows: Sequence[MarketRows], fit: MarketFit) -> dict[float, float]:
    """Log likelihood of each kappa, the other weights at their best, less that of the likeliest."""
    data = _Stacked.of([one for one in rows if one.surprise is not None])
    most = data.consensus(float(fit.likeliest[3]), fit.residual**2)[1]
    return {kappa: data.consensus(kappa, fit.residual**2)[1] - most for kappa in PROFILE}


def left_out(rows: Sequence[MarketRows], slate_id: str) -> MarketFit:
    """The fit to all slates but one."""
    return fit_market([one for one in rows if one.slate_id != slate_id])


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in values.items()}


def _document(rows: Sequence[MarketRows], fit: MarketFit) -> dict[str, Any]:
    owned = [one for one in rows if one.surprise is not None]
    others = [one for one in rows if one.surprise is None]
    days = sorted(one.slate_id[:10] for one in owned)
    # two decimals of the conviction are more than is known of it
    shipped = {**_rounded(asdict(fit.market)), "conviction": round(fit.market.conviction, 2)}
    errors = dict(zip(ALONE, fit.alone_errors, strict=True))
    return {
        "parameters": shipped,
        "from": days[0],
        "to": days[-1],
        "slates": len(owned),
        "drivers": int(sum(one.weight.sum() for one in owned)),
        "slates_alone": len(rows),
        "errors_by_slate": _rounded({**errors, "surprise_weight": fit.surprise_error}),
        "conviction_standard_deviation": round(fit.conviction_error, 4),
        "conviction_prior_standard_deviation": CONVICTION_PRIOR,
        "without_prior": _rounded(dict(zip(NAMES, fit.likeliest, strict=True))),
        "without_prior_errors": _rounded(dict(zip(NAMES, fit.likeliest_errors, strict=True))),
        "residual_points": round(fit.residual, 2),
        "log_likelihood_of_conviction": {
            f"{kappa:g}": round(value, 2) for kappa, value in profile(rows, fit).items()
        },
        "model_beside_salary_and_grid": {
            "contests, form months old": [round(each, 2) for each in model_beside(owned)],
            "other slates, fresh form": [round(each, 2) for each in model_beside(others)],
        },
        "slate_left_out": {
            one.slate_id: _rounded(asdict(left_out(rows, one.slate_id).market)) for one in owned
        },
    }


def _tables(document: dict[str, Any]) -> list[Table]:
    names = list(document["parameters"])
    fits = Table(title=f"{document['drivers']} drivers of {document['slates']} slates")
    for column in ("", *names):
        fits.add_column(column.replace("_", " "), justify="left" if not column else "right")
    fits.add_row("fitted", *(f"{document['parameters'][name]:.2f}" for name in names))
    free, errors = document["without_prior"], document["without_prior_errors"]
    by_slate = document["errors_by_slate"]
    fits.add_row(
        "no prior",
        *(
            f"{free[name]:.2f} ± {errors[name]:.2f}" if name in free else f"± {by_slate[name]:.2f}"
            for name in names
        ),
    )
    for slate_id, weights in document["slate_left_out"].items():
        fits.add_row(f"without {slate_id}", *(f"{weights[name]:.2f}" for name in names))
    likelihood = Table(title="Log likelihood of kappa, less that of the likeliest")
    for kappa in document["log_likelihood_of_conviction"]:
        likelihood.add_column(kappa, justify="right")
    likelihood.add_row(*(f"{v:.2f}" for v in document["log_likelihood_of_conviction"].values()))
    beside = Table(title="Slope of real points on the model's, beside salary and grid")
    beside.add_column("slates")
    beside.add_column("slope", justify="right")
    for which, (slope, error) in document["model_beside_salary_and_grid"].items():
        beside.add_row(which, f"{slope:+.2f} ± {error:.2f}")
    return [fits, likelihood, beside]


def main() -> None:
    """Fit the market and print the fit; with ``--fit`` also write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.market", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="directory of data")
    parser.add_argument("--fit", action="store_true", help="write the parameters shipped")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    if not (options.data / "dk_contests.csv").is_file():
        parser.error(f"{options.data} holds no dk_contests.csv; give --data")
    rows = read_rows(options.data)
    document = _document(rows, fit_market(rows))
    if options.json:
        print(json.dumps(document))
    else:
        for table in _tables(document):
            Console(width=140).print(table)
    if options.fit:
        SHIPPED.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
