"""Real bookmakers' prices of past races, read from the folder ``odds`` of a folder of facts.

``cup_win_odds.csv`` holds lists of prices to win, most of them cut after the favourites, and
``cup_matchup_odds.csv`` both prices of pairs of drivers. Drivers are spelled as in the results.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.real_slates import rows_of
from core.history.races import RaceKey
from core.race import fair_probabilities
from core.race.prices import Taken

LEAST_NAMES = 10  # of a list; shorter ones say little
WHOLE = 33  # names of a list that holds nearly the whole field
CUTS = (3, 5, 8, 10, 15, 20)


@dataclass(frozen=True, slots=True)
class PriceList:
    """One list of prices to win.

    Parameters
    ----------
    race, taken
        Of which race, and when.
    odds
        Decimal odds by driver, of those who raced.
    """

    race: RaceKey
    taken: Taken
    odds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PricedPair:
    """Both closing prices of a pair, in decimal odds."""

    driver_a: str
    driver_b: str
    odds_a: float
    odds_b: float


def read_lists(data: Path) -> list[PriceList]:
    """The longest list of each race and time, the latest of those alike; of ten names or more."""
    lists: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in rows_of(data / "odds" / "cup_win_odds.csv"):
        name = tuple(row[part] for part in ("season", "round", "when", "as_of", "book", "source"))
        if row["raced"] == "1":
            lists[name][row["driver"]] = float(row["odds_decimal"])
    best: dict[tuple[RaceKey, Taken], tuple[tuple[int, str], PriceList]] = {}
    for name, odds in sorted(lists.items()):
        race = int(name[0]), int(name[1])
        taken = Taken.CLOSING if name[2] == Taken.CLOSING.value else Taken.EARLY
        rank = len(odds), name[3]
        known = best.get((race, taken))
        if len(odds) >= LEAST_NAMES and (known is None or rank > known[0]):
            best[race, taken] = rank, PriceList(race, taken, odds)
    return [entry for _, entry in sorted(best.values(), key=lambda each: each[1].race)]


def excess_of_cut_lists(lists: Sequence[PriceList]) -> dict[int, float]:
    """How much too high chances to win are, as a share, where only so many favourites have prices.

    The truth are the chances from lists of nearly the whole field.
    """
    whole = [np.sort(list(one.odds.values())) for one in lists if len(one.odds) >= WHOLE]
    excess = {}
    for names in CUTS:
        ratios = []
        for odds in whole:
            cut = np.where(np.arange(len(odds)) < names, odds, np.nan)
            ratios.append(fair_probabilities(cut)[:names] / fair_probabilities(odds)[:names])
        excess[names] = float(np.mean(ratios)) - 1.0
    return excess


def read_pairs(data: Path) -> dict[RaceKey, list[PricedPair]]:
    """The priced pairs of each race that has any."""
    pairs: dict[RaceKey, list[PricedPair]] = defaultdict(list)
    for row in rows_of(data / "odds" / "cup_matchup_odds.csv"):
        pairs[int(row["season"]), int(row["round"])].append(
            PricedPair(
                row["driver_a"], row["driver_b"], float(row["decimal_a"]), float(row["decimal_b"])
            )
        )
    return dict(sorted(pairs.items()))


def mean_margin(pairs: Mapping[RaceKey, Sequence[PricedPair]]) -> float:
    """What the chances of a pair's two prices sum to on average, less 1."""
    sums = [1.0 / one.odds_a + 1.0 / one.odds_b for of_race in pairs.values() for one in of_race]
    return sum(sums) / len(sums) - 1.0
