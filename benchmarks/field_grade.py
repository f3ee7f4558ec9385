"""The field, graded on real contests: ``python -m benchmarks.field_grade DIR [--fit] [--json]``.

DIR holds what :mod:`benchmarks.field_contests` reads. Four fields stand side by side, each given
the ownership that is known of a contest, completed: ``independent`` (a pair is the product of its
two ownerships; lineups are drawn driver by driver as often as owned, redrawn until legal),
``alike`` (maximum entropy, all entrants alike), ``alone`` (entrants who differ in appetite and all
choose alone) and ``fitted`` (chalky ones follow sources, as shipped). Whatever is fitted is graded
on slates it was not fitted on: the appetite on the pairs most played, the sources on the copies of
lineups. ``--fit`` rewrites ``core/field/parameters.json``.

- pairs: the mean distance, in points of percent of entries, of the pairs most played where both
  ownerships are known. They are listed because they are the most played, so they lie high.
- copied: copies of the most copied lineup, the median of simulated contests and the interval that
  holds 90% of them; five: of the five most copied together. A factor is the larger of predicted
  over real and real over predicted.
- top20: copies of the most copied lineup among the 20 best placed entries; top1: among the best 1%,
  at least 20. What is published calls it the 20 best, but its shares of unique lineups in the two
  large contests (52.8% and 28.0%) are no twentieths and fit 1% of the entries (19 of 36 and 66 of
  236). Drivers whose points are unknown, who stand in no published lineup, get the lower quartile
  of the known.
- list: the log chance of a contest's list: those five lineups with their copies, and no other with
  more; the mean over contests.
- published: how likely the copies of each published lineup were, given that there is one: the mean
  log chance, and the mean of real and of expected copies.

Contests of which less than 400 of 600% ownership is known are completed by the best known contest
of their slate, and graded on the best placed alone.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.field_contests import CAP_USD, ROSTER, Contest, Floats, Ints, read_contests
from benchmarks.field_copies import (
    Classes,
    Expected,
    legal_lineups,
    log_chance_given_one,
    log_chance_of_most_copied,
)
from core.field import FieldModel, fit_field, sample_field
from core.field.completion import complete_ownership
from core.randomness import Purpose, stream

PAIR_BAR_POINTS = 1.5
FACTOR_BAR = 1.5
TOP_PLACES = 20
FIVE = 5
MEASURES = ("copied", "five", "top20", "top1")
# of the ownership of a contest, before its field is graded
LEAST_KNOWN_PERCENT = 400.0
APPETITES = tuple(round(0.25 * step, 2) for step in range(25))
SOURCES = tuple(0.25 * 1.25**step for step in range(13))
SIMULATED = 401
Counts = npt.NDArray[np.int64]
INDEPENDENT, ALIKE, ALONE, FITTED = KINDS = ("independent", "alike", "alone", "fitted")


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of the most copied lineup: real, and in simulated contests."""

    real: int
    median: float
    low: float
    high: float

    @property
    def factor(self) -> float:
        """The larger of predicted over real and real over predicted."""
        return max(self.median / self.real, self.real / self.median)


@dataclass(frozen=True, slots=True)
class Grade:
    """One contest's grade for one kind of field."""

    slate: str
    contest: str
    entries: int
    kind: str
    appetite: float
    pair_errors: tuple[float, ...]
    copied: Copies | None
    five: Copies | None
    top20: Copies | None
    top1: Copies | None
    list_log_chance: float | None
    published: tuple[tuple[int, float, float], ...]


def known_well(contests: Iterable[Contest]) -> list[Contest]:
    """Give the contests whose ownership is known for the most part."""
    return [c for c in contests if np.nansum(c.known_percent) >= LEAST_KNOWN_PERCENT]


def mean_left_usd(contests: Iterable[Contest]) -> float:
    """Give the mean salary that published lineups leave on the table."""
    return float(np.concatenate([contest.left_usd for contest in contests]).mean())


