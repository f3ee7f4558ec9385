"""Real contests to grade the field on, read from a folder of published facts.

The folder holds ``dk_contests.csv`` (size, most copies among the best placed),
``dk_ownership_partial.csv`` (percent of entries of some drivers, their points),
``dk_field_combos.csv`` (the pairs and the lineups most played), ``dk_contest_lineups.csv`` (lineups
with their points) and ``dk_slates/`` (salaries).
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.slate.names import plain_name

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CAP_USD = 50_000
ROSTER = 6
# one spelling in the salary files, another in what is published of contests
_SPELLED = {"john h nemechek": "john hunter nemechek"}


@dataclass(frozen=True, slots=True)
class Contest:
    """One contest: what is known of its field.

    Parameters
    ----------
    slate, number, entries
        Which slate, which contest, how many entries.
    salaries
        USD, ``[D]``.
    known_percent
        Ownership, percent of entries, ``[D]``, NaN where unknown.
    points
        DraftKings points, ``[D]``, NaN where unknown, from all contests of the slate.
    pairs, pair_percent
        The pairs most played, ``[P, 2]`` and percent of entries ``[P]``.
    lineups, copies
        The lineups most played, ``[L, 6]`` and entries ``[L]``.
    published, published_copies
        Lineups published with their place, most of them well placed, ``[M, 6]``, and how many
        entries were that lineup, ``[M]``, 0 if unknown.
    top_copies
        Most copies of a lineup among the 20 best placed; None if unknown.
    fee_usd
        The entry fee; None if unknown.
    score_p80
        The score that a fifth of the entries passed; None if unknown.
    ladder
        Places whose score is published, and the score, by place.
    entry_limit
        Entries that one person might enter; None if unknown.
    top_unique_percent
        Of the best placed, the percent whose lineup nobody else played; None if unknown.
    """

    slate: str
    number: str
    entries: int
    salaries: Ints
    known_percent: Floats
    points: Floats
    pairs: Ints
    pair_percent: Floats
    lineups: Ints
    copies: Ints
    published: Ints
    published_copies: Ints
    top_copies: int | None
    fee_usd: float | None
    score_p80: float | None
    ladder: tuple[tuple[int, float], ...]
    entry_limit: int | None = None
    top_unique_percent: float | None = None

    @property
    def left_usd(self) -> Ints:
        """Salary left on the table by the published lineups, ``[M]``."""
        spent: Ints = self.salaries[self.published].sum(axis=1)
        return CAP_USD - spent


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_contests(folder: Path) -> list[Contest]:
    """Every contest of a slate with known salaries, in the order of the file."""
    owned = _rows(folder / "dk_ownership_partial.csv")
    combos = _rows(folder / "dk_field_combos.csv")
    published = _rows(folder / "dk_contest_lineups.csv")
    slates: dict[str, tuple[dict[str, int], Ints, Floats]] = {}
    contests = []
    for facts in _rows(folder / "dk_contests.csv"):
        slate, number = facts["slate_id"], facts["contest_id"]
        salaries_file = folder / "dk_slates" / f"{slate}.csv"
        if not salaries_file.exists():
            continue
        if slate not in slates:
            rows = _rows(salaries_file)
            index = {_name(row["name"]): i for i, row in enumerate(rows)}
            points = _points(
                index,
                [row for row in owned if row["slate_id"] == slate],
                [row for row in published if row["slate_id"] == slate],
            )
            slates[slate] = index, np.array([int(row["salary"]) for row in rows]), points
        index, salaries, points = slates[slate]
        known = np.full(len(salaries), np.nan)
        for row in owned:
            if row["contest_id"] == number and row["own_pct"]:
                known[index[_name(row["driver"])]] = float(row["own_pct"])
        entries = int(facts["entries"])
        placed = [row for row in published if row["contest_id"] == number]
        own_combos = [row for row in combos if row["contest_id"] == number]
        pairs = [row for row in own_combos if row["kind"] == "pair"]
        lineups = [row for row in own_combos if row["kind"] == "lineup"]
        contests.append(
            Contest(
                slate=slate,
                number=number,
                entries=entries,
                salaries=salaries,
                known_percent=known,
                points=points,
                pairs=_held(pairs, index, 2),
                pair_percent=np.array([100.0 * int(row["count"]) / entries for row in pairs]),
                lineups=_held(lineups, index, ROSTER),
                copies=np.array([int(row["count"]) for row in lineups], dtype=np.int64),
                published=_held(placed, index, ROSTER),
                published_copies=np.array(
                    [int(float(row["dup_count"] or 0)) for row in placed], dtype=np.int64
                ),
                top_copies=(int(float(facts["top20_dup_max"])) if facts["top20_dup_max"] else None),
                fee_usd=float(facts["entry_fee"]) if facts["entry_fee"] else None,
                score_p80=float(facts["score_p80"]) if facts["score_p80"] else None,
                ladder=_ladder(facts, placed),
                entry_limit=int(float(facts["max_entries"])) if facts["max_entries"] else None,
                top_unique_percent=(
                    float(facts["top20_unique_pct"]) if facts["top20_unique_pct"] else None
                ),
            )
        )
    return contests


def _ladder(facts: dict[str, str], placed: list[dict[str, str]]) -> tuple[tuple[int, float], ...]:
    """Published scores by place, the best first; of two for one place the higher."""
    scores: dict[int, float] = {}
    for row in placed:
        if row["rank"] and row["points"]:
            place = int(float(row["rank"]))
            scores[place] = max(float(row["points"]), scores.get(place, 0.0))
    if facts["winning_score"]:
        scores[1] = float(facts["winning_score"])
    falling: list[tuple[int, float]] = []
    for place, score in sorted(scores.items()):
        if not falling or score <= falling[-1][1]:
            falling.append((place, score))
    return tuple(falling)


def _name(spelled: str) -> str:
    plain = plain_name(spelled)
    return _SPELLED.get(plain, plain)


def _held(rows: list[dict[str, str]], index: dict[str, int], count: int) -> Ints:
    held = [sorted(index[_name(name)] for name in row["drivers"].split("|")) for row in rows]
    return np.array(held, dtype=np.int64).reshape(-1, count)


def _points(
    index: dict[str, int], owned: list[dict[str, str]], published: list[dict[str, str]]
) -> Floats:
    """Points of drivers that are published, or that follow from published lineups' totals.

    A number with two decimals replaces one with one decimal.
    """
    points = np.full(len(index), np.nan)
    for quality in ("reported_1dp", "derived", "reported"):
        for row in owned:
            if row["dk_points"] and row["fpts_quality"] == quality:
                points[index[_name(row["driver"])]] = float(row["dk_points"])
    lineups = _held(published, index, ROSTER)
    totals = np.array([float(row["points"]) if row["points"] else np.nan for row in published])
    unknown = np.isnan(points)
    known = np.isfinite(totals)
    held = np.zeros((int(known.sum()), len(index)))
    np.put_along_axis(held, lineups[known], 1.0, axis=1)
    among = held[:, unknown]
    rest = totals[known] - held[:, ~unknown] @ points[~unknown]
    solved = np.linalg.lstsq(among, rest, rcond=None)[0]
    # the totals determine a driver's points if no direction of their null space involves him
    _, sizes, rows = np.linalg.svd(among, full_matrices=True)
    rank = int((sizes > 1e-9).sum())
    certain = (np.abs(rows[rank:]) < 1e-9).all(axis=0)
    points[np.flatnonzero(unknown)[certain]] = solved[certain]
    return points
