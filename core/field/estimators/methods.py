"""What the four estimators and the ways to combine them are called."""

METHODS = ("voting", "weighted", "stacking")
MEMBERS = ("historical", "projection_value", "salary_skill", "recent_form")
"""The four estimators, in the order of ``custom_weights``."""
