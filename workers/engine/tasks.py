"""The two Celery tasks: a turn at doing pieces, and the body of a chord of turns.

A stage of several chunks fans out as a chord. The header is one turn for each worker child, the
body opens the stage's join. The ledger chooses which piece a turn does when the turn begins; see
:mod:`workers.engine.ledger`.
"""

import logging
import os
import time
from collections.abc import Sequence
from functools import cache
from typing import cast

from celery import Task, chord
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workers.engine.application import app
from workers.engine.jobs import Jobs
from workers.engine.ledger import Next, holder_name
from workers.engine.pieces import PieceRunner
from workers.engine.results import ResultBackend
from workers.engine.stop_flag import may_take

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0
"""A turn takes no further piece after so long: Celery then sees to messages, limits and stops."""

MOST_TURNS = 64
"""Turns in a chord's header at the most: each costs a millisecond to send and to count."""

_LISTED = 4


@cache
def _runner() -> tuple[Jobs, PieceRunner]:
    jobs = Jobs(app.config)
    return jobs, PieceRunner(jobs)


@app.task(name="axiomatic.turn", bind=True, ignore_result=True)
def turn(self: "Task[..., str]", run_id: str = "", stage: int = -1) -> str:
    """Do pieces for about a second, the fairest first; in a chord, pieces of its stage only.

    Returns the names of the pieces done, which Flower shows.
    """
    own = (run_id, stage) if stage >= 0 else None
    done, again = _take_turn(self, own)
    if again:
        self.replace(turn.s(run_id, stage).set(shadow=self.request.shadow))
    return done


@app.task(name="axiomatic.join", bind=True, ignore_result=True)
def join(self: "Task[..., str]", returned: Sequence[str], run_id: str, stage: int) -> str:
    """Open the join of a stage whose turns have all returned, then do pieces as a turn does."""
    del returned
    _runner()[0].ledger.open(run_id, stage)
    done, again = _take_turn(self, None)
    if again:
        publish_turns(1, str(self.request.shadow), run_id)
    return done


def _take_turn(task: "Task[..., str]", own: tuple[str, int] | None) -> tuple[str, bool]:
    """Do pieces until the turn is over; returns what was done, and whether another is wanted."""
    jobs, runner = _runner()
    holder = holder_name(str(task.request.hostname), os.getpid(), str(task.request.id))
    until = time.monotonic() + TURN_SECONDS
    done: list[str] = []
    while may_take() and (piece := jobs.ledger.take(holder, own)) is not None:
        fanned = runner.do(holder, piece)
        done.append(runner.label(piece))
        if piece.join:
            # the chord is over; the next stage may be left to this turn alone
            own = None
        if fanned is not None:
            fan_out(jobs, fanned.run_id, fanned.kind, fanned.stage)
        if time.monotonic() > until:
            return _listed(done), jobs.ledger.wanted(jobs.config.queue, own)
    return _listed(done), not may_take() and jobs.ledger.wanted(jobs.config.queue, own)


def _listed(done: list[str]) -> str:
    more = f" and {len(done) - _LISTED} more" if len(done) > _LISTED else ""
    return ", ".join(done[:_LISTED]) + more if done else "nothing was left to do"


def fan_out(jobs: Jobs, run_id: str, kind: str, stage: Next) -> None:
    """Publish the chord of a stage.

    The chord is a hint and may get lost: the ledger has the stage, and reapers publish turns for
    pieces that wait there.
    """
    turns = max(2, min(stage.chunks, jobs.workers()[0], MOST_TURNS))
    shown = f"{kind}: {stage.name}"
    # named so that the ledger can delete what is left of the chord with its job
    name = f"{run_id}.{stage.number}"
    header = [turn.s(run_id, stage.number).set(shadow=shown) for _ in range(turns)]
    body = join.s(run_id=run_id, stage=stage.number).set(shadow=f"{kind}: join {stage.name}")
    try:
        chord(header, body).set(task_id=name).apply_async()
        cast("ResultBackend", app.backend).forget_if_over(name, run_id, stage.number)
    except (OperationalError, RedisError) as error:
        log.warning("the chord of %s was not published; the reaper will see: %s", shown, error)


def publish_turns(count: int, shown: str, run_id: str) -> None:
    """Publish turns that take the fairest pieces of any job; a hint, as the chord is.

    Parameters
    ----------
    count
        How many.
    shown, run_id
        The name that Flower shows, and the job the turns are for, if any.
    """
    try:
        for _ in range(count):
            turn.apply_async((), {}, shadow=shown, headers={"run_id": run_id})
    except (OperationalError, RedisError) as error:
        log.warning("%d turns were not published: %s", count, error)
