"""Ownership estimates graded on real contests: ``python -m benchmarks.ownership [--fit] [--json]``.

Reads ``dk_ownership_partial.csv`` and the slates that it names (:mod:`benchmarks.real_slates`) from
a directory of data (``--data``). Projections and skill are the race model's, from races before the
slate's day and the grid. Prints the errors out of sample, of an
ensemble of other estimators with ``--members``; ``--fit`` also writes the parameters that the
project ships.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.real_slates import DATA, read_slates, rows_of
from core.field import guess_ownership
from core.field.estimators import (
    MEMBERS,
    HybridOwnershipEstimator,
    OwnershipGrade,
    OwnershipSlate,
    grade_ownership,
    ownership_features,
    to_json,
)
from core.field.estimators.members import ESTIMATORS
from core.race import generate_scenarios
from core.slate import DRAFTKINGS_CLASSIC, TICKS_PER_POINT, plain_name
from web.cli.readable import readable_json

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "field" / "ownership.json"
SCENARIOS = 20_000
SEED = 1
STAND_IN = "stand_in"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Learnt:
    """All contests in rows.

    Parameters
    ----------
    x, y, groups, slates
        As :meth:`core.field.estimators.HybridOwnershipEstimator.fit` takes them.
    guessed
        Ownership by :func:`core.field.guess_ownership` for the same rows.
    """

    x: Floats
    y: Floats
    groups: npt.NDArray[np.str_]
    slates: npt.NDArray[np.str_]
    guessed: Floats


def learn_from(data: Path) -> Learnt:
    """The contests' ownership, with what was known before each of them."""
    owned: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in rows_of(data / "dk_ownership_partial.csv"):
        if row["own_pct"] and row["salary"]:
            played = row["slate_id"], row["contest_id"], int(row["entries"])
            owned[played][plain_name(row["driver"])] = float(row["own_pct"])
    parts: list[tuple[Floats, Floats, str, str, Floats]] = []
    for real in read_slates(data, sorted({played[0] for played in owned})):
        slate = real.slate
        spec = real.compiler.compile(slate)
        scenarios, _ = generate_scenarios(spec, SCENARIOS, SEED)
        points = scenarios.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
        names = [plain_name(driver.name) for driver in slate.drivers]
        guessed = guess_ownership(points, slate.salaries_usd, 6, 50_000)
        for (its_slate, contest, entries), percent in owned.items():
            if its_slate != real.slate_id:
                continue
            if strangers := set(percent) - set(names):
                raise ValueError(f"{real.slate_id}: no salary for {sorted(strangers)}")
            before_lock = OwnershipSlate.of(
                slate,
                projected_points=points,
                skill=np.array([driver.skill for driver in spec.drivers]),
                entries=entries,
                race_date=real.day,
            )
            y = np.array([percent.get(name, np.nan) for name in names])
            parts.append((ownership_features(before_lock), y, contest, real.slate_id, guessed))
    sizes = [len(part[1]) for part in parts]
    return Learnt(
        x=np.vstack([part[0] for part in parts]),
        y=np.concatenate([part[1] for part in parts]),
        groups=np.repeat([part[2] for part in parts], sizes),
        slates=np.repeat([part[3] for part in parts], sizes),
        guessed=np.concatenate([part[4] for part in parts]),
    )


def left_out_model(learnt: Learnt, slate_id: str) -> str:
    """The ownership model fitted to all slates but one, as JSON."""
    others = learnt.slates != slate_id
    model = HybridOwnershipEstimator(members=tuple(MEMBERS))
    model.fit(learnt.x[others], learnt.y[others], learnt.groups[others], learnt.slates[others])
    return json.dumps(to_json(model))


def _table(grade: OwnershipGrade) -> Table:
    table = Table(title=f"Mean absolute error, percent of entries, {grade.drivers} drivers")
    for column in ("", *grade.mae, "correlation", "within 5/95", "width"):
        table.add_column(column.replace("_", " "), justify="left" if not column else "right")
    honest = list(grade.mae)[-1]
    for name in grade.mae[honest]:
        inside = grade.coverage[honest].get(name)
        width = grade.width[honest].get(name)
        table.add_row(
            name.replace("_", " "),
            *(f"{errors[name]:.2f}" for errors in grade.mae.values()),
            f"{grade.correlation[honest][name]:.2f}",
            "" if inside is None else f"{inside:.1%}",
            "" if width is None else f"{width:.1f}",
        )
    return table


def main() -> None:
    """Grade the model and print the grade; with ``--fit`` also write the parameters."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ownership", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="directory of data")
    parser.add_argument(
        "--members",
        nargs="+",
        choices=list(ESTIMATORS),
        default=MEMBERS,
        help="estimators that the ensemble combines",
    )
    parser.add_argument("--fit", action="store_true", help="write the parameters shipped")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    if not (options.data / "dk_ownership_partial.csv").is_file():
        parser.error(f"{options.data} holds no dk_ownership_partial.csv; give --data")
    learnt = learn_from(options.data)
    rows = learnt.x, learnt.y, learnt.groups, learnt.slates
    model = HybridOwnershipEstimator(members=tuple(options.members))
    grade = grade_ownership(model, *rows, references={STAND_IN: learnt.guessed})
    if options.json:
        print(json.dumps(grade.to_json()))
    else:
        Console().print(_table(grade))
    if options.fit:
        model.fit(*rows)
        model.grade_ = grade.to_json()
        SHIPPED.write_text(readable_json(to_json(model)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
