"""A worker application that can be killed from within, at named points of the real engine.

A point of a stage of one owner's jobs is armed in Redis, under the key that :func:`armed` gives,
and disarmed by the process that comes to it first: that one dies there, once. The engine's own
functions are wrapped, none of them is replaced.
"""

import functools
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from celery import signals
from redis.exceptions import RedisError

from tests.faults.probe import app
from workers.engine import reaper, tasks
from workers.engine.arrays import ArrayRef
from workers.engine.connection import connect, connect_briefly
from workers.engine.job_arrays import JobBlobs
from workers.engine.ledger import Ledger, Next, Piece
from workers.engine.pieces import PieceRunner
from workers.engine.reaper import Reaper
from workers.engine.results import ResultBackend
from workers.engine.stages import Plan, Stage, Work
from workers.installation.settings import Settings
from workers.plans.registry import PLANS

__all__ = ["app"]

CHILD, WORKER = b"child", b"worker"
"""Who dies: the pool's child, or its worker's whole tree."""

TAKEN, FINISHED = "fault:taken", "fault:finished"
"""Hashes by job: how many of its pieces were taken, and how many times it was completed."""

HELD_UP = "fault:held up"
"""Is there while somebody is held up, and lets go when it is deleted."""

_COMPUTING_SECONDS = 0.002
_MOST_HELD_UP_SECONDS = 8.0

Inner = Callable[..., Any]


def armed(owner: str, point: str, stage: int) -> str:
    """The key that arms a point; its value is the victim."""
    return f"fault:{owner}:{point}:{stage}"


def around(target: object, name: str) -> Callable[[Callable[..., Any]], Inner]:
    """Wrap a function of the engine: the wrapper gets it and its arguments."""

    def wrap(outer: Callable[..., Any]) -> Inner:
        inner: Inner = getattr(target, name)

        @functools.wraps(inner)
        def both(*arguments: Any, **named: Any) -> Any:
            return outer(inner, *arguments, **named)

        setattr(target, name, both)
        return both

    return wrap


@functools.cache
def _settings() -> Settings:
    return Settings.from_environment()


_owners: dict[str, str] = {}


def _owner(run_id: str) -> str | None:
    if run_id not in _owners:
        owner = connect(_settings()).hget(f"axiomatic:job:{run_id}", "owner")
        if not isinstance(owner, bytes):
            return None
        _owners[run_id] = owner.decode()
    return _owners[run_id]


def _victim(run_id: str, point: str, stage: int) -> bytes | None:
    owner = _owner(run_id)
    if owner is None:
        return None
    # one command reads and disarms the point, so that only one process dies
    victim = connect(_settings()).getdel(armed(owner, point, stage))
    return victim if isinstance(victim, bytes) else None


def _kill(victim: bytes) -> None:
    if victim == WORKER:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _die(run_id: str, point: str, stage: int) -> None:
    victim = _victim(run_id, point, stage)
    if victim is not None:
        _kill(victim)


def _count(what: str, run_id: str) -> None:
    connect(_settings()).hincrby(what, run_id, 1)


def _kind(piece: Piece) -> str:
    if piece.join:
        return "join"
    return "merge" if piece.level else "chunk"


# --- pieces: taken, computed, stored, kept -------------------------------------------------------


@around(Ledger, "take")
def _take(inner: Inner, *arguments: Any) -> Piece | None:
    piece: Piece | None = inner(*arguments)
    if piece is not None:
        _count(TAKEN, piece.run_id)
        _die(piece.run_id, f"{_kind(piece)} taken", piece.stage)
    return piece


_doing: list[Piece] = []


@around(PieceRunner, "do")
def _do(inner: Inner, runner: PieceRunner, holder: str, piece: Piece) -> Any:
    _doing[:] = [piece]
    return inner(runner, holder, piece)


def _computing(stage: Stage[Any, Any, Any]) -> Stage[Any, Any, Any]:
    def run(work: Work[Any], units: range) -> Any:
        piece = _doing[0]
        victim = _victim(piece.run_id, "computing", piece.stage)
        if victim == CHILD:
            # not even compiled code outlives it
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _COMPUTING_SECONDS)
        part = stage.run(work, units)
        if victim is not None:
            _kill(victim)
        return part

    return replace(stage, run=run)


