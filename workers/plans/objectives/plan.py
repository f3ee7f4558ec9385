"""How lineups are chosen for an objective."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from workers.engine.stages import Stage
from workers.plans.objectives import OBJECTIVES
from workers.plans.requests.optimize import OptimizeRequest


@dataclass(frozen=True, slots=True)
class ObjectivePlan:
    """How lineups are chosen for an objective.

    Parameters
    ----------
    stages
        From the field to the portfolio; the last one chooses.
    stored_bytes
        How much the arrays of these stages take in Redis at the most.
    scores_per_unit
        From the number of races that lineups are chosen on to how many of its walk's scores make
        one point, or one USD a race: a bound on a score is shown in the objective's unit.
    """

    stages: tuple[Stage[OptimizeRequest, Any, Any], ...]
    stored_bytes: Callable[[OptimizeRequest], int]
    scores_per_unit: Callable[[int], int]


@cache
def plan_of(name: str) -> ObjectivePlan:
    """The plan of an objective, by the objective's name.

    Raises
    ------
    KeyError
        There is no such objective.
    """
    module = import_module(f"workers.plans.objectives.{OBJECTIVES[name].module}")
    plan = module.PLAN
    if not isinstance(plan, ObjectivePlan):
        raise TypeError(f"{module.__name__}.PLAN is no ObjectivePlan")
    return plan
