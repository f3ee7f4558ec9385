"""Parameters of a field other than ownership, fitted on real contests (``parameters.json``).

``python -m benchmarks.field_grade DIR --fit`` refits, regrades and rewrites it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class FieldParameters:
    """Defaults of a field: they hold wherever a caller sets nothing else.

    Parameters
    ----------
    appetite
        How much entrants differ in their liking for popular drivers. An entrant adds a log weight
        to each driver, in proportion to the driver's ownership; this is the standard deviation over
        entrants of what is added at 100% ownership.
    sources
        How many different lineups the chalky entrants (those who like popular drivers most) play.
        ``sources x sqrt(entries)`` is the concentration of the Dirichlet process from which they
        take their lineups: the higher, the fewer entrants copy each other.
    left_usd
        How fast lineups become rarer with salary left on the table. Before ownership is known, a
        lineup that leaves x USD is exp(-x / left_usd) times as likely as one that leaves nothing.
    concentration
        How alike the ownership of two contests on one slate is. A contest's ownership scatters like
        that of this many entries drawn from the field that all contests share.
    """

    appetite: float
    sources: float
    left_usd: float
    concentration: float


@cache
def field_parameters() -> FieldParameters:
    """Parameters that the project ships."""
    text = resources.files("core.field").joinpath("parameters.json").read_text(encoding="utf-8")
    values = json.loads(text)
    return FieldParameters(
        appetite=float(values["appetite"]),
        sources=float(values["sources"]),
        left_usd=float(values["left_usd"]),
        concentration=float(values["concentration"]),
    )
