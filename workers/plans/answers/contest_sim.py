"""The answer of a contest-sim job, as the API shows it."""

import numpy as np

from core.lineups import Lineups
from workers.engine.facts import Facts
from workers.engine.stages import Json, Work
from workers.plans.answers.contest import contest_notes, contest_results
from workers.plans.answers.knowledge import knowledge_notes, shown_knowledge
from workers.plans.answers.market import by_conviction, market_notes, shown_market, view_notes
from workers.plans.answers.odds import odds_notes, shown_odds
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.stages.contest import CONTEST
from workers.plans.stages.field import FIELD


def own_lineups(request: ContestSimRequest) -> Lineups:
    """The lineups of a request, u8 ``[L, R]``."""
    return np.array(request.lineups, dtype=np.uint8)


def contest_sim_answer(work: Work[ContestSimRequest]) -> Json:
    """The whole result."""
    request, facts = work.request, work.facts
    played, field = facts.of(CONTEST), facts.of(FIELD)
    results = contest_results(
        request, work.arrays, own_lineups(request), [played.report, played.selection]
    )
    ids = [driver.driver_id for driver in request.slate.drivers]
    for figures, lineup in zip(results["per_lineup"], request.lineups, strict=True):
        figures["drivers"] = [ids[index] for index in lineup]
    simulated = request.scores is None
    diagnostics = (
        {
            "knowledge": shown_knowledge(request, facts),
            "market": shown_market(request, facts),
            "odds": shown_odds(request, facts),
        }
        if simulated
        else None
    )
    views = by_conviction(request, facts, work.arrays, own_lineups(request), results)
    return {
        **results,
        "site": request.slate.site.key,
        "by_conviction": views,
        "scenario_diagnostics": diagnostics,
        "ownership_percent": dict(zip(ids, field.model.ownership_percent, strict=True)),
        "ownership_source": field.source,
        "notes": [
            *_notes(request, facts),
            *view_notes(request),
            *(odds_notes(request, facts) if simulated else []),
            *market_notes(views),
        ],
        "random_seed": request.seed,
    }


def _notes(request: ContestSimRequest, facts: Facts) -> list[str]:
    notes = list(request.slate.warnings) if request.spec is not None else []
    held = sorted({index for lineup in request.lineups for index in lineup})
    out = [request.slate.drivers[i].name for i in held if request.slate.drivers[i].out]
    if out:
        notes.append(f"These drivers are in your lineups and do not race: {', '.join(out)}.")
    # a user's own points are not simulated races, which could follow the user's other numbers
    of_races = knowledge_notes(request, facts) if request.scores is None else []
    return [*notes, *of_races, *contest_notes(request, facts)]
