"""The words that a request chooses among.

They are spelt out here, and a test compares them with what they name: the command line reads the
schemas before it shows so much as its help, and the modules that define these words load compiled
code.
"""

SIZE_TIERS = ("small", "medium", "large")
"""Sizes of a contest: under 5,000 entries, to 20,000, above."""

REGIMES = ("dominator", "chaos", "fuel_mileage")
"""The kinds of race that lineups can be chosen for."""

ARCHETYPES = ("superspeedway", "intermediate", "short_track", "road_course")
"""The kinds of track, as an ownership request names them."""

ESTIMATORS = ("historical", "projection_value", "salary_skill", "recent_form")
"""The four ownership estimators, in the order of ``custom_weights``."""

ENSEMBLE_METHODS = ("voting", "weighted", "stacking")
"""The ways to combine them."""

NORMALIZATIONS = ("field", "share")
"""What ownership sums to: 100 x the roster's size, or 100."""
