"""The market's view in an answer: what it implies, and the contest as others see the race."""

from collections.abc import Mapping

import numpy as np

from core.lineups import Lineups
from core.race import BLOCK_SCENARIOS
from workers.engine.arrays import Blobs
from workers.engine.facts import Facts
from workers.engine.stages import Json
from workers.plans.answers.contest import contest_results
from workers.plans.requests.played import Played
from workers.plans.stages.market import MARKET
from workers.plans.stages.views import FITTED, MARKET_VIEW, OWN, VIEWS, convictions

_SHOWN = ("roi", "roi_se", "cash_pct", "win_prob")


def shown_market(request: Played, facts: Facts) -> Json | None:
    """The market's view as the API shows it, or ``None`` where no job asked for it."""
    found, view = facts.get(MARKET), request.market
    if found is None or view is None:
        return None
    return {
        "conviction": view.conviction,
        "fitted": view.market.conviction,
        "estimated": found.estimated,
        "max_tilt": float(np.abs(found.tilts).max()),
        "drivers": [
            {
                "driver_id": driver.driver_id,
                "name": driver.name,
                "ownership_percent": found.ownership_percent[index],
                "market_points": found.consensus_points[index],
                "model_points": found.model_points[index],
            }
            for index, driver in enumerate(request.slate.drivers)
            if not driver.out
        ],
    }


def by_conviction(
    request: Played, facts: Facts, arrays: Blobs, lineups: Lineups, own: Mapping[str, float | None]
) -> Json | None:
    """The contest as others see the race; ``own`` is what the job's own conviction made of it."""
    view = request.market
    if facts.get(MARKET) is None or view is None:
        return None
    played = facts.get(VIEWS)
    shown = {}
    for name, conviction in convictions(request).items():
        figures: Mapping[str, float | None] = own
        if conviction != view.conviction and played is not None:
            tallies = [played.tallies[name]]
            figures = contest_results(request, arrays, lineups, tallies, each=False)
        shown[name] = {"conviction": conviction, **{key: figures[key] for key in _SHOWN}}
        if not _measured(request, figures):
            shown[name]["roi_se"] = None
    return shown


def _measured(request: Played, figures: Mapping[str, float | None]) -> bool:
    """Whether figures rest on more than one block, whose luck with its field they cannot tell."""
    played, terms = figures["n_simulations"], request.contest
    return terms is None or played is None or played > BLOCK_SCENARIOS * terms.fields_per_block


def view_notes(request: Played, *, ranks_as_typed: bool = False) -> list[str]:
    """Notes on how much of the user's own view the races keep.

    Parameters
    ----------
    request
        Of the job.
    ranks_as_typed
        Whether lineups are ranked by the user's projections as they are given.
    """
    view = request.market
    if view is None:
        return []
    notes = []
    if view.conviction != view.market.conviction:
        notes.append(f"Races are simulated at your conviction of {view.conviction:g}.")
    if request.knowledge is not None and view.conviction < 1.0:
        kept = f"The simulated races keep {view.conviction:.0%} of your view of the race"
        notes.append(
            f"{kept}; lineups are ranked by your projected points as you gave them."
            if ranks_as_typed
            else f"{kept}; at a conviction of 1 they follow it, and the dollars flatter."
        )
    return notes


def market_notes(shown: Json | None) -> list[str]:
    """A note on what each view makes of the contest."""
    if shown is None or shown[FITTED]["roi"] is None:
        return []
    fitted, market, own = (_roi(shown[name]) for name in (FITTED, MARKET_VIEW, OWN))
    return [
        f"ROI {fitted} at the default conviction of {shown[FITTED]['conviction']:.2f}; {market} at "
        f"the market's view, {own} if you alone knew the race."
    ]


def _roi(view: Json) -> str:
    error = "" if view["roi_se"] is None else f" ± {view['roi_se']:.0%}"
    return f"{view['roi']:+.0%}{error}"
