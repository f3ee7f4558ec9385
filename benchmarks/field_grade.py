"""Field models graded on real contests: ``python -m benchmarks.field_grade DIR [--fit] [--json]``.

DIR holds the files that :mod:`benchmarks.field_contests` reads. Four kinds of field are compared,
each fitted to a contest's ownership, of which the unknown part is completed:

- ``independent``: the share of a pair is the product of its two ownerships; lineups are drawn
  driver by driver in proportion to ownership, and drawn again until they are legal.
- ``alike``: maximum entropy, with all entrants alike.
- ``alone``: entrants differ in appetite, and each chooses alone.
- ``fitted``: as shipped; chalky entrants also follow sources.

The grade is given twice: with the real ownership, and with the ownership model's estimate, as where
a user gives none. The estimate is by a model fitted to the other slates, with the grid as known and
as much salary left as the other slates' published lineups leave. Pairs are listed because real
entrants played them most, and an estimate knows less than they do, so its error on listed pairs
leans one way. The fields of estimated and of real ownership are therefore also compared on the
pairs that the *estimate* has as most played, and on every pair of the slate.

All fitted parameters are graded on slates that were left out of their fit. The appetite is fitted
to the pairs most played, the number of sources to the copies of lineups. ``--fit`` rewrites
``core/field/parameters.json``. The measures:

- pairs: mean absolute error of the share of entries that hold a pair, in percentage points, over
  the listed pairs of which both ownerships are known. The most played pairs are listed, so their
  real shares are biased upwards.
- copied: copies of the most copied lineup, as the median of simulated contests and the interval
  that holds 90% of them; five: copies of the five most copied lineups together. A factor is the
  larger of predicted over real and real over predicted.
- top20: copies of the most copied lineup among the 20 best entries; top1: among the best 1% of the
  entries, at least 20. The published number is said to be of the 20 best, but its shares of unique
  lineups in the two large contests (52.8% and 28.0%) are no multiples of a twentieth and fit 1% of
  the entries (19 of 36 and 66 of 236). Drivers whose points are unknown, who are in no published
  lineup, get the lower quartile of the known points.
- list: log probability of a contest's list: its five lineups with their copies, and no other
  lineup with more copies; the mean over contests.
- published: log probability of the copies of each published lineup, given at least one copy: the
  mean, and the means of real and of expected copies.

A contest of which less than 400 of the 600% ownership is known is completed from the best known
contest of its slate, and graded on its best entries alone.
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
from benchmarks.real_ownership import Before, read_ownership
from core.errors import Infeasible
from core.field import FieldModel, fit_field, nearest_ownership, sample_field, with_spending
from core.field.completion import complete_ownership
from core.field.estimators import HybridOwnershipEstimator
from core.randomness import Purpose, stream

PAIR_BAR_POINTS = 1.5
PAIRS_LISTED = 10
FACTOR_BAR = 1.5
TOP_PLACES = 20
FIVE = 5
MEASURES = ("copied", "five", "top20", "top1")
# least known ownership of a contest, summed over drivers, for all measures to be graded
LEAST_KNOWN_PERCENT = 400.0
APPETITES = tuple(round(0.25 * step, 2) for step in range(25))
SOURCES = tuple(0.25 * 1.25**step for step in range(13))
SIMULATED = 401
Counts = npt.NDArray[np.int64]
INDEPENDENT, ALIKE, ALONE, FITTED = KINDS = ("independent", "alike", "alone", "fitted")
REAL, ESTIMATED = "real", "estimated"


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
    ownership: str
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
    """The contests of which most of the ownership is known."""
    return [c for c in contests if np.nansum(c.known_percent) >= LEAST_KNOWN_PERCENT]


def mean_left_usd(contests: Iterable[Contest]) -> float:
    """Mean of the salary cap that published lineups leave unused, in USD."""
    return float(np.concatenate([contest.left_usd for contest in contests]).mean())


def completed(contest: Contest, contests: Iterable[Contest], left_usd: float) -> Floats:
    """Ownership of every driver of a contest: known, or completed from its slate's contests."""
    beside = [one for one in known_well(contests) if one.slate == contest.slate]
    prior = None
    if beside and not known_well([contest]):
        best = max(beside, key=lambda one: float(np.nansum(one.known_percent)))
        prior = completed(best, (), left_usd)
    return complete_ownership(
        contest.salaries, contest.known_percent, ROSTER, CAP_USD, prior, left_usd=left_usd
    )


