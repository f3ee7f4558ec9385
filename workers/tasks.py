"""The two tasks: a turn at doing pieces, and the body of a chord of them.

A stage of several chunks fans out as a chord: its header is as many turns as there are workers to
have them, its body opens the stage's join. Which piece a turn does is the ledger's choice, made
when the turn begins. See :mod:`workers.ledger`.
"""

import logging
import time
from collections.abc import Sequence
from functools import cache

from celery import Task, chord, group
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workers.app import QUEUE, app
from workers.jobs import Jobs
from workers.ledger import Next
from workers.pieces import Fanned, Worker
from workers.settings import Settings

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0
"""A turn takes no further piece after so long: then messages, limits and a stop have their say."""

MOST_TURNS = 64
"""The longest header of a chord: each message costs a millisecond to send and to count."""


@cache
def _worker() -> tuple[Jobs, Worker]:
    jobs = Jobs(Settings.from_environment())
    return jobs, Worker(jobs)


@app.task(name="axiomatic.turn", bind=True, ignore_result=True)
def turn(self: "Task[..., None]", run_id: str = "", stage: int = -1) -> None:
    """Do the fairest pieces for a while; of a chord, while its stage has some to hand out."""
    own = (run_id, stage) if stage >= 0 else None
    if _take_turn(self, own):
        self.replace(turn.s(run_id, stage).set(shadow=self.request.shadow))


@app.task(name="axiomatic.join", bind=True, ignore_result=True)
def join(self: "Task[..., None]", returned: Sequence[None], run_id: str, stage: int) -> None:
    """Open a stage's join, whose turns have all returned, and have a turn."""
    del returned
    _worker()[0].ledger.open(run_id, stage)
    if _take_turn(self, None):
        publish_turns(1, str(self.request.shadow), run_id)


def _take_turn(task: "Task[..., None]", own: tuple[str, int] | None) -> bool:
    """Do pieces until the turn is over; say whether another is wanted after it."""
    jobs, worker = _worker()
    holder = str(task.request.id)
    until = time.monotonic() + TURN_SECONDS
    while (piece := jobs.ledger.take(holder, own)) is not None:
        fanned = worker.do(holder, piece)
        if fanned is not None:
            _fan_out(jobs, fanned)
        if time.monotonic() > until:
            return jobs.ledger.wanted(QUEUE, own)
    return False


def _fan_out(jobs: Jobs, fanned: Fanned) -> None:
    fan_out(jobs, fanned.run_id, fanned.kind, fanned.stage)


def fan_out(jobs: Jobs, run_id: str, kind: str, stage: Next) -> None:
    """Publish the chord of a stage.

    It is a hint, and may fail: the ledger has the stage, and the workers see to what waits there.
    """
    turns = max(2, min(stage.chunks, jobs.slots(), MOST_TURNS))
    shown = f"{kind}: {stage.name}"
    # a name that the ledger knows, to take what is left of the chord away with its job
    name = f"{run_id}.{stage.number}"
    header = group(turn.s(run_id, stage.number).set(shadow=shown) for _ in range(turns))
    body = join.s(run_id=run_id, stage=stage.number).set(shadow=f"{kind}: join {stage.name}")
    try:
        chord(header.set(task_id=name))(body)
    except (OperationalError, RedisError) as error:
        log.warning("the chord of %s was not published; the reaper will see: %s", shown, error)


def publish_turns(count: int, shown: str, run_id: str) -> None:
    """Publish turns that take whatever is fairest; a hint, as above."""
    try:
        for _ in range(count):
            turn.apply_async((), {}, shadow=shown, headers={"run_id": run_id})
    except (OperationalError, RedisError) as error:
        log.warning("%d turns were not published: %s", count, error)
