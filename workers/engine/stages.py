"""A job's plan: stages in order, each cut into chunks of units that run anywhere and are joined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from workers.engine.arrays import Blobs

Request = TypeVar("Request")
Json = dict[str, Any]
Tick = Callable[[], None]
Facts = dict[str, Json]
"""What earlier stages' joins found out, by stage: small JSON with references to blobs."""

FAN = 64
"""Values merged into one; ``_shared.lua`` has the same number."""


@dataclass(frozen=True, slots=True)
class Stage(Generic[Request]):
    """One stage of a job.

    Parameters
    ----------
    name
        As users see it in a job's status.
    units
        Into how many units, at most, the stage can be cut.
    seconds
        About how long all of it takes on one core of a typical machine. What this machine takes is
        measured, see :mod:`workers.engine.planning`; neither changes a result.
    run
        Computes units ``[start, stop)`` and gives a small JSON value; arrays go into blobs. Calls
        its last argument before every unit that takes time: it raises where the job has ended.
    join
        Joins the values, in their order, into the stage's facts. What it gives must not depend on
        how the stage was cut.
    merge
        Merges neighbouring values, in their order, into one that stands for them all; ``None``
        where there is never more than one.
    """

    name: str
    units: Callable[[Request, Facts], int]
    seconds: Callable[[Request], float]
    run: Callable[[Request, Facts, Blobs, int, int, Tick], Json]
    join: Callable[[Request, Facts, Blobs, Sequence[Json]], Json]
    merge: Callable[[Request, Facts, Blobs, Sequence[Json]], Json] | None = None


@dataclass(frozen=True, slots=True)
class Plan(Generic[Request]):
    """How one kind of job is done.

    Parameters
    ----------
    kind
        The job's kind, as the API names it.
    read
        Reads the request that a job record holds.
    stages
        The stages of a request, in order.
    finish
        Gives the job's result from the facts of all stages.
    stored_bytes
        How much the job's arrays take in Redis at the most: it is promised before the job begins.
    """

    kind: str
    read: Callable[[bytes], Request]
    stages: Callable[[Request], tuple[Stage[Request], ...]]
    finish: Callable[[Request, Facts, Blobs], Json]
    stored_bytes: Callable[[Request], int]


def bounds(units: int, chunks: int, place: int) -> tuple[int, int]:
    """Give the units ``[start, stop)`` of a chunk, one of ``chunks`` even ones."""
    return units * place // chunks, units * (place + 1) // chunks


def only_part(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    """Join a stage of one unit."""
    del request, facts, blobs
    return parts[0]


def merged(
    stage: Stage[Request], request: Request, facts: Facts, blobs: Blobs, values: Sequence[Json]
) -> Json:
    """Merge neighbouring values of a stage into one."""
    if len(values) == 1:
        return values[0]
    if stage.merge is None:
        raise TypeError(f"stage {stage.name} is cut into many chunks and merges none")
    return stage.merge(request, facts, blobs, values)


def _go_on() -> None:
    """Never end a job that runs in its caller's process."""


def run_here(
    plan: Plan[Request],
    request: Request,
    blobs: Blobs,
    chunk_units: int | None = None,
    fan: int = FAN,
) -> Json:
    """Do a whole job in this process, chunk after chunk: what the workers do, without a queue.

    Parameters
    ----------
    plan, request
        What to do.
    blobs
        Where its arrays go meanwhile.
    chunk_units
        Units a chunk at the most; one chunk a stage if ``None``.
    fan
        Values merged into one.
    """
    facts: Facts = {}
    for stage in plan.stages(request):
        units = stage.units(request, facts)
        chunks = 1 if chunk_units is None else max(1, -(-units // chunk_units))
        values = [
            stage.run(request, facts, blobs, *bounds(units, chunks, place), _go_on)
            for place in range(chunks)
        ]
        while len(values) > fan:
            values = [
                merged(stage, request, facts, blobs, values[start : start + fan])
                for start in range(0, len(values), fan)
            ]
        facts[stage.name] = stage.join(request, facts, blobs, values)
    return plan.finish(request, facts, blobs)
