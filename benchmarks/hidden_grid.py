"""Ownership estimates where the grid is hidden, in whole or of every second driver.

The model is fitted to the other slates, whose grids are known. It then estimates a slate with its
grid, with none, and with that of every second driver by salary. Where a spot is hidden, the driver
once counts as starting in the middle (``neutral``), and once the estimate is the mean over grids
that the race model draws (``drawn``), as a job does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.real_ownership import SEED, Before, Floats, RealOwnership, by_slate, entries_of
from benchmarks.real_slates import RealSlate
from core.field.estimators import OwnershipForecast
from core.slate import Slate
from workers.plans.stages.estimated_ownership import versions_to_estimate

WITH_GRID = "with_grid"
NEUTRAL, DRAWN = "no_grid_neutral", "no_grid_drawn"
HALF_NEUTRAL, HALF_DRAWN = "half_grid_neutral", "half_grid_drawn"
ROWS = (WITH_GRID, HALF_NEUTRAL, HALF_DRAWN, NEUTRAL, DRAWN)


@dataclass(frozen=True, eq=False)
class _Estimates:
    """Estimates of one row of the table and the truth, by contest, drivers of known ownership."""

    slate_ids: list[str]
    percent: list[Floats]
    lower: list[Floats]
    upper: list[Floats]
    truth: list[Floats]

    def add(self, slate_id: str, forecast: OwnershipForecast, truth: Floats) -> None:
        known = np.isfinite(truth)
        self.slate_ids.append(slate_id)
        self.percent.append(forecast.percent[known])
        self.lower.append(forecast.lower_5[known])
        self.upper.append(forecast.upper_95[known])
        self.truth.append(truth[known])

    @property
    def errors(self) -> list[Floats]:
        return [np.abs(p - t) for p, t in zip(self.percent, self.truth, strict=True)]


def hidden(slate: Slate, every: int) -> Slate:
    """The slate without the starting spot of each ``every``-th driver by salary."""
    dearest = np.argsort(-slate.salaries_usd, kind="stable")[every - 1 :: every]
    return replace(
        slate,
        drivers=tuple(
            replace(driver, start_position=None) if index in dearest else driver
            for index, driver in enumerate(slate.drivers)
        ),
    )


def _forecasts(owned: RealOwnership, real: RealSlate, tables: dict[str, _Estimates]) -> None:
    model = owned.fitted_without(real.slate_id)
    grid = owned.before[real.slate_id]
    half, none = (Before.of(real, hidden(real.slate, every)) for every in (2, 1))
    for contest in owned.contests:
        if contest.slate_id != real.slate_id:
            continue
        entries = entries_of(contest)
        tables[WITH_GRID].add(
            real.slate_id, model.forecast(grid.known(entries)), contest.ownership_percent
        )
        for before, neutral, drawn in (
            (half, HALF_NEUTRAL, HALF_DRAWN),
            (none, NEUTRAL, DRAWN),
        ):
            known = before.known(entries)
            versions = versions_to_estimate(before.slate, known, before.spec, SEED)
            for name, forecast in (
                (neutral, model.forecast(known)),
                (drawn, model.forecast_mean(versions)),
            ):
                tables[name].add(real.slate_id, forecast, contest.ownership_percent)


def grade_hidden_grids(owned: RealOwnership) -> dict[str, dict[str, float]]:
    """Errors and intervals by row of the table, each slate left out of the model in turn.

    ``above_neutral`` is how much larger the mean error is than the neutral estimate's of the same
    knowledge: the mean over slates, and with ``_se`` its standard error over them.
    """
    tables = {name: _Estimates([], [], [], [], []) for name in ROWS}
    for real in owned.slates.values():
        _forecasts(owned, real, tables)
    figures: dict[str, dict[str, float]] = {}
    beside = {DRAWN: NEUTRAL, HALF_DRAWN: HALF_NEUTRAL}
    for name, table in tables.items():
        percent, truth = np.concatenate(table.percent), np.concatenate(table.truth)
        low, high = np.concatenate(table.lower), np.concatenate(table.upper)
        figures[name] = {
            "mae": round(float(np.abs(percent - truth).mean()), 3),
            "correlation": round(float(np.corrcoef(percent, truth)[0, 1]), 3),
            "coverage": round(float(((truth >= low) & (truth <= high)).mean()), 3),
            "width": round(float((high - low).mean()), 3),
            "drivers": len(truth),
        }
        if name in beside:
            errors = by_slate(table.errors, table.slate_ids)
            above = errors - by_slate(tables[beside[name]].errors, table.slate_ids)
            figures[name]["above_neutral"] = round(float(above.mean()), 3)
            error = float(above.std(ddof=1)) / len(above) ** 0.5
            figures[name]["above_neutral_se"] = round(error, 3)
    return figures


def hidden_grid_table(figures: dict[str, dict[str, float]], slates: Sequence[str]) -> Table:
    """The figures of :func:`grade_hidden_grids` as a table."""
    drivers = int(next(iter(figures.values()))["drivers"])
    table = Table(title=f"Grid hidden: {drivers} drivers of {len(slates)} slates, each left out")
    for column in ("", "mean error", "correlation", "within 5/95", "width", "above neutral"):
        table.add_column(column, justify="right" if column else "left")
    for name, row in figures.items():
        table.add_row(name.replace("_", " "), *_cells(row))
    return table


def _cells(row: dict[str, Any]) -> list[str]:
    above = ""
    if "above_neutral" in row:
        above = f"{row['above_neutral']:+.2f} ± {row['above_neutral_se']:.2f}"
    return [
        f"{row['mae']:.2f}",
        f"{row['correlation']:.2f}",
        f"{row['coverage']:.1%}",
        f"{row['width']:.1f}",
        above,
    ]
