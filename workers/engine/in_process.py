"""A whole job done in this process: what the workers do, without a queue."""

from typing import TypeVar

import msgspec

from workers.engine.arrays import Blobs
from workers.engine.facts import Facts
from workers.engine.records import decode, encode
from workers.engine.stages import FAN, Json, Plan, Work, bounds, merged

Request = TypeVar("Request")
RecordT = TypeVar("RecordT", bound=msgspec.Struct)


def run_here(
    plan: Plan[Request],
    request: Request,
    blobs: Blobs,
    chunk_units: int | None = None,
    fan: int = FAN,
) -> Json:
    """The result of a job, done chunk after chunk; parameters are those of :func:`stages_here`."""
    return plan.finish(stages_here(plan, request, blobs, chunk_units, fan))


def stages_here(
    plan: Plan[Request],
    request: Request,
    blobs: Blobs,
    chunk_units: int | None = None,
    fan: int = FAN,
) -> Work[Request]:
    """What a job's stages find, before anything is made an answer of it.

    Records are encoded and decoded between the pieces, as they are between workers.

    Parameters
    ----------
    plan, request
        What to do.
    blobs
        Where its arrays go meanwhile.
    chunk_units
        Units a chunk at the most; one chunk a stage if ``None``.
    fan
        Parts merged into one.
    """
    facts = Facts()
    for stage in plan.stages(request):
        work = Work(request, facts, blobs)
        units = stage.units(request, facts)
        chunks = 1 if chunk_units is None else max(1, -(-units // chunk_units))
        parts = [
            _as_kept(stage.run(work, bounds(units, chunks, index)), stage.part)
            for index in range(chunks)
        ]
        while len(parts) > fan:
            parts = [
                _as_kept(merged(stage, work, parts[start : start + fan]), stage.part)
                for start in range(0, len(parts), fan)
            ]
        fact = stage.join(work, merged(stage, work, parts))
        facts = facts.with_fact(stage.key, _as_kept(fact, stage.key.record))
    return Work(request, facts, blobs)


def _as_kept(record: RecordT, kind: type[RecordT]) -> RecordT:
    return decode(encode(record), kind)
