"""The two tasks every job is made of: a chunk of a stage, and the join that starts the next stage.

A stage is one chord: its header the chunks, its body the join. The last join's task id is the job's
id, so the job's result is where Celery keeps it.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from celery import Task, chord
from celery.exceptions import Ignore
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers import contest_sim, optimize
from workers.app import app
from workers.connection import blobs
from workers.jobs import Jobs
from workers.settings import Settings
from workers.stages import Facts, Json, Plan, Stage, Tick, cut

_WATCH_SECONDS = 1.0

PLANS: dict[str, Plan[Any]] = {plan.kind: plan for plan in (optimize.PLAN, contest_sim.PLAN)}


@cache
def _jobs() -> Jobs:
    return Jobs(Settings.from_environment())


class JobTask(Task):  # type: ignore[type-arg]
    """A task of a job: when it fails for good, so does the job, with the reason."""

    autoretry_for = (RedisConnectionError, RedisTimeoutError)
    max_retries = 5
    retry_backoff = True

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        """End the job whose result this was; the result is stored by now."""
        del retval, args
        if task_id == kwargs["run_id"]:
            _jobs().complete(task_id)

    def on_failure(
        self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        """End the job that this task was part of."""
        del task_id, args, einfo
        _jobs().fail(kwargs["run_id"], exc)


def _look_up(jobs: Jobs, run_id: str) -> tuple[Plan[Any], Any, int | None, Facts]:
    kind, document, chunk_units, facts = jobs.request(run_id)
    plan = PLANS[kind]
    return plan, plan.read(document), chunk_units, facts


@app.task(name="axiomatic.chunk", base=JobTask)
def run_chunk(*, run_id: str, stage: int, chunk: int, start: int, stop: int) -> Json | None:
    """Compute units ``[start, stop)`` of a stage; nothing if the job has ended meanwhile."""
    jobs = _jobs()
    if not jobs.begin_chunk(run_id):
        return None
    plan, request, _, facts = _look_up(jobs, run_id)
    try:
        found = plan.stages(request)[stage].run(
            request, facts, blobs(jobs.settings), start, stop, _watch(jobs, run_id)
        )
    except _JobEnded:
        return None
    jobs.end_chunk(run_id, stage, chunk)
    return found


class _JobEnded(Exception):
    """The job was cancelled or failed while one of its chunks ran."""


def _watch(jobs: Jobs, run_id: str) -> Tick:
    """Give the call that ends a chunk of an ended job, asking Redis about once a second at most."""
    asked = time.monotonic()

    def tick() -> None:
        nonlocal asked
        if time.monotonic() - asked > _WATCH_SECONDS:
            asked = time.monotonic()
            if not jobs.goes_on(run_id):
                raise _JobEnded

    return tick


@app.task(name="axiomatic.join", base=JobTask)
def join_stage(parts: Sequence[Json | None], *, run_id: str, stage: int) -> Json | None:
    """Join a stage's chunks, then start the next stage or give the job's result."""
    jobs = _jobs()
    if not jobs.begin_chunk(run_id):
        raise Ignore
    plan, request, chunk_units, facts = _look_up(jobs, run_id)
    stages = plan.stages(request)
    store = blobs(jobs.settings)
    found = stages[stage].join(request, facts, store, [part for part in parts if part is not None])
    jobs.add_facts(run_id, stages[stage].name, found)
    facts = {**facts, stages[stage].name: found}
    if stage + 1 < len(stages):
        _start_stage(jobs, run_id, plan.kind, stages, stage + 1, request, facts, chunk_units)
        return None
    return plan.finish(request, facts, store)


def _start_stage(
    jobs: Jobs,
    run_id: str,
    kind: str,
    stages: tuple[Stage[Any], ...],
    number: int,
    request: Any,
    facts: Facts,
    chunk_units: int | None,
) -> None:
    stage = stages[number]
    seconds = [each.seconds(request) for each in stages]
    chunks = cut(stage.units(request, facts), seconds[number], chunk_units)
    jobs.begin_stage(
        run_id,
        number,
        stage.name,
        len(chunks),
        before=sum(seconds[:number]) / sum(seconds),
        within=seconds[number] / sum(seconds),
    )
    header = [
        run_chunk.s(run_id=run_id, stage=number, chunk=place, start=start, stop=stop).set(
            shadow=f"{kind}: {stage.name} {start}-{stop}"
        )
        for place, (start, stop) in enumerate(chunks)
    ]
    body = join_stage.s(run_id=run_id, stage=number).set(shadow=f"{kind}: join {stage.name}")
    if number + 1 == len(stages):
        body = body.set(task_id=run_id)
    chord(header)(body)


def submit(
    jobs: Jobs, kind: str, request: bytes, owner: str, chunk_units: int | None = None
) -> str:
    """Start a job and give its id.

    Parameters are those of :meth:`workers.jobs.Jobs.create`. If its first stage cannot be sent, no
    record stays behind.
    """
    run_id = jobs.create(kind, request, owner, chunk_units)
    try:
        plan, read, _, facts = _look_up(jobs, run_id)
        _start_stage(jobs, run_id, kind, plan.stages(read), 0, read, facts, chunk_units)
    except BaseException:
        jobs.forget(run_id, owner)
        raise
    return run_id
