"""The opposing field: ownership read in, a distribution over legal lineups fitted, fields drawn."""

from core.field.guess import OWNERSHIP_GUESS, guess_ownership
from core.field.model import FieldModel, fit_field, nearest_ownership
from core.field.ownership import read_ownership, without
from core.field.sampler import FieldLineupSampler
from core.field.sampling import Field, field_of, sample_field

__all__ = [
    "OWNERSHIP_GUESS",
    "Field",
    "FieldLineupSampler",
    "FieldModel",
    "field_of",
    "fit_field",
    "guess_ownership",
    "nearest_ownership",
    "read_ownership",
    "sample_field",
    "without",
]
