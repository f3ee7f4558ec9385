"""The opposing field: ownership read in, a distribution over legal lineups fitted, fields drawn."""

from core.field.completion import complete_ownership
from core.field.contests import contest_model
from core.field.guess import OWNERSHIP_GUESS, guess_ownership
from core.field.model import FieldModel, fit_field, nearest_ownership
from core.field.ownership import read_ownership, without
from core.field.parameters import FieldParameters, field_parameters
from core.field.sampler import FieldLineupSampler
from core.field.sampling import Field, field_of, sample_field

__all__ = [
    "OWNERSHIP_GUESS",
    "Field",
    "FieldLineupSampler",
    "FieldModel",
    "FieldParameters",
    "complete_ownership",
    "contest_model",
    "field_of",
    "field_parameters",
    "fit_field",
    "guess_ownership",
    "nearest_ownership",
    "read_ownership",
    "sample_field",
    "without",
]
