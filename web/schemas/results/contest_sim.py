"""The result of a contest-sim job."""

from core.sites import SITES
from web.schemas.results.contest import (
    EntryFiguresSchema,
    PlayedContestSchema,
    by_conviction,
    field_ownership,
)
from web.schemas.results.races import SimulatedSchema
from web.schemas.results.run import cached
from web.schemas.units import choice, count, part, parts, text, texts


class ContestSimResultSchema(PlayedContestSchema):
    """The result of a contest-sim job: your own lineups in every simulated race."""

    run_id = text("Id of the job")
    status = choice("How the job ended", ["completed"])
    cached = cached()
    site = choice("The contest site, whose roster and scoring count", SITES)
    per_lineup = parts(EntryFiguresSchema, "Each lineup by itself, in the order of the request")
    ownership_percent = field_ownership()
    ownership_source = text("Where the opposing field's ownership comes from")
    by_conviction = by_conviction()
    scenario_diagnostics = part(
        SimulatedSchema,
        "The simulated races",
        null="with `scenario_driver_scores`, for which nothing is simulated",
    )
    notes = texts("What to know before believing the figures, a sentence each")
    random_seed = count("Seed of every random draw")
