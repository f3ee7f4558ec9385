"""A bookmaker's prices in an answer: how far they moved the races, and what that rests on."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.race import ConstraintSpec
from core.race.prices import Source, Taken
from core.wording import many
from workers.engine.facts import Facts
from workers.engine.stages import Json
from workers.plans.requests.odds import OddsTerms
from workers.plans.requests.races import Simulated
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.odds import ODDS, OddsFact, weight_of, with_odds

_DECIMALS = 6
_WORDS = {
    Source.EARLY_WITHOUT_GRID: "early prices without the grid",
    Source.EARLY_WITH_GRID: "early prices with the grid known",
    Source.CLOSING_LISTS: "closing odds of the field",
    Source.CLOSING_MATCHUPS: "closing matchups",
}


def shown_odds(request: Simulated, facts: Facts) -> Json | None:
    """How far prices moved the races, as the API shows it; ``None`` where none have a weight."""
    found, terms = facts.get(ODDS), request.odds
    if found is None or terms is None:
        return None
    priced = _priced(request, terms, found)
    if not priced:
        return None
    conviction = _conviction(request)
    without = _tilts(simulated_spec(request, facts.without(ODDS)))
    implied = with_odds(request, facts, without, conviction, in_full=True) - without
    moved = _tilts(simulated_spec(request, facts)) - without
    return {
        "matchups": len(terms.matchups),
        "listed": len(_listed(request, found)),
        "sources": [
            {
                "source": source.value,
                "drivers": len(drivers),
                "weight": weight_of(request, source, conviction),
                "fitted": terms.weights.of(source).weight,
                "error": terms.weights.of(source).error,
                "races": terms.weights.of(source).races,
            }
            for source, drivers in priced.items()
        ],
        "not_graded": _not_graded(request, terms, found),
        "drivers": [
            {
                "driver_id": driver.driver_id,
                "name": driver.name,
                "sources": [source.value for source, drivers in priced.items() if index in drivers],
                "implied": round(float(implied[index]), _DECIMALS),
                "moved": round(float(moved[index]), _DECIMALS),
            }
            for index, driver in enumerate(request.slate.drivers)
            if any(index in drivers for drivers in priced.values())
        ],
    }


def _conviction(request: Simulated) -> float:
    return 1.0 if request.market is None else request.market.conviction


def _tilts(spec: ConstraintSpec) -> npt.NDArray[np.float64]:
    return np.array([driver.tilt for driver in spec.drivers])


def _priced(request: Simulated, terms: OddsTerms, found: OddsFact) -> Mapping[Source, set[int]]:
    """The drivers with prices of each source that has a weight of its own, in a fixed order."""
    priced: dict[Source, set[int]] = {source: set() for source in Source}
    if listed := _listed(request, found):
        source = Source.of(terms.taken, matchups=False, grid_known=terms.grid_known)
        priced[source] |= listed
    for one in terms.matchups:
        source = Source.of(one.taken, matchups=True, grid_known=terms.grid_known)
        priced[source] |= {one.driver_a, one.driver_b}
    return {source: drivers for source, drivers in priced.items() if drivers}


def _listed(request: Simulated, found: OddsFact) -> set[int]:
    """Drivers whose odds to win or to be in the top five have a weight of their own."""
    if _conviction(request) == 1.0:
        return set()
    return {index for index, tilt in enumerate(found.listed) if tilt is not None}


def _not_graded(request: Simulated, terms: OddsTerms, found: OddsFact) -> list[str]:
    """What of these prices no real race has graded yet, in sentences."""
    sentences = []
    if _conviction(request) < 1.0:
        sentences.append(
            "The weights were fitted to races of the model alone; on races that lie near the "
            "market's view, as these, too few real races have prices."
        )
    top5 = [driver.top5_odds for driver in request.slate.drivers]
    listed = _listed(request, found)
    if terms.taken is Taken.CLOSING and listed and not terms.grid_known:
        sentences.append("Closing odds without the grid count as early ones do.")
    if any(top5[index] is not None for index in listed):
        sentences.append("Odds to be in the top five count as odds to win do.")
    early = sum(one.taken is Taken.EARLY for one in terms.matchups)
    if early:
        sentences.append(f"{many(early, 'early matchup')}: these count as early odds to win do.")
    one_sided = sum(one.one_sided for one in terms.matchups)
    if one_sided:
        sentences.append(
            f"{many(one_sided, 'matchup')} with one price: the margin taken out is that of an even "
            f"pair in real books, {terms.weights.pair_margin:.1%}."
        )
    return sentences


def odds_notes(request: Simulated, facts: Facts) -> list[str]:
    """Notes on what prices counted for, what that rests on, and what was never graded."""
    shown = shown_odds(request, facts)
    if shown is None:
        return []
    notes = [_worth(Source(entry["source"]), entry) for entry in shown["sources"]]
    if shown["not_graded"]:
        notes.append(f"Not graded on real races: {' '.join(shown['not_graded'])}")
    return notes


def _worth(source: Source, entry: Json) -> str:
    return (
        f"{_WORDS[source].capitalize()} move {many(entry['drivers'], 'driver')} "
        f"{entry['weight']:.0%} of the way to what they imply; the fitted weight, "
        f"{entry['fitted']:.2f} ± {entry['error']:.2f}, rests on {many(entry['races'], 'race')}."
    )
