"""Ownership estimates graded on real contests: ``python -m benchmarks.ownership [--fit] [--json]``.

Reads ``dk_ownership_partial.csv``, ``dk_slate_index.csv``, ``dk_slates`` and ``cup_results.csv`` of
a directory of data (``--data``). Projections and skill are the race model's, from what the shipped
parameters know: no grid is at hand for these slates. Prints the errors out of sample, of an
ensemble of other estimators with ``--members``; ``--fit`` also writes the parameters that the
project ships.
"""

import argparse
import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

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
from core.race import ConstraintCompiler, generate_scenarios
from core.slate import (
    DRAFTKINGS_CLASSIC,
    TICKS_PER_POINT,
    Driver,
    Slate,
    find_track,
    plain_name,
)
from web.cli.readable import readable_json

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHIPPED = Path(__file__).resolve().parents[1] / "core" / "field" / "ownership.json"
SEASON = "2026"
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


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _spellings(data: Path) -> dict[str, str]:
    """Spelling in the results by initial and last name, where these belong to one driver only."""
    names = defaultdict(set)
    for row in _rows(data / "cup_results.csv"):
        if row["season"] == SEASON:
            words = plain_name(row["driver"]).split()
            names[words[0][0], words[-1]].add(row["driver"])
    return {f"{first} {last}": min(who) for (first, last), who in names.items() if len(who) == 1}


def _known_as(name: str, known: set[str], spellings: dict[str, str]) -> str:
    if plain_name(name) in known:
        return name
    words = plain_name(name).split()
    return spellings.get(f"{words[0][0]} {words[-1]}", name)


def _average_points(data: Path) -> dict[str, float]:
    scored = defaultdict(list)
    for row in _rows(data / "cup_results.csv"):
        if row["season"] == SEASON and row["dk_points"]:
            scored[plain_name(row["driver"])].append(float(row["dk_points"]))
    return {name: float(np.mean(points)) for name, points in scored.items()}


def _slate(path: Path, track: str, known: set[str], spellings: dict[str, str]) -> Slate:
    rows = [row for row in _rows(path) if row["salary"]]
    drivers = tuple(
        Driver(str(index), _known_as(row["name"], known, spellings), int(row["salary"]))
        for index, row in enumerate(rows)
    )
    return Slate(drivers, track=find_track(track))


def learn_from(data: Path) -> Learnt:
    """The contests' ownership, with what was known before each of them."""
    averages, spellings = _average_points(data), _spellings(data)
    owned: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in _rows(data / "dk_ownership_partial.csv"):
        if row["own_pct"] and row["salary"]:
            played = row["slate_id"], row["contest_id"], int(row["entries"])
            owned[played][plain_name(row["driver"])] = float(row["own_pct"])
    tracks = {row["slate_id"]: row["track"] for row in _rows(data / "dk_slate_index.csv")}
    parts: list[tuple[Floats, Floats, str, str, Floats]] = []
    for slate_id in sorted({played[0] for played in owned}):
        slate = _slate(
            data / "dk_slates" / f"{slate_id}.csv", tracks[slate_id], set(averages), spellings
        )
        spec = ConstraintCompiler().compile(slate)
        scenarios, _ = generate_scenarios(spec, SCENARIOS, SEED)
        points = scenarios.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
        names = [plain_name(driver.name) for driver in slate.drivers]
        guessed = guess_ownership(points, slate.salaries_usd, 6, 50_000)
        for (its_slate, contest, entries), percent in owned.items():
            if its_slate != slate_id:
                continue
            if strangers := set(percent) - set(names):
                raise ValueError(f"{slate_id}: no salary for {sorted(strangers)}")
            before_lock = OwnershipSlate(
                names=tuple(names),
                salaries_usd=slate.salaries_usd.astype(np.float64),
                track_archetype=OwnershipSlate.of(slate).track_archetype,
                projected_points=points,
                skill=np.array([driver.skill for driver in spec.drivers]),
                average_points=np.array([averages.get(name, np.nan) for name in names]),
                entries=entries,
                race_date=slate_id[:10],
            )
            y = np.array([percent.get(name, np.nan) for name in names])
            parts.append((ownership_features(before_lock), y, contest, slate_id, guessed))
    sizes = [len(part[1]) for part in parts]
    return Learnt(
        x=np.vstack([part[0] for part in parts]),
        y=np.concatenate([part[1] for part in parts]),
        groups=np.repeat([part[2] for part in parts], sizes),
        slates=np.repeat([part[3] for part in parts], sizes),
        guessed=np.concatenate([part[4] for part in parts]),
    )


def _table(grade: OwnershipGrade) -> Table:
    table = Table(title=f"Mean absolute error, percent of entries, {grade.drivers} drivers")
    for column in ("", *grade.mae, "within 5/95", "width"):
        table.add_column(column.replace("_", " "), justify="left" if not column else "right")
    honest = list(grade.mae)[-1]
    for name in grade.mae[honest]:
        inside = grade.coverage[honest].get(name)
        width = grade.width[honest].get(name)
        table.add_row(
            name.replace("_", " "),
            *(f"{errors[name]:.2f}" for errors in grade.mae.values()),
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
