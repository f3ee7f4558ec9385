"""The ownership job: what share of the entries will hold each driver."""

from typing import Any

import msgspec

from workers.engine.stages import Plan, Stage
from workers.plans.answers.ownership import ownership_answer
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.ownership import OWNERSHIP_STAGE
from workers.plans.stages.simulation import RACES_STAGE, stored_bytes


def _stages(request: OwnershipRequest) -> tuple[Stage[OwnershipRequest, Any, Any], ...]:
    if request.spec is None:
        return (OWNERSHIP_STAGE,)
    return (RACES_STAGE, OWNERSHIP_STAGE)


def _stored_bytes(request: OwnershipRequest) -> int:
    return 0 if request.spec is None else stored_bytes(request.slate, request.n_scenarios)


PLAN = Plan(
    kind="ownership",
    read=msgspec.json.Decoder(OwnershipRequest).decode,
    stages=_stages,
    finish=ownership_answer,
    stored_bytes=_stored_bytes,
)
