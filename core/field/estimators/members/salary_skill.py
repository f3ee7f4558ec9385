"""Ownership from salary and skill."""

from core.field.estimators.designs import OF_SALARY, START, SURPLUS, Term, at_each_kind, by_size
from core.field.estimators.members.member import Member


class SalarySkillOwnership(Member):
    """Ownership from salary and skill, each by kind of track."""

    name = "salary_skill"
    terms = (
        Term(("salary",), OF_SALARY),
        Term(("skill",), positive=True),
        *at_each_kind("salary", OF_SALARY),
        *at_each_kind("skill"),
        by_size("salary", OF_SALARY),
        SURPLUS,
        START,
    )
