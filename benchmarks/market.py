"""The market's view, fitted: ``python -m benchmarks.market [--data DIR] [--fit] [--json]``.

On every slate with real contests, real points are regressed on salary, real ownership, the grid
and the race model's mean points, with an intercept for each slate:

    points = (1 - kappa) x consensus(salary, ownership, grid) + kappa x model + race luck

The consensus is in standard deviations of the slate's mean points by the model. Points never
published stand in one row a slate, their mean: with it a fifth of the real entries pass the score
that a fifth passed (:mod:`benchmarks.real_scores`). kappa, the conviction, is the mean of its
posterior: the likelihood with the other weights at their best, times a half-normal prior on 0..1
with standard deviation 0.25, as an opinion that the market does not share is taken to be worth
little until contests say otherwise. The other weights have wide priors around 0. Prints the fit,
the fits with one slate left out, and the likelihood of kappa; ``--fit`` also writes
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

from benchmarks.field_contests import Floats, read_contests
from benchmarks.real_scores import RealScores, real_fields, real_scores, well_known
from benchmarks.real_slates import DATA, RealSlate, read_slates
from core.field.consensus import Market, market_terms
from core.race import generate_scenarios
from core.slate import DRAFTKINGS_CLASSIC, TICKS_PER_POINT

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "field" / "market.json"
SCENARIOS = 20_000
SEED = 1
NAMES = ("salary_weight", "ownership_weight", "start_weight", "conviction")
PRIOR = 2.0  # standard deviation of the prior of each weight of the consensus, around 0
CONVICTION_PRIOR = 0.25  # of the half-normal prior of kappa
PROFILE = tuple(round(-0.5 + 0.25 * step, 2) for step in range(7))
_GRID = np.linspace(0.0, 1.0, 401)
_ROUNDS = 20


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
    """

    slate_id: str
    x: Floats
    y: Floats
    weight: Floats


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
    """

    market: Market
    conviction_error: float
    likeliest: Floats
    likeliest_errors: Floats
    residual: float


def model_points(real: RealSlate) -> Floats:
    """The race model's mean points of a slate's drivers, ``[D]``, before the race."""
    races, _ = generate_scenarios(real.compiler.compile(real.slate), SCENARIOS, SEED)
    means: Floats = races.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
    return means


def rows_of_slate(
    real: RealSlate, percent: Floats, scores: RealScores, known: Floats
) -> MarketRows:
    """A slate's rows: each driver of known points, and the mean of the others."""
    starts = [np.nan if d.start_position is None else d.start_position for d in real.slate.drivers]
    terms = market_terms(real.slate.salaries_usd, percent, starts)
    model = model_points(real)
    x = np.column_stack([model.std() * terms, model])
    published = np.isfinite(known)
    rows, y, weight = x[published], scores.points[published], np.ones(published.sum())
    if not published.all():
        rows = np.vstack([rows, x[~published].mean(axis=0)])
        y = np.append(y, scores.points[~published].mean())
        weight = np.append(weight, float((~published).sum()))
    share = weight / weight.sum()
    return MarketRows(real.slate_id, rows - share @ rows, y - share @ y, weight)


def read_rows(data: Path) -> list[MarketRows]:
    """The rows of every slate with real contests and published scores."""
    contests = [contest for contest in read_contests(data) if len(contest.ladder) > 1]
    rows = []
    for real in read_slates(data, sorted({contest.slate for contest in contests})):
        fields = real_fields([c for c in contests if c.slate == real.slate_id])
        main = well_known(fields)
        scores = real_scores(fields)
        rows.append(rows_of_slate(real, main.percent, scores, main.contest.points))
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


