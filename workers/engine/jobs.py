"""Jobs as their records show them: the request, its owner, how far it is, how it ended.

A record is one Redis hash, written by the ledger alone. The result is where Celery's result backend
looks for that of a task whose id is the job's, so the backend serves it.
"""

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from core.errors import AxiomaticError
from workers.engine.application import app
from workers.engine.config import EngineConfig
from workers.engine.connection import PATIENT, connect
from workers.engine.ledger import Ledger, Load
from workers.engine.ledger.keys import GONE, JOB, JOBS_OF, PACE, RESULT, WORK
from workers.engine.options import EngineSettings
from workers.engine.planning import Pace
from workers.engine.scenario_cache import ScenarioCache
from workers.engine.stages import Json

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
    "progress",
    "cache_hits",
    "cache_misses",
)
_REMEMBER_SECONDS = 0.5


class JobStatus(StrEnum):
    """Status of a job."""

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


class JobGone(UnknownJob):
    """The job was there; its time is over, or it was removed."""


class JobFailed(AxiomaticError):
    """A job ended without a result."""


def _unknown(run_id: str) -> UnknownJob:
    return UnknownJob(f"No job {run_id[:64]}; none of this id was ever started.")


def _moment(text: str | None) -> float | None:
    return None if text is None else float(text)


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is to do, as its record keeps it.

    Parameters
    ----------
    kind
        Of its plan.
    request
        Encoded; the plan reads it.
    chunk_units
        Units a chunk at the most; ``None`` = sized by time.
    facts
        The records that its stages have left so far, encoded, by name of the stage.
    """

    kind: str
    request: bytes
    chunk_units: int | None
    facts: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What the scenario cache did for a job, in the chunks that are done.

    Parameters
    ----------
    hits, misses
        Blocks of races that were there, and those that had to be simulated. Each block is counted
        once, as it was in the try of its chunk that was kept.
    """

    hits: int
    misses: int


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
        Why it failed, as :func:`workers.engine.outcomes.read_error` reads it.
    scenario_cache
        What was simulated for it and what need not be; ``None`` before its first chunk of races,
        and where it has none, or there is no cache.
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
    scenario_cache: CacheUse | None