def estimated(
    contest: Contest, model: HybridOwnershipEstimator, before: Before, left_usd: float
) -> Floats:
    """Ownership of every driver of a contest, estimated from what was known before it, ``[D]``."""
    percent = model.forecast(before.known(contest.entries)).percent
    percent = with_spending(percent, contest.salaries, CAP_USD - left_usd)
    try:
        fit_field(contest.salaries, percent, ROSTER, CAP_USD)
    except Infeasible:
        return nearest_ownership(contest.salaries, percent, ROSTER, CAP_USD, left_usd)
    return percent


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
    """Predicted less real percent of entries of the pairs whose ownership is known, ``[P]``."""
    known = np.isfinite(contest.known_percent[contest.pairs]).all(axis=1)
    first, second = contest.pairs[known].T
    if kind == INDEPENDENT:
        share = np.array(model.ownership_percent) / 100.0
        predicted = 100.0 * share[first] * share[second]
    else:
        predicted = 100.0 * model.pairs()[first, second]
    return np.asarray(predicted - contest.pair_percent[known])


@dataclass(frozen=True, slots=True)
class PairsEstimated:
    """Pairs in the field of estimated ownership beside that of real ownership, of one contest.

    ``listed`` and ``chosen`` are the mean difference, estimated less real, in points of percent of
    entries, over the pairs that are listed and over as many that the estimate has as most played;
    ``error`` is the mean absolute difference over all pairs of the slate.
    """

    slate: str
    listed: float
    chosen: float
    error: float


def pairs_estimated(contest: Contest, real: FieldModel, estimate: FieldModel) -> PairsEstimated:
    """Compare two fields of one contest, by which pairs are looked at."""
    first, second = np.triu_indices(len(contest.salaries), 1)
    predicted = 100.0 * estimate.pairs()
    apart = predicted - 100.0 * real.pairs()
    most = np.argsort(-predicted[first, second], kind="stable")[:PAIRS_LISTED]
    return PairsEstimated(
        slate=contest.slate,
        listed=float(apart[tuple(contest.pairs.T)].mean()),
        chosen=float(apart[first[most], second[most]].mean()),
        error=float(np.abs(apart[first, second]).mean()),
    )


def over_slates(pairs: Sequence[PairsEstimated]) -> dict[str, list[float]]:
    """Mean and standard error over slates of each figure; contests of a slate count as one."""
    figures = {}
    for name in ("listed", "chosen", "error"):
        by_slate: dict[str, list[float]] = {}
        for one in pairs:
            by_slate.setdefault(one.slate, []).append(getattr(one, name))
        means = np.array([np.mean(values) for values in by_slate.values()])
        error = means.std(ddof=1) / len(means) ** 0.5
        figures[name] = [round(float(means.mean()), 2), round(float(error), 2), len(means)]
    return figures


