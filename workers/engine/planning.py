"""How a stage is cut: by how long such work has lately taken on this installation's machines."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.engine.facts import Facts
from workers.engine.ledger import Next
from workers.engine.stages import Plan, Stage

CHUNK_SECONDS = 0.5
"""The longest a chunk should take: who waits behind it, or cancels it, waits about this long."""

SHORTEST_CHUNK_SECONDS = 0.1
"""A shorter chunk's own cost, a few milliseconds, would begin to show."""

ONE_TASK_SECONDS = 0.3
"""A job of less work than this is not cut at all: one message, one worker, no joins to wait for."""

CHUNKS_A_SLOT = 4
"""So many chunks for every worker child even out chunks that take longer than others."""

MOST_CHUNKS = 10_000

_TRUST_SECONDS = 0.5
"""The nominal time counts as so many seconds of measured work: one odd chunk does not tip it."""

Pace = Mapping[str, tuple[float, float]]
"""By stage: the seconds that lately measured work took, and its nominal seconds."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a stage is cut.

    Parameters
    ----------
    units
        Units of work.
    chunks
        Into how many chunks they are cut, evenly.
    seconds
        About how long all of them take on one core here.
    before, within
        The job's progress when the stage begins, and the stage's share of it.
    """

    units: int
    chunks: int
    seconds: float
    before: float
    within: float

    def as_next(self, number: int, name: str) -> Next:
        """The stage as the ledger begins it."""
        return Next(
            number=number,
            name=name,
            units=self.units,
            chunks=self.chunks,
            fans_out=self.chunks > 1,
            cost_seconds=self.seconds / self.chunks,
            before=self.before,
            within=self.within,
        )


def pace_of(pace: Pace, key: str) -> float:
    """How many times longer work takes here than its nominal time."""
    measured, nominal = pace.get(key, (0.0, 0.0))
    return (measured + _TRUST_SECONDS) / (nominal + _TRUST_SECONDS)


def pace_key(kind: str, stage: str) -> str:
    """The name that a stage's pace is kept under."""
    return f"{kind}/{stage}"


def cut_stage(
    plan: Plan[Any],
    request: Any,
    facts: Facts,
    number: int,
    pace: Pace,
    slots: int,
    chunk_units: int | None,
) -> Cut:
    """Cut a stage into chunks.

    Parameters
    ----------
    plan, request, facts
        The job.
    number
        Which of its stages.
    pace
        What work has lately taken here.
    slots
        Worker children there are.
    chunk_units
        Units a chunk at the most; sized by time if ``None``.
    """
    stages = plan.stages(request)
    seconds = [_seconds(plan.kind, stage, request, pace) for stage in stages]
    whole = sum(seconds)
    units = stages[number].units(request, facts)
    return Cut(
        units=units,
        chunks=_chunks(units, seconds[number], whole, slots, chunk_units),
        seconds=seconds[number],
        before=sum(seconds[:number]) / whole,
        within=seconds[number] / whole,
    )


def _seconds(kind: str, stage: Stage[Any, Any, Any], request: Any, pace: Pace) -> float:
    nominal = max(stage.seconds(request), 1e-3)
    return nominal * pace_of(pace, pace_key(kind, stage.name))


def _chunks(units: int, seconds: float, job_seconds: float, slots: int, most: int | None) -> int:
    if units <= 1:
        return 1
    if most is not None:
        return math.ceil(units / most)
    if job_seconds <= ONE_TASK_SECONDS:
        return 1
    even = seconds / (CHUNKS_A_SLOT * max(1, slots))
    length = min(max(even, SHORTEST_CHUNK_SECONDS), CHUNK_SECONDS)
    return min(units, MOST_CHUNKS, max(1, math.ceil(seconds / length)))
