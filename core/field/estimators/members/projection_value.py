"""Ownership from projected points, and from points for the money."""

from core.field.estimators.designs import (
    OF_SALARY,
    OF_SURPLUS,
    START,
    SURPLUS,
    Term,
    at_each_kind,
    by_size,
)
from core.field.estimators.members.member import Member


class ProjectionValueOwnership(Member):
    """Ownership from projected points and points per USD, and from the surplus by kind of track."""

    name = "projection_value"
    terms = (
        Term(("salary",), OF_SALARY),
        Term(("points",), positive=True),
        Term(("value",), positive=True),
        SURPLUS,
        START,
        *at_each_kind("points_surplus", OF_SURPLUS),
        by_size("points"),
    )
