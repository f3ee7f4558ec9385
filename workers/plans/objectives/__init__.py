"""What lineups can be chosen for: one record for each objective, in one registry.

The records are for requests and answers: they load no compiled code. How lineups are chosen for an
objective stands in its module, as an :class:`~workers.plans.objectives.plan.ObjectivePlan`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["DEFAULT_OBJECTIVE", "OBJECTIVES", "Objective", "Unit"]


class Unit(StrEnum):
    """What an objective is counted in."""

    POINTS = "points"
    USD = "USD"


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective, as its users know it.

    Parameters
    ----------
    name
        As the API and the command line name it.
    description
        What is maximised, in one sentence.
    module
        The module of this package that has its plan.
    unit
        What a lineup's value, and a bound on it, are counted in.
    needs_contest
        Whether a request for it must describe a contest.
    takes_penalty
        Whether a leverage penalty, in points, can be taken off it.
    takes_regimes
        Whether lineups can be allotted to kinds of race and chosen for those.
    takes_randomness
        Whether it is of projections, which randomness moves.
    fields
        Fields of a request that no other objective has, by their names in the API.
    """

    name: str
    description: str
    module: str
    unit: Unit
    needs_contest: bool = False
    takes_penalty: bool = False
    takes_regimes: bool = False
    takes_randomness: bool = False
    fields: tuple[str, ...] = ()


OBJECTIVES: Mapping[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective(
            name="multi_cvar",
            description="The mean of a lineup's best 1% and best 5% of races, weighted.",
            module="tail",
            unit=Unit.POINTS,
            takes_penalty=True,
            takes_regimes=True,
        ),
        Objective(
            name="mean",
            description="The projected points of a lineup.",
            module="mean",
            unit=Unit.POINTS,
            takes_penalty=True,
            takes_randomness=True,
        ),
        Objective(
            name="dollars",
            description="The mean prize of a lineup in the contest, against the field.",
            module="dollars",
            unit=Unit.USD,
            needs_contest=True,
        ),
        Objective(
            name="risk_adjusted",
            description="The portfolio's mean profit less `risk_aversion` times its mean loss in "
            "its worst 5% of races.",
            module="risk_adjusted",
            unit=Unit.USD,
            needs_contest=True,
            fields=("risk_aversion",),
        ),
    )
}
"""Every objective, by name."""

DEFAULT_OBJECTIVE = "multi_cvar"
