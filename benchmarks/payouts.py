"""The shape of prizes, graded: ``python -m benchmarks.payouts [--data DIR] [--fit] [--json]``.

Each known ladder is left out in turn, the curves by size tier are fitted to the others and to what
is known of the first prizes and paid places of real contests, and pay the ladder's own fee and size
at 15% rake. Beside it the rule that stood before: a share for first fixed by tier, and one power
curve from there. ``--fit`` writes the curves fitted to all into ``core/contest``.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil, log
from pathlib import Path

import numpy as np

from core.contest import (
    Headline,
    Payouts,
    PrizeTier,
    SizeTier,
    fit_tier_curves,
    payouts_from_tiers,
    size_tier_of,
)
from core.contest._ladder import cost, middles, prizes_at, spans_of, tiers_of_shape
from core.contest.tier_curves import CURVES_FILE, to_document
from core.contest.typical import RAKE

DATA = Path("../shared/data")
SHIPPED = Path(__file__).parents[1] / "core" / "contest" / CURVES_FILE
LABEL = (
    "fitted to {ladders} constructed ladders, of which only fee, entries, pool and in part the "
    "first prize are a real contest's, and to headline facts of {headlines} real contests"
)

Rule = Callable[[Payouts, Sequence[Payouts], Sequence[Headline]], Payouts]


@dataclass(frozen=True, slots=True)
class Grade:
    """How far a rule's prizes are from the ladders it did not see.

    Parameters
    ----------
    rule
        Its name.
    log_prize_rmse
        Of the natural logarithm of the prize at the middle of each tier of a ladder that it pays
        too; root mean square over tiers, then over ladders.
    pool_share_rmse
        Of the share of the pool that the first k places win together, over the ladder's k.
    log_first_rmse
        Of the logarithm of the first prize's share of the pool, over real contests that are known
        by it alone.
    """

    rule: str
    log_prize_rmse: float
    pool_share_rmse: float
    log_first_rmse: float


def read_ladders(data: Path) -> list[Payouts]:
    """The ladders of ``payouts_constructed.json``."""
    document = json.loads((data / "payouts_constructed.json").read_text(encoding="utf-8"))
    return [
        payouts_from_tiers(one["tiers"], one["entries"], one["entry_fee"])
        for one in document["contests"]
    ]


def read_headlines(data: Path, ladders: Iterable[Payouts]) -> list[Headline]:
    """First prizes and places paid of other DraftKings contests, from ``payout_anchors.csv``."""
    known = {(one.field_size, one.entry_fee_cents) for one in ladders}
    facts = []
    with (data / "payout_anchors.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["site"] != "DraftKings" or not row["max_entries"]:
                continue
            size = int(row["max_entries"])
            first, pool, paid = (row[name] for name in ("first", "prize_pool", "places_paid"))
            fact = Headline(
                size,
                float(first) / float(pool) if first and pool else None,
                int(paid) / size if paid else None,
            )
            useful = fact.first_share is not None or fact.paid_share is not None
            if useful and (size, round(100 * float(row["entry_fee"]))) not in known:
                facts.append(fact)
    return facts


def _pool(payouts: Payouts) -> int:
    return round(payouts.field_size * payouts.entry_fee_cents * (1 - RAKE))


def by_curve(left_out: Payouts, ladders: Sequence[Payouts], facts: Sequence[Headline]) -> Payouts:
    """Pay by the curve that the others of the size tier have."""
    fit = fit_tier_curves(ladders, facts)[size_tier_of(left_out.field_size)]
    return fit.curve.payouts(left_out.field_size, left_out.entry_fee_cents, _pool(left_out))


def by_former_rule(
    left_out: Payouts, ladders: Sequence[Payouts], facts: Sequence[Headline]
) -> Payouts:
    """Pay 13, 14 or 15% to the first, and one power of the place from there, to spend the pool."""
    shares = {SizeTier.SMALL: 0.13, SizeTier.MEDIUM: 0.14, SizeTier.LARGE: 0.15}
    size, fee, pool = left_out.field_size, left_out.entry_fee_cents, _pool(left_out)
    first = shares[size_tier_of(size)] * pool
    least = ceil(1.5 * fee)
    spans = spans_of(max(1, min(round(0.205 * size), pool // least)))
    flat, steep = 0.6, 2.5
    for _ in range(100):
        power = (flat + steep) / 2.0
        shape = [place**-power for place in middles(spans)]
        if cost(spans, prizes_at(first, shape, least)) > pool:
            flat = power
        else:
            steep = power
    shape = [place**-steep for place in middles(spans)]
    return Payouts(fee, size, tiers_of_shape(spans, shape, pool, least))


RULES: dict[str, Rule] = {"curve by tier": by_curve, "former rule": by_former_rule}


def grade(name: str, ladders: Sequence[Payouts], facts: Sequence[Headline]) -> Grade:
    """Grade a rule on every ladder and every known first prize, each left out in turn."""
    rule = RULES[name]
    prizes, shares, firsts = [], [], []
    for index, real in enumerate(ladders):
        others = [*ladders[:index], *ladders[index + 1 :]]
        paid = rule(real, others, facts)
        at = [(tier.first + tier.last) // 2 for tier in real.tiers]
        pairs = [(paid.prize_cents(k), real.prize_cents(k)) for k in at if paid.prize_cents(k)]
        prizes.append(np.mean([(log(ours) - log(theirs)) ** 2 for ours, theirs in pairs]))
        k = np.arange(1, real.places_paid + 1)
        ours, theirs = (one.ladder_micros / one.ladder_micros[-1] for one in (paid, real))
        shares.append(np.mean((ours[np.minimum(k, len(ours) - 1)] - theirs[k]) ** 2))
    for index, fact in enumerate(facts):
        if fact.first_share is not None:
            contest = Payouts(1_000, fact.field_size, (PrizeTier(1, 1, 1),))
            paid = rule(contest, ladders, [*facts[:index], *facts[index + 1 :]])
            share = paid.prize_cents(1) / paid.prize_pool_cents
            firsts.append((log(share) - log(fact.first_share)) ** 2)
    means = [float(np.sqrt(np.mean(values))) for values in (prizes, shares, firsts)]
    return Grade(name, *means)


def document(ladders: Sequence[Payouts], facts: Sequence[Headline]) -> str:
    """Text of the file that the project ships."""
    label = LABEL.format(ladders=len(ladders), headlines=len(facts))
    return json.dumps(to_document(fit_tier_curves(ladders, facts), label), indent=1) + "\n"


def main() -> None:
    """Grade the rules; with ``--fit`` also write the curves."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payouts", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--fit", action="store_true", help=f"write core/contest/{CURVES_FILE}")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    ladders = read_ladders(options.data)
    facts = read_headlines(options.data, ladders)
    if options.fit:
        SHIPPED.write_text(document(ladders, facts), encoding="utf-8")
        print(f"{SHIPPED.name} written", file=sys.stderr)
    grades = [grade(name, ladders, facts) for name in RULES]
    fits = fit_tier_curves(ladders, facts)
    if options.json:
        by_tier = {tier.value: asdict(one) for tier, one in fits.items()}
        print(json.dumps({"fits": by_tier, "results": [asdict(one) for one in grades]}))
        return
    for tier, one in fits.items():
        print(f"{tier.value:8s} {one}")
    for one_grade in grades:
        print(one_grade)


if __name__ == "__main__":
    main()
