"""Names of the four estimators and of the ways to combine them."""

METHODS = ("voting", "weighted", "stacking")
MEMBERS = ("historical", "projection_value", "salary_skill", "recent_form")
"""The four estimators, in the order of ``custom_weights``."""
