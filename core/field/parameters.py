"""What fields have beyond ownership, fitted on real contests: ``parameters.json`` beside this file.

``python -m benchmarks.field_grade DIR --fit`` refits, regrades and rewrites it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class FieldParameters:
    """What a field is given where nothing better is known of it.

    Parameters
    ----------
    appetite
        How much entrants differ in their liking for popular drivers: the standard deviation over
        entrants of the log weight they add per 100% of ownership.
    sources
        How many lineups the entrants who like popular drivers most share: times the root of the
        entries, the concentration of the Dirichlet process that they take them from.
    left_usd
        How fast lineups thin out with salary left on the table: before ownership is known, a lineup
        that leaves x USD is exp(-x / left_usd) times as likely.
    concentration
        How alike the ownership of two contests is: the ownership of a contest is spread as if it
        were that of so many entries drawn from the field all contests share.
    """

    appetite: float
    sources: float
    left_usd: float
    concentration: float


@cache
def field_parameters() -> FieldParameters:
    """Give the parameters that the project ships."""
    text = resources.files("core.field").joinpath("parameters.json").read_text(encoding="utf-8")
    values = json.loads(text)
    return FieldParameters(
        appetite=float(values["appetite"]),
        sources=float(values["sources"]),
        left_usd=float(values["left_usd"]),
        concentration=float(values["concentration"]),
    )
