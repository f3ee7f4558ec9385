"""What bookmakers' prices are worth: ``python -m benchmarks.odds DATA_DIR [--fit] [--json]``.

DATA_DIR holds past races and, in ``odds``, real prices. Before each season the race model is fitted
to earlier races (walk-forward); before each race with prices its forecast is moved all the way to
what the prices imply, as a job moves its races (:mod:`benchmarks.odds_forecasts`). The weight of
prices is how far to go: it is fitted to who finished ahead of whom (:mod:`benchmarks.odds_fit`),
for early and closing prices, with what the model knows besides. Lists of ten names or more count,
the longest of each race. For each row the table has

- likeliest: the weight without its prior, and its standard error over races;
- weight: with the prior, mean and standard deviation;
- log loss of a pair without prices, and all the way at them;
- gain: log loss saved on races left out of the fit, as a job moves its races; and rescaled, where
  the confidence of both forecasts is fitted too.

A second table has the few races with salaries, in a job's own races
(:mod:`benchmarks.odds_in_jobs`). Nothing before ``--first-season`` counts, 2023 by default: in 2022
the car was new, and the model had not seen it. ``--fit`` writes ``core/race/prices/weights.json``,
which the project ships.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.odds_fit import PRIOR, WeightFit, fit_weight, log_loss
from benchmarks.odds_forecasts import (
    Apply,
    Forecaster,
    Known,
    Pairs,
    forecasters,
    pairs_by_list,
    pairs_by_matchups,
)
from benchmarks.odds_in_jobs import job_pairs_by_list, job_pairs_by_matchups, priced_slates
from benchmarks.odds_prices import (
    PricedPair,
    PriceList,
    excess_of_cut_lists,
    mean_margin,
    read_lists,
    read_pairs,
)
from core.history import PastRace, read_races
from core.history.races import RaceKey, by_grid
from core.race.prices import OddsWeights, Source, Taken, odds_weights
from web.cli.parallel import spread

SHIPPED = Path(__file__).resolve().parents[1] / "core" / "race" / "prices" / "weights.json"
FIRST_SEASON = 2023
# what the model knows where a weight counts; a job knows no practice
SHIPPED_ROWS = {
    Source.EARLY_WITHOUT_GRID: Known.FORM,
    Source.EARLY_WITH_GRID: Known.GRID,
    Source.CLOSING_LISTS: Known.GRID,
    Source.CLOSING_MATCHUPS: Known.GRID,
}
_DECIMALS = 4

Row = tuple[str, Known, WeightFit]
"""What prices a row of the table is of, what the model knew, and the fit."""


def graded(
    found: Mapping[RaceKey, Forecaster],
    lists: Sequence[PriceList],
    pairs: Mapping[RaceKey, Sequence[PricedPair]],
    apply: Apply,
) -> list[Row]:
    """The rows of the table."""
    margin, rows = mean_margin(pairs), []
    early, closing = ([one for one in lists if one.taken is taken] for taken in Taken)
    for known in Known:
        for name, some in (("early lists", early), ("closing lists", closing)):
            if some is closing and known is Known.FORM:
                continue
            of_race = [found[one.race] for one in some]
            moved: list[Pairs] = list(apply(pairs_by_list, of_race, [known] * len(some), some))
            rows.append((name, known, fit_weight(moved)))
        if known is not Known.FORM:
            moved = list(
                apply(
                    pairs_by_matchups,
                    [found[race] for race in pairs],
                    [known] * len(pairs),
                    pairs.values(),
                    [margin] * len(pairs),
                )
            )
            rows.append(("closing matchups", known, fit_weight(moved)))
    return sorted(rows, key=lambda row: row[0] != "early lists")


def graded_in_jobs(
    data: Path,
    races: Sequence[PastRace],
    found: Mapping[RaceKey, Forecaster],
    lists: Sequence[PriceList],
    pairs: Mapping[RaceKey, Sequence[PricedPair]],
    weights: OddsWeights,
    apply: Apply,
) -> dict[str, dict[str, float]]:
    """What prices gained in jobs' races, on slates with salaries, at the weights."""
    slates = priced_slates(data, races, found)
    early = [one for one in lists if one.taken is Taken.EARLY and one.race in slates]
    of_pairs = [race for race in pairs if race in slates]
    moved: dict[str, list[Pairs]] = {
        "early lists": list(
            apply(
                job_pairs_by_list,
                [slates[one.race] for one in early],
                [weights] * len(early),
                early,
            )
        ),
        "closing matchups": list(
            apply(
                job_pairs_by_matchups,
                [slates[race] for race in of_pairs],
                [weights] * len(of_pairs),
                [pairs[race] for race in of_pairs],
            )
        ),
    }
    shown = {}
    for name, each in moved.items():
        losses = np.array([[log_loss(one, weight) for weight in (0.0, 1.0)] for one in each])
        gains = losses[:, 0] - losses[:, 1]
        shown[name] = {
            "races": len(each),
            "pairs": sum(len(one.ahead) for one in each),
            "without": float(losses[:, 0].mean()),
            "at_weight": float(losses[:, 1].mean()),
            "gain": float(gains.mean()),
            "gain_error": float(gains.std(ddof=1) / len(gains) ** 0.5),
        }
    return shown