def completed(contest: Contest, contests: Iterable[Contest], left_usd: float) -> Floats:
    """Give the ownership of every driver of a contest, from what is known of it and its slate."""
    beside = [one for one in known_well(contests) if one.slate == contest.slate]
    prior = None
    if beside and not known_well([contest]):
        best = max(beside, key=lambda one: float(np.nansum(one.known_percent)))
        prior = completed(best, (), left_usd)
    return complete_ownership(
        contest.salaries, contest.known_percent, ROSTER, CAP_USD, prior, left_usd=left_usd
    )


def field_of_kind(
    contest: Contest, percent: Floats, kind: str, appetite: float, sources: float
) -> FieldModel:
    """Fit the field of one kind to a contest's ownership."""
    if kind in {ALONE, FITTED}:
        fitted = fit_field(
            contest.salaries, percent, ROSTER, CAP_USD, appetite=appetite, sources=sources
        )
        return fitted if kind == FITTED else replace(fitted, sources=None)
    alike = fit_field(contest.salaries, percent, ROSTER, CAP_USD, appetite=0.0)
    if kind == ALIKE:
        return alike
    share = np.clip(np.array(alike.ownership_percent) / 100.0, 1e-9, 1.0 - 1e-9)
    odds = np.log(share / (1.0 - share))
    return replace(alike, log_weights=tuple(float(value) for value in odds))


def pair_errors(contest: Contest, model: FieldModel, kind: str) -> Floats:
    """Give predicted less real percent of the pairs whose ownership is known, ``[P]``."""
    known = np.isfinite(contest.known_percent[contest.pairs]).all(axis=1)
    first, second = contest.pairs[known].T
    if kind == INDEPENDENT:
        share = contest.known_percent / 100.0
        predicted = 100.0 * share[first] * share[second]
    else:
        predicted = 100.0 * model.pairs()[first, second]
    return np.asarray(predicted - contest.pair_percent[known])


