"""Doing one piece of a job: a chunk, a merge of values, or a stage's join and what follows it."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from redis.exceptions import OutOfMemoryError, RedisError

from core.errors import AxiomaticError
from workers.engine.arrays import BlobLost, RecentArrays
from workers.engine.job_arrays import JobBlobs, JobEnded, StoreFull
from workers.engine.jobs import Jobs, UnknownJob
from workers.engine.ledger import Next, Piece
from workers.engine.outcomes import error_document, success
from workers.engine.planning import cut_stage, pace_field
from workers.engine.stages import Facts, Json, Plan, Stage, Tick, bounds, merged

log = logging.getLogger(__name__)

_WATCH_SECONDS = 1.0

_REMEMBERED = 16
"""Jobs that a child remembers: it goes from user to user, piece by piece."""


@dataclass(frozen=True, slots=True)
class Fanned:
    """A stage that has begun and whose chunks other turns should take as well."""

    run_id: str
    kind: str
    stage: Next


@dataclass(frozen=True, slots=True)
class _Job:
    plan: Plan[Any]
    request: Any
    chunk_units: int | None
    facts: Facts


class PieceRunner:
    """Does pieces, one after the other; one a process.

    Parameters
    ----------
    jobs
        The installation's jobs.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._ledger = jobs.ledger
        self._recent = RecentArrays()
        self._known: OrderedDict[tuple[str, int], _Job] = OrderedDict()

    def do(self, holder: str, piece: Piece) -> Fanned | None:
        """Do a piece and tell the ledger what came of it.

        Parameters
        ----------
        holder
            Who took the piece.
        piece
            What to do.

        Returns
        -------
        Fanned or None
            The stage that began with it, if its chunks are for several workers.
        """
        try:
            return self._do(holder, piece)
        except (JobEnded, UnknownJob):
            return None
        except (StoreFull, OutOfMemoryError) as error:
            log.warning("%s of %s waits for room: %s", piece.name, piece.run_id, error)
            reason = "There was no room in Redis for the job's arrays for minutes; send it again."
            self._ledger.postpone(holder, piece, reason)
        except RedisError:
            # nothing can be said now: the lease ends, and the piece is handed out again
            raise
        except SoftTimeLimitExceeded:
            limit = self._jobs.settings.chunk_limit_seconds
            self._fail(
                holder,
                piece,
                AxiomaticError(
                    f"A part of the job ran longer than {limit} s (AXIOMATIC_CHUNK_LIMIT_SECONDS); "
                    "ask for less of it."
                ),
            )
        except MemoryError:
            limit = self._jobs.settings.child_memory_bytes // 2**20
            self._fail(
                holder,
                piece,
                AxiomaticError(
                    f"A part of the job needed more memory than a worker has ({limit} MB, "
                    "AXIOMATIC_CHILD_MEMORY_MB); ask for less of it."
                ),
            )
        except BlobLost as error:
            self._give_back(holder, piece, error)
        except AxiomaticError as error:
            # it would end the same way every time
            self._fail(holder, piece, error)
        except Exception as error:
            log.exception("%s of %s failed, try %d", piece.name, piece.run_id, piece.tries)
            self._give_back(holder, piece, error)
        return None

    def said(self, piece: Piece) -> str:
        """Give a piece in words: ``contest 3/20 of 1f2e3d4c``."""
        place = f"{piece.place + 1}/{piece.chunks}" if piece.level == 0 else "merge"
        what = "join" if piece.join else place
        name = str(piece.stage)
        job = self._known.get((piece.run_id, piece.stage))
        if job is not None:
            name = job.plan.stages(job.request)[piece.stage].name
        return f"{name} {what} of {piece.run_id[:8]}"

    def _give_back(self, holder: str, piece: Piece, error: Exception) -> None:
        reason = error_document(error)["reason"]
        self._ledger.give_back(holder, piece, f"the last time: {reason}".rstrip("."))

    def _fail(self, holder: str, piece: Piece, error: AxiomaticError) -> None:
        document = error_document(error)
        self._ledger.fail(holder, piece, json.dumps(document), document["reason"])

    def _do(self, holder: str, piece: Piece) -> Fanned | None:
        job = self._look_up(piece.run_id, piece.stage)
        stage = job.plan.stages(job.request)[piece.stage]
        blobs = JobBlobs(
            self._jobs.redis,
            self._ledger,
            piece.run_id,
            self._jobs.settings.store_bytes,
            self._recent,
            self._jobs.cache,
        )
        started = time.perf_counter()
        inputs = [json.loads(value) for value in piece.inputs]
        values = [kept["value"] for kept in inputs]
        used = [reference for kept in inputs for reference in kept["blobs"]]
        if piece.join:
            facts = stage.join(job.request, job.facts, blobs, values)
            return self._go_on(holder, piece, job, stage, facts, blobs, used, started)
        if piece.level == 0:
            start, stop = bounds(piece.units, piece.chunks, piece.place)
            tick = self._watch(piece.run_id)
            value = stage.run(job.request, job.facts, blobs, start, stop, tick)
            share = (stop - start) / piece.units if piece.units else 1.0
            # what was recalled says nothing of how long such work takes
            field = "" if blobs.hits else pace_field(job.plan.kind, stage.name)
            pace = (field, share * stage.seconds(job.request))
        else:
            value = merged(stage, job.request, job.facts, blobs, values)
            pace = ("", 0.0)
        text = json.dumps(value)
        has, freed = [*blobs.stored, *_mentioned(used, text)], _unmentioned(used, text)
        kept = json.dumps({"value": value, "blobs": has})
        seconds = time.perf_counter() - started
        cached = (blobs.hits, blobs.misses)
        self._ledger.keep(holder, piece, kept, seconds, pace, has, freed, cached)
        return None

    def _go_on(
        self,
        holder: str,
        piece: Piece,
        job: _Job,
        stage: Stage[Any],
        found: Json,
        blobs: JobBlobs,
        used: Sequence[str],
        started: float,
    ) -> Fanned | None:
        facts = {**job.facts, stage.name: found}
        number = piece.stage + 1
        stages = job.plan.stages(job.request)
        if number == len(stages):
            result = job.plan.finish(job.request, facts, blobs)
            seconds = time.perf_counter() - started
            self._ledger.finish(holder, piece, seconds, success(piece.run_id, result))
            return None
        cut = cut_stage(
            job.plan,
            job.request,
            facts,
            number,
            self._jobs.pace(),
            self._jobs.workers()[0],
            job.chunk_units,
        )
        following = cut.as_next(number, stages[number].name)
        text = json.dumps(found)
        has, freed = [*blobs.stored, *_mentioned(used, text)], _unmentioned(used, text)
        seconds = time.perf_counter() - started
        outcome = self._ledger.advance(
            holder, piece, seconds, stage.name, text, following, has, freed
        )
        if outcome == "kept" and following.fans_out:
            return Fanned(piece.run_id, job.plan.kind, following)
        return None

    def _look_up(self, run_id: str, stage: int) -> _Job:
        """Give a job as it is in a stage: chunk after chunk of it, that does not change."""
        job = self._known.pop((run_id, stage), None)
        if job is None:
            kind, document, chunk_units, facts = self._jobs.request(run_id)
            plan = self._jobs.config.plans[kind]
            job = _Job(plan, plan.read(document), chunk_units, facts)
        self._known[run_id, stage] = job
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return job

    def _watch(self, run_id: str) -> Tick:
        """Give the call that ends a chunk of an ended job, asking Redis once a second at most."""
        asked = time.monotonic()

        def tick() -> None:
            nonlocal asked
            if time.monotonic() - asked > _WATCH_SECONDS:
                asked = time.monotonic()
                if not self._jobs.goes_on(run_id):
                    raise JobEnded

        return tick


def _mentioned(references: Sequence[str], text: str) -> list[str]:
    return [reference for reference in references if reference in text]


def _unmentioned(references: Sequence[str], text: str) -> list[str]:
    return [reference for reference in references if reference not in text]