def _faulty(plan: Plan[Any]) -> Plan[Any]:
    def stages(request: Any) -> tuple[Stage[Any, Any, Any], ...]:
        return tuple(map(_computing, plan.stages(request)))

    return replace(plan, stages=stages)


PLANS.update({name: _faulty(plan) for name, plan in PLANS.items()})


@around(JobBlobs, "put")
def _put(inner: Inner, blobs: JobBlobs, **arrays: Any) -> ArrayRef:
    reference: ArrayRef = inner(blobs, **arrays)
    piece = _doing[0]
    _die(piece.run_id, f"{_kind(piece)} stored", piece.stage)
    return reference


@around(Ledger, "keep")
def _keep(inner: Inner, ledger: Ledger, holder: str, piece: Piece, *more: Any) -> Any:
    _die(piece.run_id, f"{_kind(piece)} computed", piece.stage)
    outcome = inner(ledger, holder, piece, *more)
    _die(piece.run_id, f"{_kind(piece)} kept", piece.stage)
    return outcome


# --- joins, and what follows them ----------------------------------------------------------------


@around(Ledger, "advance")
def _advance(inner: Inner, ledger: Ledger, holder: str, piece: Piece, *more: Any) -> Any:
    _die(piece.run_id, "join computed", piece.stage)
    outcome = inner(ledger, holder, piece, *more)
    _die(piece.run_id, "advanced", piece.stage)
    return outcome


@around(Ledger, "finish")
def _finish(inner: Inner, ledger: Ledger, holder: str, piece: Piece, *more: Any) -> Any:
    _die(piece.run_id, "join computed", piece.stage)
    outcome = inner(ledger, holder, piece, *more)
    if outcome == "kept":
        _count(FINISHED, piece.run_id)
    _die(piece.run_id, "finished", piece.stage)
    return outcome


@around(tasks, "fan_out")
def _fan_out(inner: Inner, jobs: Any, run_id: str, kind: str, stage: Next) -> None:
    _die(run_id, "stage begun", stage.number)
    inner(jobs, run_id, kind, stage)
    _die(run_id, "chord published", stage.number)


# --- the chord: turns counted, body published ----------------------------------------------------


@around(ResultBackend, "on_chord_part_return")
def _turn_returns(inner: Inner, backend: Any, request: Any, *more: Any, **named: Any) -> Any:
    about = {} if request.chord is None else request.chord["kwargs"]
    run_id, stage = str(about.get("run_id")), int(about.get("stage", -1))
    _die(run_id, "turn over", stage)
    reply = inner(backend, request, *more, **named)
    _die(run_id, "turn counted", stage)
    return reply


@around(tasks.join, "apply_async")
def _send_body(inner: Inner, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
    about = kwargs or {}
    run_id, stage = str(about.get("run_id")), int(about.get("stage", -1))
    _die(run_id, "body claimed", stage)
    reply = inner(args, kwargs, **options)
    _die(run_id, "body published", stage)
    return reply


# --- the pool's parent ---------------------------------------------------------------------------


def _armed_in_parent(point: str) -> bool:
    # a connection of its own, as the reaper's: children are forked while it runs
    redis = connect_briefly(_settings())
    try:
        return redis.getdel(armed("", point, -1)) is not None
    except RedisError:
        return False
    finally:
        redis.close()


@around(Reaper, "_report")
def _report(inner: Inner, *arguments: Any) -> Any:
    if _armed_in_parent("report begins"):
        _kill(WORKER)
    return inner(*arguments)


@around(Ledger, "turns")
def _turns(inner: Inner, *arguments: Any) -> Any:
    count = inner(*arguments)
    if count and _armed_in_parent("turns missing"):
        _kill(WORKER)
    return count


_parents: list[int] = []


@signals.worker_init.connect
def _note_parent(**_: object) -> None:
    _parents.append(os.getpid())


@around(reaper, "publish_turns")
def _publish_turns(inner: Inner, *arguments: Any) -> None:
    """Publish turns; if the point is armed in the pool's parent, wait before that."""
    if os.getpid() in _parents and _armed_in_parent("publishing"):
        redis = connect_briefly(_settings())
        redis.set(HELD_UP, 1)
        until = time.monotonic() + _MOST_HELD_UP_SECONDS
        while redis.exists(HELD_UP) and time.monotonic() < until:
            time.sleep(0.01)
        redis.close()
    inner(*arguments)
