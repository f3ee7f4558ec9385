"""Doing one piece of a job: a chunk, a merge of values, or a stage's join and what follows it."""

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from celery.exceptions import SoftTimeLimitExceeded
from redis.exceptions import OutOfMemoryError, RedisError

from core.cancelling import CheckCancelled
from core.errors import AxiomaticError
from workers.engine.arrays import ArrayRef, BlobLost, RecentArrays
from workers.engine.facts import Facts
from workers.engine.job_arrays import JobBlobs, JobEnded, StoreFull
from workers.engine.jobs import Jobs, UnknownJob
from workers.engine.ledger import Next, Piece
from workers.engine.log_context import about_job
from workers.engine.outcomes import error_document, over_time, success
from workers.engine.planning import cut_stage, pace_key
from workers.engine.records import KeptPart, decode, encode, references
from workers.engine.stages import Plan, Stage, Work, bounds, merged

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
    stages: tuple[Stage[Any, Any, Any], ...]
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
        """Do a piece and hand the ledger its outcome.

        Parameters
        ----------
        holder
            The child that took the piece.
        piece
            What to do.

        Returns
        -------
        Fanned or None
            The stage that began with it, if its chunks are for several workers.
        """
        with about_job(piece.run_id):
            return self._outcome(holder, piece)

    def _outcome(self, holder: str, piece: Piece) -> Fanned | None:
        try:
            return self._do(holder, piece)
        except (JobEnded, UnknownJob):
            return None
        except (StoreFull, OutOfMemoryError) as error:
            log.warning("%s of %s waits for room: %s", piece.name, piece.run_id, error)
            reason = "There was no room in Redis for the job's arrays for minutes; send it again."
            self._ledger.postpone(holder, piece, reason)
        except RedisError:
            # the ledger cannot be reached: the lease ends, and the piece is handed out again
            raise
        except SoftTimeLimitExceeded:
            self._fail(holder, piece, over_time(self._jobs.settings.chunk_limit_seconds))
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

    def label(self, piece: Piece) -> str:
        """A piece in words: ``contest 3/20 of 1f2e3d4c``."""
        chunk = f"{piece.index + 1}/{piece.chunks}" if piece.level == 0 else "merge"
        what = "join" if piece.join else chunk
        job = self._known.get((piece.run_id, piece.stage))
        name = str(piece.stage) if job is None else job.stages[piece.stage].name
        return f"{name} {what} of {piece.run_id[:8]}"

    def _give_back(self, holder: str, piece: Piece, error: Exception) -> None:
        reason = error_document(error)["reason"]
        self._ledger.give_back(holder, piece, f"the last time: {reason}".rstrip("."))

    def _fail(self, holder: str, piece: Piece, error: AxiomaticError) -> None:
        document = error_document(error)
        self._ledger.fail(holder, piece, json.dumps(document), document["reason"])

    def _do(self, holder: str, piece: Piece) -> Fanned | None:
        job = self._look_up(piece.run_id, piece.stage)
        stage = job.stages[piece.stage]
        arrays = JobBlobs(
            self._jobs.redis,
            self._ledger,
            piece.run_id,
            self._jobs.settings.store_bytes,
            self._recent,
            self._jobs.cache,
        )
        work = Work(job.request, job.facts, arrays, self._watch(piece.run_id))
        started = time.perf_counter()
        inputs = [decode(value, KeptPart) for value in piece.inputs]
        parts = [decode(kept.part, stage.part) for kept in inputs]
        used = [reference for kept in inputs for reference in kept.arrays]
        if piece.join:
            fact = stage.join(work, merged(stage, work, parts))
            return self._go_on(holder, piece, job, stage, fact, arrays, used, started)
        if piece.level == 0:
            units = bounds(piece.units, piece.chunks, piece.index)
            part = stage.run(work, units)
            share = len(units) / piece.units if piece.units else 1.0
            # what was recalled does not show how long such work takes
            key = "" if arrays.hits else pace_key(job.plan.kind, stage.name)
            pace = (key, share * stage.seconds(job.request))
        else:
            part = merged(stage, work, parts)
            pace = ("", 0.0)
        held, freed = _held_and_freed(arrays.stored, used, part)
        kept = encode(KeptPart(msgspec.Raw(encode(part)), tuple(held)))
        seconds = time.perf_counter() - started
        cached = (arrays.hits, arrays.misses)
        self._ledger.keep(holder, piece, kept, seconds, pace, _hashes(held), _hashes(freed), cached)
        return None

    def _go_on(
        self,
        holder: str,
        piece: Piece,
        job: _Job,
        stage: Stage[Any, Any, Any],
        fact: msgspec.Struct,
        arrays: JobBlobs,
        used: Sequence[ArrayRef],
        started: float,
    ) -> Fanned | None:
        facts = job.facts.with_fact(stage.key, fact)
        number = piece.stage + 1
        if number == len(job.stages):
            result = job.plan.finish(Work(job.request, facts, arrays))
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
        following = cut.as_next(number, job.stages[number].name)
        held, freed = _held_and_freed(arrays.stored, used, fact)
        seconds = time.perf_counter() - started
        outcome = self._ledger.advance(
            *(holder, piece, seconds, stage.name, encode(fact), following),
            *(_hashes(held), _hashes(freed)),
        )
        if outcome == "kept" and following.fans_out:
            return Fanned(piece.run_id, job.plan.kind, following)
        return None

    def _look_up(self, run_id: str, stage: int) -> _Job:
        """A job as it is in a stage: chunk after chunk of it, that does not change."""
        job = self._known.pop((run_id, stage), None)
        if job is None:
            order = self._jobs.order(run_id)
            plan = self._jobs.config.plans[order.kind]
            request = plan.read(order.request)
            stages = plan.stages(request)
            facts = Facts(
                {
                    stage.name: decode(order.facts[stage.name], stage.key.record)
                    for stage in stages
                    if stage.name in order.facts
                }
            )
            job = _Job(plan, request, stages, order.chunk_units, facts)
        self._known[run_id, stage] = job
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return job

    def _watch(self, run_id: str) -> CheckCancelled:
        """The call that ends a piece of an ended job, asking Redis once a second at most."""
        checked = time.monotonic()

        def check_cancelled() -> None:
            nonlocal checked
            if time.monotonic() - checked > _WATCH_SECONDS:
                checked = time.monotonic()
                if not self._jobs.goes_on(run_id):
                    raise JobEnded

        return check_cancelled


def _held_and_freed(
    stored: Sequence[ArrayRef], used: Sequence[ArrayRef], record: msgspec.Struct
) -> tuple[list[ArrayRef], list[ArrayRef]]:
    """The arrays that a record holds, and those of its inputs that nothing needs any more.

    Arrays are held as often as they were stored, so one reference may stand here twice.
    """
    needed = set(references(record))
    held = [*stored, *(reference for reference in used if reference in needed)]
    return held, [reference for reference in used if reference not in needed]


def _hashes(arrays: Sequence[ArrayRef]) -> list[str]:
    return [reference.content_hash for reference in arrays]
