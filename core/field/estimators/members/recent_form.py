"""Ownership from recent form: the site's average points, and what drivers were owned by."""

import numpy as np

from core.errors import InvalidInput
from core.field.estimators.designs import OF_SALARY, START, SURPLUS, Term, at_each_kind, by_size
from core.field.estimators.features import COLUMN
from core.field.estimators.fitting import TrainingRows
from core.field.estimators.members.member import Member
from core.field.estimators.slates import Flags


class RecentFormOwnership(Member):
    """Ownership from the site's average points and, with driver effects, from recent ownership.

    Parameters
    ----------
    roster_size, top_table
        As in :class:`~core.field.estimators.members.member.Member`.
    driver_effects
        Whether each driver in recent training rows also gets a weight of his own, shrunk to 0.
    n_recent_races
        Number of the latest races from which drivers' own weights are fitted; races of unknown date
        count as recent.
    """

    name = "recent_form"
    terms = (
        Term(("salary",), OF_SALARY),
        Term(("average",), positive=True),
        *at_each_kind("average"),
        by_size("average"),
        SURPLUS,
        START,
    )

    def __init__(
        self,
        roster_size: int = 6,
        top_table: bool = True,
        driver_effects: bool = False,
        n_recent_races: int = 5,
    ) -> None:
        self.roster_size = roster_size
        self.top_table = top_table
        self.driver_effects = driver_effects
        self.n_recent_races = n_recent_races

    def own_weight(self, training: TrainingRows) -> Flags:
        """Rows from which drivers' own weights are fitted: recent races' if ``driver_effects``."""
        if self.n_recent_races < 1:
            raise InvalidInput({"n_recent_races": f"{self.n_recent_races}; give 1 or more."})
        days = training.x[:, COLUMN["race_day"]]
        latest = np.unique(days[np.isfinite(days)])[-self.n_recent_races :]
        recent: Flags = np.isnan(days) | (days >= latest.min(initial=np.inf))
        return recent if self.driver_effects else np.zeros_like(recent)
