"""Past races: reading them, fitting the race model to them, and grading its forecasts.

``axiomatic fit`` writes the parameters that :mod:`core.race` reads; ``axiomatic backtest`` grades
the model walk-forward.
"""

from core.history.forecast import spec_of
from core.history.grading.calibration import calibration_document, end_to_end_calibration
from core.history.grading.pit import compute_coverage, compute_pit
from core.history.grading.scores import compute_crps, compute_log_score
from core.history.learning.fit import FittedKind, Refitting, fit_kinds
from core.history.learning.parameters_file import fit_document
from core.history.races import PastRace, YellowFlag, read_races, read_yellow_flags
from core.history.strength import skill_before

__all__ = [
    "FittedKind",
    "PastRace",
    "Refitting",
    "YellowFlag",
    "calibration_document",
    "compute_coverage",
    "compute_crps",
    "compute_log_score",
    "compute_pit",
    "end_to_end_calibration",
    "fit_document",
    "fit_kinds",
    "read_races",
    "read_yellow_flags",
    "skill_before",
    "spec_of",
]
