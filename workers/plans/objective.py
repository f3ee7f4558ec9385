"""What lineups can be chosen for; apart, for whoever only needs to name it."""

from enum import StrEnum


class Objective(StrEnum):
    """What the portfolio's lineups are chosen for."""

    MULTI_CVAR = "multi_cvar"
    MEAN = "mean"
    DOLLARS = "dollars"
