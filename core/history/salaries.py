"""Salaries of past races: a slate's where they are known, and else those that skill implies."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.races import RaceKey
from core.history.strength import Skill

STEP_USD = 100  # salaries are multiples of it

# From the dearest driver to the cheapest, at every tenth of the way: the median of 15 DraftKings
# Classic slates of 36 to 39 drivers, 2023 and 2026, in USD.
CURVE_USD = (11_000, 10_000, 9_200, 8_400, 7_700, 7_100, 6_600, 6_100, 5_700, 5_200, 4_600)

Salaries = npt.NDArray[np.int64]
SlateSalaries = Mapping[RaceKey, Mapping[str, int]]


def implied_salaries(skill: Skill) -> Salaries:
    """Salaries that drivers of this skill would have, ``[D]`` in USD.

    They follow the rank of skill and not of projected points: a site sets salaries before the grid
    is known, and on ten slates they correlated with skill (rank correlation 0.87 to 0.96) more than
    with points that include the grid (0.45 to 0.82).
    """
    drivers = len(skill)
    knots = np.linspace(0.0, 1.0, len(CURVE_USD))
    ranks = np.linspace(0.0, 1.0, drivers)
    curve = np.round(np.interp(ranks, knots, CURVE_USD) / STEP_USD).astype(np.int64) * STEP_USD
    salaries = np.empty(drivers, dtype=np.int64)
    salaries[np.argsort(-skill, kind="stable")] = curve
    return salaries


def salaries_of(drivers: Sequence[str], slate: Mapping[str, int]) -> Salaries:
    """A slate's salaries in the order of ``drivers``, ``[D]`` in USD; 0 = not on the slate."""
    return np.array([slate.get(driver, 0) for driver in drivers], dtype=np.int64)


def read_slate_salaries(data_dir: Path) -> dict[RaceKey, dict[str, int]]:
    """Salaries of past races, read from ``dk_slate_index.csv`` and ``dk_slates``.

    Empty where the directory holds no such index.

    Raises
    ------
    InvalidInput
        A slate that the index names is absent, or a column is.
    """
    index = data_dir / "dk_slate_index.csv"
    if not index.is_file():
        return {}
    slates: dict[RaceKey, dict[str, int]] = {}
    try:
        with index.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                path = data_dir / "dk_slates" / f"{row['slate_id']}.csv"
                slates[int(row["season"]), int(row["round"])] = _salaries(path)
    except KeyError as error:
        raise InvalidInput({"data_dir": f"a slate lacks the column {error}."}) from error
    return slates


def _salaries(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise InvalidInput({"data_dir": f"{path.parent} holds no {path.name}."})
    with path.open(encoding="utf-8", newline="") as file:
        # a slate without known results has the site's spelling of names alone
        return {
            row.get("driver", row["name"]): int(row["salary"])
            for row in csv.DictReader(file)
            if row["salary"]
        }
