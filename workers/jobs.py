"""Job records: what was asked, by whom, how far it is, and how it ended.

A record is one Redis hash. The result itself is the Celery result of the task whose id is the job's
id, so the result backend serves it; the record adds what Celery has no place for.
"""

import json
import re
import time
import uuid
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

_DONE = "axiomatic:done:"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_SHOWN = (
    "kind",
    "owner",
    "created_at",
    "started_at",
    "ended_at",
    "outcome",
    "error",
    "stage",
    "stage_work",
)

_SET_IF_THERE = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
redis.call('hset', KEYS[1], unpack(ARGV))
return 1
"""
_BEGIN = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
redis.call('hsetnx', KEYS[1], 'started_at', ARGV[1])
return 1
"""
_END_ONCE = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
if redis.call('hsetnx', KEYS[1], 'outcome', ARGV[1]) == 0 then return 0 end
redis.call('hset', KEYS[1], 'ended_at', ARGV[2], unpack(ARGV, 3))
return 1
"""


def _done(run_id: str, stage: int) -> str:
    return f"{_DONE}{run_id}:{stage}"


def _moment(text: str | None) -> float | None:
    return None if text is None else float(text)


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


def _unknown(run_id: str) -> UnknownJob:
    return UnknownJob(f"No job {run_id[:64]}; it was never started or has expired.")


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
        self._set_if_there = self._redis.register_script(_SET_IF_THERE)
        self._begin = self._redis.register_script(_BEGIN)
        self._end_once = self._redis.register_script(_END_ONCE)

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
        self._redis.delete(_JOB + run_id, *self._redis.keys(f"{_DONE}{run_id}:*"))
        self._redis.zrem(_JOBS_OF + owner, run_id)

    def _set(self, run_id: str, **fields: str) -> bool:
        """Write fields of a record that is still there; an expired one must not come back."""
        flat = [part for pair in fields.items() for part in pair]
        return bool(self._set_if_there(keys=[_JOB + run_id], args=flat))

    def request(self, run_id: str) -> tuple[str, bytes, int | None, Facts]:
        """Give a job's kind, request, units a chunk, and the facts found so far.

        Raises
        ------
        UnknownJob
            There is no such job.
        """
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(_JOB + run_id))
        fields = {key.decode(): value for key, value in raw.items()}
        if "kind" not in fields:
            raise _unknown(run_id)
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
        if not _RUN_ID.fullmatch(run_id):
            raise _unknown(run_id)
        raw = cast("list[bytes | None]", self._redis.hmget(_JOB + run_id, _SHOWN))
        fields = {
            name: value.decode()
            for name, value in zip(_SHOWN, raw, strict=True)
            if value is not None
        }
        if "kind" not in fields or (owner is not None and fields["owner"] != owner):
            raise _unknown(run_id)
        status = self._status(run_id, fields)
        return Job(
            run_id=run_id,
            kind=fields["kind"],
            owner=fields["owner"],
            status=status,
            stage="done" if status is JobStatus.COMPLETED else fields.get("stage", ""),
            progress=self._progress(run_id, status, fields),
            created_at=float(fields["created_at"]),
            started_at=_moment(fields.get("started_at")),
            ended_at=_moment(fields.get("ended_at")) if status.ended else None,
            error=json.loads(fields["error"]) if "error" in fields else None,
        )

    def _status(self, run_id: str, fields: dict[str, str]) -> JobStatus:
        if "outcome" in fields:
            return JobStatus(fields["outcome"])
        # a worker that died between storing the result and noting the outcome
        if self._redis.exists(f"celery-task-meta-{run_id}"):
            state = app.AsyncResult(run_id).state
            if state == states.SUCCESS:
                self.complete(run_id)
                return JobStatus.COMPLETED
        return JobStatus.RUNNING if "started_at" in fields else JobStatus.PENDING

    def _progress(self, run_id: str, status: JobStatus, fields: dict[str, str]) -> float:
        if status is JobStatus.COMPLETED:
            return 1.0
        if "stage_work" not in fields:
            return 0.0
        number, before, within, chunks = json.loads(fields["stage_work"])
        done = int(self._redis.scard(_done(run_id, number)))
        return float(round(min(1.0, before + within * min(1.0, done / chunks)), 4))

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
        self, run_id: str, number: int, stage: str, chunks: int, before: float, within: float
    ) -> None:
        """Say which stage runs, in how many chunks, and which share of the work it is."""
        self._set(run_id, stage=stage, stage_work=json.dumps([number, before, within, chunks]))

    def goes_on(self, run_id: str) -> bool:
        """Say whether the job is there and has not ended."""
        created, outcome = self._redis.hmget(_JOB + run_id, ["created_at", "outcome"])
        return created is not None and outcome is None

    def begin_chunk(self, run_id: str) -> bool:
        """Say whether the job should go on, and note that it runs."""
        if not self.goes_on(run_id):
            return False
        return bool(self._begin(keys=[_JOB + run_id], args=[repr(time.time())]))

    def end_chunk(self, run_id: str, stage: int, chunk: int) -> None:
        """Count a chunk as done, once however often it ran."""
        pipeline = self._redis.pipeline()
        pipeline.sadd(_done(run_id, stage), chunk)
        pipeline.expire(_done(run_id, stage), self.settings.keep_seconds)
        pipeline.execute()

    def add_facts(self, run_id: str, stage: str, facts: Json) -> None:
        """Keep what a stage's join found out."""
        self._set(run_id, **{f"facts:{stage}": json.dumps(facts)})

    def _end(self, run_id: str, status: JobStatus, **fields: str) -> bool:
        """End a job; the first end stands. Say whether this was it."""
        flat = [part for pair in fields.items() for part in pair]
        ended = [status.value, repr(time.time()), *flat]
        return bool(self._end_once(keys=[_JOB + run_id], args=ended))

    def complete(self, run_id: str) -> None:
        """End a job whose result is stored."""
        self._end(run_id, JobStatus.COMPLETED)

    def fail(self, run_id: str, error: BaseException) -> None:
        """End a job with the reason."""
        if self._end(run_id, JobStatus.FAILED, error=json.dumps(error_document(error))):
            app.backend.store_result(run_id, error, states.FAILURE)

    def cancel(self, run_id: str) -> None:
        """End a job that has not ended: its chunks stop, those not yet begun will not compute."""
        if self._end(run_id, JobStatus.CANCELLED):
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
