"""Job records: what was asked, by whom, how far it is, and how it ended.

A record is one Redis hash. The result itself is the Celery result of the task whose id is the job's
id, so the result backend serves it; the record adds what Celery has no place for.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from celery import states

from core.errors import AxiomaticError, Infeasible, InvalidInput
from workers.app import app
from workers.connection import connect
from workers.settings import Settings
from workers.stages import Facts, Json

_JOB = "axiomatic:job:"
_JOBS_OF = "axiomatic:jobs-of:"
_KEY = "axiomatic:key:"

Start = Callable[["Jobs", str], None]


class JobStatus(StrEnum):
    """How a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


class UnknownJob(AxiomaticError):
    """No such job, or it has expired."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its record shows it.

    Parameters
    ----------
    run_id, kind, owner
        Its id, its plan's kind, and whose it is.
    status, stage, progress
        Where it is: progress is the share of the work done, 0..1.
    created_at, started_at, ended_at
        Seconds since 1970, where they happened yet.
    error
        Why it failed: ``reason``, and where known ``limits``, ``largest`` or ``errors``.
    """

    run_id: str
    kind: str
    owner: str
    status: JobStatus
    stage: str
    progress: float
    created_at: float
    started_at: float | None
    ended_at: float | None
    error: Json | None


def error_document(error: BaseException) -> Json:
    """Give the reason of a failure as the API shows it; never a stack trace."""
    if isinstance(error, Infeasible):
        return {"reason": error.reason, "limits": list(error.limits), "largest": error.largest}
    if isinstance(error, InvalidInput):
        return {"reason": str(error), "errors": error.problems}
    if isinstance(error, AxiomaticError):
        return {"reason": str(error)}
    return {"reason": f"An unexpected error, {type(error).__name__}; the worker's log has it."}


