"""The estimators of ownership, a file each, and the registry of them.

All are the same kind of regression (:mod:`core.field.estimators._regression`), and the four of the
shipped ensemble use the surplus, projected points beyond what the salary implies, and the grid.
They differ in what else they use.
"""

from collections.abc import Mapping

from core.field.estimators.members.historical import HistoricalOwnership
from core.field.estimators.members.member import Member
from core.field.estimators.members.projection_value import ProjectionValueOwnership
from core.field.estimators.members.recent_form import RecentFormOwnership
from core.field.estimators.members.salary_skill import SalarySkillOwnership

__all__ = [
    "ESTIMATORS",
    "HistoricalOwnership",
    "Member",
    "ProjectionValueOwnership",
    "RecentFormOwnership",
    "SalarySkillOwnership",
]

ESTIMATORS: Mapping[str, type[Member]] = {
    estimator.name: estimator
    for estimator in (
        HistoricalOwnership,
        ProjectionValueOwnership,
        SalarySkillOwnership,
        RecentFormOwnership,
    )
}
"""Every estimator that an ensemble can combine, by name.

Which of them it combines, an ensemble says itself: one more here changes no fitted ensemble.
"""
