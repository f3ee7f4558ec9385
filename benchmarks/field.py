"""The field, measured on one core: ``python -m benchmarks.field [NAME ..] [--slate DIR] [--json]``.

``speed`` fits a field to ownership and draws 150,000 lineups, entrants alike and as shipped, beside
the usual way: drivers drawn one by one as often as owned, lineups over the cap thrown away. It also
draws contests of their own ownership. ``drivers``, ``salaries`` and ``entries`` show how the time
grows. ``--slate`` names a folder whose projections.csv has the columns Salary and Own%; without it
the slate is made up. Seconds are those on the clock, after compilation, the least of five runs.
"""

import csv
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, Reference, read_arguments, run_named
from core.errors import Infeasible
from core.field import (
    Field,
    FieldLineupSampler,
    FieldModel,
    complete_ownership,
    contest_model,
    field_of,
    field_parameters,
    fit_field,
    nearest_ownership,
    sample_field,
)
from core.randomness import Purpose, stream

CAP_USD = 50_000
ROSTER = 6
ENTRIES = 150_000
BAR_SECONDS = 0.3
REPEATS = 5
GROWING_DRIVERS = (20, 30, 38, 50)
GROWING_UNITS_USD = (500, 100, 50, 10, 1)
GROWING_ENTRIES = (1_000, 10_000, 50_000, 150_000, 500_000)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """Drivers' salaries (USD) and ownership (percent of entries, feasible), ``[D]``."""

    name: str
    salaries: Ints
    percent: Floats


def made_up(drivers: int = 38, unit_usd: int = 100) -> Case:
    """A slate like real ones: a few dear drivers, many cheap ones, and chalk in between."""
    ladder = 4_500 + 6_500 * np.linspace(1.0, 0.0, drivers) ** 1.5
    salaries = np.rint(ladder / unit_usd).astype(np.int64) * unit_usd
    if unit_usd == 1:
        # no common divisor but one
        salaries += np.arange(drivers) % 7
    known = np.full(drivers, np.nan)
    known[: 2 * ROSTER] = np.linspace(48.0, 14.0, 2 * ROSTER)
    return Case(
        f"{drivers} drivers, {unit_usd} USD",
        salaries,
        complete_ownership(salaries, known, ROSTER, CAP_USD),
    )