class Jobs:
    """The job records of one installation.

    Parameters
    ----------
    settings
        Where Redis is and how long records are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._redis = connect(settings.redis_url)

    def create(self, kind: str, request: bytes, owner: str, chunk_units: int | None = None) -> str:
        """Write the record of a new job and give its id; nothing runs yet.

        Parameters
        ----------
        kind
            Of the plan that does it.
        request
            What the plan reads.
        owner
            Whose job it is.
        chunk_units
            Units a chunk in every stage; sized by time if ``None``. Never changes a result.
        """
        run_id = uuid.uuid4().hex
        now = time.time()
        pipeline = self._redis.pipeline()
        pipeline.hset(
            _JOB + run_id,
            mapping={
                "kind": kind,
                "request": request,
                "owner": owner,
                "created_at": repr(now),
                "chunk_units": "" if chunk_units is None else str(chunk_units),
            },
        )
        pipeline.expire(_JOB + run_id, self.settings.keep_seconds)
        pipeline.zadd(_JOBS_OF + owner, {run_id: now})
        pipeline.zremrangebyscore(_JOBS_OF + owner, 0, now - self.settings.keep_seconds)
        pipeline.expire(_JOBS_OF + owner, self.settings.keep_seconds)
        pipeline.execute()
        return run_id

    def forget(self, run_id: str, owner: str) -> None:
        """Remove a record whose job could not be started."""
        self._redis.delete(_JOB + run_id, self._done(run_id))
        self._redis.zrem(_JOBS_OF + owner, run_id)

    def _done(self, run_id: str) -> str:
        return f"{_JOB}{run_id}:done"

    def _fields(self, run_id: str) -> dict[str, bytes]:
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(_JOB + run_id))
        if not raw:
            raise UnknownJob(f"No job {run_id}; it was never started or has expired.")
        return {key.decode(): value for key, value in raw.items()}

    def request(self, run_id: str) -> tuple[str, bytes, int | None, Facts]:
        """Give a job's kind, request, units a chunk, and the facts found so far."""
        fields = self._fields(run_id)
        units = fields["chunk_units"].decode()
        facts = {
            key.removeprefix("facts:"): json.loads(value)
            for key, value in fields.items()
            if key.startswith("facts:")
        }
        return fields["kind"].decode(), fields["request"], int(units) if units else None, facts

    def get(self, run_id: str, owner: str | None = None) -> Job:
        """Give a job as it stands.

        Raises
        ------
        UnknownJob
            There is none, or it is another owner's.
        """
        fields = self._fields(run_id)
        if owner is not None and fields["owner"].decode() != owner:
            raise UnknownJob(f"No job {run_id}; it was never started or has expired.")

        def moment(name: str) -> float | None:
            return float(fields[name]) if name in fields else None

        error = json.loads(fields["error"]) if "error" in fields else None
        stage = fields.get("stage", b"").decode()
        status, progress = JobStatus.PENDING, 0.0
        if "cancelled_at" in fields:
            status = JobStatus.CANCELLED
        elif error is not None:
            status = JobStatus.FAILED
        elif self._result_state(run_id) == states.SUCCESS:
            status, stage = JobStatus.COMPLETED, "done"
        elif "started_at" in fields:
            status = JobStatus.RUNNING
        if status is JobStatus.COMPLETED:
            progress = 1.0
        elif "stage_work" in fields:
            before, within, chunks = json.loads(fields["stage_work"])
            done = self._redis.scard(self._done(run_id))
            progress = min(1.0, before + within * min(1.0, done / chunks))
        return Job(
            run_id=run_id,
            kind=fields["kind"].decode(),
            owner=fields["owner"].decode(),
            status=status,
            stage=stage,
            progress=round(progress, 4),
            created_at=float(fields["created_at"]),
            started_at=moment("started_at"),
            ended_at=moment("cancelled_at") or moment("ended_at"),
            error=error,
        )

    def _result_state(self, run_id: str) -> str:
        return str(app.AsyncResult(run_id).state)

    def result(self, run_id: str) -> Json:
        """Give a completed job's result from the result backend."""
        return cast("Json", app.AsyncResult(run_id).result)

    def of(self, owner: str, limit: int, before: float | None = None) -> list[Job]:
        """Give an owner's jobs, newest first, those created before ``before``."""
        newest = "+inf" if before is None else f"({before!r}"
        ids = cast(
            "list[bytes]",
            self._redis.zrevrangebyscore(_JOBS_OF + owner, newest, "-inf", start=0, num=limit),
        )
        jobs = []
        for run_id in ids:
            try:
                jobs.append(self.get(run_id.decode()))
            except UnknownJob:
                continue
        return jobs

    def begin_stage(
        self, run_id: str, stage: str, chunks: int, before: float, within: float
    ) -> None:
        """Say which stage runs, in how many chunks, and which share of the work it is."""
        pipeline = self._redis.pipeline()
        pipeline.hset(
            _JOB + run_id,
            mapping={"stage": stage, "stage_work": json.dumps([before, within, chunks])},
        )
        pipeline.delete(self._done(run_id))
        pipeline.execute()

    def begin_chunk(self, run_id: str) -> bool:
        """Say whether the job should go on, and note that it runs."""
        fields = ["created_at", "cancelled_at", "error"]
        created, cancelled, error = self._redis.hmget(_JOB + run_id, fields)
        if created is None or cancelled is not None or error is not None:
            return False
        self._redis.hsetnx(_JOB + run_id, "started_at", repr(time.time()))
        return True

    def end_chunk(self, run_id: str, chunk: int) -> None:
        """Count a chunk as done, once however often it ran."""
        pipeline = self._redis.pipeline()
        pipeline.sadd(self._done(run_id), chunk)
        pipeline.expire(self._done(run_id), self.settings.keep_seconds)
        pipeline.execute()

    def add_facts(self, run_id: str, stage: str, facts: Json) -> None:
        """Keep what a stage's join found out."""
        self._redis.hset(_JOB + run_id, f"facts:{stage}", json.dumps(facts))

    def end(self, run_id: str) -> None:
        """Note when the result was ready."""
        self._redis.hset(_JOB + run_id, "ended_at", repr(time.time()))

    def fail(self, run_id: str, error: BaseException) -> None:
        """End a job with the reason; the first reason stands."""
        if not self._redis.exists(_JOB + run_id):
            return
        first = self._redis.hsetnx(_JOB + run_id, "error", json.dumps(error_document(error)))
        if first:
            self.end(run_id)
            app.backend.store_result(run_id, error, states.FAILURE)

    def cancel(self, run_id: str) -> None:
        """End a job that has not ended: chunks not yet begun will not compute."""
        if self.get(run_id).status.ended:
            return
        self._redis.hset(_JOB + run_id, "cancelled_at", repr(time.time()))
        app.backend.store_result(run_id, None, states.REVOKED)

    def claim_key(self, name: str, body: str) -> tuple[str, str] | None:
        """Claim an idempotency key; ``None`` if it was free, else whose body and job hold it."""
        seconds = self.settings.keep_seconds
        if self._redis.set(_KEY + name, f"{body} ", nx=True, ex=seconds):
            return None
        held = cast("bytes | None", self._redis.get(_KEY + name))
        if held is None:
            return self.claim_key(name, body)
        first, _, run_id = held.decode().partition(" ")
        return first, run_id

    def settle_key(self, name: str, body: str, run_id: str) -> None:
        """Note which job a claimed key started."""
        self._redis.set(_KEY + name, f"{body} {run_id}", ex=self.settings.keep_seconds)

    def release_key(self, name: str) -> None:
        """Give back a claimed key whose job could not be started."""
        self._redis.delete(_KEY + name)
