"""Real contests as ownership estimators read them, from a folder of published facts.

``dk_ownership_partial.csv`` holds the ownership and names the slates
(:mod:`benchmarks.real_slates`). Projections and skill are the race model's, from races before the
slate's day.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real_slates import RealSlate, read_slates, rows_of
from core.field.estimators import (
    HybridOwnershipEstimator,
    OwnershipSlate,
    PlayedContest,
    examples_of,
)
from core.race import ConstraintSpec, generate_scenarios
from core.slate import DRAFTKINGS_CLASSIC, TICKS_PER_POINT, Slate, plain_name

SCENARIOS = 20_000
SEED = 1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Before:
    """A slate before the lock.

    Parameters
    ----------
    slate, spec
        Its drivers, with as much of the grid as is known, and its race.
    points
        Mean points of the race model, ``[D]``.
    day
        YYYY-MM-DD.
    """

    slate: Slate
    spec: ConstraintSpec
    points: Floats
    day: str

    @classmethod
    def of(cls, real: RealSlate, slate: Slate) -> "Before":
        """The slate of a folder as ``slate`` has it, which may know less of the grid."""
        spec = real.compiler.compile(slate)
        races, _ = generate_scenarios(spec, SCENARIOS, SEED)
        points = races.points(DRAFTKINGS_CLASSIC).mean(axis=0) / TICKS_PER_POINT
        return cls(slate, spec, points, real.day)

    def known(self, entries: int) -> OwnershipSlate:
        """What is known of the drivers before a contest of so many entries."""
        return OwnershipSlate.of(
            self.slate,
            projected_points=self.points,
            skill=np.array([driver.skill for driver in self.spec.drivers]),
            entries=entries,
            race_date=self.day,
        )


@dataclass(frozen=True, eq=False)
class RealOwnership:
    """All contests with known ownership, and their slates.

    Parameters
    ----------
    slates
        By name, as the folder has them.
    before
        The same before the lock, with the grid.
    contests
        The contests of all slates, slate by slate.
    """

    slates: dict[str, RealSlate]
    before: dict[str, Before]
    contests: tuple[PlayedContest, ...]

    def fitted_without(self, slate_id: str) -> HybridOwnershipEstimator:
        """The ensemble as shipped, fitted to the contests of the other slates."""
        rest = [contest for contest in self.contests if contest.slate_id != slate_id]
        rows = examples_of(rest)
        return HybridOwnershipEstimator().fit(rows.x, rows.y, rows.groups, rows.slates)


def read_ownership(data: Path) -> RealOwnership:
    """The contests' ownership, with what was known before each of them."""
    owned: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in rows_of(data / "dk_ownership_partial.csv"):
        if row["own_pct"] and row["salary"]:
            played = row["slate_id"], row["contest_id"], int(row["entries"])
            owned[played][plain_name(row["driver"])] = float(row["own_pct"])
    reals = read_slates(data, sorted({played[0] for played in owned}))
    before = {real.slate_id: Before.of(real, real.slate) for real in reals}
    contests = []
    for real in reals:
        names = [plain_name(driver.name) for driver in real.slate.drivers]
        for (slate_id, contest_id, entries), percent in owned.items():
            if slate_id != real.slate_id:
                continue
            if strangers := set(percent) - set(names):
                raise ValueError(f"{real.slate_id}: no salary for {sorted(strangers)}")
            known = before[slate_id].known(entries)
            shares = np.array([percent.get(name, np.nan) for name in names])
            contests.append(PlayedContest(contest_id, slate_id, known, shares))
    return RealOwnership({real.slate_id: real for real in reals}, before, tuple(contests))


def entries_of(contest: PlayedContest) -> int:
    """Entries of a contest, which is known of every one in the folder."""
    if contest.slate.entries is None:
        raise ValueError(f"contest {contest.contest_id}: its entries are not known")
    return contest.slate.entries


def by_slate(values: Sequence[Floats], slate_ids: Sequence[str]) -> Floats:
    """Mean over each slate's drivers, ``[S]``, of values ``[n]`` by contest."""
    return np.array(
        [
            np.concatenate(
                [v for v, slate_id in zip(values, slate_ids, strict=True) if slate_id == name]
            ).mean()
            for name in dict.fromkeys(slate_ids)
        ]
    )
