"""A worker application with one more kind of job: sleeps, with small sums that can be checked.

It is the engine and nothing else: stages of many chunks, merged and joined, one built on the other.
One unit of it can be told to misbehave.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from celery import signals

from workers.app import app
from workers.engine.arrays import Blobs, Memory
from workers.engine.connection import connect
from workers.engine.stages import Facts, Json, Plan, Stage, Tick, run_here
from workers.installation.settings import Settings
from workers.plans.registry import PLANS

__all__ = ["KIND", "PLAN", "Bad", "Probe", "app", "expected"]

KIND = "probe"
KILL_AFTER = "PROBE_KILL_AFTER_SECONDS"
"""Environment: how long after the soft limit a child is killed, where the application's is long."""

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
        """Give the request as a job's record holds it."""
        return msgspec.json.encode(self)


def expected(asked: Probe) -> Json:
    """Give the result that workers must find, without sleeping for it."""
    return run_here(PLAN, replace(asked, seconds=0.0, bad=Bad.NOTHING), Memory())


def _misbehave(asked: Probe) -> None:
    if asked.bad is Bad.DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    elif asked.bad is Bad.RAISES:
        raise ZeroDivisionError("one of its units divides by nothing")
    elif asked.bad is Bad.HUNGERS:
        np.ones(2**36)
    elif asked.bad is Bad.LOOPS:
        while True:
            time.sleep(0.01)
    elif asked.bad is Bad.STICKS:
        redis = connect(Settings.from_environment())
        if redis.set(f"fault:stuck:{asked.seed}", 1, nx=True):
            # as compiled code does that never comes back to Python
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            time.sleep(3_600)


def _numbers(asked: Probe, stage: int, unit: int, before: int) -> npt.NDArray[np.int64]:
    # neighbours give the same numbers: their chunks store the same blob
    start = asked.seed * 31 + stage * 7 + unit // 2
    return np.arange(1, _WIDTH + 1, dtype=np.int64) * start**2 % _PRIME * (1 + before % 97)


def _run(
    stage: int,
    asked: Probe,
    facts: Facts,
    blobs: Blobs,
    start: int,
    stop: int,
    tick: Tick,
) -> Json:
    before = 0 if stage == 0 else int(blobs.get(facts[_name(stage - 1)]["sum"])["sum"][0])
    total = np.zeros(_WIDTH, dtype=np.int64)
    bulk = []
    for unit in range(start, stop):
        tick()
        if stage == 0 and unit == asked.units[0] // 2:
            _misbehave(asked)
        time.sleep(asked.seconds)
        total += _numbers(asked, stage, unit, before)
        if stage == 0 and asked.bulk_bytes:
            noise = np.random.default_rng([asked.seed, unit])
            bulk.append(blobs.put(bulk=noise.integers(0, 256, asked.bulk_bytes, dtype=np.uint8)))
    return {"sum": blobs.put(sum=total), "bulk": bulk}


def _merge(asked: Probe, facts: Facts, blobs: Blobs, values: Sequence[Json]) -> Json:
    return {
        "sum": blobs.put(sum=np.sum([blobs.get(v["sum"])["sum"] for v in values], axis=0)),
        "bulk": [reference for value in values for reference in value["bulk"]],
    }


def _finish(asked: Probe, facts: Facts, blobs: Blobs) -> Json:
    names = map(_name, range(len(asked.units)))
    return {"sums": [blobs.get(facts[name]["sum"])["sum"].tolist() for name in names]}


def _name(stage: int) -> str:
    return f"probe {stage}"


def _stage(number: int) -> Stage[Probe]:
    units: Callable[[Probe, Facts], int] = lambda asked, _: asked.units[number]  # noqa: E731
    return Stage(
        name=_name(number),
        units=units,
        seconds=lambda asked: asked.units[number] * asked.seconds,
        run=partial(_run, number),
        join=_merge,
        merge=_merge,
    )


PLAN = Plan(
    kind=KIND,
    read=msgspec.json.Decoder(Probe).decode,
    stages=lambda asked: tuple(map(_stage, range(len(asked.units)))),
    finish=_finish,
    stored_bytes=lambda asked: 1_000 * sum(asked.units),
)
PLANS[KIND] = PLAN


@signals.worker_init.connect
def _kill_soon(sender: Any, **_: object) -> None:
    if os.environ.get(KILL_AFTER):
        # after the application, which has set its own
        sender.time_limit = sender.soft_time_limit + float(os.environ[KILL_AFTER])