def fit_market(rows: Sequence[MarketRows]) -> MarketFit:
    """Least squares with the priors of the module."""
    data = _Stacked.of(rows)
    likeliest = np.asarray(np.linalg.lstsq(data.x, data.y, rcond=None)[0], dtype=np.float64)
    left = data.y - data.x @ likeliest
    variance = float((left**2).sum()) / (len(data.y) - data.slates - len(NAMES))
    density = np.array([data.consensus(kappa, variance)[1] for kappa in _GRID])
    density = np.exp(density - density.max() - 0.5 * (_GRID / CONVICTION_PRIOR) ** 2)
    density /= density.sum()
    kappa = float(density @ _GRID)
    weights, _ = data.consensus(kappa, variance)
    return MarketFit(
        Market(
            salary_weight=float(weights[0] / (1.0 - kappa)),
            ownership_weight=float(weights[1] / (1.0 - kappa)),
            start_weight=float(weights[2] / (1.0 - kappa)),
            conviction=kappa,
        ),
        float(density @ (_GRID - kappa) ** 2) ** 0.5,
        likeliest,
        np.sqrt(variance * np.diag(np.linalg.inv(data.x.T @ data.x))),
        variance**0.5,
    )


def profile(rows: Sequence[MarketRows], fit: MarketFit) -> dict[float, float]:
    """Log likelihood of each kappa, the other weights at their best, less that of the likeliest."""
    data = _Stacked.of(rows)
    most = data.consensus(float(fit.likeliest[3]), fit.residual**2)[1]
    return {kappa: data.consensus(kappa, fit.residual**2)[1] - most for kappa in PROFILE}


def left_out(rows: Sequence[MarketRows], slate_id: str) -> MarketFit:
    """The fit to all slates but one."""
    return fit_market([one for one in rows if one.slate_id != slate_id])


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in values.items()}


def _document(rows: Sequence[MarketRows], fit: MarketFit) -> dict[str, Any]:
    days = sorted(one.slate_id[:10] for one in rows)
    # two decimals of the conviction are more than is known of it
    shipped = {**_rounded(asdict(fit.market)), "conviction": round(fit.market.conviction, 2)}
    return {
        "parameters": shipped,
        "from": days[0],
        "to": days[-1],
        "slates": len(rows),
        "drivers": int(sum(one.weight.sum() for one in rows)),
        "conviction_standard_deviation": round(fit.conviction_error, 4),
        "conviction_prior_standard_deviation": CONVICTION_PRIOR,
        "without_prior": _rounded(dict(zip(NAMES, fit.likeliest, strict=True))),
        "without_prior_errors": _rounded(dict(zip(NAMES, fit.likeliest_errors, strict=True))),
        "residual_points": round(fit.residual, 2),
        "log_likelihood_of_conviction": {
            f"{kappa:g}": round(value, 2) for kappa, value in profile(rows, fit).items()
        },
        "slate_left_out": {
            one.slate_id: _rounded(asdict(left_out(rows, one.slate_id).market)) for one in rows
        },
    }


def _tables(document: dict[str, Any]) -> list[Table]:
    fits = Table(title=f"{document['drivers']} drivers of {document['slates']} slates")
    for column in ("", *NAMES):
        fits.add_column(column.replace("_", " "), justify="left" if not column else "right")
    fits.add_row("fitted", *(f"{document['parameters'][name]:.2f}" for name in NAMES))
    free, errors = document["without_prior"], document["without_prior_errors"]
    fits.add_row("no prior", *(f"{free[name]:.2f} ± {errors[name]:.2f}" for name in NAMES))
    for slate_id, weights in document["slate_left_out"].items():
        fits.add_row(f"without {slate_id}", *(f"{weights[name]:.2f}" for name in NAMES))
    likelihood = Table(title="Log likelihood of kappa, less that of the likeliest")
    for kappa in document["log_likelihood_of_conviction"]:
        likelihood.add_column(kappa, justify="right")
    likelihood.add_row(*(f"{v:.2f}" for v in document["log_likelihood_of_conviction"].values()))
    return [fits, likelihood]


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
            Console(width=120).print(table)
    if options.fit:
        SHIPPED.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
