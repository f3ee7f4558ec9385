"""Starting a job: planned, promised its room, and kept in one step."""

import uuid

from core.errors import AxiomaticError, InvalidInput
from workers.engine.arrays import ArrayRef, Arrays, pack, wrap
from workers.engine.facts import Facts
from workers.engine.job_arrays import StoreFull
from workers.engine.jobs import Jobs
from workers.engine.ledger import Begin, Begun
from workers.engine.planning import cut_stage
from workers.engine.tasks import fan_out, publish_turns


class KeyTaken(AxiomaticError):
    """An idempotency key was used for another request."""


class NoSuchWorkers(AxiomaticError):
    """There are workers, but none of this version."""


class Attachments:
    """Arrays that come with a request, stored when its job begins."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def add(self, arrays: Arrays) -> ArrayRef:
        """Add arrays, under the reference that the request has for them."""
        reference, stored = wrap(pack(arrays))
        self.stored[reference.content_hash] = stored
        return reference


def submit(
    jobs: Jobs,
    kind: str,
    request: bytes,
    owner: str,
    chunk_units: int | None = None,
    attachments: Attachments | None = None,
    once: tuple[str, str] = ("", ""),
    most_going: int = 0,
    result_name: str = "",
    room_bytes: int = 0,
) -> str:
    """Start a job and return its id. Once that returns, the job is kept, whatever dies.

    Parameters
    ----------
    jobs
        The installation's.
    kind, request, owner
        The kind of its plan, the request as the plan reads it, whose job it is.
    chunk_units
        Units a chunk at the most; sized by time if ``None``. Never changes a result.
    attachments
        Arrays the request refers to.
    once
        An idempotency key, and a hash of the request under it: sent again, the first job's id.
    most_going
        Jobs that the owner may have going on; behind so many this one stands in line. 0 = any
        number.
    result_name
        What :meth:`~workers.engine.jobs.Jobs.named` finds its result by.
    room_bytes
        What may be kept of the owner's ended jobs; the oldest gives way. 0 = no limit.

    Raises
    ------
    InvalidInput
        It would need more room than there is for all jobs.
    StoreFull
        There is no room for its arrays beside those of jobs that have not ended.
    KeyTaken
        The key was used for another request.
    NoSuchWorkers
        The workers that are there run another version.
    """
    used = jobs.ledger.first_of_key(*once) if once[0] else None
    if used is not None:
        return _first(used)
    slots, others = jobs.ledger.workers()
    if others and not slots:
        raise NoSuchWorkers(
            f"This server runs version {jobs.config.version}, its workers {', '.join(others)}; "
            "start workers of this version, or the server of theirs."
        )
    plan = jobs.config.plans[kind]
    order = plan.read(request)
    cut = cut_stage(plan, order, Facts(), 0, jobs.pace(), slots, chunk_units)
    arrays = {} if attachments is None else attachments.stored
    need = plan.stored_bytes(order) + sum(map(len, arrays.values()))
    limit = jobs.settings.store_bytes
    if need > limit:
        raise InvalidInput(
            {
                "n_scenarios": f"this job's arrays may take {need >> 20} MB in Redis, and all jobs "
                f"together are given {limit >> 20} MB (AXIOMATIC_STORE_MB); give fewer scenarios."
            }
        )
    first = cut.as_next(0, plan.stages(order)[0].name)
    begun = jobs.ledger.begin(
        Begin(
            run_id=uuid.uuid4().hex,
            kind=kind,
            owner=owner,
            version=jobs.config.version,
            request=request,
            need_bytes=need,
            keep_seconds=jobs.settings.keep_seconds,
            chunk_units=chunk_units,
            once=once[0],
            body=once[1],
            arrays=arrays,
            first=first,
            most_going=most_going,
            result_name=result_name,
            room_bytes=room_bytes,
        ),
        limit,
    )
    if begun.outcome == "full":
        raise StoreFull(
            f"What running jobs may need and what is kept of ended ones fill the {limit >> 20} MB "
            "that they are given in Redis (AXIOMATIC_STORE_MB); try again when some have ended or "
            "expired."
        )
    if begun.outcome == "in line":
        return begun.run_id
    if begun.outcome != "begun":
        return _first(begun)
    if first.fans_out:
        fan_out(jobs, begun.run_id, kind, first)
    else:
        publish_turns(1, f"{kind}: {first.name}", begun.run_id)
    return begun.run_id


def _first(used: Begun) -> str:
    """The first job of an idempotency key, if it was used with the same request."""
    if used.outcome == "other":
        raise KeyTaken("This Idempotency-Key was used with another request; use a new key.")
    return used.run_id