def _row_of(source: Source) -> str:
    if source in {Source.EARLY_WITHOUT_GRID, Source.EARLY_WITH_GRID}:
        return "early lists"
    return source.value.replace("_", " ")


def _document(
    rows: Sequence[Row], races: Sequence[PastRace], found: Mapping[RaceKey, Forecaster]
) -> dict[str, Any]:
    days = sorted(race.date for race in races if race.key in found)
    by_row = {(name, known): fit for name, known, fit in rows}
    return {
        "from": days[0],
        "to": days[-1],
        "prior_standard_deviation": PRIOR,
        "sources": {
            source.value: {"model_knows": known.value, **asdict(by_row[_row_of(source), known])}
            for source, known in SHIPPED_ROWS.items()
        },
        "with_practice": {
            name.replace(" ", "_"): asdict(fit)
            for name, known, fit in rows
            if known is Known.PRACTICE
        },
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, _DECIMALS) if isinstance(value, float) else value


def _tables(rows: Sequence[Row], document: Mapping[str, Any]) -> list[Table]:
    fits = Table(title="The weight of prices")
    for column in (
        *("prices", "model knows", "races", "pairs", "likeliest", "weight", "log loss without"),
        *("at prices", "gain", "rescaled"),
    ):
        fits.add_column(column, justify="left" if column in {"prices", "model knows"} else "right")
    for name, known, fit in rows:
        fits.add_row(
            *(name, known.value, str(fit.races), f"{fit.pairs:,}"),
            f"{fit.likeliest:.2f} ± {fit.likeliest_error:.2f}",
            f"{fit.weight:.2f} ± {fit.error:.2f}",
            *(f"{fit.without:.3f}", f"{fit.at_prices:.3f}"),
            f"{fit.gain:+.4f} ± {fit.gain_error:.4f}",
            f"{fit.rescaled_gain:+.4f} ± {fit.rescaled_gain_error:.4f}",
        )
    jobs = Table(title="In races as jobs simulate them")
    for column in ("prices", "races", "pairs", "log loss without", "at the weight", "gain"):
        jobs.add_column(column, justify="left" if column == "prices" else "right")
    for name, each in document["in_jobs"].items():
        jobs.add_row(
            *(name, f"{each['races']}", f"{each['pairs']:,}", f"{each['without']:.3f}"),
            f"{each['at_weight']:.3f}",
            f"{each['gain']:+.4f} ± {each['gain_error']:.4f}",
        )
    cut = Table(title="Chances to win from lists cut after so many names, too high by")
    for names in document["excess_of_cut_lists"]:
        cut.add_column(str(names), justify="right")
    cut.add_row(*(f"{excess:+.0%}" for excess in document["excess_of_cut_lists"].values()))
    return [fits, jobs, cut]


def main() -> None:
    """Grade the prices and print the grades; with ``--fit`` also write the weights."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.odds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help="directory of data")
    parser.add_argument("--first-season", type=int, default=FIRST_SEASON, help="2023 by default")
    parser.add_argument("--fit", action="store_true", help="write the weights shipped")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    data: Path = options.data
    if not (data / "odds" / "cup_win_odds.csv").is_file():
        parser.error(f"{data} holds no odds/cup_win_odds.csv")
    lists = [one for one in read_lists(data) if one.race[0] >= options.first_season]
    pairs = read_pairs(data)
    races = [by_grid(r) for r in sorted(read_races(data), key=lambda race: (race.date, race.key))]
    with spread() as apply:
        found = forecasters(races, data, {*(one.race for one in lists), *pairs}, apply)
        rows = graded(found, lists, pairs, apply)
        document = {
            "pair_margin": mean_margin(pairs),
            "excess_of_cut_lists": excess_of_cut_lists(lists),
            **_document(rows, races, found),
        }
        weights = odds_weights(document)
        document["in_jobs"] = graded_in_jobs(data, races, found, lists, pairs, weights, apply)
    document = _rounded(document)
    if options.json:
        print(json.dumps(document))
    else:
        for table in _tables(rows, document):
            Console(width=150).print(table)
    if options.fit:
        SHIPPED.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
