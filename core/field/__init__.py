"""The opposing field: its ownership, the distribution of its lineups, and fields drawn from it."""

from typing import TYPE_CHECKING, Any

from core.field import estimators
from core.field.completion import complete_ownership
from core.field.consensus import Market, consensus_points, load_market, points_per_surprise
from core.field.contests import ContestSpread, contest_model, contest_spread
from core.field.entrants import MOST_ENTRIES, entrant_share
from core.field.estimators import OwnershipSlate
from core.field.guess import guess_ownership
from core.field.model import FieldModel, fit_field, nearest_ownership, require_lineup
from core.field.ownership import read_ownership, without
from core.field.parameters import FieldParameters, field_parameters
from core.field.sampler import FieldLineupSampler
from core.field.sampling import Field, field_of, sample_field
from core.field.spending import with_spending
from core.field.standings import SlateStandings, standings_on

if TYPE_CHECKING:
    from core.field.estimators import (
        HybridOwnershipEstimator,
        OwnershipForecast,
        ownership_model,
        shipped_ownership_model,
    )

__all__ = [
    "MOST_ENTRIES",
    "ContestSpread",
    "Field",
    "FieldLineupSampler",
    "FieldModel",
    "FieldParameters",
    "HybridOwnershipEstimator",
    "Market",
    "OwnershipForecast",
    "OwnershipSlate",
    "SlateStandings",
    "complete_ownership",
    "consensus_points",
    "contest_model",
    "contest_spread",
    "entrant_share",
    "field_of",
    "field_parameters",
    "fit_field",
    "guess_ownership",
    "load_market",
    "nearest_ownership",
    "ownership_model",
    "points_per_surprise",
    "read_ownership",
    "require_lineup",
    "sample_field",
    "shipped_ownership_model",
    "standings_on",
    "with_spending",
    "without",
]

# these need scikit-learn, which takes a second to import, so they are imported on first use
_LATER = (
    "HybridOwnershipEstimator",
    "OwnershipForecast",
    "ownership_model",
    "shipped_ownership_model",
)


def __getattr__(name: str) -> Any:
    """Name that needs scikit-learn, imported from :mod:`core.field.estimators` on first use."""
    if name in _LATER:
        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
