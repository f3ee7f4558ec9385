"""Names of the ways to combine estimators, and of the estimators combined by default."""

METHODS = ("voting", "weighted", "stacking")
MEMBERS = ("historical", "projection_value", "salary_skill", "recent_form")
"""The four estimators of the shipped ensemble, in the order of ``custom_weights``."""
