"""Ownership estimated before the lock: four estimators, their ensemble, and the model shipped.

``shipped_ownership_model().forecast(OwnershipSlate.of(slate, projected_points=..))`` forecasts the
ownership of a slate. :class:`HybridOwnershipEstimator` learns from contests, with scikit-learn's
conventions. scikit-learn takes most of a second to import, so it is imported by the first use of a
name that needs it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.field.estimators.features import FEATURES, ownership_features
from core.field.estimators.filling import fill_to
from core.field.estimators.methods import MEMBERS, METHODS
from core.field.estimators.played import (
    Examples,
    PlayedContest,
    examples_of,
    played_from_json,
    played_to_json,
)
from core.field.estimators.slates import ARCHETYPES, OwnershipSlate, archetype_of

if TYPE_CHECKING:
    from core.field.estimators.document import (
        from_json,
        ownership_model,
        shipped_ownership_model,
        to_json,
    )
    from core.field.estimators.ensemble import (
        HybridOwnershipEstimator,
        OwnershipForecast,
    )
    from core.field.estimators.grading import OwnershipGrade, grade_ownership
    from core.field.estimators.members import (
        HistoricalOwnership,
        ProjectionValueOwnership,
        RecentFormOwnership,
        SalarySkillOwnership,
    )

_HOME = {
    "document": ("from_json", "ownership_model", "shipped_ownership_model", "to_json"),
    "ensemble": ("HybridOwnershipEstimator", "OwnershipForecast"),
    "grading": ("OwnershipGrade", "grade_ownership"),
    "members": (
        "HistoricalOwnership",
        "ProjectionValueOwnership",
        "RecentFormOwnership",
        "SalarySkillOwnership",
    ),
}

__all__ = [
    "ARCHETYPES",
    "FEATURES",
    "MEMBERS",
    "METHODS",
    "Examples",
    "HistoricalOwnership",
    "HybridOwnershipEstimator",
    "OwnershipForecast",
    "OwnershipGrade",
    "OwnershipSlate",
    "PlayedContest",
    "ProjectionValueOwnership",
    "RecentFormOwnership",
    "SalarySkillOwnership",
    "archetype_of",
    "examples_of",
    "fill_to",
    "from_json",
    "grade_ownership",
    "ownership_features",
    "ownership_model",
    "played_from_json",
    "played_to_json",
    "shipped_ownership_model",
    "to_json",
]


def __getattr__(name: str) -> Any:
    """Name that needs scikit-learn, imported from its module on first use."""
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
