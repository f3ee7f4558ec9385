"""Every kind of job there is, by name."""

from typing import Any

from workers.engine.stages import Plan
from workers.plans import contest_sim, optimize, ownership

PLANS: dict[str, Plan[Any]] = {
    plan.kind: plan
    for plan in (optimize.PLAN, optimize.LEVERAGE_PLAN, ownership.PLAN, contest_sim.PLAN)
}