def read_slate(folder: Path) -> Case:
    """Read salaries and ownership; what no field has is moved within reach."""
    with (folder / "projections.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    salaries = np.array([int(row["Salary"]) for row in rows])
    percent = np.array([float(row["Own%"]) for row in rows])
    try:
        fit_field(salaries, percent, ROSTER, CAP_USD)
    except Infeasible:
        percent = nearest_ownership(salaries, percent, ROSTER, CAP_USD)
    return Case(folder.name, salaries, percent)


def _least(work: Callable[[], object]) -> float:
    work()
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _fit(case: Case, appetite: float | None) -> FieldModel:
    return fit_field(case.salaries, case.percent, ROSTER, CAP_USD, appetite=appetite)


def _draw(model: FieldModel, entries: int) -> Field:
    return sample_field(model, entries, stream(1, Purpose.FIELD))


def _fit_and_draw(case: Case, appetite: float | None) -> Field:
    sampler = FieldLineupSampler(ROSTER, CAP_USD, appetite=appetite)
    return sampler.fit(case.salaries, case.percent).sample(ENTRIES, stream(1, Purpose.FIELD))


def _rejecting(case: Case, entries: int) -> Field:
    """Draw drivers one by one as often as owned, and throw away lineups over the cap."""
    generator = stream(1, Purpose.FIELD)
    log_odds = np.log(case.percent / case.percent.sum())
    kept: list[npt.NDArray[np.uint8]] = []
    count = 0
    while count < entries:
        # the largest of log weight plus Gumbel noise are a draw without putting back
        noise = log_odds + generator.gumbel(size=(50_000, len(log_odds)))
        lineups = np.argpartition(-noise, ROSTER, axis=1)[:, :ROSTER]
        legal = lineups[case.salaries[lineups].sum(axis=1) <= CAP_USD]
        kept.append(legal.astype(np.uint8))
        count += len(legal)
    return field_of(np.concatenate(kept)[:entries])


def _off(case: Case, field: Field) -> str:
    off = 100.0 * field.driver_entries(len(case.percent)) / field.entries - case.percent
    return (
        f"ownership off by {np.abs(off).mean():.2f} points on average, {np.abs(off).max():.2f} at "
        f"most; {field.unique:,} lineups differ, the most played has {field.copies.max():,} copies"
    )


def speed(folder: Path | None) -> list[Figure]:
    """Fit and draw 150,000 lineups, then contests that differ."""
    case = made_up() if folder is None else read_slate(folder)
    seconds = _least(lambda: _rejecting(case, ENTRIES))
    figures = [
        Figure(
            "drawn and rejected",
            f"{case.name}, {ENTRIES:,} entries; {_off(case, _rejecting(case, ENTRIES))}",
            seconds,
            ENTRIES / seconds,
        )
    ]
    rejected = Reference(figures[0].name, seconds)
    for name, appetite in (("entrants alike", 0.0), ("as shipped", None)):
        seconds = _least(partial(_fit_and_draw, case, appetite))
        model = _fit(case, appetite)
        fit_seconds = _least(partial(_fit, case, appetite))
        error = np.abs(100.0 * model.marginals() - model.ownership_percent).max()
        figures.append(
            Figure(
                f"fit and draw, {name}",
                f"{case.name}, {ENTRIES:,} entries, fit {fit_seconds:.4f} s in {model.iterations} "
                f"steps, expected ownership exact to {error:.0e} points; "
                f"{_off(case, _draw(model, ENTRIES))}",
                seconds,
                ENTRIES / seconds,
                rejected,
                rejected.seconds / seconds,
                f"{BAR_SECONDS} s",
            )
        )
    figures.append(_contests(case))
    return figures


def _contests(case: Case) -> Figure:
    model = _fit(case, None)
    generator = stream(2, Purpose.FIELD)
    concentration = field_parameters().concentration
    std = np.minimum(5.0, 0.25 * case.percent)

    def work() -> None:
        for _ in range(100):
            sample_field(contest_model(model, concentration, generator, std), 0, generator)

    began = time.perf_counter()
    contest_model(model, concentration, generator, std)
    first = time.perf_counter() - began
    seconds = _least(work)
    return Figure(
        "100 contests' own fields, no entries",
        f"{case.name}; before the first {first:.3f} s, once a model",
        seconds,
        100 / seconds,
    )


def _grown(case: Case, entries: int) -> Figure:
    fitting = _least(lambda: _fit(case, None))
    model = _fit(case, None)
    drawing = _least(lambda: _draw(model, entries))
    tracemalloc.start()
    _draw(_fit(case, None), entries)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Figure(
        f"{case.name}, {entries:,} entries",
        f"fit {fitting:.4f} s, draw {drawing:.4f} s, {peak / 2**20:,.0f} MB at most",
        fitting + drawing,
        entries / (fitting + drawing),
    )


BENCHMARKS: dict[str, Callable[[Path | None], list[Figure]]] = {
    "speed": speed,
    "drivers": lambda _: [_grown(made_up(count), ENTRIES) for count in GROWING_DRIVERS],
    "salaries": lambda _: [_grown(made_up(unit_usd=unit), ENTRIES) for unit in GROWING_UNITS_USD],
    "entries": lambda _: [_grown(made_up(), count) for count in GROWING_ENTRIES],
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    options = read_arguments("field", __doc__, BENCHMARKS, "projections.csv")
    run_named(options, BENCHMARKS, options.slate)


if __name__ == "__main__":
    main()