def simulated_copies(contest: Contest, model: FieldModel, count: int) -> dict[str, Counts]:
    """Give each measure of copies in ``count`` simulated contests, ``[count]``."""
    missing = np.isnan(contest.points)
    points = np.where(missing, np.nanpercentile(contest.points, 25), contest.points)
    # in ticks, so that ties are ties
    ticks = np.rint(20.0 * points).astype(np.int64)
    best = {"top20": TOP_PLACES, "top1": max(TOP_PLACES, -(-contest.entries // 100))}
    seen = {name: np.zeros(count, np.int64) for name in MEASURES}
    for number in range(count):
        field = sample_field(model, contest.entries, stream(number, Purpose.FIELD))
        most = np.sort(field.copies)[::-1][:FIVE]
        seen["copied"][number] = most[0]
        seen["five"][number] = most.sum()
        order = np.argsort(-ticks[field.lineups].sum(axis=1), kind="stable")
        ahead = np.cumsum(field.copies[order]) - field.copies[order]
        for name, places in best.items():
            seen[name][number] = field.copies[order[ahead < places]].max()
    return seen


def _copies(real: int | None, simulated: Counts) -> Copies | None:
    if real is None:
        return None
    low, median, high = np.percentile(simulated, [5, 50, 95])
    return Copies(real, float(median), float(low), float(high))


def legal_of(contests: Iterable[Contest]) -> dict[str, Ints]:
    """Give every legal lineup of each slate of whose contests lists of lineups are known."""
    return {
        contest.slate: legal_lineups(contest.salaries, ROSTER, CAP_USD)
        for contest in {one.slate: one for one in contests if len(one.copies)}.values()
    }


def list_log_chance(contest: Contest, model: FieldModel, classes: Classes) -> float:
    """Give the log chance of the contest's list of most copied lineups."""
    listed = Expected.of(model, contest.entries, contest.lineups)
    return log_chance_of_most_copied(classes, listed, contest.copies)


def published_log_chances(contest: Contest, model: FieldModel) -> tuple[Counts, Floats, Floats]:
    """Give real and expected copies of published lineups and their log chance, each ``[M]``."""
    said = contest.published_copies > 0
    expected = Expected.of(model, contest.entries, contest.published[said])
    copies = contest.published_copies[said]
    logs = log_chance_given_one(expected, copies) if said.any() else np.zeros(0)
    # on average of those that are played at all
    return copies, expected.copies / -np.expm1(expected.log_chances(1)[0]), logs


def grade(
    contest: Contest,
    percent: Floats,
    kind: str,
    appetite: float,
    sources: float,
    legal: Ints | None,
) -> Grade:
    """Grade one kind of field, of completed ownership, on one contest."""
    model = field_of_kind(contest, percent, kind, appetite, sources)
    seen = simulated_copies(contest, model, SIMULATED)
    listed = len(contest.copies) > 0
    return Grade(
        slate=contest.slate,
        contest=contest.number,
        entries=contest.entries,
        kind=kind,
        appetite=model.appetite,
        pair_errors=tuple(float(error) for error in pair_errors(contest, model, kind)),
        copied=_copies(int(contest.copies[0]) if listed else None, seen["copied"]),
        five=_copies(int(contest.copies[:FIVE].sum()) if listed else None, seen["five"]),
        top20=_copies(contest.top_copies, seen["top20"]),
        top1=_copies(contest.top_copies, seen["top1"]),
        list_log_chance=(
            list_log_chance(contest, model, Classes.of(model, contest.entries, legal))
            if listed and legal is not None
            else None
        ),
        published=tuple(
            (int(copies), float(mean), float(log))
            for copies, mean, log in zip(*published_log_chances(contest, model), strict=True)
        ),
    )


def pair_losses(contests: Sequence[Contest], left_usd: float) -> Floats:
    """Give the mean error of a contest's pairs at every appetite, points, ``[C, A]``."""

    def loss(contest: Contest, percent: Floats, appetite: float) -> float:
        model = field_of_kind(contest, percent, ALONE, appetite, 1.0)
        return float(np.abs(pair_errors(contest, model, ALONE)).mean())

    return np.array(
        [
            [loss(contest, completed(contest, (), left_usd), appetite) for appetite in APPETITES]
            for contest in contests
        ]
    )


def copy_losses(
    contests: Sequence[Contest], left_usd: float, appetite: float, legal: Mapping[str, Ints]
) -> Floats:
    """Give less the log chance of a contest's copies at every number of sources, ``[C, S]``."""

    def losses(contest: Contest) -> list[float]:
        percent = completed(contest, (), left_usd)
        any_sources = field_of_kind(contest, percent, FITTED, appetite, SOURCES[0])
        classes = Classes.of(any_sources, contest.entries, legal[contest.slate])
        found = []
        for sources in SOURCES:
            model = replace(any_sources, sources=sources)
            published = published_log_chances(contest, model)[2].sum()
            there = classes.following(sources * contest.entries**0.5)
            found.append(-list_log_chance(contest, model, there) - published)
        return found

    return np.array([losses(contest) for contest in contests])


def least(places: npt.ArrayLike, table: Floats) -> float:
    """Give where the mean loss over contests is least: a parabola through the best and its sides.

    Parameters
    ----------
    places
        Evenly spaced, ``[P]``.
    table
        Losses, ``[C, P]``.
    """
    at = np.asarray(places, dtype=np.float64)
    mean = table.mean(axis=0)
    best = int(np.argmin(mean[1:-1])) + 1
    before, middle, after = mean[best - 1 : best + 2]
    bend = before - 2.0 * middle + after
    shift = 0.5 * (before - after) / bend if bend > 0.0 else 0.0
    return float(at[best] + np.clip(shift, -0.5, 0.5) * (at[1] - at[0]))


def fitted(contests: Sequence[Contest], legal: Mapping[str, Ints]) -> dict[str, float]:
    """Fit everything the project ships on these contests, whose ownership is known well."""
    left_usd = mean_left_usd(contests)
    copied = [contest for contest in contests if len(contest.copies)]
    appetite = round(least(APPETITES, pair_losses(copied, left_usd)), 2)
    sources = least(np.log(SOURCES), copy_losses(copied, left_usd, appetite, legal))
    return {
        "appetite": appetite,
        "sources": round(float(np.exp(sources)), 2),
        "left_usd": round(left_usd, 1),
        "concentration": round(fitted_concentration(apart(contests)), 1),
    }


def unbiased_appetite(contest: Contest, left_usd: float) -> float:
    """Give the appetite at which a contest's pairs are met without bias, to see how it varies."""
    percent = completed(contest, (), left_usd)
    bias = [
        pair_errors(contest, field_of_kind(contest, percent, ALONE, appetite, 1.0), ALONE).mean()
        for appetite in APPETITES
    ]
    # the more entrants differ, the more popular drivers are played together
    return float(np.interp(0.0, bias, APPETITES))


@dataclass(frozen=True, slots=True)
class Apart:
    """How far the ownership of two contests of one slate lies apart.

    ``squared`` is the mean over drivers of the squared difference in units of what as many entries
    drawn from one field would have; ``draws`` is 1/n + 1/m of their entries.
    """

    slate: str
    entries: tuple[int, int]
    drivers: int
    squared: float
    draws: float


def apart(contests: Sequence[Contest]) -> list[Apart]:
    """Compare the contests of each slate whose ownership is known for the most part."""
    found = []
    for one, two in combinations(contests, 2):
        if one.slate != two.slate:
            continue
        both = np.isfinite(one.known_percent) & np.isfinite(two.known_percent)
        first, second = one.known_percent[both] / 100.0, two.known_percent[both] / 100.0
        draws = 1.0 / one.entries + 1.0 / two.entries
        pooled = (one.entries * first + two.entries * second) / (one.entries + two.entries)
        squared = (first - second) ** 2 / (pooled * (1.0 - pooled) * draws)
        found.append(
            Apart(
                one.slate,
                (one.entries, two.entries),
                int(both.sum()),
                float(squared.mean()),
                draws,
            )
        )
    return found


def fitted_concentration(pairs: Sequence[Apart]) -> float:
    """Give the concentration by moments: the mean excess of the squared differences.

    Two contests drawn around one field differ by ``p (1 - p) (draws (1 - r) + 2 r)`` with r = 1 /
    (concentration + 1).
    """
    weights = np.array([pair.drivers for pair in pairs], dtype=np.float64)
    excess = np.array([(pair.squared - 1.0) * pair.draws / (2.0 - pair.draws) for pair in pairs])
    spread = float(weights @ excess / weights.sum())
    return float(1.0 / spread - 1.0) if spread > 0.0 else float("inf")


def expected_apart(pair: Apart, concentration: float) -> float:
    """Give what ``squared`` of two contests is on average under a concentration."""
    spread = 1.0 / (concentration + 1.0)
    return 1.0 - spread + 2.0 * spread / pair.draws


def report(grades: Sequence[Grade]) -> dict[str, dict[str, float]]:
    """Give the figures of each kind of field over all contests."""
    said: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        mine = [one for one in grades if one.kind == kind]
        errors = np.array([error for one in mine for error in one.pair_errors])
        said[kind] = {
            "pairs": len(errors),
            "pairs_mean_error_points": round(float(np.abs(errors).mean()), 2),
            "pairs_bias_points": round(float(errors.mean()), 2),
        }
        lists = [one.list_log_chance for one in mine if one.list_log_chance is not None]
        said[kind] |= {"lists": len(lists), "list_mean_log_chance": round(float(np.mean(lists)), 1)}
        said[kind] |= _published([lineup for one in mine for lineup in one.published])
        for name in MEASURES:
            copies = [c for c in (getattr(one, name) for one in mine) if c is not None]
            factors = np.array([one.factor for one in copies])
            said[kind] |= {
                f"{name}_contests": len(copies),
                f"{name}_mean_factor": round(float(np.exp(np.log(factors).mean())), 2),
                f"{name}_within_bar": int((factors <= FACTOR_BAR).sum()),
                f"{name}_within_interval": sum(one.low <= one.real <= one.high for one in copies),
            }
    return said


def _published(lineups: Sequence[tuple[int, float, float]]) -> dict[str, float]:
    real, expected, logs = np.array(lineups).mean(axis=0)
    return {
        "published_lineups": len(lineups),
        "published_mean_log_chance": round(float(logs), 3),
        "published_real_copies": round(float(real), 2),
        "published_expected_copies": round(float(expected), 2),
    }


def _say(grades: Sequence[Grade]) -> None:
    for one in sorted(grades, key=lambda g: (g.kind, g.slate, g.entries)):
        errors = np.array(one.pair_errors)
        pairs = f"pairs {np.abs(errors).mean():.2f} ({errors.mean():+.2f})" if len(errors) else ""
        copies = "  ".join(
            f"{name} {c.real} real {c.median:.0f} [{c.low:.0f}, {c.high:.0f}] x{c.factor:.2f}"
            for name, c in ((name, getattr(one, name)) for name in MEASURES)
            if c is not None
        )
        listed = "" if one.list_log_chance is None else f"  list {one.list_log_chance:.1f}"
        print(
            f"{one.kind:12s} {one.slate:26s} {one.entries:6d} a={one.appetite:.2f} "
            f"{pairs:20s} {copies}{listed}"
        )


def main() -> None:
    """Grade, and fit where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field_grade", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--fit", action="store_true", help="rewrite what the project ships")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    asked = parser.parse_args()
    published = read_contests(asked.folder)
    contests = known_well(published)
    copied = [contest for contest in contests if len(contest.copies)]
    legal = legal_of(contests)
    slates = sorted({contest.slate for contest in contests})
    grades: list[Grade] = []
    left_out: dict[str, dict[str, float]] = {}
    for slate in slates:
        rest = [contest for contest in contests if contest.slate != slate]
        values = left_out[slate] = fitted(rest, legal)
        for contest in published:
            if contest.slate == slate:
                percent = completed(contest, contests, values["left_usd"])
                terms = (values["appetite"], values["sources"], legal.get(slate))
                grades += [grade(contest, percent, kind, *terms) for kind in KINDS]
    figures = report(grades)
    if asked.json:
        print(
            json.dumps(
                {
                    "figures": figures,
                    "left_out": left_out,
                    "apart": [asdict(pair) for pair in apart(contests)],
                    "grades": [asdict(one) for one in grades],
                }
            )
        )
    else:
        _say(grades)
        for kind, said in figures.items():
            print(kind, json.dumps(said))
        for slate, values in left_out.items():
            print("without", slate, json.dumps(values))
        for contest in copied:
            appetite = unbiased_appetite(contest, mean_left_usd(contests))
            print(f"unbiased pairs at {appetite:.2f}: {contest.slate}, {contest.entries} entries")
        for pair in apart(contests):
            expected = expected_apart(pair, left_out[pair.slate]["concentration"])
            print(f"apart, {expected:.2f} expected", json.dumps(asdict(pair)))
    if asked.fit:
        shipped = {
            **fitted(contests, legal),
            "fitted_on": {
                "contests_with_ownership": len(contests),
                "contests_with_pairs_and_copies": len(copied),
                "slates": len(slates),
                "first": slates[0][:10],
                "last": slates[-1][:10],
                "published_lineups": sum(len(contest.published) for contest in contests),
            },
            "without_one_slate": {
                name: sorted(values[name] for values in left_out.values())
                for name in next(iter(left_out.values()))
            },
            "graded_on_the_slate_left_out": figures,
        }
        path = Path(str(resources.files("core.field").joinpath("parameters.json")))
        path.write_text(json.dumps(shipped, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