def simulated_copies(contest: Contest, model: FieldModel, count: int) -> dict[str, Counts]:
    """Each measure of copies in ``count`` simulated contests, ``[count]``."""
    missing = np.isnan(contest.points)
    points = np.where(missing, np.nanpercentile(contest.points, 25), contest.points)
    # in ticks, so that ties are ties
    ticks = np.rint(20.0 * points).astype(np.int64)
    best = {"top20": TOP_PLACES, "top1": max(TOP_PLACES, -(-contest.entries // 100))}
    measured = {name: np.zeros(count, np.int64) for name in MEASURES}
    for number in range(count):
        field = sample_field(model, contest.entries, stream(number, Purpose.FIELD))
        most = np.sort(field.copies)[::-1][:FIVE]
        measured["copied"][number] = most[0]
        measured["five"][number] = most.sum()
        order = np.argsort(-ticks[field.lineups].sum(axis=1), kind="stable")
        ahead = np.cumsum(field.copies[order]) - field.copies[order]
        for name, places in best.items():
            measured[name][number] = field.copies[order[ahead < places]].max()
    return measured


def _copies(real: int | None, simulated: Counts) -> Copies | None:
    if real is None:
        return None
    low, median, high = np.percentile(simulated, [5, 50, 95])
    return Copies(real, float(median), float(low), float(high))


def legal_of(contests: Iterable[Contest]) -> dict[str, Ints]:
    """Every legal lineup of each slate that has a contest with a known list of lineups."""
    return {
        contest.slate: legal_lineups(contest.salaries, ROSTER, CAP_USD)
        for contest in {one.slate: one for one in contests if len(one.copies)}.values()
    }


def list_log_chance(contest: Contest, model: FieldModel, classes: Classes) -> float:
    """Log probability of the contest's list of most copied lineups."""
    listed = Expected.of(model, contest.entries, contest.lineups)
    return log_chance_of_most_copied(classes, listed, contest.copies)


def published_log_chances(contest: Contest, model: FieldModel) -> tuple[Counts, Floats, Floats]:
    """Real and expected copies of published lineups and their log probability, each ``[M]``."""
    known = contest.published_copies > 0
    expected = Expected.of(model, contest.entries, contest.published[known])
    copies = contest.published_copies[known]
    logs = log_chance_given_one(expected, copies) if known.any() else np.zeros(0)
    # expected copies given that there is at least one
    return copies, expected.copies / -np.expm1(expected.log_chances(1)[0]), logs


def grade(
    contest: Contest,
    percent: Floats,
    ownership: str,
    kind: str,
    appetite: float,
    sources: float,
    legal: Ints | None,
) -> Grade:
    """Grade one kind of field, of real or estimated ownership, on one contest."""
    model = field_of_kind(contest, percent, kind, appetite, sources)
    simulated = simulated_copies(contest, model, SIMULATED)
    listed = len(contest.copies) > 0
    return Grade(
        slate=contest.slate,
        contest=contest.number,
        entries=contest.entries,
        ownership=ownership,
        kind=kind,
        appetite=model.appetite,
        pair_errors=tuple(float(error) for error in pair_errors(contest, model, kind)),
        copied=_copies(int(contest.copies[0]) if listed else None, simulated["copied"]),
        five=_copies(int(contest.copies[:FIVE].sum()) if listed else None, simulated["five"]),
        top20=_copies(contest.top_copies, simulated["top20"]),
        top1=_copies(contest.top_copies, simulated["top1"]),
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
    """Mean error of each contest's pairs at every appetite, percentage points, ``[C, A]``."""

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
    """Negative log probability of each contest's copies at every number of sources, ``[C, S]``."""

    def losses(contest: Contest) -> list[float]:
        percent = completed(contest, (), left_usd)
        any_sources = field_of_kind(contest, percent, FITTED, appetite, SOURCES[0])
        classes = Classes.of(any_sources, contest.entries, legal[contest.slate])
        of_contest = []
        for sources in SOURCES:
            model = replace(any_sources, sources=sources)
            published = published_log_chances(contest, model)[2].sum()
            at_sources = classes.following(sources * contest.entries**0.5)
            of_contest.append(-list_log_chance(contest, model, at_sources) - published)
        return of_contest

    return np.array([losses(contest) for contest in contests])


def least(values: npt.ArrayLike, table: Floats) -> float:
    """The parameter at which the mean loss over contests is least.

    It is the lowest point of the parabola through the best value and its two neighbours.

    Parameters
    ----------
    values
        Values of the parameter, evenly spaced, ``[P]``.
    table
        Losses, ``[C, P]``.
    """
    at = np.asarray(values, dtype=np.float64)
    mean = table.mean(axis=0)
    best = int(np.argmin(mean[1:-1])) + 1
    before, middle, after = mean[best - 1 : best + 2]
    bend = before - 2.0 * middle + after
    shift = 0.5 * (before - after) / bend if bend > 0.0 else 0.0
    return float(at[best] + np.clip(shift, -0.5, 0.5) * (at[1] - at[0]))


def fitted(contests: Sequence[Contest], legal: Mapping[str, Ints]) -> dict[str, float]:
    """The parameters that the project ships, fitted to contests with mostly known ownership."""
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
    """The appetite at which a contest's pairs have no bias; it shows how contests vary."""
    percent = completed(contest, (), left_usd)
    bias = [
        pair_errors(contest, field_of_kind(contest, percent, ALONE, appetite, 1.0), ALONE).mean()
        for appetite in APPETITES
    ]
    # the more entrants differ, the more popular drivers are played together
    return float(np.interp(0.0, bias, APPETITES))


@dataclass(frozen=True, slots=True)
class Apart:
    """Difference in ownership between two contests of one slate.

    ``squared`` is the mean over drivers of the squared difference, divided by the variance that the
    same numbers of entries drawn from one field would have; ``draws`` is 1/n + 1/m of their
    entries.
    """

    slate: str
    entries: tuple[int, int]
    drivers: int
    squared: float
    draws: float


def apart(contests: Sequence[Contest]) -> list[Apart]:
    """Differences between the contests of each slate, for drivers known in both."""
    pairs = []
    for one, two in combinations(contests, 2):
        if one.slate != two.slate:
            continue
        both = np.isfinite(one.known_percent) & np.isfinite(two.known_percent)
        first, second = one.known_percent[both] / 100.0, two.known_percent[both] / 100.0
        draws = 1.0 / one.entries + 1.0 / two.entries
        pooled = (one.entries * first + two.entries * second) / (one.entries + two.entries)
        squared = (first - second) ** 2 / (pooled * (1.0 - pooled) * draws)
        pairs.append(
            Apart(
                one.slate,
                (one.entries, two.entries),
                int(both.sum()),
                float(squared.mean()),
                draws,
            )
        )
    return pairs


def fitted_concentration(pairs: Sequence[Apart]) -> float:
    """The concentration by the method of moments: from the mean excess of squared differences.

    Two contests drawn around one field differ by ``p (1 - p) (draws (1 - r) + 2 r)`` with r = 1 /
    (concentration + 1).
    """
    weights = np.array([pair.drivers for pair in pairs], dtype=np.float64)
    excess = np.array([(pair.squared - 1.0) * pair.draws / (2.0 - pair.draws) for pair in pairs])
    spread = float(weights @ excess / weights.sum())
    return float(1.0 / spread - 1.0) if spread > 0.0 else float("inf")


def expected_apart(pair: Apart, concentration: float) -> float:
    """Expected value of ``squared`` of two contests under a concentration."""
    spread = 1.0 / (concentration + 1.0)
    return 1.0 - spread + 2.0 * spread / pair.draws


def report(grades: Sequence[Grade], ownership: str) -> dict[str, dict[str, float]]:
    """The figures of each kind of field over all contests, with real or estimated ownership."""
    figures: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        mine = [one for one in grades if (one.kind, one.ownership) == (kind, ownership)]
        errors = np.array([error for one in mine for error in one.pair_errors])
        figures[kind] = {
            "pairs": len(errors),
            "pairs_mean_error_points": round(float(np.abs(errors).mean()), 2),
            "pairs_bias_points": round(float(errors.mean()), 2),
        }
        lists = [one.list_log_chance for one in mine if one.list_log_chance is not None]
        mean = round(float(np.mean(lists)), 1)
        figures[kind] |= {"lists": len(lists), "list_mean_log_chance": mean}
        figures[kind] |= _published([lineup for one in mine for lineup in one.published])
        for name in MEASURES:
            copies = [c for c in (getattr(one, name) for one in mine) if c is not None]
            factors = np.array([one.factor for one in copies])
            figures[kind] |= {
                f"{name}_contests": len(copies),
                f"{name}_mean_factor": round(float(np.exp(np.log(factors).mean())), 2),
                f"{name}_within_bar": int((factors <= FACTOR_BAR).sum()),
                f"{name}_within_interval": sum(one.low <= one.real <= one.high for one in copies),
            }
    return figures


def _published(lineups: Sequence[tuple[int, float, float]]) -> dict[str, float]:
    real, expected, logs = np.array(lineups).mean(axis=0)
    return {
        "published_lineups": len(lineups),
        "published_mean_log_chance": round(float(logs), 3),
        "published_real_copies": round(float(real), 2),
        "published_expected_copies": round(float(expected), 2),
    }


def _print_grades(grades: Sequence[Grade]) -> None:
    for one in sorted(grades, key=lambda g: (g.ownership, g.kind, g.slate, g.entries)):
        errors = np.array(one.pair_errors)
        pairs = f"pairs {np.abs(errors).mean():.2f} ({errors.mean():+.2f})" if len(errors) else ""
        copies = "  ".join(
            f"{name} {c.real} real {c.median:.0f} [{c.low:.0f}, {c.high:.0f}] x{c.factor:.2f}"
            for name, c in ((name, getattr(one, name)) for name in MEASURES)
            if c is not None
        )
        listed = "" if one.list_log_chance is None else f"  list {one.list_log_chance:.1f}"
        print(
            f"{one.ownership:10s} {one.kind:12s} {one.slate:26s} {one.entries:6d} "
            f"a={one.appetite:.2f} {pairs:20s} {copies}{listed}"
        )


def main() -> None:
    """Grade the fields; with ``--fit`` also write the parameters."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field_grade", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--fit", action="store_true", help="rewrite what the project ships")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    published, owned = read_contests(options.folder), read_ownership(options.folder)
    contests = known_well(published)
    copied = [contest for contest in contests if len(contest.copies)]
    legal = legal_of(contests)
    slates = sorted({contest.slate for contest in contests})
    grades: list[Grade] = []
    pairs: list[PairsEstimated] = []
    left_out: dict[str, dict[str, float]] = {}
    for slate in slates:
        rest = [contest for contest in contests if contest.slate != slate]
        values = left_out[slate] = fitted(rest, legal)
        model = owned.fitted_without(slate)
        for contest in published:
            if contest.slate == slate:
                terms = (values["appetite"], values["sources"], legal.get(slate))
                owners = {
                    REAL: completed(contest, contests, values["left_usd"]),
                    ESTIMATED: estimated(contest, model, owned.before[slate], values["left_usd"]),
                }
                for ownership, percent in owners.items():
                    grades += [grade(contest, percent, ownership, kind, *terms) for kind in KINDS]
                if len(contest.pairs):
                    of_real, of_estimate = (
                        field_of_kind(contest, owners[each], FITTED, *terms[:2])
                        for each in (REAL, ESTIMATED)
                    )
                    pairs.append(pairs_estimated(contest, of_real, of_estimate))
    figures = {ownership: report(grades, ownership) for ownership in (REAL, ESTIMATED)}
    if options.json:
        print(
            json.dumps(
                {
                    "figures": figures,
                    "left_out": left_out,
                    "estimated_less_real_pairs": over_slates(pairs),
                    "apart": [asdict(pair) for pair in apart(contests)],
                    "grades": [asdict(one) for one in grades],
                }
            )
        )
    else:
        _print_grades(grades)
        for kind in KINDS:
            for name, real in figures[REAL][kind].items():
                print(f"{kind:12s} {name:28s} {real:8g} {figures[ESTIMATED][kind][name]:8g}")
        print("estimated less real pairs", json.dumps(over_slates(pairs)))
        for slate, values in left_out.items():
            print("without", slate, json.dumps(values))
        for contest in copied:
            appetite = unbiased_appetite(contest, mean_left_usd(contests))
            print(f"unbiased pairs at {appetite:.2f}: {contest.slate}, {contest.entries} entries")
        for pair in apart(contests):
            expected = expected_apart(pair, left_out[pair.slate]["concentration"])
            print(f"apart, {expected:.2f} expected", json.dumps(asdict(pair)))
    if options.fit:
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
            "graded_on_the_slate_left_out": figures[REAL],
            "graded_with_estimated_ownership": figures[ESTIMATED],
            "estimated_less_real_pairs": over_slates(pairs),
        }
        path = Path(str(resources.files("core.field").joinpath("parameters.json")))
        path.write_text(json.dumps(shipped, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
