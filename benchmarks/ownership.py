"""Ownership estimates graded on real contests: ``python -m benchmarks.ownership [--fit] [--json]``.

Reads contests (:mod:`benchmarks.real_ownership`) from a directory of data (``--data``). Prints the
errors out of sample, of an ensemble of other estimators with ``--members``, and those where the
grid is hidden (:mod:`benchmarks.hidden_grid`); ``--fit`` also writes the parameters that the
project ships.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.hidden_grid import grade_hidden_grids, hidden_grid_table
from benchmarks.real_ownership import Floats, RealOwnership, read_ownership
from benchmarks.real_slates import DATA
from core.field import guess_ownership
from core.field.estimators import (
    MEMBERS,
    HybridOwnershipEstimator,
    OwnershipGrade,
    examples_of,
    grade_ownership,
    to_json,
)
from core.field.estimators.members import ESTIMATORS
from web.cli.readable import readable_json

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "field" / "ownership.json"
STAND_IN = "stand_in"
HIDDEN = "grid_hidden"


def left_out_model(owned: RealOwnership, slate_id: str) -> str:
    """The ownership model fitted to all slates but one, as JSON."""
    return json.dumps(to_json(owned.fitted_without(slate_id)))


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


def _guessed(owned: RealOwnership) -> Floats:
    """Ownership by :func:`core.field.guess_ownership`, by row of the examples."""
    guesses = {
        slate_id: guess_ownership(before.points, before.slate.salaries_usd, 6, 50_000)
        for slate_id, before in owned.before.items()
    }
    return np.concatenate([guesses[contest.slate_id] for contest in owned.contests])


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
    owned = read_ownership(options.data)
    examples = examples_of(owned.contests)
    rows = examples.x, examples.y, examples.groups, examples.slates
    model = HybridOwnershipEstimator(members=tuple(options.members))
    grade = grade_ownership(model, *rows, references={STAND_IN: _guessed(owned)})
    grids = grade_hidden_grids(owned)
    if options.json:
        print(json.dumps({**grade.to_json(), HIDDEN: grids}))
    else:
        Console().print(_table(grade))
        Console().print(hidden_grid_table(grids, list(owned.slates)))
    if options.fit:
        model.fit(*rows)
        model.grade_ = {**grade.to_json(), HIDDEN: grids}
        SHIPPED.write_text(readable_json(to_json(model)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
