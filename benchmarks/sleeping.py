"""A worker application with one more kind of job: sleep in place of arithmetic.

It measures the engine and nothing else, on a machine with fewer cores than workers.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from workers.app import app
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Plan, Stage, Tick
from workers.plans.registry import PLANS

__all__ = ["KIND", "Sleep", "app"]

KIND = "sleep"


@dataclass(frozen=True, slots=True)
class Sleep:
    """A job that sleeps.

    Parameters
    ----------
    chunks, seconds
        How often, and for how long each time.
    stages
        How often all over again.
    """

    chunks: int
    seconds: float
    stages: int = 1

    def document(self) -> bytes:
        """Give the request as a job record has it."""
        return json.dumps([self.chunks, self.seconds, self.stages]).encode()


def _run(request: Sleep, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick) -> Json:
    for _ in range(start, stop):
        tick()
        if request.seconds:
            time.sleep(request.seconds)
    return {"slept": stop - start}


def _merge(request: Sleep, facts: Facts, blobs: Blobs, values: Sequence[Json]) -> Json:
    return {"slept": sum(value["slept"] for value in values)}


def _stages(request: Sleep) -> tuple[Stage[Sleep], ...]:
    return tuple(
        Stage(
            name=f"sleep {number}",
            units=lambda asked, _: asked.chunks,
            seconds=lambda asked: asked.chunks * asked.seconds,
            run=_run,
            join=_merge,
            merge=_merge,
        )
        for number in range(request.stages)
    )


PLANS[KIND] = Plan(
    kind=KIND,
    read=lambda document: Sleep(*json.loads(document)),
    stages=_stages,
    finish=lambda request, facts, blobs: facts[f"sleep {request.stages - 1}"],
    stored_bytes=lambda request: 0,
)
