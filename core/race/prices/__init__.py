"""A bookmaker's prices: the strengths that they imply, and how far races go towards these.

Two prices of a pair (:class:`Matchup`) give the log-odds that one finishes ahead of the other. What
simulated races make of the same pairs is measured (:func:`measure_pairs`), and strengths are moved
so that the pairs agree (:func:`implied_moves`), part of the way (:func:`part_way`): how far was
fitted to real prices, by when they were taken (:func:`load_odds_weights`).
"""

from core.race.prices.implied import implied_moves, part_way
from core.race.prices.matchups import Matchup
from core.race.prices.measured import MeasuredPairs, Pair, measure_pairs
from core.race.prices.weights import (
    OddsWeights,
    Source,
    SourceWeight,
    load_odds_weights,
    odds_weights,
    weight_at,
)
from core.slate.prices import Taken

__all__ = [
    "Matchup",
    "MeasuredPairs",
    "OddsWeights",
    "Pair",
    "Source",
    "SourceWeight",
    "Taken",
    "implied_moves",
    "load_odds_weights",
    "measure_pairs",
    "odds_weights",
    "part_way",
    "weight_at",
]
