"""A worker application with one more kind of job: sleeps, with small sums that can be checked.

It exercises the engine alone: stages of many chunks, merged and joined, each built on the one
before. One unit of it can be made to misbehave.
"""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import msgspec
import numpy as np
import numpy.typing as npt

from workers.app import app
from workers.engine.arrays import ArrayRef, Memory
from workers.engine.connection import connect
from workers.engine.facts import Key
from workers.engine.in_process import run_here
from workers.engine.stages import Json, Plan, Stage, Work, unchanged
from workers.installation.settings import Settings
from workers.plans.registry import PLANS

__all__ = ["KIND", "PLAN", "Bad", "Probe", "app", "expected"]

KIND = "probe"

_WIDTH = 8
_PRIME = 65_537


class Bad(StrEnum):
    """What the middle unit of a probe's first stage does."""

    NOTHING = ""
    DIES = "dies"
    RAISES = "raises"
    HUNGERS = "hungers"
    LOOPS = "loops"
    STICKS = "sticks once"


@dataclass(frozen=True, slots=True)
class Probe:
    """A job of sleeps.

    Parameters
    ----------
    units
        Of every stage, how many.
    seconds
        What a unit sleeps.
    seed
        Of its numbers.
    bad
        What the middle unit of its first stage does.
    bulk_bytes
        What every unit of its first stage stores besides, more than it says beforehand.
    """

    units: tuple[int, ...]
    seconds: float = 0.0
    seed: int = 0
    bad: Bad = Bad.NOTHING
    bulk_bytes: int = 0

    def document(self) -> bytes:
        """The request as a job's record holds it."""
        return msgspec.json.encode(self)


def expected(request: Probe) -> Json:
    """The expected result, computed without sleeping."""
    return run_here(PLAN, replace(request, seconds=0.0, bad=Bad.NOTHING), Memory())


def _misbehave(request: Probe) -> None:
    if request.bad is Bad.DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    elif request.bad is Bad.RAISES:
        raise ZeroDivisionError("one of its units divides by nothing")
    elif request.bad is Bad.HUNGERS:
        np.ones(2**36)
    elif request.bad is Bad.LOOPS:
        while True:
            time.sleep(0.01)
    elif request.bad is Bad.STICKS:
        redis = connect(Settings.from_environment())
        if redis.set(f"fault:stuck:{request.seed}", 1, nx=True):
            # like compiled code that never returns to Python
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            time.sleep(3_600)


def _numbers(request: Probe, stage: int, unit: int, before: int) -> npt.NDArray[np.int64]:
    # neighbours give the same numbers: their chunks store the same blob
    start = request.seed * 31 + stage * 7 + unit // 2
    return np.arange(1, _WIDTH + 1, dtype=np.int64) * start**2 % _PRIME * (1 + before % 97)


class Sums(msgspec.Struct, frozen=True):
    """Sums over some units of a stage, and the arrays that they stored in addition."""

    total: ArrayRef
    bulk: tuple[ArrayRef, ...]


def _run(stage: int, work: Work[Probe], units: range) -> Sums:
    request, arrays = work.request, work.arrays
    before = 0 if stage == 0 else int(_total(work, stage - 1)[0])
    total = np.zeros(_WIDTH, dtype=np.int64)
    bulk = []
    for unit in units:
        work.check_cancelled()
        if stage == 0 and unit == request.units[0] // 2:
            _misbehave(request)
        time.sleep(request.seconds)
        total += _numbers(request, stage, unit, before)
        if stage == 0 and request.bulk_bytes:
            noise = np.random.default_rng([request.seed, unit])
            drawn = noise.integers(0, 256, request.bulk_bytes, dtype=np.uint8)
            bulk.append(arrays.put(bulk=drawn))
    return Sums(arrays.put(sum=total), tuple(bulk))


def _merge(work: Work[Probe], parts: Sequence[Sums]) -> Sums:
    sums = [work.arrays.get(part.total)["sum"] for part in parts]
    bulk = tuple(reference for part in parts for reference in part.bulk)
    return Sums(work.arrays.put(sum=np.sum(sums, axis=0)), bulk)


def _total(work: Work[Probe], stage: int) -> npt.NDArray[np.int64]:
    return work.arrays.get(work.facts.of(_key(stage)).total)["sum"]


def _finish(work: Work[Probe]) -> Json:
    return {"sums": [_total(work, n).tolist() for n in range(len(work.request.units))]}


def _key(stage: int) -> Key[Sums]:
    return Key(f"probe {stage}", Sums)


def _stage(number: int) -> Stage[Probe, Sums, Sums]:
    return Stage(
        key=_key(number),
        part=Sums,
        units=lambda request, _: request.units[number],
        seconds=lambda request: request.units[number] * request.seconds,
        run=partial(_run, number),
        merge=_merge,
        join=unchanged,
    )


PLAN = Plan(
    kind=KIND,
    read=msgspec.json.Decoder(Probe).decode,
    stages=lambda request: tuple(map(_stage, range(len(request.units)))),
    finish=_finish,
    stored_bytes=lambda request: 1_000 * sum(request.units),
)
PLANS[KIND] = PLAN
