"""The features that ownership is estimated from: one row for each driver.

A row needs no other row beside it. What depends on the other drivers of the slate (ranks, distances
from the mean, what a salary implies) is computed here, over the drivers who race. NaN is "not
known".
"""

from datetime import date
from hashlib import blake2b

import numpy as np

from core.errors import InvalidInput
from core.field.estimators.slates import ARCHETYPES, Flags, Floats, OwnershipSlate
from core.slate import plain_name

FEATURES = (
    "salary",  # thousands of USD above the slate's mean
    "salary_rank",  # -1 the cheapest, 1 the dearest
    "points",  # projected, tens of points above the slate's mean
    "points_rank",
    "value",  # projected points per thousand USD, above the slate's mean
    "value_rank",
    "points_surplus",  # tens of points above what the slate's drivers of that salary project
    "skill",  # standard deviations above the slate's mean
    "skill_surplus",  # the same above what the salary implies
    "average",  # the site's average points, tens above the slate's mean
    "average_surplus",  # the same above what the salary implies
    "start",  # tens of positions behind the slate's mean on the grid
    *ARCHETYPES,  # 1 at that kind of track, else 0
    "log_entries",  # log10 of the contest's entries less log10 of a thousand
    "driver",  # a number that stands for the driver's name, not a quantity
    "race_day",  # days since the year 1
    "racing",  # 1, or 0 for a driver who withdrew
)
"""Names of the columns of ``X``."""

COLUMN = {name: index for index, name in enumerate(FEATURES)}
"""Index of each feature in a row."""


def driver_number(name: str) -> float:
    """Number that stands for a driver, the same for every spelling of the name."""
    return float(int.from_bytes(blake2b(plain_name(name).encode(), digest_size=6).digest(), "big"))


def ownership_features(slate: OwnershipSlate) -> Floats:
    """Rows of features of a slate's drivers, ``[D, len(FEATURES)]``; NaN where not known.

    Points stay in points and are not scaled to the slate. A projection that knows the grid spreads
    wider than one that does not, and each of its points means as much.
    """
    racing = slate.racing
    thousands = slate.salaries_usd / 1_000.0
    points = slate.projected_points / 10.0
    value = slate.projected_points / thousands
    skill = _standard(slate.skill, racing)
    average = slate.average_points / 10.0
    ones = np.ones(len(slate))
    columns = {
        "salary": _centred(thousands, racing),
        "salary_rank": _ranked(thousands, racing),
        "points": _centred(points, racing),
        "points_rank": _ranked(points, racing),
        "value": _centred(value, racing),
        "value_rank": _ranked(value, racing),
        "points_surplus": _beyond(points, thousands, racing),
        "skill": skill,
        "skill_surplus": _beyond(skill, thousands, racing),
        "average": _centred(average, racing),
        "average_surplus": _beyond(average, thousands, racing),
        "start": _centred(slate.start_position / 10.0, racing),
        **{name: ones * (name == slate.track_archetype) for name in ARCHETYPES},
        "log_entries": ones * (np.nan if slate.entries is None else np.log10(slate.entries) - 3.0),
        "driver": np.array([driver_number(name) for name in slate.names]),
        "race_day": ones
        * (np.nan if slate.race_date is None else date.fromisoformat(slate.race_date).toordinal()),
        "racing": racing.astype(np.float64),
    }
    return np.column_stack([columns[name] for name in FEATURES])


def require_rows(x: object) -> Floats:
    """``X`` as an array of rows of features, float64 ``[n, len(FEATURES)]``.

    Raises
    ------
    InvalidInput
        ``X`` has another shape, no row, or an infinite number.
    """
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(FEATURES) or not len(rows):
        raise InvalidInput(
            {"X": f"an array of {rows.shape}; give rows of {len(FEATURES)}: {', '.join(FEATURES)}."}
        )
    if bool(np.isinf(rows).any()):
        raise InvalidInput({"X": "holds an infinite number; give NaN where it is not known."})
    return rows


def _centred(values: Floats, racing: Flags) -> Floats:
    known = values[racing & np.isfinite(values)]
    return values - (known.mean() if known.size else 0.0)


def _standard(values: Floats, racing: Flags) -> Floats:
    known = values[racing & np.isfinite(values)]
    spread = float(known.std()) if known.size else 0.0
    return _centred(values, racing) / (spread if spread > 1e-9 else 1.0)


def _ranked(values: Floats, racing: Flags) -> Floats:
    known = values[racing & np.isfinite(values)]
    if known.size < 2:
        return np.where(np.isfinite(values), 0.0, np.nan)
    below = (known[None, :] < values[:, None]).sum(axis=1)
    level = (known[None, :] == values[:, None]).sum(axis=1)
    rank = (below + 0.5 * (level - 1.0)) / (known.size - 1)
    return np.where(np.isfinite(values), 2.0 * rank - 1.0, np.nan)


def _beyond(values: Floats, salary: Floats, racing: Flags) -> Floats:
    """Values less a line fitted to them over salary: what the salary does not imply."""
    known = racing & np.isfinite(values)
    if known.sum() < 3 or float(np.ptp(salary[known])) == 0.0:
        return _centred(values, racing)
    paid = salary - salary[known].mean()
    slope = (paid[known] @ values[known]) / (paid[known] @ paid[known])
    left: Floats = values - values[known].mean() - slope * paid
    return left
