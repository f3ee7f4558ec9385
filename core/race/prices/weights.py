"""How far races go towards what prices imply, by when and how the prices were had.

The weights are fitted to real prices and results; ``python -m benchmarks.odds --fit`` writes
``weights.json`` beside this module, which says what they rest on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from core.errors import InvalidInput
from core.slate.prices import Taken


class Source(StrEnum):
    """What prices are, as far as their worth depends on it."""

    EARLY_WITHOUT_GRID = "early_without_grid"
    EARLY_WITH_GRID = "early_with_grid"
    CLOSING_LISTS = "closing_lists"
    CLOSING_MATCHUPS = "closing_matchups"

    @classmethod
    def of(cls, taken: Taken, *, matchups: bool, grid_known: bool) -> "Source":
        """The source of prices.

        Parameters
        ----------
        taken
            When they were taken.
        matchups
            Whether they are of pairs; else they are of all drivers, to win or to be in the top
            five. Early prices of pairs count as early ones of all drivers.
        grid_known
            Whether the races already know the grid. Prices of all drivers tell more where they do
            not, and were never graded there at closing: such prices count as early ones.
        """
        if taken is Taken.CLOSING and matchups:
            return cls.CLOSING_MATCHUPS
        if not grid_known:
            return cls.EARLY_WITHOUT_GRID
        return cls.CLOSING_LISTS if taken is Taken.CLOSING else cls.EARLY_WITH_GRID


@dataclass(frozen=True, slots=True)
class SourceWeight:
    """The weight of one source, and what it rests on.

    Parameters
    ----------
    weight
        Share 0..1 of the way from where races lie without odds to what the prices imply.
    error
        Standard deviation of what is known of it.
    races
        Number of races that it was fitted to.
    """

    weight: float
    error: float
    races: int

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight <= 1.0:
            raise InvalidInput({"weight": f"{self.weight}; give 0 to 1."})


@dataclass(frozen=True, slots=True)
class OddsWeights:
    """The weights of all sources.

    Parameters
    ----------
    early_without_grid, early_with_grid, closing_lists, closing_matchups
        By source.
    pair_margin
        What the chances of a pair's two prices typically sum to, less 1.
    """

    early_without_grid: SourceWeight
    early_with_grid: SourceWeight
    closing_lists: SourceWeight
    closing_matchups: SourceWeight
    pair_margin: float

    def of(self, source: Source) -> SourceWeight:
        """The weight of a source."""
        by_source: dict[Source, SourceWeight] = {
            Source.EARLY_WITHOUT_GRID: self.early_without_grid,
            Source.EARLY_WITH_GRID: self.early_with_grid,
            Source.CLOSING_LISTS: self.closing_lists,
            Source.CLOSING_MATCHUPS: self.closing_matchups,
        }
        return by_source[source]


def weight_at(weight: float, conviction: float, fitted_conviction: float) -> float:
    """The weight of a source at a conviction.

    At the fitted conviction it is the fitted weight. At the market's view, 0, odds count nothing,
    and at one's own, 1, they count in full. Between these it is a line.

    Parameters
    ----------
    weight
        The fitted weight, 0..1.
    conviction, fitted_conviction
        Of the races, and the one that was fitted, 0..1.
    """
    if conviction <= 0.0 or conviction >= 1.0:
        return float(conviction >= 1.0)
    if conviction >= fitted_conviction:
        beyond = (conviction - fitted_conviction) / (1.0 - fitted_conviction)
        return weight + beyond * (1.0 - weight)
    return weight * conviction / fitted_conviction


@cache
def load_odds_weights() -> OddsWeights:
    """The weights that the project ships."""
    text = resources.files("core.race.prices").joinpath("weights.json").read_text(encoding="utf-8")
    return odds_weights(json.loads(text))


def odds_weights(document: Mapping[str, Any]) -> OddsWeights:
    """The weights of a document as the fit writes it."""
    by_source = {
        source.value: SourceWeight(
            float(entry["weight"]), float(entry["error"]), int(entry["races"])
        )
        for source in Source
        for entry in [document["sources"][source.value]]
    }
    return OddsWeights(**by_source, pair_margin=float(document["pair_margin"]))
