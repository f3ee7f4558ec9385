"""Objectives as descriptions name them: those of a kind, listed."""

from core.wording import listed
from workers.plans.objectives import OBJECTIVES, Unit

IN_USD = listed([f"`{each.name}`" for each in OBJECTIVES.values() if each.unit is Unit.USD])
"""Those whose value is in dollars."""

WITH_RANDOMNESS = listed(
    [f"`{each.name}`" for each in OBJECTIVES.values() if each.takes_randomness]
)
"""Those that randomness moves."""

WITH_REGIMES = listed([f"`{each.name}`" for each in OBJECTIVES.values() if each.takes_regimes])
"""Those that lineups can be chosen for by kind of race."""
