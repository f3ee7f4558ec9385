"""A job's plan: stages in order, each cut into chunks of units that run anywhere and are joined."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, TypeVar

from workers.blobs import Blobs

Request = TypeVar("Request")
Json = dict[str, Any]
Tick = Callable[[], None]
Facts = dict[str, Json]
"""What earlier stages' joins found out, by stage: small JSON with references to blobs."""

MAX_CHUNKS = 64
"""A chord's header stays below this: each chunk costs milliseconds to send and to count."""

CHUNK_SECONDS = 0.5
"""About how long a chunk should take: long beside its cost, short enough to share and cancel."""


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
        About how long all of it takes on one core: sizes chunks and weighs progress, nothing else.
    run
        Computes units ``[start, stop)`` and gives a small JSON value; arrays go into blobs. Calls
        its last argument before every unit that takes time: it raises where the job has ended.
    join
        Joins the chunks' values, in their order, into the stage's facts. What it gives must not
        depend on how the stage was cut.
    """

    name: str
    units: Callable[[Request, Facts], int]
    seconds: Callable[[Request], float]
    run: Callable[[Request, Facts, Blobs, int, int, Tick], Json]
    join: Callable[[Request, Facts, Blobs, Sequence[Json]], Json]


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
    """

    kind: str
    read: Callable[[bytes], Request]
    stages: Callable[[Request], tuple[Stage[Request], ...]]
    finish: Callable[[Request, Facts, Blobs], Json]


def cut(units: int, seconds: float, chunk_units: int | None) -> list[tuple[int, int]]:
    """Cut ``units`` into chunks ``[start, stop)``.

    Parameters
    ----------
    units
        How many there are; none gives one empty chunk, so that every stage has one.
    seconds
        About how long all of them take on one core.
    chunk_units
        Units a chunk; sized by time if ``None``.
    """
    if units == 0:
        return [(0, 0)]
    if chunk_units is None:
        chunks = min(units, MAX_CHUNKS, max(1, math.ceil(seconds / CHUNK_SECONDS)))
    else:
        chunks = math.ceil(units / chunk_units)
        return [(i * chunk_units, min(units, (i + 1) * chunk_units)) for i in range(chunks)]
    edges = [units * i // chunks for i in range(chunks + 1)]
    return list(pairwise(edges))


def _go_on() -> None:
    """Never end a job that runs in its caller's process."""


def run_here(
    plan: Plan[Request], request: Request, blobs: Blobs, chunk_units: int | None = None
) -> Json:
    """Do a whole job in this process, chunk after chunk: what the workers do, without a queue.

    Parameters
    ----------
    plan, request
        What to do.
    blobs
        Where its arrays go meanwhile.
    chunk_units
        Units a chunk; sized by time if ``None``.
    """
    facts: Facts = {}
    for stage in plan.stages(request):
        chunks = cut(stage.units(request, facts), stage.seconds(request), chunk_units)
        parts = [stage.run(request, facts, blobs, start, stop, _go_on) for start, stop in chunks]
        facts[stage.name] = stage.join(request, facts, blobs, parts)
    return plan.finish(request, facts, blobs)
