"""Past races: reading them, what was known before each, and fitting the race model to them.

``axiomatic fit`` writes what :mod:`core.race` reads; ``axiomatic backtest`` grades it walk-forward.
"""

from core.history.fit import FittedKind, Refitting, fit_document, fit_kinds
from core.history.forecast import spec_of
from core.history.races import PastRace, YellowFlag, read_races, read_yellow_flags
from core.history.strength import skill_before

__all__ = [
    "FittedKind",
    "PastRace",
    "Refitting",
    "YellowFlag",
    "fit_document",
    "fit_kinds",
    "read_races",
    "read_yellow_flags",
    "skill_before",
    "spec_of",
]
