"""Past races: reading them, and fitting the race model's shipped parameters to them.

``python -m core.history.fit DATA_DIR --out FILE`` writes what :mod:`core.race` reads.
"""

from core.history.moments import Moments, real_moments, replay, simulated_moments, spec_of
from core.history.races import PastRace, read_races
from core.history.ratings import skill_before

__all__ = [
    "Moments",
    "PastRace",
    "read_races",
    "real_moments",
    "replay",
    "simulated_moments",
    "skill_before",
    "spec_of",
]
