"""Ownership from projected points, and from points for the money."""

from core.field.estimators.designs import (
    OF_SALARY,
    OF_SURPLUS,
    SURPLUS,
    Term,
    at_each_kind,
    by_size,
)
from core.field.estimators.members.member import Member


class ProjectionValueOwnership(Member):
    """Ownership from projected points and points per USD, and from the surplus by kind of track.

    The grid matters through the projection. The start position has a weight other than 0 only if
    the training rows had grids.
    """

    name = "projection_value"
    terms = (
        Term(("salary",), OF_SALARY),
        Term(("points",), positive=True),
        Term(("value",), positive=True),
        SURPLUS,
        Term(("start",)),
        *at_each_kind("points_surplus", OF_SURPLUS),
        by_size("points"),
    )
