"""The market's view in an answer: what it implies, and the contest as others see the race."""

from collections.abc import Mapping

import numpy as np

from core.lineups import Lineups
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
            figures = contest_results(request, arrays, lineups, [played.tallies[name]])
        shown[name] = {"conviction": conviction, **{key: figures[key] for key in _SHOWN}}
    return shown


def market_notes(request: Played, shown: Json | None) -> list[str]:
    """Notes on whose view the dollars are, and what the other views would make of them."""
    view = request.market
    if shown is None or view is None or shown[FITTED]["roi"] is None:
        return []
    fitted, market, own = (shown[name]["roi"] for name in (FITTED, MARKET_VIEW, OWN))
    notes = [
        f"ROI {fitted:+.0%} at the conviction {view.market.conviction:.2f} that real contests "
        f"taught; {market:+.0%} at the market's view, {own:+.0%} if you alone knew the race."
    ]
    if view.conviction != view.market.conviction:
        notes.append(f"Lineups were chosen and judged at your conviction of {view.conviction:g}.")
    if request.knowledge is not None and view.conviction < 1.0:
        notes.append(
            f"Your numbers count {view.conviction:.0%} in the simulated races and the market's "
            "view the rest; a conviction of 1 makes the races follow them, and the dollars flatter."
        )
    return notes