class Jobs:
    """The jobs of one installation.

    Parameters
    ----------
    config
        The installation's settings, plans and version.
    retries
        How often a call is tried again while Redis is away.
    """

    def __init__(self, config: EngineConfig, retries: int = PATIENT) -> None:
        self.config = config
        self.redis = connect(config.settings, retries)
        self.ledger = Ledger(self.redis, config.version)
        self.cache = ScenarioCache(self.redis, config.settings.cache_bytes, config.version)
        self._remembered: tuple[float, tuple[int, tuple[str, ...]]] | None = None

    @property
    def settings(self) -> EngineSettings:
        """The installation's settings."""
        return self.config.settings

    def order(self, run_id: str) -> Order:
        """What a job is to do, and what its stages have found so far.

        Raises
        ------
        UnknownJob
            There is no such job, or it ended without a result.
        """
        raw = cast("dict[bytes, bytes]", self.redis.hgetall(JOB + run_id))
        fields = {key.decode(): value for key, value in raw.items()}
        if "request" not in fields:
            raise _unknown(run_id)
        units = fields["chunk_units"].decode()
        facts = {
            key.removeprefix("facts:"): value
            for key, value in fields.items()
            if key.startswith("facts:")
        }
        return Order(
            fields["kind"].decode(), fields["request"], int(units) if units else None, facts
        )

    def get(self, run_id: str, owner: str | None = None) -> Job:
        """A job in its current state.

        Raises
        ------
        UnknownJob
            There was none, or it is another owner's.
        JobGone
            There was one: its time is over, or it was removed.
        """
        job = self.several([run_id]).get(run_id) if _RUN_ID.fullmatch(run_id) else None
        if job is None:
            raise self._absent(run_id, owner)
        if owner is not None and job.owner != owner:
            raise _unknown(run_id)
        return job

    def _absent(self, run_id: str, owner: str | None) -> UnknownJob:
        """Why there is no such job."""
        was = cast("bytes | None", self.redis.get(GONE + run_id[:64]))
        if was is None or (owner is not None and was.decode() != owner):
            return _unknown(run_id)
        return JobGone(f"Job {run_id} is gone: its time is over, or it was removed.")

    def several(self, run_ids: Iterable[str]) -> dict[str, Job]:
        """Jobs in their current state by id, asked for together; those that there are."""
        ids = list(run_ids)
        pipeline = self.redis.pipeline(transaction=True)
        for run_id in ids:
            pipeline.hmget(JOB + run_id, _SHOWN)
            pipeline.hmget(WORK + run_id, ["before", "within", "done", "chunks"])
        replies = pipeline.execute()
        jobs = map(_job, ids, replies[::2], replies[1::2])
        return {job.run_id: job for job in jobs if job is not None}

    def result(self, run_id: str) -> Json:
        """A completed job's result, from the result backend."""
        return cast("Json", app.AsyncResult(run_id).result)

    def named(self, result_name: str, owner: str) -> Job | None:
        """The last completed job of an owner with this name of its result, if it is still there."""
        run_id = cast("bytes | None", self.redis.get(RESULT + result_name))
        if run_id is None:
            return None
        try:
            return self.get(run_id.decode(), owner)
        except UnknownJob:
            return None

    def of(self, owner: str, limit: int, before: float | None = None) -> list[Job]:
        """An owner's jobs, newest first, those created before ``before``."""
        newest = "+inf" if before is None else f"({before!r}"
        ids = cast(
            "list[bytes]",
            self.redis.zrevrangebyscore(JOBS_OF + owner, newest, "-inf", start=0, num=limit),
        )
        jobs = []
        for run_id in ids:
            try:
                jobs.append(self.get(run_id.decode()))
            except UnknownJob:
                continue
        return jobs

    def goes_on(self, run_id: str) -> bool:
        """Whether the job is there and has not ended."""
        created, outcome = self.redis.hmget(JOB + run_id, ["created_at", "outcome"])
        return created is not None and outcome is None

    def cancel(self, run_id: str) -> bool:
        """End a job that has not ended: nothing of it runs any more, nothing of it is left behind.

        A chunk that runs meanwhile stops within about a second.
        """
        return self.ledger.cancel(run_id)

    def discard(self, run_id: str) -> bool:
        """Remove what is kept of a job that has ended, and give back its room.

        Returns
        -------
        bool
            False if it has not ended; it stays as it is then.
        """
        return self.ledger.discard(run_id)

    def load(self) -> Load:
        """How busy the workers are, as of now."""
        return self.ledger.load(self.settings.chunk_limit_seconds)

    def workers(self) -> tuple[int, tuple[str, ...]]:
        """Worker children there are, and which other versions, as of a moment ago."""
        if self._remembered is None or time.monotonic() - self._remembered[0] > _REMEMBER_SECONDS:
            self._remembered = time.monotonic(), self.ledger.workers()
        return self._remembered[1]

    def pace(self) -> Pace:
        """How long each kind of stage has lately taken here, for planning."""
        raw = cast("dict[bytes, bytes]", self.redis.hgetall(PACE + self.config.version))
        fields = {key.decode(): float(value) for key, value in raw.items()}
        names = {name.rpartition(":")[0] for name in fields}
        return {name: (fields[f"{name}:took"], fields[f"{name}:thought"]) for name in names}


def _job(run_id: str, raw: list[bytes | None], work: list[bytes | None]) -> Job | None:
    """The job of a record's fields; ``None`` where there is no record."""
    fields = {
        name: value.decode() for name, value in zip(_SHOWN, raw, strict=True) if value is not None
    }
    if "kind" not in fields:
        return None
    if "outcome" in fields:
        status, progress = JobStatus(fields["outcome"]), float(fields.get("progress", 0.0))
    else:
        status = JobStatus.RUNNING if "started_at" in fields else JobStatus.PENDING
        progress = _progress(work)
    return Job(
        run_id=run_id,
        kind=fields["kind"],
        owner=fields["owner"],
        status=status,
        stage="done" if status is JobStatus.COMPLETED else fields.get("stage", ""),
        progress=1.0 if status is JobStatus.COMPLETED else progress,
        created_at=float(fields["created_at"]),
        started_at=_moment(fields.get("started_at")),
        ended_at=_moment(fields.get("ended_at")),
        error=json.loads(fields["error"]) if "error" in fields else None,
        scenario_cache=CacheUse(int(fields["cache_hits"]), int(fields["cache_misses"]))
        if "cache_hits" in fields
        else None,
    )


def _progress(work: list[bytes | None]) -> float:
    if any(value is None for value in work):
        return 0.0
    before, within, done, chunks = (float(value) for value in work if value is not None)
    return round(min(1.0, before + within * min(1.0, done / chunks)), 4)
