"""A worker application with one more kind of job: sleep in place of arithmetic.

It measures the engine and nothing else, on a machine with fewer cores than workers.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from workers.app import app
from workers.engine.facts import Key
from workers.engine.stages import Json, Plan, Stage, Work, unchanged
from workers.plans.registry import PLANS

__all__ = ["KIND", "Sleep", "app"]

KIND = "sleep"


@dataclass(frozen=True, slots=True)
class Sleep:
    """A job that sleeps.

    Parameters
    ----------
    chunks, seconds
        Number of chunks in a stage, and seconds that each sleeps.
    stages
        Number of stages.
    """

    chunks: int
    seconds: float
    stages: int = 1

    def document(self) -> bytes:
        """The request as a job record has it."""
        return json.dumps([self.chunks, self.seconds, self.stages]).encode()


class Slept(msgspec.Struct, frozen=True):
    """How many times some chunks slept."""

    times: int


def _run(work: Work[Sleep], units: range) -> Slept:
    for _ in units:
        work.check_cancelled()
        if work.request.seconds:
            time.sleep(work.request.seconds)
    return Slept(len(units))


def _merge(work: Work[Sleep], parts: Sequence[Slept]) -> Slept:
    return Slept(sum(part.times for part in parts))


def _key(number: int) -> Key[Slept]:
    return Key(f"sleep {number}", Slept)


def _stages(request: Sleep) -> tuple[Stage[Sleep, Slept, Slept], ...]:
    return tuple(
        Stage(
            key=_key(number),
            part=Slept,
            units=lambda request, _: request.chunks,
            seconds=lambda request: request.chunks * request.seconds,
            run=_run,
            merge=_merge,
            join=unchanged,
        )
        for number in range(request.stages)
    )


def _finish(work: Work[Sleep]) -> Json:
    return {"slept": work.facts.of(_key(work.request.stages - 1)).times}


PLANS[KIND] = Plan(
    kind=KIND,
    read=lambda document: Sleep(*json.loads(document)),
    stages=_stages,
    finish=_finish,
    stored_bytes=lambda request: 0,
)
