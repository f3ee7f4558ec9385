"""What kinds of contest tell of their fields: ``python -m benchmarks.contest_types DIR [--json]``.

DIR holds the files that :mod:`benchmarks.field_contests` reads. A contest's kind is how many
entries a person may enter and the fee; where they are not published, its size. For each kind, and
with slates as the sample wherever there are several:

- appetite: the one at which the pairs most played have no bias.
- entrants: the log probability of a contest's most copied lineups and of the published ones
  (:mod:`benchmarks.field_copies`) at several numbers of entrants for each entry, less that of one
  entrant an entry, and the likeliest with all that are less than 1.92 behind it. The number of
  sources is fitted to the other slates. Where one person may enter one lineup the answer is known:
  1, so those contests show what such an estimate is worth.
- unique: percent of the best placed entries (20, or 1% if that is more) whose lineup nobody else
  played, as published, and the mean and the interval that holds 90% of simulated contests.

``flatter`` is the slope of the log-odds of ownership in one contest on those in another of the same
slate: below 1 its popular drivers are less popular. Its error is over drivers of a single slate.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.field_contests import Contest, Floats, Ints, read_contests
from benchmarks.field_copies import Classes
from benchmarks.field_grade import (
    FITTED,
    SOURCES,
    TOP_PLACES,
    completed,
    copy_losses,
    field_of_kind,
    known_well,
    least,
    legal_of,
    list_log_chance,
    published_log_chances,
    unbiased_appetite,
)
from core.field import FieldModel, field_parameters, sample_field
from core.randomness import Purpose, stream

SHARES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
WITHIN = 1.92  # behind the likeliest: an interval of 95%
LARGE = 5_000
SIMULATED = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What one contest tells; ``by_share`` in the order of ``SHARES``, ``None`` where unknown."""

    slate: str
    kind: str
    entries: int
    appetite: float | None
    by_share: tuple[float, ...] | None
    unique: tuple[float, float, float, float] | None


def kind_of(contest: Contest) -> str:
    """Limit, fee or size of a contest, in words."""
    if contest.entry_limit is None:
        size = "large" if contest.entries >= LARGE else "small"
        return f"limit unknown, {size}"
    return f"limit {contest.entry_limit}, {contest.fee_usd:g} USD"


def log_chances_by_share(contest: Contest, model: FieldModel, legal: Ints) -> tuple[float, ...]:
    """Log probability of a contest's copies at each of ``SHARES``, less that at the first."""

    def log_chance(share: float) -> float:
        shared = replace(model, entrant_share=share)
        classes = Classes.of(shared, contest.entries, legal)
        published = published_log_chances(contest, shared)[2].sum()
        return list_log_chance(contest, shared, classes) + float(published)

    logs = [log_chance(share) for share in SHARES]
    return tuple(round(each - logs[0], 2) for each in logs)


