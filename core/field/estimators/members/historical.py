"""Ownership from a driver's rank by salary."""

import numpy as np

from core.field.estimators.designs import START, SURPLUS, Term, at_each_kind, by_size
from core.field.estimators.fitting import TrainingRows
from core.field.estimators.members.member import Member
from core.field.estimators.slates import Flags


class HistoricalOwnership(Member):
    """Ownership from a driver's rank by salary, by kind of track.

    Parameters
    ----------
    roster_size, top_table
        As in :class:`~core.field.estimators.members.member.Member`.
    driver_effects
        Whether each driver in the training rows also gets a weight of his own, shrunk to 0.
    """

    name = "historical"
    terms = (
        Term(("salary_rank",)),
        Term(("salary_rank", "salary_rank")),
        *at_each_kind("salary_rank"),
        by_size("salary_rank"),
        SURPLUS,
        START,
    )

    def __init__(
        self, roster_size: int = 6, top_table: bool = True, driver_effects: bool = False
    ) -> None:
        self.roster_size = roster_size
        self.top_table = top_table
        self.driver_effects = driver_effects

    def own_weight(self, training: TrainingRows) -> Flags:
        """Rows from which drivers' own weights are fitted: all if ``driver_effects``, else none."""
        return np.full(len(training.x), self.driver_effects)
