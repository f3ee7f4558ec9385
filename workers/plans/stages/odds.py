"""How races go part of the way towards what a bookmaker's prices imply."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from core.race.prices import (
    Matchup,
    MeasuredPairs,
    Pair,
    Source,
    Taken,
    implied_moves,
    part_way,
    weight_at,
)
from workers.engine.facts import Facts, Key
from workers.plans.requests.odds import OddsTerms
from workers.plans.requests.races import Simulated, spec_of

Floats = npt.NDArray[np.float64]


class OddsFact(msgspec.Struct, frozen=True):
    """What prices are held against, and what they imply.

    Parameters
    ----------
    reference
        Tilts of the races without odds at the fitted conviction, by driver of the slate, in normal
        scores of the running order.
    listed
        Tilts with which these races win, and are in the top five, as often as the odds imply;
        ``None`` for a driver without such odds.
    log_odds
        Of each matchup, the log-odds in these races that A is ahead of B.
    slope
        What a unit of strength adds to such log-odds; 0 without matchups.
    """

    reference: tuple[float, ...]
    listed: tuple[float | None, ...]
    log_odds: tuple[float, ...]
    slope: float


ODDS = Key("odds", OddsFact)


def pairs_of(matchups: Sequence[Matchup]) -> list[Pair]:
    """The drivers of matchups, by index."""
    return [(one.driver_a, one.driver_b) for one in matchups]


def weight_of(request: Simulated, source: Source, conviction: float) -> float:
    """How far races of a conviction go towards prices of a source, 0..1."""
    if request.odds is None:
        return 0.0
    weight = request.odds.weights.of(source).weight
    # without a market races lie at one's own view, where prices count in full
    fitted = 1.0 if request.market is None else request.market.market.conviction
    return weight_at(weight, conviction, fitted)


def with_odds(
    request: Simulated,
    facts: Facts,
    tilts: npt.ArrayLike,
    conviction: float,
    *,
    in_full: bool = False,
) -> Floats:
    """The drivers' tilts after prices have pulled at them, ``[D]``; as they are without prices.

    Early prices pull first, closing ones last, so that the latter have the last word; and of the
    same time odds to win and to be in the top five before matchups. At one's own view, a conviction
    of 1, the former are part of what the user knows and have been met already.

    Parameters
    ----------
    request, facts
        Of the job.
    tilts
        Where the races lie without odds, ``[D]``.
    conviction
        How far that is from the market's view, 0..1.
    in_full
        Whether they are to be where prices imply, whatever prices are worth.
    """
    moved = np.asarray(tilts, dtype=np.float64)
    found, terms = facts.get(ODDS), request.odds
    if found is None or terms is None:
        return moved
    pull = _Pull(request, found, terms, conviction, in_full)
    for taken in (Taken.EARLY, Taken.CLOSING):
        if terms.listed and terms.taken is taken and conviction < 1.0:
            moved = pull.by_lists(moved)
        moved = pull.by_matchups(taken, moved)
    return moved


@dataclass(frozen=True, slots=True)
class _Pull:
    """What pulls at the tilts of one job, at one conviction."""

    request: Simulated
    found: OddsFact
    terms: OddsTerms
    conviction: float
    in_full: bool

    def by_lists(self, tilts: Floats) -> Floats:
        """Tilts pulled by odds to win and to be in the top five."""
        source = Source.of(self.terms.taken, matchups=False, grid_known=self.terms.grid_known)
        racing = list(spec_of(self.request).racing)
        # prices say nothing of all drivers together: the level is that of these races
        level = (tilts - np.array(self.found.reference))[racing].mean()
        implied = np.array(self.found.listed, dtype=np.float64) + level
        return part_way(tilts, implied, self._weight(source))

    def by_matchups(self, taken: Taken, tilts: Floats) -> Floats:
        """Tilts pulled by the matchups of one time."""
        of_time = [i for i, one in enumerate(self.terms.matchups) if one.taken is taken]
        if not of_time:
            return tilts
        matchups = [self.terms.matchups[index] for index in of_time]
        pairs = pairs_of(matchups)
        log_odds = tuple(self.found.log_odds[index] for index in of_time)
        prices = [one.log_odds(self.terms.weights.pair_margin) for one in matchups]
        moved = tilts - np.array(self.found.reference)
        gains = MeasuredPairs(log_odds, self.found.slope).differences(pairs, prices, moved)
        source = Source.of(taken, matchups=True, grid_known=self.terms.grid_known)
        implied = tilts + implied_moves(pairs, gains, len(tilts))
        return part_way(tilts, implied, self._weight(source))

    def _weight(self, source: Source) -> float:
        return 1.0 if self.in_full else weight_of(self.request, source, self.conviction)