def simulated_unique(contest: Contest, model: FieldModel) -> Floats:
    """Percent of the best placed entries that are unique, in simulated contests, ``[n]``."""
    missing = np.isnan(contest.points)
    points = np.where(missing, np.nanpercentile(contest.points, 25), contest.points)
    ticks = np.rint(20.0 * points).astype(np.int64)
    places = max(TOP_PLACES, -(-contest.entries // 100))
    unique = np.zeros(SIMULATED)
    for number in range(SIMULATED):
        field = sample_field(model, contest.entries, stream(number, Purpose.FIELD))
        order = np.argsort(-ticks[field.lineups].sum(axis=1), kind="stable")
        copies = field.copies[order]
        best = copies[np.cumsum(copies) - copies < places]
        unique[number] = 100.0 * (best == 1).sum() / places
    return unique


def told(
    contest: Contest, contests: Sequence[Contest], sources: float, legal: Mapping[str, Ints]
) -> Told:
    """What one contest tells, with the number of sources fitted elsewhere."""
    shipped = field_parameters()
    percent = completed(contest, contests, shipped.left_usd)
    model = field_of_kind(contest, percent, FITTED, shipped.appetite, sources)
    listed = len(contest.copies) > 0
    unique = None
    if contest.top_unique_percent is not None:
        drawn = simulated_unique(contest, model)
        low, high = np.percentile(drawn, [5, 95])
        unique = contest.top_unique_percent, float(drawn.mean()), float(low), float(high)
    return Told(
        slate=contest.slate,
        kind=kind_of(contest),
        entries=contest.entries,
        appetite=unbiased_appetite(contest, shipped.left_usd) if listed else None,
        by_share=log_chances_by_share(contest, model, legal[contest.slate]) if listed else None,
        unique=unique,
    )


def likely(by_share: Floats) -> tuple[float, float, float]:
    """The likeliest share, and the least and the largest that are nearly as likely."""
    near = [
        share for share, log in zip(SHARES, by_share, strict=True) if log > by_share.max() - WITHIN
    ]
    return SHARES[int(np.argmax(by_share))], min(near), max(near)


def flatter(contests: Sequence[Contest]) -> list[tuple[str, float, float, int]]:
    """Slopes of log-odds between a slate's contests of different kinds: mean, error, drivers."""
    slopes = []
    for one, two in combinations(contests, 2):
        if one.slate != two.slate or kind_of(one) == kind_of(two):
            continue
        smaller, larger = sorted((one, two), key=lambda c: (c.fee_usd or 0.0, c.entries))
        both = np.isfinite(smaller.known_percent) & np.isfinite(larger.known_percent)
        x, y = (
            np.log(c.known_percent[both] / (100.0 - c.known_percent[both]))
            for c in (smaller, larger)
        )
        spread = x - x.mean()
        slope = float(spread @ y / (spread @ spread))
        left = y - y.mean() - slope * spread
        error = float(np.sqrt(left @ left / (len(x) - 2) / (spread @ spread)))
        words = f"{larger.slate}: {kind_of(larger)} ({larger.entries}) on {kind_of(smaller)}"
        slopes.append((f"{words} ({smaller.entries})", slope, error, len(x)))
    return slopes


def summary(kinds: Sequence[Told]) -> dict[str, object]:
    """What the contests of one kind tell together."""
    by_slate: dict[str, list[float]] = {}
    for one in kinds:
        if one.appetite is not None:
            by_slate.setdefault(one.slate, []).append(one.appetite)
    logs = [one.by_share for one in kinds if one.by_share is not None]
    if not logs:
        return {"contests": len(kinds)}
    means = np.array([np.mean(values) for values in by_slate.values()])
    error = float(means.std(ddof=1) / len(means) ** 0.5) if len(means) > 1 else None
    total = np.array(logs).sum(axis=0)
    return {
        "contests": len(logs),
        "slates": len(means),
        "appetite": (round(float(means.mean()), 2), None if error is None else round(error, 2)),
        "by_share": {
            f"{share:g}": round(float(log), 1) for share, log in zip(SHARES, total, strict=True)
        },
        "likeliest_least_most": likely(total),
    }


def main() -> None:
    """Print what kinds of contest tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contest_types", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    published = read_contests(options.folder)
    contests = known_well(published)
    copied = [contest for contest in contests if len(contest.copies)]
    legal = legal_of(copied)
    shipped = field_parameters()
    losses = copy_losses(copied, shipped.left_usd, shipped.appetite, legal)
    everything = []
    for contest in published:
        others = np.array([one.slate != contest.slate for one in copied])
        sources = float(np.exp(least(np.log(SOURCES), losses[others])))
        everything.append(told(contest, contests, sources, legal))
    kinds = {
        kind: summary([one for one in everything if one.kind == kind])
        for kind in sorted({one.kind for one in everything})
    }
    slopes = flatter(contests)
    if options.json:
        print(
            json.dumps(
                {"contests": [asdict(one) for one in everything], "kinds": kinds, "flatter": slopes}
            )
        )
        return
    for one in everything:
        shown = json.dumps({name: value for name, value in asdict(one).items() if value})
        print(shown)
    for kind, figures in kinds.items():
        print(kind, json.dumps(figures))
    for words, slope, error, drivers in slopes:
        print(f"flatter {words}: {slope:.2f} ± {error:.2f}, {drivers} drivers")


if __name__ == "__main__":
    main()
